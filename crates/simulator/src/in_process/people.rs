//! Who is there, as the runtime's `Availability`: read off the model, at once and without age.

use std::sync::Arc;
use std::time::Duration;

use attendant::{Availability, Staffing, Target};

use super::shared::Shared;
use crate::model;

/// The people of an in-process centre.
#[derive(Clone)]
pub struct People {
    pub(super) shared: Arc<Shared>,
    /// What the centre takes for the mean time of a chat when it tells a wait; nothing: it tells none.
    pub(super) handling: Option<Duration>,
}

impl std::fmt::Debug for People {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("People").field("handling", &self.handling).finish_non_exhaustive()
    }
}

impl Availability for People {
    fn people(&self, target: &Target) -> Option<Staffing> {
        let target = match target {
            Target::Agent(agent) => model::Target::Agent(agent.as_str().to_owned()),
            Target::Skill(skill) => model::Target::Skill(skill.clone()),
            Target::Queue(queue) => model::Target::Queue(queue.clone()),
            _ => return None,
        };
        let crew = self.shared.lock().world.model().crew(&target)?;
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let wait = self.handling.map(|handling| {
            let ahead = (crew.queue + 1).saturating_sub(crew.free);
            handling.mul_f64(f64::from(count(ahead)) / f64::from(count(crew.capacity.max(1))))
        });
        Some(Staffing {
            signed_in: count(crew.signed_in),
            ready: count(crew.ready),
            free: count(crew.free),
            busy: count(crew.busy),
            queue: Some(count(crew.queue)),
            wait,
            age: Duration::ZERO,
        })
    }
}

#[cfg(test)]
mod tests {
    use attendant::availability::contract::{Person, SKILL};
    use attendant::{Interaction, InteractionState, Operation, Platform, PlatformEvent, PlatformEvents, Presence};

    use super::*;
    use crate::in_process::{Handle, Options, open};
    use crate::model::{AgentProfile, Centre, QueueProfile};

    /// Who is in a centre that stays open with it.
    struct World {
        people: People,
        _centre: Handle,
        _events: Vec<PlatformEvents>,
    }

    impl Availability for World {
        fn people(&self, target: &Target) -> Option<Staffing> {
            self.people.people(target)
        }
    }

    async fn offered(events: &mut PlatformEvents) -> Interaction {
        loop {
            match events.recv().await.expect("open") {
                PlatformEvent::Interaction(one) if one.state == InteractionState::Invited => return one,
                _ => {}
            }
        }
    }

    async fn centre(mut crew: Vec<Person>) -> World {
        crew.sort_by_key(|one| one.capacity - one.chats); // who has room left comes last, and takes nobody's chat
        let mut centre = Centre::default().with_queue(QueueProfile::new("people").needing(SKILL));
        let named: Vec<(String, Person)> =
            crew.into_iter().enumerate().map(|(number, one)| (format!("agent-{number}"), one)).collect();
        for (name, one) in &named {
            centre = centre.with_agent(AgentProfile::new(name, "").skilled(SKILL).capacity(one.capacity));
        }
        let handle = open(Options::default().with_centre(centre));
        let mut kept = Vec::new();
        // Those with chats first, so that routing has no choice.
        for (name, one) in
            named.iter().filter(|(_, one)| one.chats > 0).chain(named.iter().filter(|it| it.1.chats == 0))
        {
            if !one.signed_in {
                continue;
            }
            let login = handle.login(name).unwrap();
            let mut events = login.sign_in().await.unwrap();
            if one.ready {
                login.set_presence(Presence::Ready).await.unwrap();
            }
            for number in 0..one.chats {
                handle.request_chat(&format!("Visitor {number}"), Some("people"), [].into()).unwrap();
                let id = offered(&mut events).await.id;
                login.perform(&id, Operation::Accept { nickname: "A".into() }).await.unwrap();
            }
            kept.push(events);
        }
        World { people: handle.people(None), _centre: handle, _events: kept }
    }

    attendant::availability_contract!(centre);
}
