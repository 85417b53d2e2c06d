//! The guards carry load: for each, a story that goes wrong without it and right with it. Looked for among the short stories,
//! cut off at every boundary, and among drawn ones.

use std::time::Duration;

use attendant::Guard;

use crate::campaign::Tally;
use crate::certificate;
use crate::draw::Shape;
use crate::judge::Wrong;
use crate::story::{How, Stop, Story};

/// A guard that was missed.
#[derive(Debug)]
pub struct Caught {
    /// Which guard.
    pub guard: Guard,
    /// The first story that went wrong without it.
    pub story: Story,
    /// What went wrong.
    pub wrong: Wrong,
    /// How many stories were played until then.
    pub tries: u64,
}

/// Drawn stories that are tried.
const DRAWN: u64 = 60;

/// Takes a guard out, and plays stories until one goes wrong that is right with it. `None`: nobody misses it.
pub fn caught(guard: Guard) -> Option<Caught> {
    for (tries, story) in (1..).zip(candidates(guard)) {
        let mut without = Tally::default();
        let _ = without.play(&story.clone().without(guard));
        let Some(broken) = without.broken.pop() else { continue };
        let mut with = Tally::default();
        let _ = with.play(&story);
        if with.broken.is_empty() {
            let wrong = broken.wrong.into_iter().next()?;
            return Some(Caught { guard, story: broken.story, wrong, tries });
        }
    }
    None
}

/// Where it is likely to be missed comes first.
fn candidates(guard: Guard) -> Box<dyn Iterator<Item = Story>> {
    let drawn = |shape: Shape| (1..=DRAWN).map(move |seed| shape.draw(seed));
    let crashes = Shape { visitors: 20, faults: true, crashes: true };
    let cut = |how: How| {
        certificate::stories(1).into_iter().flat_map(move |(_, story)| {
            (1..=120).map(move |at| Story { stops: vec![Stop::at(0, at, how)], ..story.clone() })
        })
    };
    let killed = How::Killed { down: Duration::from_millis(700) };
    let frozen = How::Frozen { down: Duration::from_millis(300), thaws: Duration::from_millis(2_500) };
    let outage = How::Killed { down: Duration::from_secs(13 * 60) };
    match guard {
        Guard::Fencing => Box::new(cut(frozen).chain(drawn(crashes))),
        Guard::Age => Box::new(cut(outage).map(patient).chain(drawn(crashes))),
        Guard::Mailbox => Box::new(drawn(Shape { faults: false, crashes: false, ..crashes })),
        Guard::Ownership => Box::new(certificate::stories(1).into_iter().map(|(_, story)| story).chain(drawn(crashes))),
        _ => Box::new(cut(killed).chain(drawn(crashes))),
    }
}

/// Customers who stay through an outage.
fn patient(mut story: Story) -> Story {
    for (_, visitor) in &mut story.visits {
        visitor.patience = Duration::from_secs(3_600);
    }
    story
}
