//! What holds whatever the rules are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use serde_json::Value;
use tokio::sync::mpsc;

use super::{Parrot, rehearsal, rule, rule_of};
use crate::journal::StoryKey;
use crate::options::{Options, Place};
use crate::rules::{Confidence, Data, Length, Rule, Rules, Silent, Then, When, Words};
use crate::turn::{FromBot, Memory, Report, Scene, TurnId};
use crate::{
    AttachedData, Bot, BotError, Event, HandoffFailure, InteractionId, Next, Rehearsal, Said, Turn, UnixMillis,
};

#[tokio::test(start_paused = true)]
async fn the_first_that_fires_wins_and_one_that_is_off_never_does() {
    let complaint = || rule("complaint", When::Words(Words::new(["complaint"])));
    let asked = || rule("asked", When::AskedForPerson);
    let words = "I have a complaint, get me a human";
    for (rules, first) in [
        (vec![complaint(), asked()], "complaint"),
        (vec![asked(), complaint()], "asked"),
        (vec![Rule { on: false, ..asked() }, complaint()], "complaint"),
    ] {
        let mut chat = rehearsal(rules).start().await;
        chat.say(words).await;
        assert_eq!(rule_of(&chat), Some(first));
    }
}

#[tokio::test(start_paused = true)]
async fn a_rule_without_a_place_takes_the_fallback_and_one_without_any_never_fires() {
    let asked = Rule::new("asked", When::AskedForPerson);
    let mut chat = Rehearsal::new(Parrot).rules(Rules::new([asked.clone()])).start().await;
    assert_eq!(chat.say("human").await, ["re: human"]);
    assert_eq!(Rules::new([asked.clone()]).validate().len(), 1);
    let rules = Rules::new([asked]).fallback(Some(Place::queue("people")));
    assert_eq!(rules.validate(), []);
    let mut chat = Rehearsal::new(Parrot).rules(rules).start().await;
    chat.say("human").await;
    assert_eq!(rule_of(&chat), Some("asked"));
}

#[tokio::test(start_paused = true)]
async fn a_place_may_be_a_chain() {
    let place = Place {
        within: Some(Duration::from_secs(20)),
        or_else: Some(Box::new(Place { or_else: Some(Box::new(Place::queue("night"))), ..Place::skill("service") })),
        ..Place::agent("anna").warm()
    };
    let mut chat = rehearsal([Rule::new("asked", When::AskedForPerson).to(place)]).start().await;
    chat.say("human").await;
    let handoff = chat.handoff().unwrap();
    assert_eq!(handoff.choices.len(), 3);
    assert_eq!(handoff.choices[0].deadline, Some(Duration::from_secs(20)));
}

fn all_kinds() -> Vec<Rule> {
    let stay = Rule::new("stay", When::Words(Words::new(["later"]))).then(Then::Stay).saying("words of stay");
    vec![
        rule("vip", When::Data(Data { key: "Segment".into(), is: Some("gold".into()), one_of: vec![] })),
        stay.attaching("CallBack", "requested"),
        rule("complaint", When::Words(Words::new(["complaint"]))).attaching("Topic", "complaint"),
        rule("asked", When::AskedForPerson),
        rule("unsure", When::Confidence(Confidence { below: 0.5, times: 2 })),
        rule("silent", When::Silent(Silent { lasts: Duration::from_secs(100) })),
        rule("long", When::Length(Length { turns: Some(8), lasts: None })),
    ]
}

/// Writes down what is decided for which lines, and that it was asked at all.
#[derive(Clone)]
struct Scribe<B> {
    bot: Arc<B>,
    seen: Arc<Mutex<Vec<Decision>>>,
}

#[derive(Debug, Clone)]
struct Decision {
    rule: Option<String>,
    lines: Vec<u64>,
}

#[async_trait::async_trait]
impl<B: Bot> Bot for Scribe<B> {
    async fn respond(&self, turn: &mut Turn<'_>) -> Result<Next, BotError> {
        let next = self.bot.respond(turn).await?;
        let rule = match &next {
            Next::HandOff(handoff) => handoff.rule.clone(),
            _ => None,
        };
        self.seen.lock().unwrap().push(Decision { rule, lines: turn.lines().to_vec() });
        Ok(next)
    }
}

#[derive(Debug, Clone)]
enum Act {
    Say(&'static str),
    Burst,
    Silence,
    Fail,
    Comes,
    Speaks,
    Goes,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let words = prop::sample::select(vec![
        "hello",
        "hm 10",
        "hm 20",
        "fine 90",
        "I want a human",
        "complaint!",
        "a complaint, I want a human",
        "call me later",
        "transfer",
    ]);
    let act = prop_oneof![
        6 => words.prop_map(Act::Say),
        1 => Just(Act::Burst),
        1 => Just(Act::Silence),
        3 => Just(Act::Fail),
        1 => Just(Act::Comes),
        1 => Just(Act::Speaks),
        1 => Just(Act::Goes),
    ];
    prop::collection::vec(act, 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Each rule fires at most once for a line, and while a person holds the chat nobody asks the rules at all.
    #[test]
    fn a_rule_fires_once_for_a_line_and_never_while_a_person_holds_the_chat(acts in acts(), gold in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let seen = Arc::new(Mutex::new(Vec::new()));
            let ruled = Rules::new(all_kinds()).around(Parrot);
            let mut options = Options::default();
            options.handoff.leave = false; // people come and go
            options.silence.close_after = Duration::from_secs(100_000);
            let scribe = Scribe { bot: Arc::new(ruled), seen: seen.clone() };
            let chat = Rehearsal::new(scribe).options(options);
            let mut chat = if gold { chat.data("Segment", "gold") } else { chat }.start().await;
            let mut held = false;
            for act in acts {
                let before = seen.lock().unwrap().len();
                match act {
                    Act::Say(words) => drop(chat.say(words).await),
                    Act::Burst => drop(chat.burst(["I want", "a human", "complaint"]).await),
                    Act::Silence => drop(chat.silence(Duration::from_secs(250)).await),
                    Act::Fail => drop(chat.fail_handoff(HandoffFailure::NobodyAvailable).await),
                    Act::Comes => drop(chat.person_joins("anna").await),
                    Act::Speaks => {
                        chat.person_joins("anna").await;
                        chat.person_says("I have it").await;
                        held = true;
                        continue;
                    }
                    Act::Goes => {
                        while chat.transcript().len() < usize::MAX && !chat.person_leaves().await.is_empty() {}
                        held = false;
                        continue;
                    }
                }
                prop_assert!(!held || seen.lock().unwrap().len() == before, "asked while a person holds the chat");
            }
            let mut fired = BTreeSet::new();
            for Decision { rule, lines } in seen.lock().unwrap().iter() {
                for line in lines {
                    let Some(rule) = rule else { continue };
                    prop_assert!(fired.insert((rule.clone(), *line)), "{rule} fired twice for line {line}");
                }
            }
            Ok(())
        })?;
    }
}

/// A turn that is run outside of a conversation: what it does is written down, and it is stopped after so many reports.
struct Run {
    outcome: Option<Next>,
    said: Vec<String>,
    steps: BTreeMap<(String, u32), Value>,
    memory: BTreeMap<String, Option<Value>>,
    reports: usize,
}

async fn run(scene: &Scene, most: usize) -> Run {
    let (sender, mut inbox) = mpsc::channel::<FromBot>(16);
    let bot = Rules::new(all_kinds()).around(Parrot);
    let mut memory = Memory::default();
    let mut run = Run {
        outcome: None,
        said: scene.said.clone(),
        steps: scene.steps.clone(),
        memory: BTreeMap::new(),
        reports: 0,
    };
    {
        let mut turn = Turn::new(scene, &mut memory, sender);
        let mut thinking = Box::pin(bot.respond(&mut turn));
        loop {
            tokio::select! {
                biased;
                outcome = &mut thinking => {
                    run.outcome = Some(outcome.unwrap());
                    break;
                }
                Some(FromBot { report, .. }) = inbox.recv() => {
                    if run.reports == most {
                        break; // the process dies before it is safe
                    }
                    run.reports += 1;
                    match report {
                        Report::Say { words, done } => {
                            run.said.push(words);
                            let _ = done.send(());
                        }
                        Report::Step { step, value, done } => {
                            run.steps.insert(step, value);
                            let _ = done.send(());
                        }
                        Report::Attach { done, .. } => drop(done.send(())),
                        other => panic!("{other:?}"),
                    }
                }
            }
        }
    }
    run.memory = memory.changed;
    run
}

fn scene(event: Event, lines: &[u64], data: &[(&str, &str)], memory: BTreeMap<String, Value>) -> Scene {
    Scene {
        key: StoryKey { interaction: InteractionId::from("1"), began: UnixMillis(0) },
        turn: TurnId { number: 3, run: 0 },
        event,
        transcript: Arc::default(),
        data: Arc::new(data.iter().copied().collect::<AttachedData>()),
        memory,
        locale: None,
        now: UnixMillis(1000),
        lines: lines.to_vec(),
        seed: 7,
        said: Vec::new(),
        steps: BTreeMap::new(),
    }
}

fn said(words: &str) -> Event {
    Event::Said(Said::new([words]))
}

/// The process dies after each thing that is done, and the turn is run again with what the journal has. Even if the attached
/// data has changed meanwhile, it comes out the same, and nothing is said twice.
#[tokio::test]
async fn a_turn_that_is_run_again_decides_the_same() {
    let unsure = BTreeMap::from([(crate::rules::CONFIDENCE.to_owned(), Value::from(vec![0.1]))]);
    let cases = [
        scene(said("hello"), &[4], &[], BTreeMap::new()),
        scene(said("I want a human"), &[4], &[], BTreeMap::new()),
        scene(said("complaint"), &[4], &[], BTreeMap::new()),
        scene(said("call me later"), &[4], &[], BTreeMap::new()),
        scene(said("hm 10"), &[4], &[], unsure.clone()),
        scene(said("hm 90"), &[4], &[], unsure),
        scene(Event::Silent(Duration::from_secs(500)), &[], &[], BTreeMap::new()),
    ];
    for first in cases {
        let whole = run(&first, usize::MAX).await;
        assert!(whole.outcome.is_some());
        for point in 0..=whole.reports {
            let died = run(&first, point).await;
            assert_eq!(died.outcome.is_none(), point < whole.reports, "{:?} at {point}", first.event);
            let mut again = Scene { said: died.said, steps: died.steps, ..first.clone() };
            if point > 0 && !(again.said.is_empty() && again.steps.is_empty()) {
                again.data = Arc::new([("Segment", "gold")].into_iter().collect());
            }
            let second = run(&again, usize::MAX).await;
            assert_eq!(second.outcome, whole.outcome, "{:?} at {point}", first.event);
            assert_eq!(second.said, whole.said, "{:?} at {point}", first.event);
            assert_eq!(second.memory, whole.memory, "{:?} at {point}", first.event);
        }
    }
}

/// A chat that was handed over and comes back shows its lines again.
#[tokio::test]
async fn a_line_that_was_fired_on_is_not_new_when_the_chat_comes_back() {
    let first = run(&scene(said("a complaint, I want a human"), &[4], &[], BTreeMap::new()), usize::MAX).await;
    assert!(matches!(first.outcome, Some(Next::HandOff(ref handoff)) if handoff.rule.as_deref() == Some("complaint")));
    let memory: BTreeMap<String, Value> =
        first.memory.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
    let lines = Event::Said(Said::new(["a complaint, I want a human", "are you there?"]));
    let again = run(&scene(lines, &[4, 9], &[], memory.clone()), usize::MAX).await;
    assert_eq!(again.outcome, Some(Next::Listen));
    let again = run(&scene(said("a human!"), &[9], &[], memory), usize::MAX).await;
    assert!(matches!(again.outcome, Some(Next::HandOff(_))));
}
