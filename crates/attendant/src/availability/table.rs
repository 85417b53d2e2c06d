//! Availability from the configuration: a fixed table, for platforms that tell nothing and for trying policies.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Availability, Staffing};
use crate::Target;

/// People by the name of a skill, a queue or an agent. What is not in it is unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Table(pub BTreeMap<String, Row>);

/// One row of a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Row {
    /// Signed in, ready or not.
    pub signed_in: u32,
    /// Wants work.
    pub ready: u32,
    /// Has room for one more chat.
    pub free: u32,
    /// In at least one chat.
    pub busy: u32,
    /// Chats that wait.
    pub queue: Option<u32>,
    /// How long one more would wait.
    #[serde(with = "humantime_serde")]
    pub wait: Option<Duration>,
}

impl Row {
    /// Says why the numbers cannot be; `None` if they can.
    pub fn wrong(&self) -> Option<&'static str> {
        if self.ready > self.signed_in {
            Some("more people are ready than signed in")
        } else if self.free > self.ready {
            Some("more people are free than ready")
        } else if self.busy > self.signed_in {
            Some("more people are busy than signed in")
        } else {
            None
        }
    }
}

impl Availability for Table {
    fn people(&self, target: &Target) -> Option<Staffing> {
        let name = match target {
            Target::Agent(agent) => agent.as_str(),
            Target::Skill(name) | Target::Queue(name) => name,
            Target::CallBack(_) => return None,
        };
        let row = self.0.get(name)?;
        Some(Staffing {
            signed_in: row.signed_in,
            ready: row.ready,
            free: row.free,
            busy: row.busy,
            queue: row.queue,
            wait: row.wait,
            age: Duration::ZERO,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::availability::contract::{Person, SKILL};

    #[expect(clippy::unused_async, reason = "others have to wait for their world")]
    async fn table(crew: Vec<Person>) -> Table {
        let count = |fits: fn(&Person) -> bool| u32::try_from(crew.iter().filter(|one| fits(one)).count()).unwrap();
        let row = Row {
            signed_in: count(|one| one.signed_in),
            ready: count(|one| one.ready),
            free: count(|one| one.ready && one.chats < one.capacity),
            busy: count(|one| one.chats > 0),
            ..Row::default()
        };
        assert_eq!(row.wrong(), None);
        Table([(SKILL.to_owned(), row)].into())
    }

    crate::availability_contract!(table);

    #[test]
    fn numbers_that_cannot_be_are_named() {
        let row = Row { signed_in: 2, ready: 2, free: 1, busy: 1, ..Row::default() };
        assert_eq!(row.wrong(), None);
        for wrong in [Row { ready: 3, ..row }, Row { free: 3, ..row }, Row { busy: 3, ..row }] {
            assert!(wrong.wrong().is_some(), "{wrong:?}");
        }
    }
}
