//! The layer: a bot around another bot, which weighs what the inner one wants.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::desk::{self, Desk, State};
use super::weigh::{Case, Choice, Reason, Weighed, weigh};
use super::words::{Facts, minutes};
use super::{Options, STEP, expected_wait};
use crate::availability::Availability;
use crate::handoff::number_in;
use crate::options::{InvalidOption, Place};
use crate::service::Status;
use crate::{Bot, BotError, Event, Handoff, Next, Offer, Target, Turn, UnixMillis, Verdict};

/// Under this key the layer remembers what it has to know of a chat.
const MEMORY: &str = "peak";

/// A bot whose handoffs are weighed against how busy people are. One value serves all logins of the bot.
pub struct Peak {
    bot: Arc<dyn Bot>,
    options: Options,
    availability: Arc<dyn Availability>,
    desk: Desk,
}

/// What the layer remembers of one chat.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Memory {
    put_off: u32,
    /// A call-back was offered, and not yet refused by going on.
    offered: bool,
    /// The bot waits along.
    line: Option<Waiting>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Waiting {
    handoff: Handoff,
    /// Since when, in milliseconds since 1970.
    since: i64,
    /// When it was told something last.
    told_at: i64,
    /// What it was told: the wait in minutes, the place.
    told: (Option<u64>, usize),
}

impl Peak {
    /// Puts the layer around a bot. Fails with everything that is wrong with the options.
    pub fn around(
        bot: Arc<dyn Bot>,
        options: Options,
        availability: Arc<dyn Availability>,
    ) -> Result<Self, Vec<InvalidOption>> {
        let wrong = options.validate();
        if wrong.is_empty() { Ok(Self { bot, options, availability, desk: Desk::new() }) } else { Err(wrong) }
    }

    /// Counts the chats of a service among those of the bots, for their own limit.
    pub fn count_in(&self, service: watch::Receiver<Status>) {
        self.desk.count_in(service);
    }

    /// Follows how things stand.
    pub fn watch(&self) -> watch::Receiver<State> {
        self.desk.watch()
    }

    async fn weigh(
        &self,
        turn: &mut Turn<'_>,
        memory: &Memory,
        target: &Target,
        case: Case,
    ) -> Result<Weighed, BotError> {
        let now = turn.now();
        let look = self.desk.look(target, &self.availability, &self.options, None, now);
        let (_, shedding) = self.desk.load(&self.options);
        let case = Case { people: look.people, level: look.level, shedding, put_off: memory.put_off, ..case };
        let chat = turn.interaction().clone();
        // A turn that is run again finds what was decided, not what it would decide now.
        let weighed = turn
            .step(STEP, || async {
                let weighed = weigh(&case, &self.options);
                self.desk.decided(weighed.why);
                Ok::<_, BotError>(weighed)
            })
            .await?;
        tracing::info!(
            chat.id = %chat, target = %desk::name(target), choice = ?weighed.choice, why = ?weighed.why,
            level = ?weighed.level, price = weighed.price, need = weighed.need, wait = weighed.wait_seconds, "weighed",
        );
        Ok(weighed)
    }

    fn facts(&self, weighed: &Weighed) -> Facts<'_> {
        // What waits less than a minute is not worth a word.
        let wait = weighed.wait_seconds.filter(|wait| *wait >= 60).map(Duration::from_secs);
        Facts { wait, hours: self.options.hours.as_deref(), ..Facts::default() }
    }

    /// After the bot has answered: what becomes of its handoff, or of its doubt.
    async fn consider(&self, turn: &mut Turn<'_>, memory: &mut Memory, next: Next) -> Result<Next, BotError> {
        let confidence = turn.confidence();
        let wish = matches!(next, Next::HandOff(_));
        let unsure = confidence.is_some_and(|confidence| confidence < self.options.unsure_below);
        let handoff = match &next {
            Next::HandOff(handoff) => Some(handoff.clone()),
            Next::Listen if unsure && matches!(turn.event(), Event::Said(_)) => {
                self.options.to.as_ref().and_then(Place::handoff)
            }
            _ => None,
        };
        let Some((handoff, target)) = handoff.and_then(|it| Some((it.clone(), it.choices.first()?.target.clone())))
        else {
            return Ok(next);
        };
        if matches!(target, Target::CallBack(_)) {
            return Ok(next); // nobody has to be there for it
        }
        let case = Case {
            wish,
            must: handoff.must,
            confidence,
            put_off: memory.put_off,
            shedding: false,
            people: None,
            level: super::Level::Unknown,
        };
        let weighed = self.weigh(turn, memory, &target, case).await?;
        let words = &self.options.words;
        match weighed.choice {
            Choice::Leave | Choice::CallBack => Ok(next),
            Choice::HandOver => Ok(Next::HandOff(self.announced(handoff, wish, &weighed))),
            Choice::PutOff | Choice::Nobody => {
                memory.put_off += u32::from(weighed.choice == Choice::PutOff);
                let text = if weighed.choice == Choice::PutOff { &words.put_off } else { &words.nobody };
                let offered = self.offer_call_back(memory, words.fill(text, &self.facts(&weighed)));
                turn.say(offered).await?;
                Ok(Next::Listen)
            }
            Choice::Line => {
                let now = turn.now();
                let place = self.desk.stand_in_line(now, turn.interaction(), &self.options, now);
                let facts = Facts { place: Some(place), ..self.facts(&weighed) };
                let told = (facts.wait.map(minutes), place);
                let offered = self.offer_call_back(memory, words.fill(&words.line, &facts));
                turn.say(offered).await?;
                let handoff = Handoff { words: None, ..Self::noted(handoff, wish, &weighed) };
                memory.line = Some(Waiting { handoff, since: now.0, told_at: now.0, told });
                Ok(Next::Wait { at_most: self.options.line.look_every })
            }
        }
    }

    fn offer_call_back(&self, memory: &mut Memory, words: String) -> String {
        if !self.options.call_back.on || self.options.words.offer_call_back.is_empty() {
            return words;
        }
        memory.offered = true;
        format!("{words} {}", self.options.words.offer_call_back).trim().to_owned()
    }

    /// A handoff with the wait among its words, and with why it comes, if it was not the bot's own idea.
    fn announced(&self, handoff: Handoff, wish: bool, weighed: &Weighed) -> Handoff {
        let words = &self.options.words;
        let mut handoff = Self::noted(handoff, wish, weighed);
        let mut said: Vec<String> = handoff.words.take().into_iter().collect();
        if !wish && said.is_empty() {
            said.push(words.early.clone());
        }
        if weighed.why != Reason::Must {
            said.push(words.fill(&words.wait, &self.facts(weighed)));
        }
        said.retain(|words| !words.is_empty());
        handoff.words = (!said.is_empty()).then(|| said.join(" "));
        handoff
    }

    fn noted(handoff: Handoff, wish: bool, weighed: &Weighed) -> Handoff {
        if wish {
            return handoff;
        }
        let sure = ((1.0 - weighed.need) * 100.0).round();
        let handoff = if handoff.rule.is_none() { handoff.because("peak") } else { handoff };
        handoff.note_unless_set(format!("Handed over early: the assistant was {sure} % sure of its answer."))
    }

    /// The customer has written a number after a call-back was offered.
    async fn note_call_back(&self, turn: &mut Turn<'_>, number: String) -> Result<Next, BotError> {
        let call_back = &self.options.call_back;
        turn.attach(&call_back.number_key, &number).await?;
        if !call_back.asked_key.is_empty() {
            let asked = turn.now().0.to_string();
            turn.attach(&call_back.asked_key, asked).await?;
        }
        let noted = Weighed {
            choice: Choice::CallBack,
            why: Reason::Customer,
            level: super::Level::Unknown,
            price: 0.0,
            need: 0.0,
            wait_seconds: None,
        };
        let note = || async {
            self.desk.decided(noted.why);
            Ok::<_, BotError>(noted)
        };
        turn.step(STEP, note).await?;
        tracing::info!(chat.id = %turn.interaction(), "a call-back was noted");
        let facts = Facts { number: Some(&number), hours: self.options.hours.as_deref(), ..Facts::default() };
        turn.say(self.options.words.fill(&self.options.words.call_back_noted, &facts)).await?;
        Ok(Next::finish(&call_back.disposition))
    }

    /// Looks whether it is this customer's turn; tells what has changed.
    async fn look_at_line(&self, turn: &mut Turn<'_>, memory: &mut Memory, tell: bool) -> Result<Next, BotError> {
        let Some(waiting) = memory.line.clone() else { return Ok(Next::Listen) };
        let Some(target) = waiting.handoff.choices.first().map(|choice| choice.target.clone()) else {
            return Ok(Next::Listen);
        };
        let (now, since) = (turn.now(), UnixMillis(waiting.since));
        let place = self.desk.stand_in_line(since, turn.interaction(), &self.options, now);
        let look = self.desk.look(&target, &self.availability, &self.options, Some(place), now);
        let waited = Duration::from_millis(u64::try_from(now.0.saturating_sub(waiting.since)).unwrap_or(0));
        let enough = waited >= self.options.line.most;
        let free = look.people.map(|staffing| staffing.free > staffing.queue.unwrap_or(0));
        let nobody = look.people.is_some_and(|staffing| staffing.signed_in == 0);
        let words = &self.options.words;
        if nobody {
            self.desk.leave_line(since, turn.interaction());
            memory.line = None;
            let facts = Facts { hours: self.options.hours.as_deref(), ..Facts::default() };
            let said = self.offer_call_back(memory, words.fill(&words.nobody, &facts));
            turn.say(said).await?;
            return Ok(Next::Listen);
        }
        // Who does not know any more lets routing find somebody.
        if enough || free.unwrap_or(true) {
            self.desk.leave_line(since, turn.interaction());
            memory.line = None;
            tracing::info!(chat.id = %turn.interaction(), target = %desk::name(&target), ?waited, "the line has come to it");
            return Ok(Next::HandOff(waiting.handoff));
        }
        let wait = look.people.map(|staffing| expected_wait(&staffing, &self.options)).filter(|it| it.as_secs() >= 60);
        let told = (wait.map(minutes), place);
        let last = Duration::from_millis(u64::try_from(now.0.saturating_sub(waiting.told_at)).unwrap_or(0));
        if tell || (told != waiting.told && last >= self.options.line.tell_every) {
            let facts = Facts { wait, place: Some(place), ..Facts::default() };
            turn.say(words.fill(&words.line_news, &facts)).await?;
            memory.line = Some(Waiting { told, told_at: now.0, ..waiting });
        }
        Ok(Next::Wait { at_most: self.options.line.look_every })
    }

    fn leave_line(&self, turn: &Turn<'_>, memory: &mut Memory) {
        if let Some(waiting) = memory.line.take() {
            self.desk.leave_line(UnixMillis(waiting.since), turn.interaction());
        }
    }
}

#[async_trait]
impl Bot for Peak {
    async fn screen(&self, offer: &Offer) -> Verdict {
        let (chats, _) = self.desk.load(&self.options);
        match self.options.bots.chats_most {
            // The offer itself is among the chats.
            Some(most) if chats > most => {
                tracing::info!(chat.id = %offer.interaction, chats, most, "an offer is shed");
                Verdict::reject(format!("the bots have {chats} chats, and {most} are the limit"))
            }
            _ => self.bot.screen(offer).await,
        }
    }

    async fn respond(&self, turn: &mut Turn<'_>) -> Result<Next, BotError> {
        // A memory of another version is worth less than an answer.
        let before: Memory = turn.recall(MEMORY).ok().flatten().unwrap_or_default();
        let mut memory = before.clone();
        if let Event::Said(said) = turn.event()
            && std::mem::take(&mut memory.offered)
            && let Some(number) = number_in(&said.text())
        {
            self.leave_line(turn, &mut memory);
            turn.remember(MEMORY, &memory)?;
            return self.note_call_back(turn, number).await;
        }
        let next = if matches!(turn.event(), Event::Silent(_)) && memory.line.is_some() {
            self.look_at_line(turn, &mut memory, false).await?
        } else {
            let next = self.bot.respond(turn).await?;
            match turn.event() {
                // In the line already: the customer may go on asking, and keeps the place.
                Event::Said(_) if memory.line.is_some() => match next {
                    Next::Finish { .. } => {
                        self.leave_line(turn, &mut memory);
                        next
                    }
                    Next::HandOff(handoff) if handoff.must => {
                        self.leave_line(turn, &mut memory);
                        Next::HandOff(handoff)
                    }
                    next => {
                        // What the bot has answered stands; that it wants to hand over, it does already.
                        memory.offered = self.options.call_back.on;
                        self.look_at_line(turn, &mut memory, matches!(next, Next::HandOff(_))).await?
                    }
                },
                Event::PersonJoined(_) | Event::Returned | Event::HandoffFailed(_) => {
                    self.leave_line(turn, &mut memory);
                    self.consider(turn, &mut memory, next).await?
                }
                _ => self.consider(turn, &mut memory, next).await?,
            }
        };
        if memory != before {
            turn.remember(MEMORY, &memory)?;
        }
        Ok(next)
    }
}
