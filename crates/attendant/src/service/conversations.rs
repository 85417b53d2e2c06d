//! The table of conversations: inputs go in, effects are done, timers are kept.

use std::collections::BTreeMap;

use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::run::{Happened, Running};
use super::status::{Summary, name};
use crate::bot_call;
use crate::guard::Guard;
use crate::journal::{Line, Record, StoryKey};
use crate::machine::{Conversation, Effect, Input, Outcome, Remark, StateKind, Token};
use crate::probe::{Deed, Side};
use crate::rules::names;
use crate::turn::{FromBot, Report};
use crate::{InteractionId, Next, UnixMillis};

/// A loop that comes round later than this was not only busy.
const PAUSED: std::time::Duration = std::time::Duration::from_secs(1);

/// A conversation, and what the host keeps beside it.
pub(super) struct Seat {
    pub conversation: Conversation,
    /// Its entry in the timer list.
    armed: Option<UnixMillis>,
    /// Counted among those that read their place on the platform.
    reconciling: bool,
    /// The task of the bot, while it thinks.
    thinking: Option<AbortHandle>,
    /// Reports that wait to be safe.
    tokens: BTreeMap<Token, oneshot::Sender<()>>,
}

impl Running {
    /// A conversation takes its seat.
    pub(super) fn admit(&mut self, conversation: Conversation, effects: Vec<Effect>) {
        let id = conversation.key().interaction.clone();
        let conversation = conversation.guarded(self.guards);
        let seat = Seat { conversation, armed: None, reconciling: false, thinking: None, tokens: BTreeMap::new() };
        self.conversations.insert(id.clone(), seat);
        self.count_reconciling(&id);
        self.perform(&id, effects);
        self.arm(&id);
    }

    /// Keeps the count of those that read their place on the platform.
    fn count_reconciling(&mut self, id: &InteractionId) {
        let Some(seat) = self.conversations.get_mut(id) else { return };
        let now = seat.conversation.kind() == StateKind::Reconciling;
        match (std::mem::replace(&mut seat.reconciling, now), now) {
            (false, true) => self.reconciling += 1,
            (true, false) => self.reconciled(),
            _ => {}
        }
    }

    fn reconciled(&mut self) {
        self.reconciling -= 1;
        if self.reconciling == 0 {
            let chats = self.conversations.len();
            tracing::debug!(agent.login = %self.login, chats, "every chat knows its place on the platform");
        }
    }

    /// Gives an input to a conversation, and does what it wants done.
    pub(super) fn deliver(&mut self, id: &InteractionId, input: Input) {
        let Some(seat) = self.conversations.get_mut(id) else { return };
        let token = token_of(&input);
        let reaction = seat.conversation.handle(input, self.clock.now());
        match reaction.outcome {
            Outcome::Done => {}
            outcome => {
                // A report that was not taken: its bot hears that it is silenced, by the dropped sender.
                if let Some(token) = token {
                    seat.tokens.remove(&token);
                }
                if let Outcome::Unexpected(state, input) = outcome {
                    self.counters.unexpected += 1;
                    tracing::error!(agent.login = %self.login, chat.id = %id, ?state, ?input, "unexpected input");
                }
            }
        }
        self.count_reconciling(id);
        self.perform(id, reaction.effects);
        self.arm(id);
    }

    fn arm(&mut self, id: &InteractionId) {
        let Some(seat) = self.conversations.get_mut(id) else { return };
        let next = seat.conversation.next_timer();
        if let Some((at, timer)) = next
            && !self.guards.stands(Guard::Mailbox)
        {
            self.strays.insert((at, id.clone(), timer));
        }
        let next = next.map(|(at, _)| at);
        if seat.armed == next {
            return;
        }
        if let Some(at) = seat.armed.take() {
            self.timers.remove(&(at, id.clone()));
        }
        if let Some(at) = next {
            self.timers.insert((at, id.clone()));
        }
        seat.armed = next;
    }

    /// A loop that was to come round by `wake`, and comes round far too late, belongs to a process that was paused. What
    /// happened meanwhile still waits to be read, so the platform is looked at before anything else is done.
    pub(super) fn mind_a_pause(&mut self, wake: Instant) {
        if wake.elapsed() > PAUSED {
            tracing::warn!(agent.login = %self.login, "this process was paused; looking at the platform again");
            self.everything_may_have_changed();
        }
    }

    /// Timers that have run out go through the mailboxes, in order.
    pub(super) async fn ring(&mut self) {
        let now = self.clock.now();
        while self.strays.first().is_some_and(|(at, ..)| *at <= now)
            && let Some((_, id, timer)) = self.strays.pop_first()
        {
            self.deliver(&id, Input::Timer(timer));
        }
        while let Some((at, id)) = self.timers.first().cloned() {
            if at > now {
                return;
            }
            let timer = self.conversations.get(&id).and_then(|seat| seat.conversation.next_timer());
            match timer {
                Some((_, timer)) => {
                    self.pass_a_timer(Side::Before).await;
                    self.deliver(&id, Input::Timer(timer));
                    self.pass_a_timer(Side::After).await;
                }
                None => drop(self.timers.remove(&(at, id))),
            }
        }
    }

    async fn pass_a_timer(&mut self, side: Side) {
        let came = Instant::now();
        self.probe.pass(Deed::Timer, side).await;
        self.mind_a_pause(came);
    }

    fn perform(&mut self, id: &InteractionId, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Append(line) => {
                    self.counters.count(&line.record);
                    if let Record::TurnEnded { next: Next::HandOff(handoff), .. } = &line.record {
                        let rule = handoff.rule.as_deref().unwrap_or(names::BOT);
                        tracing::info!(agent.login = %self.login, chat.id = %id, rule, must = handoff.must, "handing over");
                        self.handoffs.decided(handoff);
                    }
                    self.writer.push(line);
                }
                Effect::Perform { ticket, operation } => {
                    let Some(key) = self.key_of(id) else { continue };
                    self.operate(key.interaction.clone(), operation, move |result| Happened::Performed {
                        key,
                        ticket,
                        result,
                    });
                }
                Effect::Screen(offer) => {
                    let Some(key) = self.key_of(id) else { continue };
                    let task = bot_call::screen(self.bot.clone(), key, offer, self.reports.clone(), self.probe.clone());
                    self.think(id, task);
                }
                Effect::Respond(scene) => {
                    let task = bot_call::respond(self.bot.clone(), scene, self.reports.clone(), self.probe.clone());
                    self.think(id, task);
                }
                Effect::Silence => self.stop_thinking(id),
                Effect::Acknowledge(token) => {
                    let waiting = self.conversations.get_mut(id).and_then(|seat| seat.tokens.remove(&token));
                    if let Some(done) = waiting {
                        let _ = done.send(()); // a bot that has stopped waiting does not mind
                    }
                }
                Effect::Read { ticket } => self.reads.want(id.clone(), ticket),
                Effect::Compared(comparison) => {
                    if let Some(comparisons) = &self.comparisons {
                        comparisons.keep(*comparison);
                    }
                }
                Effect::Remark(remark) => self.remark(id, &remark),
                Effect::Close(how) => {
                    tracing::info!(agent.login = %self.login, chat.id = %id, ?how, "chat closed");
                    self.leave(id);
                }
            }
        }
    }

    fn key_of(&self, id: &InteractionId) -> Option<StoryKey> {
        self.conversations.get(id).map(|seat| seat.conversation.key().clone())
    }

    fn think(&mut self, id: &InteractionId, task: impl Future<Output = ()> + Send + 'static) {
        let handle = self.bots.spawn(task);
        if let Some(seat) = self.conversations.get_mut(id)
            && let Some(earlier) = seat.thinking.replace(handle)
        {
            earlier.abort(); // one call at a time
        }
    }

    fn stop_thinking(&mut self, id: &InteractionId) {
        if let Some(seat) = self.conversations.get_mut(id) {
            seat.tokens.clear();
            if let Some(task) = seat.thinking.take() {
                task.abort();
            }
        }
    }

    /// A conversation leaves its seat.
    fn leave(&mut self, id: &InteractionId) {
        self.stop_thinking(id);
        let Some(seat) = self.conversations.remove(id) else { return };
        self.reads.ended(id);
        if seat.reconciling {
            self.reconciled();
        }
        if let Some(at) = seat.armed {
            self.timers.remove(&(at, id.clone()));
        }
        if let Some(past) = seat.conversation.past(self.clock.now()) {
            self.keep_the_past(id, past);
        }
    }

    /// What a bot reports goes into the mailbox of its conversation.
    pub(super) fn reported(&mut self, FromBot { key, turn, report }: FromBot) {
        let id = key.interaction.clone();
        let Some(seat) = self.conversations.get_mut(&id).filter(|seat| *seat.conversation.key() == key) else {
            return; // another story of the same interaction
        };
        self.tokens += 1;
        let token = self.tokens;
        let input = match report {
            Report::Say { words, done } => {
                seat.tokens.insert(token, done);
                Input::Said { turn, words, token }
            }
            Report::Step { step, value, done } => {
                seat.tokens.insert(token, done);
                Input::Stepped { turn, step, value, token }
            }
            Report::Attach { pairs, done } => {
                seat.tokens.insert(token, done);
                Input::Attached { turn, pairs, token }
            }
            Report::Diverged { expected } => Input::Diverged { turn, expected },
            Report::Over { outcome } => Input::TurnOver { turn, outcome },
            Report::Screened { verdict } => Input::Screened(verdict),
        };
        self.deliver(&id, input);
    }

    /// Gives an input to this very story, not to a later one of the same interaction.
    pub(super) fn deliver_to(&mut self, key: &StoryKey, input: Input) {
        if self.conversations.get(&key.interaction).is_some_and(|seat| seat.conversation.key() == key) {
            self.deliver(&key.interaction, input);
        }
    }

    /// Each conversation learns up to which line it is durable.
    pub(super) fn tell_what_is_durable(&mut self, lines: &[Line]) {
        let mut through: BTreeMap<&StoryKey, u64> = BTreeMap::new();
        for line in lines {
            through.insert(&line.key, line.number);
        }
        for (key, through) in through {
            self.deliver_to(key, Input::Durable { through });
        }
    }

    /// Every conversation looks at the platform again.
    pub(super) fn everything_may_have_changed(&mut self) {
        let all: Vec<InteractionId> = self.conversations.keys().cloned().collect();
        for id in all {
            self.deliver(&id, Input::Gap);
        }
    }

    pub(super) fn summaries(&self) -> Vec<Summary> {
        let line = |(id, seat): (&InteractionId, &Seat)| Summary {
            interaction: id.clone(),
            state: name(seat.conversation.kind()),
            began: seat.conversation.key().began,
            entries: seat.conversation.transcript().len(),
            thinking: seat.conversation.is_thinking(),
        };
        self.conversations.iter().map(line).collect()
    }

    fn remark(&mut self, id: &InteractionId, remark: &Remark) {
        self.counters.count_remark(remark);
        tracing::warn!(agent.login = %self.login, chat.id = %id, ?remark, "worth a look");
    }
}

fn token_of(input: &Input) -> Option<Token> {
    match input {
        Input::Said { token, .. } | Input::Stepped { token, .. } | Input::Attached { token, .. } => Some(*token),
        _ => None,
    }
}
