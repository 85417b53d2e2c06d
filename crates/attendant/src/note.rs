//! The note for the person who takes over: which rule it was, what was asked and answered, how sure the bot was, and what is
//! known about the customer.

use std::fmt::Write as _;

use crate::options::Notes;
use crate::rules::names;
use crate::{AttachedData, Entry, EntryKind, Handoff, Role, Visibility};

/// Longest question and answer that are told, in characters.
const LINE: usize = 240;

/// What a note may tell.
pub(crate) struct Heard<'a> {
    pub transcript: &'a [Entry],
    /// Said by the bot, but not yet in the transcript.
    pub on_the_way: Vec<&'a str>,
    pub data: &'a AttachedData,
    /// How sure the bot was, oldest first.
    pub confidences: &'a [f32],
}

/// The note of a handoff. What the bot has to say comes before what the runtime can tell; it stands alone unless the runtime
/// itself hands over. `None` if there is nothing to say.
pub(crate) fn write(handoff: &Handoff, options: &Notes, heard: &Heard<'_>) -> Option<String> {
    if !options.on {
        return handoff.note.clone();
    }
    let rule = handoff.rule.as_deref();
    let mut note = String::new();
    if let Some(rule) = rule {
        let _ = writeln!(note, "Handed over by the rule {rule}.");
    }
    if let Some(own) = &handoff.note {
        let _ = writeln!(note, "{own}");
    }
    if handoff.note.is_none() || rule.is_some_and(|rule| names::ALL.contains(&rule)) {
        tell(&mut note, options, heard);
    }
    let note = crate::text::head(note.trim_end(), options.longest).to_owned();
    Some(note).filter(|note| !note.is_empty())
}

fn tell(note: &mut String, options: &Notes, heard: &Heard<'_>) {
    let known: Vec<String> = options
        .data
        .iter()
        .filter_map(|key| heard.data.get(key).map(|value| format!("{key}: {}", line(value))))
        .collect();
    if !known.is_empty() {
        let _ = writeln!(note, "{}", known.join(", "));
    }
    if let Some((last, before)) = heard.confidences.split_last() {
        let _ = write!(note, "The assistant was {} sure of its last answer", percent(*last));
        if !before.is_empty() {
            let before: Vec<String> = before.iter().rev().take(options.pairs).rev().map(|one| percent(*one)).collect();
            let _ = write!(note, ", {} before", before.join(", "));
        }
        note.push_str(".\n");
    }
    let pairs = pairs(heard);
    let left_out = pairs.len().saturating_sub(options.pairs);
    for (number, (asked, answered)) in pairs.iter().enumerate().skip(left_out) {
        let answered = if answered.is_empty() { "no answer".to_owned() } else { quoted(answered) };
        let asked = if asked.is_empty() { "(nothing asked)".to_owned() } else { quoted(asked) };
        let _ = writeln!(note, "{}. {asked} → {answered}", number + 1);
    }
}

/// What was asked, and what was answered: lines of the customer, then lines of whoever answered, and again.
fn pairs<'a>(heard: &Heard<'a>) -> Vec<(Vec<&'a str>, Vec<&'a str>)> {
    let spoken = heard.transcript.iter().filter(|entry| entry.visibility == Visibility::All);
    let spoken = spoken.filter_map(|entry| match &entry.kind {
        EntryKind::Text(text) => Some((entry.from.role == Role::Customer, text.as_str())),
        _ => None,
    });
    let mut pairs: Vec<(Vec<&str>, Vec<&str>)> = Vec::new();
    for (customer, text) in spoken.chain(heard.on_the_way.iter().map(|text| (false, *text))) {
        match pairs.last_mut() {
            Some((asked, answered)) if customer && answered.is_empty() => asked.push(text),
            _ if customer => pairs.push((vec![text], Vec::new())),
            Some((_, answered)) => answered.push(text),
            None => pairs.push((Vec::new(), vec![text])), // the greeting
        }
    }
    // A greeting that nobody asked for tells nothing.
    pairs.retain(|(asked, _)| !asked.is_empty());
    pairs
}

fn quoted(lines: &[&str]) -> String {
    format!("“{}”", line(&lines.join(" ")))
}

/// One line of bounded length.
fn line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LINE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

fn percent(share: f32) -> String {
    format!("{:.0} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Participant, ParticipantId};

    fn entry(index: u64, role: Role, text: &str) -> Entry {
        let from = Participant { id: ParticipantId::from("x"), role, nickname: "x".into(), agent: None };
        Entry { index, from, visibility: Visibility::All, at: None, kind: EntryKind::Text(text.into()) }
    }

    fn options() -> Notes {
        Notes { data: vec!["Segment".into(), "Absent".into()], ..Notes::default() }
    }

    #[test]
    fn tells_the_rule_the_data_the_confidence_and_the_last_pairs() {
        let mut transcript = vec![entry(1, Role::Me, "Hello!")];
        for number in 0..7 {
            transcript.push(entry(2 * number + 2, Role::Customer, &format!("question {number}\n and more")));
            transcript.push(entry(2 * number + 3, Role::Me, &format!("answer {number}")));
        }
        let mut hidden = entry(90, Role::Me, "for agents");
        hidden.visibility = Visibility::Agents;
        transcript.push(hidden);
        transcript.push(entry(91, Role::Customer, "last one"));
        let data: AttachedData = [("Segment", "gold"), ("Other", "no")].into_iter().collect();
        let heard =
            Heard { transcript: &transcript, on_the_way: vec!["on it"], data: &data, confidences: &[0.8, 0.2, 0.34] };
        let handoff = Handoff::to_skill("service").because("unsure");
        let note = write(&handoff, &options(), &heard).unwrap();
        assert_eq!(
            note,
            "Handed over by the rule unsure.\nSegment: gold\n\
             The assistant was 34 % sure of its last answer, 80 %, 20 % before.\n\
             4. “question 3 and more” → “answer 3”\n5. “question 4 and more” → “answer 4”\n\
             6. “question 5 and more” → “answer 5”\n7. “question 6 and more” → “answer 6”\n8. “last one” → “on it”"
        );
    }

    #[test]
    fn the_bots_own_note_stands_alone_unless_the_runtime_hands_over() {
        let transcript = [entry(1, Role::Customer, "hm")];
        let data = AttachedData::default();
        let heard = || Heard { transcript: &transcript, on_the_way: vec![], data: &data, confidences: &[] };
        let own = Handoff::to_skill("service").note("is angry");
        assert_eq!(write(&own, &options(), &heard()).unwrap(), "is angry");
        let ruled = own.clone().because("vip");
        assert_eq!(write(&ruled, &options(), &heard()).unwrap(), "Handed over by the rule vip.\nis angry");
        let failed = own.clone().because(names::BOT_FAILED);
        let note = write(&failed, &options(), &heard()).unwrap();
        assert!(note.ends_with("is angry\n1. “hm” → no answer"), "{note}");
        let off = Notes { on: false, ..Notes::default() };
        assert_eq!(write(&ruled, &off, &heard()).unwrap(), "is angry");
        assert_eq!(write(&Handoff::to_skill("service"), &off, &heard()), None);
    }

    #[test]
    fn a_note_stays_short() {
        let transcript: Vec<_> = (1..40).map(|index| entry(index, Role::Customer, &"ä".repeat(9_000))).collect();
        let data = AttachedData::default();
        let heard = Heard { transcript: &transcript, on_the_way: vec![], data: &data, confidences: &[] };
        let note = write(&Handoff::to_skill("service"), &options(), &heard).unwrap();
        assert!(note.len() <= options().longest, "{}", note.len());
    }
}
