//! How a rehearsal is played: the machine's effects are carried out in the room, and time jumps to what comes next.

use super::{Heard, Rehearsal};
use crate::journal::Record;
use crate::machine::{Effect, Input, Remark, State, Timer};
use crate::probe::Slot;
use crate::turn::{FromBot, Report};
use crate::{EntryKind, Operation, ParticipantId, Role, UnixMillis, Visibility, bot_call};

impl Rehearsal {
    pub(super) fn act(&mut self, role: &Role, kind: EntryKind) {
        let Some(stage) = &mut self.stage else { return };
        let who: Option<ParticipantId> = stage.room.somebody(role);
        if let Some(who) = who {
            stage.room.act(&who, Visibility::All, kind, self.now);
        }
    }

    /// Lets everything happen that happens without the customer, and gives what the bot said meanwhile.
    pub(super) async fn settle(&mut self) -> Vec<String> {
        loop {
            self.tell_news();
            let Some(stage) = &mut self.stage else { break };
            if let Some(input) = stage.inbox.pop_front() {
                self.input(input);
            } else if stage.thinking.is_some() {
                self.think().await;
            } else if stage.machine.waits_for_others() {
                break;
            } else {
                match stage.machine.next_timer() {
                    Some((at, timer)) => {
                        self.now = self.now.max(at);
                        self.ring(timer);
                    }
                    None => break, // over
                }
            }
        }
        self.replies()
    }

    fn replies(&mut self) -> Vec<String> {
        let Some(stage) = &mut self.stage else { return Vec::new() };
        let new = &stage.room.entries[std::mem::replace(&mut stage.shown, stage.room.entries.len())..];
        let said = new.iter().filter(|entry| entry.from.role == Role::Me && entry.visibility == Visibility::All);
        said.filter_map(|entry| match &entry.kind {
            EntryKind::Text(text) => Some(text.clone()),
            _ => None,
        })
        .collect()
    }

    /// Waits for the bot to report or to end, at most as long as it may take for an answer: the one thing that takes real
    /// time.
    async fn think(&mut self) {
        let Some(stage) = &mut self.stage else { return };
        let Some(thinking) = &mut stage.thinking else { return };
        let report = tokio::select! {
            biased;
            Some(report) = stage.reported.recv() => Some(report),
            () = thinking => {
                stage.thinking = None;
                stage.reported.try_recv().ok()
            }
            () = tokio::time::sleep(self.options.bot.answer_within) => {
                stage.thinking = None;
                if let Some((at, timer)) = stage.machine.next_timer() {
                    self.now = self.now.max(at);
                    self.ring(timer);
                }
                return;
            }
        };
        if let Some(report) = report {
            self.reported(report);
        }
    }

    fn reported(&mut self, FromBot { turn, report, .. }: FromBot) {
        let Some(stage) = &mut self.stage else { return };
        stage.next_token += 1;
        let token = stage.next_token;
        let input = match report {
            Report::Say { words, done } => {
                stage.tokens.push((token, done));
                Input::Said { turn, words, token }
            }
            Report::Step { step, value, done } => {
                stage.tokens.push((token, done));
                self.heard.steps.push((step.0.clone(), value.clone()));
                Input::Stepped { turn, step, value, token }
            }
            Report::Attach { pairs, done } => {
                stage.tokens.push((token, done));
                Input::Attached { turn, pairs, token }
            }
            Report::Diverged { expected } => Input::Diverged { turn, expected },
            Report::Over { outcome } => Input::TurnOver { turn, outcome },
            Report::Screened { verdict } => {
                self.heard.verdict = verdict.clone().ok();
                Input::Screened(verdict)
            }
        };
        self.input(input);
    }

    pub(super) fn next_timer(&self, until: UnixMillis) -> Option<Timer> {
        let (at, timer) = self.stage.as_ref()?.machine.next_timer()?;
        (at <= until).then_some(timer)
    }

    pub(super) fn ring(&mut self, timer: Timer) {
        if let Some(at) = self.stage.as_ref().and_then(|stage| stage.machine.timer(timer)) {
            self.now = self.now.max(at);
        }
        self.input(Input::Timer(timer));
    }

    fn tell_news(&mut self) {
        let Some(stage) = &mut self.stage else { return };
        let (changed, entries) = stage.room.news();
        stage.inbox.extend(changed.map(Input::Changed));
        if !entries.is_empty() {
            stage.inbox.push_back(Input::Heard(entries));
        }
    }

    pub(super) fn input(&mut self, input: Input) {
        if let Some(stage) = &mut self.stage {
            let reaction = stage.machine.handle(input, self.now);
            self.perform(reaction.effects);
        }
    }

    pub(super) fn perform(&mut self, effects: Vec<Effect>) {
        let Some(stage) = &mut self.stage else { return };
        for effect in effects {
            match effect {
                Effect::Append(line) => {
                    stage.inbox.push_back(Input::Durable { through: line.number });
                    self.heard.note(line.record);
                }
                Effect::Perform { ticket, operation } => {
                    if let (
                        Operation::Transfer(_) | Operation::Invite(_),
                        State::Transferring(attempt) | State::Inviting(attempt),
                    ) = (&operation, stage.machine.state())
                    {
                        self.heard.handoff = Some(attempt.handoff.clone());
                    }
                    let result = stage.room.perform(&operation, &self.options.nickname, self.now);
                    stage.inbox.push_back(Input::Performed { ticket, result });
                }
                Effect::Screen(offer) => {
                    let key = stage.machine.key().clone();
                    stage.thinking = Some(Box::pin(bot_call::screen(
                        self.bot.clone(),
                        key,
                        offer,
                        stage.reports.clone(),
                        Slot::default(),
                    )));
                }
                Effect::Respond(scene) => {
                    stage.thinking = Some(Box::pin(bot_call::respond(
                        self.bot.clone(),
                        scene,
                        stage.reports.clone(),
                        Slot::default(),
                    )));
                }
                Effect::Silence => stage.thinking = None,
                Effect::Acknowledge(token) => {
                    if let Some(place) = stage.tokens.iter().position(|(waiting, _)| *waiting == token) {
                        let _ = stage.tokens.swap_remove(place).1.send(()); // the bot may have stopped waiting
                    }
                }
                Effect::Read { ticket } => {
                    let picture = crate::machine::Picture::Found {
                        interaction: stage.room.interaction.clone(),
                        transcript: stage.room.entries.clone(),
                    };
                    stage.inbox.push_back(Input::Read { ticket, picture });
                }
                Effect::Remark(Remark::TurnFailed(why)) => self.heard.failures.push(why.to_string()),
                Effect::Compared(_) | Effect::Remark(_) => {}
                Effect::Close(how) => {
                    stage.thinking = None;
                    self.heard.closed = Some(how);
                }
            }
        }
    }
}

impl Heard {
    fn note(&mut self, record: Record) {
        match record {
            Record::Ending { disposition } => self.finished = Some(disposition),
            Record::ChoiceFailed { last: true, .. } => self.handoff = None,
            _ => {}
        }
    }
}
