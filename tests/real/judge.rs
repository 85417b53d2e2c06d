//! What the simulator's log says about a crowd whose every line is said back by the bot: a burst comes back as one message,
//! a line below the other.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Result, ensure};
use simulator::Log;
use simulator::model::FactEvent;

/// What was found.
#[derive(Debug, Default)]
pub struct Verdict {
    lines: usize,
    unanswered: usize,
    twice: usize,
    out_of_order: usize,
    /// Words of the bot that answer nothing.
    strange: Vec<String>,
}

impl Verdict {
    pub fn is_clean(&self) -> bool {
        self.unanswered == 0 && self.twice == 0 && self.out_of_order == 0 && self.strange.is_empty()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { lines, unanswered, twice, out_of_order, strange } = self;
        write!(f, "{lines} lines, {unanswered} unanswered, {twice} answered twice, {out_of_order} out of order")?;
        if strange.is_empty() { Ok(()) } else { write!(f, ", and the bot said {strange:?}") }
    }
}

/// Judges so many chats.
pub fn judge(log: &Log, chats: usize) -> Result<Verdict> {
    let mut asked: BTreeMap<&str, Vec<(u64, &str)>> = BTreeMap::new();
    let mut answered: BTreeMap<&str, Vec<(u64, &str)>> = BTreeMap::new();
    for fact in log.facts() {
        match &fact.event {
            FactEvent::CustomerLine { index, text } => {
                asked.entry(fact.chat.as_str()).or_default().push((*index, text));
            }
            FactEvent::AgentLine { index, text, .. } => {
                let lines = text.lines().map(|line| (*index, line));
                answered.entry(fact.chat.as_str()).or_default().extend(lines);
            }
            _ => {}
        }
    }
    ensure!(asked.len() == chats, "{} of {chats} chats have a line", asked.len());
    let mut verdict = Verdict::default();
    for (chat, asked) in asked {
        verdict.take(&asked, answered.get(chat).map_or(&[], Vec::as_slice));
    }
    Ok(verdict)
}

impl Verdict {
    /// One chat: the lines of both sides, each with its place in the transcript.
    fn take(&mut self, asked: &[(u64, &str)], answers: &[(u64, &str)]) {
        self.lines += asked.len();
        for (_, line) in asked {
            match answers.iter().filter(|(_, answer)| answer == line).count() {
                0 => self.unanswered += 1,
                1 => {}
                _ => self.twice += 1,
            }
        }
        let place = |answer: &str| asked.iter().position(|(_, line)| *line == answer);
        let mut last = 0;
        for (index, answer) in answers {
            match place(answer) {
                None => self.strange.push((*answer).to_owned()),
                // Before an earlier one, or before its own question.
                Some(place) if place < last || asked[place].0 > *index => self.out_of_order += 1,
                Some(place) => last = place,
            }
        }
    }
}

/// A judge that sees nothing would praise everything.
pub fn sees_what_is_wrong() -> Result<()> {
    let asked = [(1, "one"), (3, "two")];
    let judged = |answers: &[(u64, &str)]| {
        let mut verdict = Verdict::default();
        verdict.take(&asked, answers);
        (verdict.unanswered, verdict.twice, verdict.out_of_order, verdict.strange.len())
    };
    for (answers, found) in [
        (&[(2, "one"), (4, "two")][..], (0, 0, 0, 0)),
        (&[(4, "one"), (4, "two")], (0, 0, 0, 0)),
        (&[(2, "one")], (1, 0, 0, 0)),
        (&[(2, "one"), (4, "one"), (5, "two")], (0, 1, 0, 0)),
        (&[(4, "two"), (5, "one")], (0, 0, 1, 0)),
        (&[(2, "one"), (2, "two")], (0, 0, 1, 0)),
        (&[(2, "one"), (4, "two"), (5, "sorry")], (0, 0, 0, 1)),
    ] {
        ensure!(judged(answers) == found, "{answers:?}: {:?}", judged(answers));
    }
    Ok(())
}
