//! What all chats of a layer share: a gauge for each target, the line, and how loaded the bots are.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::{Gauge, Level, Options, Reason};
use crate::availability::{Availability, Staffing};
use crate::service::{Phase, Status};
use crate::{InteractionId, Target, UnixMillis};

/// How things stand, for consoles and metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// How busy the people behind each target are, by its name.
    pub levels: BTreeMap<String, Level>,
    /// Chats of the bots that the layer was told of.
    pub chats: usize,
    /// Whether the bots are near their limit.
    pub shedding: bool,
    /// Customers with whom a bot waits.
    pub line: usize,
    /// How often something was decided for this reason, since the start.
    pub reasons: BTreeMap<Reason, u64>,
}

/// In one line, for the log.
impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("people")?;
        for (name, level) in &self.levels {
            write!(f, " {name}={level:?}")?;
        }
        if self.levels.is_empty() {
            f.write_str(" not looked at yet")?;
        }
        write!(f, "; {} in line; {} chats", self.line, self.chats)?;
        f.write_str(if self.shedding { ", shedding" } else { "" })?;
        for (place, (reason, count)) in self.reasons.iter().enumerate() {
            write!(f, "{}{reason:?}={count}", if place == 0 { "; decided " } else { " " })?;
        }
        Ok(())
    }
}

pub(super) struct Desk {
    inner: Mutex<Inner>,
    state: watch::Sender<State>,
}

#[derive(Default)]
struct Inner {
    gauges: BTreeMap<String, Gauge>,
    /// Who waits, by when they came; the value is when they were last seen.
    line: BTreeMap<(UnixMillis, InteractionId), UnixMillis>,
    bots: Vec<watch::Receiver<Status>>,
    shedding: bool,
    reasons: BTreeMap<Reason, u64>,
}

impl Inner {
    /// Who was not seen for several looks waits no longer.
    fn forget_who_has_gone(&mut self, options: &Options, now: UnixMillis) {
        let patience = i64::try_from(options.line.look_every.as_millis()).unwrap_or(i64::MAX).saturating_mul(3);
        self.line.retain(|_, seen| now.0.saturating_sub(seen.0) <= patience);
    }
}

/// A look at who is there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub people: Option<Staffing>,
    pub level: Level,
}

impl Desk {
    pub fn new() -> Self {
        Self { inner: Mutex::default(), state: watch::Sender::new(State::default()) }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn watch(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    pub fn count_in(&self, bot: watch::Receiver<Status>) {
        self.lock().bots.push(bot);
    }

    /// Looks at the people behind a target, and moves its gauge. A picture that is too old is none. Whoever stands in the
    /// line before the one who asks (all of it, without a place) waits, too, though the platform does not know.
    pub fn look(
        &self,
        target: &Target,
        availability: &dyn Availability,
        options: &Options,
        place: Option<usize>,
        now: UnixMillis,
    ) -> Look {
        let people = availability.people(target).filter(|staffing| staffing.age <= options.stale_after);
        let mut inner = self.lock();
        inner.forget_who_has_gone(options, now);
        let ahead = place.map_or(inner.line.len(), |place| place.saturating_sub(1));
        let ahead = u32::try_from(ahead).unwrap_or(u32::MAX);
        let people = people.map(|staffing| Staffing {
            queue: if ahead == 0 { staffing.queue } else { Some(staffing.queue.unwrap_or(0).saturating_add(ahead)) },
            wait: staffing.wait.map(|wait| wait + options.handling.saturating_mul(ahead) / staffing.ready.max(1)),
            ..staffing
        });
        let name = name(target);
        let (level, before) = inner.gauges.entry(name.clone()).or_default().read(people.as_ref(), options, now);
        if let Some(before) = before {
            tracing::info!(target = %name, ?before, ?level, ?people, "how busy people are has changed");
            self.publish(&inner);
        }
        Look { people, level }
    }

    /// Chats of all bots together.
    fn chats(inner: &mut Inner) -> usize {
        inner.bots.retain(|bot| bot.borrow().phase != Phase::Stopped);
        inner.bots.iter().map(|bot| bot.borrow().chats).sum()
    }

    /// How many chats the bots have, and whether they are near their limit: from a share of it on, until a tenth below.
    pub fn load(&self, options: &Options) -> (usize, bool) {
        let mut inner = self.lock();
        let chats = Self::chats(&mut inner);
        let Some(most) = options.bots.chats_most else { return (chats, false) };
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
        let share = chats as f64 / most as f64;
        let from = if inner.shedding { options.bots.shed_from - 0.1 } else { options.bots.shed_from };
        let shedding = share >= from;
        if shedding != inner.shedding {
            inner.shedding = shedding;
            tracing::warn!(chats, most, shedding, "the bots' own limit");
            self.publish(&inner);
        }
        (chats, shedding)
    }

    /// Something was decided for this reason.
    pub fn decided(&self, why: Reason) {
        let mut inner = self.lock();
        *inner.reasons.entry(why).or_default() += 1;
        self.publish(&inner);
    }

    /// Somebody waits, or still does. The place, from 1. Who was not seen for long has gone.
    pub fn stand_in_line(&self, since: UnixMillis, who: &InteractionId, options: &Options, now: UnixMillis) -> usize {
        let mut inner = self.lock();
        inner.line.insert((since, who.clone()), now);
        inner.forget_who_has_gone(options, now);
        self.publish(&inner);
        inner.line.range(..=(since, who.clone())).count()
    }

    /// Somebody waits no longer.
    pub fn leave_line(&self, since: UnixMillis, who: &InteractionId) {
        let mut inner = self.lock();
        inner.line.remove(&(since, who.clone()));
        self.publish(&inner);
    }

    fn publish(&self, inner: &Inner) {
        let chats = inner.bots.iter().map(|bot| bot.borrow().chats).sum();
        let state = State {
            levels: inner.gauges.iter().map(|(name, gauge)| (name.clone(), gauge.level())).collect(),
            chats,
            shedding: inner.shedding,
            line: inner.line.len(),
            reasons: inner.reasons.clone(),
        };
        self.state.send_if_modified(|current| {
            let changed = *current != state;
            *current = state;
            changed
        });
    }
}

/// A target's name, as the log has it.
pub(super) fn name(target: &Target) -> String {
    match target {
        Target::Agent(agent) => agent.to_string(),
        Target::Skill(name) | Target::Queue(name) => name.clone(),
        Target::CallBack(_) => "call-back".to_owned(),
    }
}
