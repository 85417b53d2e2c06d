//! Short stories, one thing each: what the certificate cuts off at every boundary.

use std::time::Duration;

use simulator::{Line, Visitor};

use crate::story::{SlowJournal, Story};

/// Customers stay so long after the last answer, so that a missing one is seen.
const STAY: Duration = Duration::from_secs(100);

/// The short stories, by name.
pub(crate) fn all(seed: u64) -> Vec<(&'static str, Story)> {
    let story = |visitors: Vec<Visitor>| Story {
        visits: visitors.into_iter().map(|visitor| (Duration::from_millis(500), visitor)).collect(),
        journal: SlowJournal { way_most: Duration::from_millis(10), fails: 0.0 },
        ..Story::empty(seed)
    };
    let one = |lines: &[&str]| story(vec![visitor(1, lines)]);
    let hasty = Visitor { patience: Duration::from_secs(3), ..visitor(1, &["Please think hard"]) };
    let mut far = one(&["When do you open?", "+Please think hard"]);
    far.journal.way_most = Duration::from_millis(400);
    far.pace = false;
    vec![
        ("a question", one(&["Where is my parcel?"])),
        ("a burst, then another question", one(&["Where is my parcel?", "+When do you open?", "Thanks"])),
        ("a journal that is far away", far),
        (
            "two customers",
            story(vec![visitor(1, &["Where is my parcel?"]), visitor(2, &["Can you look up the price?"])]),
        ),
        ("steps and notes", one(&["Can you look up the price and make a note"])),
        ("a bot that fails", one(&["This goes boom", "When do you open?"])),
        ("a person, by transfer", one(&["I want to speak to a human", "Hello?"])),
        ("a person, by invitation", one(&["Get me your colleague", "Hello?"])),
        ("three choices", one(&["The manager please", "Hello?"])),
        ("a person who never speaks", one(&["Somebody silent will do", "Hello?"])),
        ("a person who comes too late", one(&["Somebody tardy will do", "When do you open?", "Where is my parcel?"])),
        ("a chat that comes back", one(&["Give me to linus", "Well?", "And now?", "When do you open?"])),
        ("the bot says goodbye", one(&["Thank you and bye"])),
        ("the customer leaves in the middle of a turn", story(vec![hasty])),
    ]
}

/// Says these lines; one with a plus comes in a burst with the one before.
fn visitor(number: usize, lines: &[&str]) -> Visitor {
    let line = |(place, text): (usize, &&str)| {
        let (burst, text) = text.strip_prefix('+').map_or((false, *text), |text| (true, text));
        let after = Duration::from_millis(if burst { 300 } else { 1_200 });
        Line { text: format!("{text} [{number}.{place}]"), after, answered: place > 0 && !burst }
    };
    let lines = lines.iter().enumerate().map(line).collect();
    let (nickname, patience) = (format!("Visitor {number}"), Duration::from_secs(180));
    Visitor { nickname, queue: None, lines, patience, linger: STAY }
}
