//! Who is there, from the contacts of Genesys Web Services. There is no resource for queues and waits (reference §7), so a
//! picture tells people only. It is taken ahead of time and kept: a look costs nothing, and a server that does not answer
//! leaves the old picture with its age, until it is too old to be told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use attendant::{Availability, Staffing, Target};
use gws::{Activity, ChannelState, Contact, ContactQuery, Session, User};
use rand::Rng;
use tokio::time::{Instant, sleep, timeout};

/// How pictures are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AvailabilityOptions {
    /// The time between two pictures, give or take a fifth. The platform is not to be asked more often than every two to
    /// five seconds.
    pub every: Duration,
    /// How long the server may take for one.
    pub within: Duration,
    /// A picture older than this is not told.
    pub forget_after: Duration,
    /// Which skills serve a queue: the platform does not tell it. Without an entry a queue is unknown.
    pub queues: BTreeMap<String, Vec<String>>,
}

impl Default for AvailabilityOptions {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { every: seconds(5), within: seconds(10), forget_after: seconds(120), queues: BTreeMap::new() }
    }
}

/// The last picture, for whoever asks. Cheap to share.
#[derive(Debug)]
pub struct Board {
    options: AvailabilityOptions,
    picture: Mutex<Option<Picture>>,
}

/// Takes pictures.
#[derive(Debug)]
pub struct Photographer {
    sessions: Vec<Session>,
    board: Arc<Board>,
}

#[derive(Debug)]
struct Picture {
    taken: Instant,
    people: Vec<Person>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one fact about a person, and any two can go together")]
struct Person {
    names: BTreeSet<String>,
    skills: BTreeSet<String>,
    signed_in: bool,
    ready: bool,
    free: bool,
    busy: bool,
}

impl Photographer {
    /// Asks through the sessions of these logins: the first one, and the next one whenever it fails.
    pub fn new(sessions: Vec<Session>, options: AvailabilityOptions) -> (Self, Arc<Board>) {
        let board = Arc::new(Board { options, picture: Mutex::default() });
        (Self { sessions, board: Arc::clone(&board) }, board)
    }

    /// Takes pictures until it is dropped. Cancel safe.
    pub async fn run(self) {
        let mut place = 0;
        let mut failing = false;
        loop {
            let Some(session) = self.sessions.get(place) else { return };
            let within = self.board.options.within;
            let outcome = match timeout(within, take(session)).await {
                Ok(Ok(people)) => Ok(people),
                Ok(Err(error)) => Err(error.to_string()),
                Err(_) => Err(format!("no answer within {within:?}")),
            };
            match outcome {
                Ok(people) => {
                    *self.board.picture.lock().unwrap_or_else(PoisonError::into_inner) =
                        Some(Picture { taken: Instant::now(), people });
                    if std::mem::take(&mut failing) {
                        tracing::info!("who is there is known again");
                    }
                }
                Err(error) => {
                    place = (place + 1) % self.sessions.len();
                    if !std::mem::replace(&mut failing, true) {
                        tracing::warn!(error, "who is there cannot be read; what was known grows old");
                    }
                }
            }
            let jitter = rand::rng().random_range(0.8..1.2);
            sleep(self.board.options.every.mul_f64(jitter)).await;
        }
    }
}

async fn take(session: &Session) -> Result<Vec<Person>, gws::Error> {
    let medium = session.options().medium.clone();
    let contacts = session.contacts(&ContactQuery::people(&medium)).await?;
    // Some servers tell skills with users only.
    let users = if contacts.iter().all(|one| one.skills.is_empty()) { session.users().await? } else { Vec::new() };
    Ok(contacts.iter().map(|contact| person(contact, &users, &medium)).collect())
}

fn person(contact: &Contact, users: &[User], medium: &str) -> Person {
    let user = users.iter().find(|user| contact.is(user));
    let skills = contact.skills.iter().chain(user.into_iter().flat_map(|user| &user.skills));
    let skills = skills.flat_map(|skill| [skill.name.clone(), skill.id.clone()]).filter(|name| !name.is_empty());
    let names = [contact.id.clone(), contact.user_name.clone(), contact.employee_id.clone().unwrap_or_default()];
    let channel: Option<&ChannelState> =
        contact.channels().iter().find(|channel| channel.channel.eq_ignore_ascii_case(medium));
    let free = contact.is_available(medium);
    let busy = channel.is_some_and(|channel| channel.user_activity.as_ref().is_some_and(|it| *it != Activity::Idle));
    let ready = channel.is_some_and(|channel| {
        // A server that does not say whether somebody is ready may still say that they could take one, or have one.
        !channel.do_not_disturb && channel.is_ready().unwrap_or(free || busy)
    });
    let said = channel.is_some_and(|channel| channel.is_ready().is_some());
    let signed_in = channel.is_some_and(|channel| !channel.is_logged_out()) && (ready || busy || said);
    Person {
        names: names.into_iter().filter(|name| !name.is_empty()).collect(),
        skills: skills.collect(),
        signed_in,
        ready: ready && signed_in,
        free: free && ready && signed_in,
        busy: busy && signed_in,
    }
}

impl Availability for Board {
    fn people(&self, target: &Target) -> Option<Staffing> {
        let picture = self.picture.lock().unwrap_or_else(PoisonError::into_inner);
        let picture = picture.as_ref()?;
        let age = picture.taken.elapsed();
        if age > self.options.forget_after {
            return None;
        }
        let wanted: Vec<&str> = match target {
            Target::Skill(skill) => vec![skill],
            Target::Queue(queue) => self.options.queues.get(queue)?.iter().map(String::as_str).collect(),
            _ => Vec::new(),
        };
        let fits = |person: &&Person| match target {
            Target::Agent(agent) => person.names.contains(agent.as_str()),
            _ => wanted.iter().any(|skill| person.skills.contains(*skill)),
        };
        let mut people = picture.people.iter().filter(fits).peekable();
        people.peek()?;
        let mut staffing = Staffing { age, ..Staffing::default() };
        for person in people {
            staffing.signed_in += u32::from(person.signed_in);
            staffing.ready += u32::from(person.ready);
            staffing.free += u32::from(person.free);
            staffing.busy += u32::from(person.busy);
        }
        Some(staffing)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn seen(state: &Value, available: bool, activity: &str) -> (bool, bool, bool, bool) {
        let channel =
            json!({ "channel": "chat", "available": available, "userActivity": activity, "userState": state });
        let contact: Contact = serde_json::from_value(json!({
            "id": "c1", "userName": "grace", "employeeId": "e7", "skills": [{ "id": "s1", "name": "service" }],
            "availability": { "channels": [channel] },
        }))
        .unwrap();
        let person = person(&contact, &[], "chat");
        assert!(person.skills.contains("service") && person.skills.contains("s1"));
        assert!(person.names.contains("grace") && person.names.contains("e7"));
        (person.signed_in, person.ready, person.free, person.busy)
    }

    #[test]
    fn states_and_activities_of_the_wire_become_people() {
        let state = |name: &str| json!({ "id": "", "displayName": name, "state": name });
        assert_eq!(seen(&state("Ready"), true, "Idle"), (true, true, true, false));
        assert_eq!(seen(&state("Ready"), true, "HandlingInteraction"), (true, true, true, true));
        assert_eq!(seen(&state("Ready"), false, "HandlingInteraction"), (true, true, false, true));
        assert_eq!(seen(&state("NotReady"), false, "Idle"), (true, false, false, false));
        assert_eq!(seen(&state("NotReady"), true, "Idle"), (true, false, false, false), "not ready is not free");
        assert_eq!(seen(&state("LoggedOut"), false, "Idle"), (false, false, false, false));
        assert_eq!(seen(&Value::Null, true, "Idle"), (true, true, true, false), "who is available is there");
        assert_eq!(seen(&Value::Null, false, "Idle"), (false, false, false, false));
    }

    #[test]
    fn before_the_first_picture_nothing_is_known() {
        let (_, board) = Photographer::new(Vec::new(), AvailabilityOptions::default());
        assert_eq!(board.people(&Target::Skill("service".into())), None);
    }
}
