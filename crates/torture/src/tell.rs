//! Stories and what happened in them, for whoever has to find out.

use std::fmt::Write as _;

use attendant::InteractionId;
use simulator::model::{Fact, FactEvent, Moment, Target};

use crate::run::Ran;
use crate::story::{How, Outage, START, Story};

/// A story in a few lines: who says what, what goes wrong, where processes are cut off.
pub fn tell(story: &Story) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "seed {}, {} {}, journal {} ms away{}",
        story.seed,
        story.bots,
        if story.bots == 1 { "bot" } else { "bots" },
        story.journal.way_most.as_millis(),
        if story.pace { "" } else { ", no typing" },
    );
    for (at, visitor) in &story.visits {
        let _ = writeln!(text, "  {:8.3}  {} comes", at.as_secs_f64(), visitor.nickname);
        for line in &visitor.lines {
            let when = if line.answered { "once answered, after" } else { "after" };
            let _ = writeln!(text, "            {when} {:.3} s: {}", line.after.as_secs_f64(), line.text);
        }
    }
    for fault in &story.faults {
        let _ = writeln!(text, "  fault     {}", serde_json::to_string(fault).unwrap_or_default());
    }
    for Outage { from, lasts } in &story.outages {
        let (from, lasts) = (from.as_secs_f64(), lasts.as_secs_f64());
        let _ = writeln!(text, "  {from:8.3}  the centre refuses everything, for {lasts:.3} s");
    }
    for stop in &story.stops {
        let (bot, mut at) = (stop.bot + 1, stop.at.to_string());
        if !stop.from.is_zero() {
            let _ = write!(at, " from {:.3} on", stop.from.as_secs_f64());
        }
        let _ = match stop.how {
            How::Killed { down } => {
                writeln!(text, "  bot-{bot} dies at boundary {at}, back after {:.3} s", down.as_secs_f64())
            }
            How::Frozen { down, thaws } => writeln!(
                text,
                "  bot-{bot} is frozen at boundary {at}; another takes over after {:.3} s; it wakes up after {:.3} s",
                down.as_secs_f64(),
                thaws.as_secs_f64()
            ),
        };
    }
    text
}

/// What happened in a chat, line by line: what the centre saw, and, behind a bar, what the bots wrote into their journals.
pub fn tell_chat(ran: &Ran, chat: &str) -> String {
    let seen = ran.log.of_chat(chat).map(|fact| (fact.at, tell_fact(fact)));
    let mut lines: Vec<(Moment, String)> = seen.collect();
    for line in ran.journals.iter().flat_map(|journal| journal.about(&InteractionId::from(chat))) {
        let at = Moment(u64::try_from(line.at.0).unwrap_or_default());
        lines.push((at, format!("  | {}", serde_json::to_string(&line.record).unwrap_or_default())));
    }
    lines.sort_by_key(|(at, _)| *at);
    lines.into_iter().fold(String::new(), |mut text, (at, line)| {
        let _ = writeln!(text, "  {:9.3}  {line}", at.since(START).as_secs_f64());
        text
    })
}

fn tell_fact(fact: &Fact) -> String {
    match &fact.event {
        FactEvent::Requested { nickname, .. } => format!("{nickname} asks for a chat"),
        FactEvent::CustomerLine { text, .. } => format!("customer: {text}"),
        FactEvent::AgentLine { agent, text, visibility, .. } => match visibility {
            simulator::model::Visibility::All => format!("{agent}: {text}"),
            simulator::model::Visibility::Agents => format!("{agent}, for agents: {text}"),
        },
        FactEvent::Typing { agent, on: true } => format!("{agent} types"),
        FactEvent::Typing { agent, on: false } => format!("{agent} stops typing"),
        FactEvent::Queued { queue } => format!("waits in {queue}"),
        FactEvent::Offered { agent } => format!("offered to {agent}"),
        FactEvent::Accepted { agent } => format!("{agent} comes in"),
        FactEvent::Rejected { agent } => format!("{agent} declines"),
        FactEvent::Revoked { agent } => format!("taken back from {agent}"),
        FactEvent::JoinFailed { agent } => format!("{agent} cannot come in"),
        FactEvent::Invited { by, agent } => format!("{by} invites {agent}"),
        FactEvent::Transferred { from, to } => {
            let (Target::Agent(to) | Target::Skill(to) | Target::Queue(to)) = to;
            format!("{from} gives the chat to {to}")
        }
        FactEvent::Refused { agent, operation, .. } => format!("{agent} may not {operation}"),
        FactEvent::Failed { agent, reason } => format!("failed for {agent}: {reason}"),
        FactEvent::AgentLeft { agent } => format!("{agent} goes out"),
        FactEvent::CustomerLeft => "customer leaves".to_owned(),
        FactEvent::SessionEnded => "the chat is over".to_owned(),
        FactEvent::Owned { agent } => format!("{agent} owns the chat"),
        FactEvent::Data { agent, keys } => format!("{agent} sets {}", keys.join(", ")),
        FactEvent::Completed { agent } => format!("{agent} completes"),
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}
