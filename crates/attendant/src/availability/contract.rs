//! What every availability must tell: the tests that each implementation runs, by
//! [`availability_contract!`](crate::availability_contract).

#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "these are tests, only they live where other crates can run them"
)]

use std::time::Duration;

use super::{Availability, Staffing};
use crate::Target;

/// The skill of everybody in a crew.
pub const SKILL: &str = "service";

/// Somebody with [`SKILL`], as the implementation's world is to have them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    /// Has a contact-centre session.
    pub signed_in: bool,
    /// Wants work. Only somebody who is signed in.
    pub ready: bool,
    /// Chats at the moment.
    pub chats: usize,
    /// Chats at most.
    pub capacity: usize,
}

/// Not signed in.
pub const AWAY: Person = Person { signed_in: false, ready: false, chats: 0, capacity: 1 };
/// On a break.
pub const RESTING: Person = Person { signed_in: true, ..AWAY };
/// Ready, with nothing to do.
pub const IDLE: Person = Person { ready: true, ..RESTING };
/// Ready, with a chat and room for one more.
pub const HALF: Person = Person { chats: 1, capacity: 2, ..IDLE };
/// Ready, without room.
pub const FULL: Person = Person { chats: 1, ..IDLE };

/// Makes one test of every case. The argument is an async function from a crew to an availability that has seen it:
/// `availability_contract!(my_world)`.
#[macro_export]
macro_rules! availability_contract {
    ($make:expr) => {
        $crate::availability_contract!(@cases $make,
            nobody_is_told_as_nobody, who_is_ready_with_room_is_free, who_is_full_is_busy_and_not_free,
            who_rests_is_only_signed_in, a_mixed_crew_is_counted, what_is_not_there_is_unknown,
            a_look_changes_nothing);
    };
    (@cases $make:expr, $($case:ident),*) => {
        $(#[tokio::test]
        async fn $case() {
            let crew = $crate::availability::contract::crew(stringify!($case));
            $crate::availability::contract::$case(&$make(crew).await);
        })*
    };
}

/// One test.
pub type Case = fn(&dyn Availability);

/// The names of the cases, for harnesses that make their tests themselves.
pub const CASES: [(&str, Case); 7] = [
    ("nobody_is_told_as_nobody", nobody_is_told_as_nobody),
    ("who_is_ready_with_room_is_free", who_is_ready_with_room_is_free),
    ("who_is_full_is_busy_and_not_free", who_is_full_is_busy_and_not_free),
    ("who_rests_is_only_signed_in", who_rests_is_only_signed_in),
    ("a_mixed_crew_is_counted", a_mixed_crew_is_counted),
    ("what_is_not_there_is_unknown", what_is_not_there_is_unknown),
    ("a_look_changes_nothing", a_look_changes_nothing),
];

/// The crew of a case, by its name.
pub fn crew(case: &str) -> Vec<Person> {
    match case {
        "nobody_is_told_as_nobody" => vec![AWAY],
        "who_is_ready_with_room_is_free" => vec![IDLE, HALF],
        "who_is_full_is_busy_and_not_free" => vec![FULL],
        "who_rests_is_only_signed_in" => vec![RESTING],
        _ => vec![AWAY, RESTING, IDLE, HALF, FULL],
    }
}

fn service() -> Target {
    Target::Skill(SKILL.to_owned())
}

fn counted(it: &dyn Availability) -> (u32, u32, u32, u32) {
    let Staffing { signed_in, ready, free, busy, .. } = it.people(&service()).unwrap();
    (signed_in, ready, free, busy)
}

/// A skill that somebody has who is not there: known, and nobody.
pub fn nobody_is_told_as_nobody(it: &dyn Availability) {
    assert_eq!(counted(it), (0, 0, 0, 0));
}

/// With and without a chat.
pub fn who_is_ready_with_room_is_free(it: &dyn Availability) {
    assert_eq!(counted(it), (2, 2, 2, 1));
}

/// Ready all the same: wants work, has no room.
pub fn who_is_full_is_busy_and_not_free(it: &dyn Availability) {
    assert_eq!(counted(it), (1, 1, 0, 1));
}

/// Signed in, not ready, not busy.
pub fn who_rests_is_only_signed_in(it: &dyn Availability) {
    assert_eq!(counted(it), (1, 0, 0, 0));
}

/// One of each.
pub fn a_mixed_crew_is_counted(it: &dyn Availability) {
    assert_eq!(counted(it), (4, 3, 2, 2));
}

/// Not zero: unknown.
pub fn what_is_not_there_is_unknown(it: &dyn Availability) {
    assert_eq!(it.people(&Target::Skill("juggling".to_owned())), None);
    assert_eq!(it.people(&Target::Queue("no-such-queue".to_owned())), None);
    assert_eq!(it.people(&Target::Agent("no-such-agent".into())), None);
}

/// Two looks say the same, but for the age, which is not yet old.
pub fn a_look_changes_nothing(it: &dyn Availability) {
    let (one, two) = (it.people(&service()).unwrap(), it.people(&service()).unwrap());
    assert_eq!(Staffing { age: one.age, ..two }, one);
    assert!(one.age < Duration::from_secs(60) && two.age >= one.age);
}
