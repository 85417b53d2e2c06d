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
