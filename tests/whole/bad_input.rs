//! What a bad platform, a bad customer and a bad bot do to one conversation, and that no other one notices.

use std::time::Duration;

use anyhow::{Context, ensure};
use attendant::{Bot, BotError, Event, Next, Platform, PlatformErrorKind, Turn, async_trait};
use echo_bot::Echo;
use libtest_mimic::Trial;
use simulator::Fault;
use simulator::faults::Kind;
use simulator::model::FactEvent;

use super::customer::Customer;
use super::scene::{Scene, WAYS, Way, brisk, centre, platform};
use super::trial;

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for way in WAYS {
        let name = |what: &str| format!("whole::bad_input::{what}::{}", way.name());
        for (what, kind, operation) in faults_on_an_answer() {
            trials.push(trial(name(what), move || answered_once_in_spite_of(way, kind, operation)));
        }
        trials.push(trial(name("an_offer_withdrawn_while_it_is_accepted"), move || withdrawn(way)));
        trials.push(trial(name("a_chat_that_cannot_be_joined"), move || join_failed(way)));
        trials.push(trial(name("a_customer_text_of_100_kb"), move || long_question(way)));
        trials.push(trial(name("an_answer_above_4_kb"), move || long_answer(way)));
        trials.push(trial(name("a_bot_that_fails_hangs_and_panics"), move || bad_bot(way)));
        trials.push(trial(name("a_wrong_password"), move || wrong_password(way)));
        trials.push(trial(name("a_partial_sign_in"), move || partial_sign_in(way)));
        trials.push(trial(name("a_session_that_is_lost"), move || lost_session(way)));
    }
    trials
}

/// What goes wrong while one answer is sent, and at which operation.
fn faults_on_an_answer() -> Vec<(&'static str, Kind, Option<&'static str>)> {
    let say = Some("SendMessage");
    vec![
        ("an_answer_that_is_not_json", Kind::NotJson, say),
        ("an_answer_without_a_status", Kind::NoStatus, say),
        ("an_answer_that_is_lost", Kind::LoseAnswer, say),
        ("http_500_with_code_4", Kind::InternalError, say),
        ("a_burst_of_503", Kind::Unavailable { retry_after: Some(0) }, say),
        ("a_refused_csrf_token", Kind::RefuseCsrf, say),
        ("status_codes_that_are_strings", Kind::StringStatus, say),
        ("a_slow_answer", Kind::Slow { millis: 700 }, say),
        ("notifications_that_come_twice", Kind::Duplicate, None),
        ("notifications_out_of_order", Kind::Reorder, None),
        ("indexes_with_holes", Kind::SkipIndex { by: 3 }, None),
        ("notifications_that_come_late", Kind::Delay { millis: 400 }, None),
    ]
}

/// Two chats; the fault strikes the first one only. Both get each answer once, in order.
async fn answered_once_in_spite_of(way: Way, kind: Kind, operation: Option<&'static str>) -> anyhow::Result<()> {
    let scene = Scene::open(way, Echo::default(), brisk()).await?;
    let ada = Customer::arrives(&scene.server, "Ada").await?;
    ada.says("one").await?;
    ada.hears(1).await?;
    let chat = scene.happens("a line", |fact| matches!(fact.event, FactEvent::CustomerLine { .. })).await?.chat;
    let bob = Customer::arrives(&scene.server, "Bob").await?;
    bob.says("uno").await?;
    bob.hears(1).await?;

    let mut fault = Fault::new(kind).interaction(chat.as_str());
    fault = match (operation, &fault.kind) {
        // A token that is refused again right after it was renewed is no fault of the moment.
        (Some(operation), Kind::RefuseCsrf) => fault.operation(operation).times(1),
        (Some(operation), _) => fault.operation(operation).times(2),
        (None, _) => fault.times(6),
    };
    let struck = scene.server.faults().scoped(fault);
    ada.says("two").await?;
    bob.says("due").await?;
    ada.hears(2).await?;
    ada.says("three").await?;
    bob.hears(2).await?;
    let heard = ada.hears(3).await?;
    ensure!(struck.struck() > 0, "the fault never struck");
    drop(struck);
    // One more round: whatever came late or twice has come by now.
    ada.says("four").await?;
    bob.says("tre").await?;
    ensure!(heard == ["one", "two", "three"], "{heard:?}");
    let (heard, other) = (ada.hears(4).await?, bob.hears(3).await?);
    ensure!(heard == ["one", "two", "three", "four"], "{heard:?}");
    ensure!(other == ["uno", "due", "tre"], "{other:?}");
    ada.leaves().await?;
    bob.leaves().await?;
    scene.ends_well().await
}

async fn withdrawn(way: Way) -> anyhow::Result<()> {
    let scene = Scene::open(way, Echo::default(), brisk()).await?;
    let struck = scene.server.faults().scoped(Fault::new(Kind::WithdrawOffer).times(1));
    let ada = Customer::arrives(&scene.server, "Ada").await?;
    scene.happens("a revoked offer", |fact| matches!(fact.event, FactEvent::Revoked { .. })).await?;
    ensure!(struck.struck() == 1);
    // Routing offers it again; the second time it works.
    ada.says("still here").await?;
    ensure!(ada.hears(1).await? == ["still here"]);
    ada.leaves().await?;
    scene.ends_well().await
}

async fn join_failed(way: Way) -> anyhow::Result<()> {
    let scene = Scene::open(way, Echo::default(), brisk()).await?;
    let struck = scene.server.faults().scoped(Fault::new(Kind::FailJoin).times(1));
    let ada = Customer::arrives(&scene.server, "Ada").await?;
    let failed = scene.happens("a failed join", |fact| matches!(fact.event, FactEvent::JoinFailed { .. })).await?;
    ensure!(struck.struck() == 1);
    // It holds no slot of the bot for longer than it takes to complete it.
    scene
        .happens("its completion", |fact| fact.chat == failed.chat && matches!(fact.event, FactEvent::Completed { .. }))
        .await?;
    let bob = Customer::arrives(&scene.server, "Bob").await?;
    bob.says("hello").await?;
    ensure!(bob.hears(1).await? == ["hello"]);
    ada.leaves().await?;
    bob.leaves().await?;
    scene.ends_well().await
}

async fn long_question(way: Way) -> anyhow::Result<()> {
    let scene = Scene::open(way, Length, brisk()).await?;
    let (ada, bob) = (Customer::arrives(&scene.server, "Ada").await?, Customer::arrives(&scene.server, "Bob").await?);
    ada.says(&"x".repeat(100 * 1024)).await?;
    bob.says("other").await?;
    ensure!(ada.hears(1).await? == ["102400"]);
    ensure!(bob.hears(1).await? == ["5"]);
    ada.says("short").await?;
    ensure!(ada.hears(2).await? == ["102400", "5"]);
    ada.leaves().await?;
    bob.leaves().await?;
    scene.ends_well().await
}

/// Says how long the customer's words are.
struct Length;

#[async_trait]
impl Bot for Length {
    async fn respond(&self, turn: &mut Turn<'_>) -> Result<Next, BotError> {
        if let Event::Said(words) = turn.event() {
            turn.say(words.text().len().to_string()).await?;
        }
        Ok(Next::Listen)
    }
}

async fn long_answer(way: Way) -> anyhow::Result<()> {
    let scene = Scene::open(way, Talker, brisk()).await?;
    let ada = Customer::arrives(&scene.server, "Ada").await?;
    ada.says("go on").await?;
    // Three parts of 4096 bytes would not hold it.
    let parts = ada.hears(4).await?;
    ensure!(parts.iter().all(|part| part.len() <= 4096), "{:?}", parts.iter().map(String::len).collect::<Vec<_>>());
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    ensure!(words(&parts.join(" ")) == words(&Talker::words()), "the parts make up the answer");
    ada.leaves().await?;
    scene.ends_well().await
}

/// Has a lot to say.
struct Talker;

impl Talker {
    fn words() -> String {
        let words: Vec<String> = (0..1500).map(|number| format!("word{number}")).collect();
        words.join(" ")
    }
}

#[async_trait]
impl Bot for Talker {
    async fn respond(&self, turn: &mut Turn<'_>) -> Result<Next, BotError> {
        if let Event::Said(_) = turn.event() {
            turn.say(Self::words()).await?;
        }
        Ok(Next::Listen)
    }
}

/// Does what the customer says: fails, hangs, panics, or answers.
struct Moody;

#[async_trait]
impl Bot for Moody {
    async fn respond(&self, turn: &mut Turn<'_>) -> Result<Next, BotError> {
        let Event::Said(words) = turn.event() else { return Ok(Next::Listen) };
        match words.text().as_str() {
            "fail" => return Err("the back end is away".into()),
            "hang" => std::future::pending().await,
            "panic" => panic!("a bot's own mistake"),
            _ => turn.say(words.text()).await?,
        }
        Ok(Next::Listen)
    }
}

async fn bad_bot(way: Way) -> anyhow::Result<()> {
    let mut options = brisk();
    options.bot.answer_within = Duration::from_secs(3);
    options.bot.patience = Duration::from_secs(2);
    let apology = options.failover.apology.clone();
    let scene = Scene::open(way, Moody, options).await?;
    let (ada, bob) = (Customer::arrives(&scene.server, "Ada").await?, Customer::arrives(&scene.server, "Bob").await?);
    for (number, mood) in ["fail", "hang", "panic"].iter().enumerate() {
        ada.says(mood).await?;
        let heard = ada.hears(number * 2 + 1).await?;
        ensure!(heard.last() == Some(&apology), "{mood}: {heard:?}");
        ada.says("and now?").await?;
        ensure!(ada.hears(number * 2 + 2).await?.last().map(String::as_str) == Some("and now?"), "{mood}");
        bob.says(mood.to_uppercase().as_str()).await?;
        ensure!(bob.hears(number + 1).await?.last() == Some(&mood.to_uppercase()));
    }
    ada.leaves().await?;
    bob.leaves().await?;
    scene.ends_well().await
}

async fn wrong_password(way: Way) -> anyhow::Result<()> {
    let server = centre().await?;
    let platform = platform(&server, way, "bot-01", "not-the-one")?;
    let error = platform.sign_in().await.err().context("a wrong password is refused")?;
    ensure!(error.kind() == PlatformErrorKind::NotAllowed, "{error:?}");
    ensure!(!format!("{error:?}{error}").contains("not-the-one"), "the password is in the error");
    server.shutdown().await;
    Ok(())
}

async fn partial_sign_in(way: Way) -> anyhow::Result<()> {
    let server = centre().await?;
    let struck = server.faults().scoped(Fault::new(Kind::PartialSignIn).times(2));
    let platform = platform(&server, way, "bot-01", "secret")?;
    ensure!(platform.sign_in().await.is_err(), "without the chat channel the sign-in has failed");
    ensure!(struck.struck() > 0);
    drop(struck);
    // The service tries again by itself.
    let scene = Scene::begin(server, way, Echo::default(), brisk()).await?;
    scene.ends_well().await
}

/// The CometD session is gone while a customer writes: the state is read again and the line is answered, once.
async fn lost_session(way: Way) -> anyhow::Result<()> {
    let scene = Scene::open(way, Echo::default(), brisk()).await?;
    let ada = Customer::arrives(&scene.server, "Ada").await?;
    ada.says("one").await?;
    ada.hears(1).await?;
    for (number, words) in ["two", "three", "four"].iter().enumerate() {
        scene.server.faults().add(Fault::new(Kind::DropSession).login("bot-01").times(1));
        ada.says(words).await?;
        let heard = ada.hears(number + 2).await?;
        ensure!(heard.last().map(String::as_str) == Some(*words), "{heard:?}");
    }
    let heard = ada.hears(4).await?;
    ensure!(heard == ["one", "two", "three", "four"], "{heard:?}");
    ada.leaves().await?;
    scene.ends_well().await
}
