//! One handoff on the scales: what a person costs now, how much this chat needs one, and what follows. Pure.

use serde::{Deserialize, Serialize};

use super::level::{Level, expected_wait};
use super::{Options, Policy};
use crate::availability::Staffing;

/// What is weighed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Case {
    /// The bot wants to hand over; else it is only unsure.
    pub wish: bool,
    /// No policy may put it off.
    pub must: bool,
    /// How sure the bot said it was.
    pub confidence: Option<f32>,
    /// How often this chat was put off already.
    pub put_off: u32,
    /// The bots are near their own limit.
    pub shedding: bool,
    /// Who is there.
    pub people: Option<Staffing>,
    /// How busy they are, flapping taken out.
    pub level: Level,
}

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// As the bot has it.
    Leave,
    /// Hand over.
    HandOver,
    /// Stay with the customer until somebody is free, then hand over.
    Line,
    /// Ask once more, tell the wait, offer a call-back.
    PutOff,
    /// Tell that nobody is there and when somebody is, offer a call-back.
    Nobody,
    /// A call-back was noted.
    CallBack,
}

/// Why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// It must be.
    Must,
    /// It is needed more than a person costs.
    Worth,
    /// A person costs more than it is needed.
    Dear,
    /// It was put off as often as it may.
    Insists,
    /// The bots are near their limit.
    Shed,
    /// Nobody is signed in.
    NobodyThere,
    /// The bot is sure enough.
    Sure,
    /// The customer wants it so.
    Customer,
}

/// The scales after weighing, as the journal and the log have it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Weighed {
    /// What follows.
    pub choice: Choice,
    /// Why.
    pub why: Reason,
    /// How busy people were.
    pub level: Level,
    /// What a person cost, from 0 to 1.
    pub price: f64,
    /// How much one was needed, from 0 to 1.
    pub need: f64,
    /// How long the customer would wait, if anybody knew.
    pub wait_seconds: Option<u64>,
}

/// What a person costs now: from 0, nothing, to 1, too much.
pub fn price(people: Option<&Staffing>, options: &Options) -> f64 {
    match (options.policy, people) {
        (Policy::PeopleFirst, _) => options.fixed_price.unwrap_or(0.0),
        (Policy::BotFirst, _) => options.fixed_price.unwrap_or(1.0),
        // Whoever does not know hands nobody over early; the bot's own wishes pass all the same.
        (Policy::Adaptive, None) => 1.0,
        (Policy::Adaptive, Some(staffing)) => {
            let wait = expected_wait(staffing, options).as_secs_f64();
            wait / (wait + options.half_price_at.as_secs_f64())
        }
    }
}

/// How much a person is needed: from 0 to 1. Each time it was put off leaves half of what was missing.
pub fn need(case: &Case, options: &Options) -> f64 {
    let unsure = case.confidence.map(|confidence| 1.0 - f64::from(confidence));
    let once = match (case.wish, unsure) {
        (true, Some(unsure)) => unsure.max(options.wish),
        (true, None) => options.wish,
        (false, unsure) => unsure.unwrap_or(0.0),
    };
    1.0 - (1.0 - once) * 0.5_f64.powi(i32::try_from(case.put_off).unwrap_or(i32::MAX))
}

/// Weighs.
pub fn weigh(case: &Case, options: &Options) -> Weighed {
    let (price, need) = (price(case.people.as_ref(), options), need(case, options));
    let wait = case.people.as_ref().map(|staffing| expected_wait(staffing, options));
    let unsure = case.confidence.is_some_and(|confidence| confidence < options.unsure_below);
    let known = case.level != Level::Unknown;
    let (choice, why) = if case.must {
        (Choice::HandOver, Reason::Must)
    } else if !case.wish && !unsure {
        (Choice::Leave, Reason::Sure)
    } else if case.level == Level::Nobody {
        (if case.wish { Choice::Nobody } else { Choice::Leave }, Reason::NobodyThere)
    } else if case.wish && !known && options.policy == Policy::Adaptive {
        (Choice::HandOver, Reason::Worth)
    } else if case.shedding && unsure && matches!(case.level, Level::Calm | Level::Busy) {
        (Choice::HandOver, Reason::Shed)
    } else if need > price {
        (Choice::HandOver, Reason::Worth)
    } else if !case.wish {
        (Choice::Leave, Reason::Dear)
    } else if case.put_off >= options.put_off_most {
        (Choice::HandOver, Reason::Insists)
    } else {
        (Choice::PutOff, Reason::Dear)
    };
    let choice = match choice {
        // What must be is not made to wait here; routing has its own order for it.
        Choice::HandOver if why != Reason::Must && waits_along(case, wait, options) => Choice::Line,
        other => other,
    };
    Weighed { choice, why, level: case.level, price, need, wait_seconds: wait.map(|wait| wait.as_secs()) }
}

fn waits_along(case: &Case, wait: Option<std::time::Duration>, options: &Options) -> bool {
    let nobody_free = case.people.is_some_and(|staffing| staffing.free <= staffing.queue.unwrap_or(0));
    options.line.on && nobody_free && wait.is_some_and(|wait| wait >= options.line.from)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn waiting(seconds: u64) -> Staffing {
        let free = u32::from(seconds == 0);
        let wait = Some(Duration::from_secs(seconds));
        Staffing { signed_in: 4, ready: 4, free, busy: 4, queue: None, wait, age: Duration::ZERO }
    }

    fn case(people: Option<Staffing>, level: Level) -> Case {
        Case { wish: true, must: false, confidence: None, put_off: 0, shedding: false, people, level }
    }

    #[test]
    fn each_policy_weighs_in_its_own_way() {
        use Choice::{HandOver, Leave, Nobody, PutOff};
        use Policy::{Adaptive, BotFirst, PeopleFirst};
        let calm = case(Some(waiting(0)), Level::Calm);
        let busy = case(Some(waiting(100)), Level::Busy);
        let peak = case(Some(waiting(600)), Level::Peak);
        let nobody = case(Some(Staffing::default()), Level::Nobody);
        let unknown = case(None, Level::Unknown);
        let unsure = |case: Case| Case { wish: false, confidence: Some(0.4), ..case };
        let sure = |case: Case| Case { wish: false, confidence: Some(0.9), ..case };
        for (name, case, [people_first, bot_first, adaptive]) in [
            ("a wish, calm", calm, [HandOver, PutOff, HandOver]),
            ("a wish, busy", busy, [HandOver, PutOff, HandOver]),
            ("a wish, peak", peak, [HandOver, PutOff, PutOff]),
            ("a wish, nobody there", nobody, [Nobody, Nobody, Nobody]),
            ("a wish, nobody knows", unknown, [HandOver, PutOff, HandOver]),
            ("unsure, calm", unsure(calm), [HandOver, Leave, HandOver]),
            ("unsure, peak", unsure(peak), [HandOver, Leave, Leave]),
            ("unsure, nobody there", unsure(nobody), [Leave, Leave, Leave]),
            ("unsure, nobody knows", unsure(unknown), [HandOver, Leave, Leave]),
            ("sure, calm", sure(calm), [Leave, Leave, Leave]),
            ("it must be, peak", Case { must: true, ..peak }, [HandOver, HandOver, HandOver]),
            ("it must be, nobody there", Case { must: true, ..nobody }, [HandOver, HandOver, HandOver]),
            ("put off twice, peak", Case { put_off: 2, ..peak }, [HandOver, HandOver, HandOver]),
            ("shedding, unsure, busy", Case { shedding: true, ..unsure(busy) }, [HandOver, HandOver, HandOver]),
            ("shedding, unsure, peak", Case { shedding: true, ..unsure(peak) }, [HandOver, Leave, Leave]),
        ] {
            for (policy, expected) in [(PeopleFirst, people_first), (BotFirst, bot_first), (Adaptive, adaptive)] {
                let weighed = weigh(&case, &Options { policy, ..Options::default() });
                assert_eq!(weighed.choice, expected, "{name}, {policy:?}: {weighed:?}");
            }
        }
    }

    #[test]
    fn where_the_bot_waits_along_a_wait_is_a_line_and_no_wait_is_none() {
        let mut options = Options::default();
        options.line.on = true;
        let choice = |case: Case| weigh(&case, &options).choice;
        assert_eq!(choice(case(Some(waiting(100)), Level::Busy)), Choice::Line);
        assert_eq!(choice(case(Some(waiting(0)), Level::Calm)), Choice::HandOver);
        assert_eq!(choice(case(None, Level::Unknown)), Choice::HandOver);
        assert_eq!(choice(Case { must: true, ..case(Some(waiting(600)), Level::Peak) }), Choice::HandOver);
    }

    prop_compose! {
        fn any_case()(
            wish: bool, must: bool, confidence in prop::option::of(0.0f32..=1.0), put_off in 0u32..4, shedding: bool,
            wait in prop::option::of(0u64..2000),
            level in prop::sample::select(vec![Level::Calm, Level::Busy, Level::Peak, Level::Nobody]),
        ) -> Case {
            let people = match level {
                Level::Nobody => Some(Staffing::default()),
                _ => wait.map(waiting),
            };
            let level = if people.is_none() { Level::Unknown } else { level };
            Case { wish, must, confidence, put_off, shedding, people, level }
        }
    }

    fn any_policy() -> impl Strategy<Value = Policy> {
        prop::sample::select(vec![Policy::PeopleFirst, Policy::BotFirst, Policy::Adaptive])
    }

    fn hands_over(weighed: &Weighed) -> bool {
        matches!(weighed.choice, Choice::HandOver | Choice::Line)
    }

    proptest! {
        #[test]
        fn what_must_be_always_passes_at_once(case in any_case(), policy in any_policy(), on: bool) {
            let mut options = Options { policy, ..Options::default() };
            options.line.on = on;
            let weighed = weigh(&Case { must: true, ..case }, &options);
            prop_assert_eq!((weighed.choice, weighed.why), (Choice::HandOver, Reason::Must));
        }

        #[test]
        fn a_wish_is_never_lost_and_never_put_off_for_ever(case in any_case(), policy in any_policy()) {
            let options = Options { policy, ..Options::default() };
            let weighed = weigh(&Case { wish: true, ..case }, &options);
            prop_assert!(weighed.choice != Choice::Leave);
            let late = weigh(&Case { wish: true, put_off: options.put_off_most, ..case }, &options);
            prop_assert!(hands_over(&late) || late.choice == Choice::Nobody);
        }

        #[test]
        fn nothing_but_a_must_goes_into_a_void(case in any_case(), policy in any_policy()) {
            let case = Case { must: false, people: Some(Staffing::default()), level: Level::Nobody, ..case };
            let weighed = weigh(&case, &Options { policy, ..Options::default() });
            prop_assert!(!hands_over(&weighed));
        }

        #[test]
        fn a_longer_wait_never_makes_a_person_cheaper(case in any_case(), wait in 0u64..1000, more in 0u64..1000) {
            let at = |seconds| weigh(
                &Case { people: Some(waiting(seconds)), level: Level::Busy, must: false, shedding: false, ..case },
                &Options::default(),
            );
            let (one, other) = (at(wait), at(wait + more));
            prop_assert!(one.price <= other.price);
            prop_assert!(hands_over(&one) || !hands_over(&other), "{:?} {:?}", one, other);
        }

        #[test]
        fn price_and_need_are_shares(case in any_case(), policy in any_policy()) {
            let weighed = weigh(&case, &Options { policy, ..Options::default() });
            prop_assert!((0.0..=1.0).contains(&weighed.price) && (0.0..=1.0).contains(&weighed.need), "{:?}", weighed);
        }
    }
}
