//! Makes a story in which something is wrong shorter, as long as the same promise is broken in it: fewer customers, lines,
//! faults, crashes. What is left can be read.

use std::time::Duration;

use crate::judge::{Rule, Wrong, judge};
use crate::run::run;
use crate::story::{SlowJournal, Stop, Story};

/// A story that was made shorter.
#[derive(Debug, Clone)]
pub struct Shrunk {
    /// The story.
    pub story: Story,
    /// What is wrong in it.
    pub wrong: Vec<Wrong>,
    /// What happened in the chat where it went wrong.
    pub chat: String,
    /// How many stories were played on the way.
    pub tries: u32,
}

/// Other chances that are tried when a shorter story is right with the same one.
const CHANCES: u64 = 6;
/// Boundaries that are tried for a crash in a shorter story: more than a conversation or two have.
const BOUNDARIES: u64 = 160;

struct Shrinker {
    rule: Rule,
    tries: u32,
    most: u32,
}

/// Makes a story shorter, playing at most so many. `None` if nothing is wrong with it.
pub fn shrink(story: &Story, tries: u32) -> Option<Shrunk> {
    let rule = judge(story, &run(story)).first()?.rule;
    let mut shrinker = Shrinker { rule, tries: 1, most: tries };
    let mut best = story.clone();
    loop {
        let before = size(&best);
        shrinker.by_the_clock(&mut best);
        shrinker.fewer_visits(&mut best);
        shrinker.fewer(&mut best, |story| &mut story.faults);
        shrinker.fewer(&mut best, |story| &mut story.outages);
        shrinker.fewer(&mut best, |story| &mut story.stops);
        shrinker.fewer_lines(&mut best);
        shrinker.plainer(&mut best);
        if size(&best) >= before || shrinker.is_tired() {
            break;
        }
    }
    let ran = run(&best);
    let wrong = judge(&best, &ran);
    let chat = wrong.iter().find_map(|wrong| wrong.chat.clone());
    let chat = chat.map(|chat| crate::tell_chat(&ran, &chat)).unwrap_or_default();
    Some(Shrunk { story: best, wrong, chat, tries: shrinker.tries })
}

fn size(story: &Story) -> usize {
    let lines: usize = story.visits.iter().map(|(_, visitor)| 1 + visitor.lines.len()).sum();
    lines + story.faults.len() + story.outages.len() + story.stops.len() + story.bots
}

impl Shrinker {
    fn is_tired(&self) -> bool {
        self.tries >= self.most
    }

    fn breaks(&mut self, story: &Story) -> bool {
        self.tries += 1;
        judge(story, &run(story)).iter().any(|wrong| wrong.rule == self.rule)
    }

    /// Says where processes are cut off by the clock, so that it is there still when others have left the story. Stops that no
    /// process came to are left out.
    fn by_the_clock(&mut self, best: &mut Story) {
        let cuts = run(best).cuts;
        let mut stops = Vec::new();
        for bot in 0..best.bots {
            let planned = best.stops.iter().filter(|stop| stop.bot == bot);
            let reached = cuts.iter().filter(|cut| cut.bot == bot);
            stops.extend(planned.zip(reached).map(|(stop, cut)| Stop { from: cut.when, at: cut.at, ..*stop }));
        }
        let candidate = Story { stops, ..best.clone() };
        if self.breaks(&candidate) {
            *best = candidate;
        }
    }

    /// Takes the shorter story if it is as wrong: with this chance, with another, or with a crash at another boundary.
    fn take(&mut self, best: &mut Story, shorter: &Story) -> bool {
        let mut found = None;
        for chance in 0..CHANCES {
            let seed = if chance == 0 { shorter.seed } else { chance };
            let candidate = Story { seed, ..shorter.clone() };
            if !self.is_tired() && self.breaks(&candidate) {
                found = Some(candidate);
                break;
            }
        }
        if found.is_none() && shorter.stops.len() == 1 && shorter.visits.len() <= 2 {
            let stop = shorter.stops[0];
            let elsewhere = (1..=BOUNDARIES)
                .map(|at| Story { stops: vec![Stop { at, from: Duration::ZERO, ..stop }], ..shorter.clone() });
            for candidate in elsewhere {
                if !self.is_tired() && self.breaks(&candidate) {
                    found = Some(candidate);
                    break;
                }
            }
        }
        let taken = found.is_some();
        if let Some(candidate) = found {
            *best = candidate;
        }
        taken
    }

    /// Halves, quarters, … and then one by one.
    fn fewer_visits(&mut self, best: &mut Story) {
        let mut chunk = best.visits.len().div_ceil(2);
        while chunk > 0 && best.visits.len() > 1 {
            let mut from = 0;
            while from < best.visits.len() && best.visits.len() > 1 {
                let mut shorter = best.clone();
                let to = (from + chunk).min(shorter.visits.len());
                drop(shorter.visits.drain(from..to));
                if shorter.visits.is_empty() || !self.take(best, &shorter) {
                    from += chunk;
                }
            }
            chunk /= 2;
        }
    }

    fn fewer<T>(&mut self, best: &mut Story, list: impl Fn(&mut Story) -> &mut Vec<T>) {
        let mut all = best.clone();
        list(&mut all).clear();
        if !list(&mut best.clone()).is_empty() && self.take(best, &all) {
            return;
        }
        let mut place = 0;
        while place < list(best).len() {
            let mut shorter = best.clone();
            drop(list(&mut shorter).remove(place));
            if !self.take(best, &shorter) {
                place += 1;
            }
        }
    }

    fn fewer_lines(&mut self, best: &mut Story) {
        for visit in 0..best.visits.len() {
            let mut place = 0;
            while best.visits.get(visit).is_some_and(|(_, visitor)| place < visitor.lines.len()) {
                let mut shorter = best.clone();
                drop(shorter.visits[visit].1.lines.remove(place));
                if !self.take(best, &shorter) {
                    place += 1;
                }
            }
        }
    }

    /// One bot, no waiting, a journal at hand.
    fn plainer(&mut self, best: &mut Story) {
        if best.bots > 1 && best.stops.iter().all(|stop| stop.bot == 0) {
            self.take(best, &Story { bots: 1, ..best.clone() });
        }
        if best.journal != SlowJournal::default() {
            self.take(best, &Story { journal: SlowJournal::default(), ..best.clone() });
        }
        if best.visits.iter().any(|(at, _)| !at.is_zero()) {
            let visits = best.visits.iter().map(|(_, visitor)| (Duration::ZERO, visitor.clone())).collect();
            self.take(best, &Story { visits, ..best.clone() });
        }
    }
}
