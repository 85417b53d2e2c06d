//! The layer: a bot that keeps to rules.

use std::sync::Arc;

use async_trait::async_trait;

use super::confidence;
use super::sight::{Ledger, Sight};
use super::{Hours, Rule, Rules, Then, When};
use crate::{Bot, BotError, Event, Handoff, Next, Offer, Turn, Verdict};

/// Under which key a conversation remembers which rules have fired.
const MEMORY: &str = "attendant.rules";
/// The step that keeps the name of the rule that has fired: the journal has it before anything shows.
const STEP: &str = "attendant.rule";
/// How a chat is ended by a rule that does not say.
const DISPOSITION: &str = "closed";

/// A bot with rules around it. Made by [`Bot::with_rules`] and [`Rules::around`].
#[derive(Debug, Clone)]
pub struct Ruled<B> {
    rules: Arc<Rules>,
    bot: B,
}

impl<B> Ruled<B> {
    pub(super) fn new(rules: Arc<Rules>, bot: B) -> Self {
        Self { rules, bot }
    }
}

#[async_trait]
impl<B: Bot> Bot for Ruled<B> {
    async fn screen(&self, offer: &Offer) -> Verdict {
        self.bot.screen(offer).await
    }

    async fn respond(&self, turn: &mut Turn<'_>) -> Result<Next, BotError> {
        if let Some(rule) = self.before(turn) {
            return self.obey(rule, turn).await;
        }
        let earlier = turn.confidences();
        if let Some(least) = self.rules.last_straw(&earlier) {
            turn.hush_below(least);
        }
        let next = self.bot.respond(turn).await?;
        if next == Next::Listen
            && turn.confidence().is_some()
            && let Some(rule) = self.rules.after(&turn.confidences())
        {
            turn.unhush(); // the rule's words instead
            turn.forget(confidence::MEMORY); // it counts anew
            return self.obey(rule, turn).await;
        }
        for words in turn.unhush() {
            turn.say(words).await?;
        }
        match next {
            Next::HandOff(handoff) => self.hand_over(handoff, turn).await,
            next => Ok(next),
        }
    }
}

impl<B: Bot> Ruled<B> {
    /// The rule that fires before the bot is asked. A turn that is run again decides as it did: by the name in the journal,
    /// and if there is none but the bot had begun, no rule had fired.
    fn before(&self, turn: &Turn<'_>) -> Option<&Rule> {
        if let Some(name) = turn.earlier_step(STEP) {
            let rule = name.as_str().and_then(|name| self.rules.named(name))?;
            return Some(rule).filter(|rule| match &rule.when {
                When::Confidence(_) => false,
                When::Closed(hours) => hours.of == super::Of::Chats,
                _ => true,
            });
        }
        if turn.had_begun() {
            return None;
        }
        let ledger = ledger(turn);
        self.rules.before(&sight(turn, &ledger), &ledger)
    }

    /// Does what a rule wants that has fired.
    async fn obey(&self, rule: &Rule, turn: &mut Turn<'_>) -> Result<Next, BotError> {
        let mut ledger = ledger(turn);
        let last = turn.lines().iter().max().copied();
        ledger.note(rule, &sight(turn, &Ledger::default()), last);
        turn.remember(MEMORY, ledger)?;
        note(rule, turn).await?;
        match self.rules.place(rule) {
            Some(handoff) if rule.then == Then::HandOver => {
                let mut handoff = handoff.because(&rule.name);
                if let Some(words) = words(rule, turn) {
                    handoff = handoff.saying(words);
                }
                handoff.must = rule.must;
                if let Some(closed) = self.rules.instead_of(&handoff, turn.now()) {
                    return self.close(closed, turn).await;
                }
                self.attach(rule, turn).await?;
                Ok(Next::HandOff(handoff))
            }
            _ => self.stay(rule, turn).await,
        }
    }

    /// A handoff that the bot wants, unless people are out.
    async fn hand_over(&self, handoff: Handoff, turn: &mut Turn<'_>) -> Result<Next, BotError> {
        match self.rules.instead_of(&handoff, turn.now()) {
            Some(rule) => self.close(rule, turn).await,
            None => Ok(Next::HandOff(handoff)),
        }
    }

    /// People are out: another place, or words.
    async fn close(&self, rule: &Rule, turn: &mut Turn<'_>) -> Result<Next, BotError> {
        note(rule, turn).await?;
        match self.rules.place(rule) {
            Some(handoff) if rule.then == Then::HandOver => {
                self.attach(rule, turn).await?;
                let handoff = handoff.because(&rule.name);
                Ok(Next::HandOff(match words(rule, turn) {
                    Some(words) => handoff.saying(words),
                    None => handoff,
                }))
            }
            _ => self.stay(rule, turn).await,
        }
    }

    /// Words, and nobody else.
    async fn stay(&self, rule: &Rule, turn: &mut Turn<'_>) -> Result<Next, BotError> {
        self.attach(rule, turn).await?;
        if let Some(words) = words(rule, turn) {
            turn.say(words).await?;
        }
        Ok(match rule.then {
            Then::Finish => Next::finish(rule.disposition.as_deref().unwrap_or(DISPOSITION)),
            Then::Stay | Then::HandOver => Next::Listen,
        })
    }

    async fn attach(&self, rule: &Rule, turn: &mut Turn<'_>) -> Result<(), BotError> {
        for (key, value) in &rule.attach {
            turn.attach(key, value).await?;
        }
        Ok(())
    }
}

/// Keeps in the journal which rule it is that acts, once in a turn.
async fn note(rule: &Rule, turn: &mut Turn<'_>) -> Result<(), BotError> {
    if turn.count_of_steps(STEP) == 0 {
        let name = rule.name.clone();
        tracing::info!(chat.id = %turn.interaction(), rule = name, "a rule fires");
        turn.step(STEP, || async { Ok::<_, BotError>(name) }).await?;
    }
    Ok(())
}

fn ledger(turn: &Turn<'_>) -> Ledger {
    // Of another version, it is worth less than an answer.
    turn.recall(MEMORY).ok().flatten().unwrap_or_default()
}

fn sight<'a>(turn: &Turn<'a>, ledger: &Ledger) -> Sight<'a> {
    let lines = match turn.event() {
        Event::Said(said) => {
            let indexes = turn.lines().iter().copied().map(Some).chain(std::iter::repeat(None));
            let fresh = said.lines().iter().zip(indexes);
            fresh
                .filter(|(_, index)| index.is_none_or(|index| index > ledger.line))
                .map(|(line, _)| line.as_str())
                .collect()
        }
        _ => Vec::new(),
    };
    Sight {
        event: turn.event(),
        lines,
        data: turn.attached_data(),
        locale: turn.locale(),
        now: turn.now(),
        began: turn.began(),
        turn: turn.number(),
    }
}

fn words(rule: &Rule, turn: &Turn<'_>) -> Option<String> {
    let words = rule.words.pick(turn.locale())?;
    let opens = match &rule.when {
        When::Closed(hours) => Hours::opens(hours, turn.now()),
        _ => None,
    };
    Some(words.replace("{opens}", opens.as_deref().unwrap_or("…")))
}
