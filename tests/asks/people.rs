//! Promises about people: the bot makes way at once, comes back when it is asked, and hands over so that nobody is lost.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use attendant::{
    AgentId, Bot, BotError, EntryKind, Event, Guard, Handoff, Next, Operation, Target, Turn, Visibility, async_trait,
};
use simulator::faults::Kind;
use simulator::model::{ChatId, FactEvent, Visibility as InTheChat};
use simulator::{AgentProfile, Centre, Fault, QueueProfile, Script};

use super::Ask;
use super::adapter;
use super::judge::{self, Answerer, SOON};
use super::scene::{BOT, Job, PERSON, Scene, centre};

pub(super) fn asks() -> Vec<Ask> {
    vec![
        Ask {
            name: "ask_04_silent_at_once_when_a_person_takes_over",
            seeds: 12,
            broken: "a runtime that does not look at who owns the conversation",
            seen_as: "spoke after the person",
            story: |scene| Box::pin(silent_at_once(scene)),
        },
        Ask {
            name: "ask_05_awake_when_the_chat_comes_back",
            seeds: 8,
            broken: "a bot that has no case for a chat that comes back",
            seen_as: "is told \"I am back",
            story: |scene| Box::pin(awake_again(scene, Flaw::Deaf)),
        },
        Ask {
            name: "ask_05_awake_with_the_whole_story",
            seeds: 8,
            broken: "an adapter that keeps to itself what was said before",
            seen_as: "the story is",
            story: |scene| Box::pin(awake_again(scene, Flaw::NoPast)),
        },
        Ask {
            name: "ask_07_the_person_gets_the_context",
            seeds: 8,
            broken: "a bot that leaves no note",
            seen_as: "notes",
            story: |scene| Box::pin(the_person_gets_the_context(scene)),
        },
        Ask {
            name: "ask_08_the_customer_is_told_what_is_going_on",
            seeds: 12,
            broken: "a runtime that does not match own lines with intents",
            seen_as: "told so",
            story: |scene| Box::pin(the_customer_is_told(scene)),
        },
        Ask {
            name: "ask_12_nobody_is_left_alone_and_no_ghost_holds_capacity",
            seeds: 8,
            broken: "an option: the bot stays beside the person",
            seen_as: "a ghost|a bot takes the chat",
            story: |scene| Box::pin(nobody_alone_and_no_ghost(scene)),
        },
    ]
}

async fn silent_at_once(scene: &mut Scene) -> Result<()> {
    // As long as news and an operation that had left before are on their way.
    const AT_ONCE: Duration = Duration::from_millis(250);
    scene.open(centre());
    scene.troubled(BOT);
    let guard = scene.broken.then_some(Guard::Ownership);
    let bot = Answerer { thinks: Duration::from_secs(2), ..Answerer::default() };
    scene.start(Job::new(bot).without(guard))?;
    let person = scene.person(PERSON).await?;
    let chat = scene.customer("Ada").await?;
    scene.is_told(&chat, "Hello.", SOON).await?;
    scene.says(&chat, "a question with an answer that takes a while to be typed")?;
    // While the line is heard, thought about, or answered: every run at another moment.
    scene.pass_millis(scene.seed * 400).await;
    scene.bring_in(&person, &chat).await?;
    let joined = scene.first(&chat, |event| matches!(event, FactEvent::Accepted { agent } if agent.as_str() == PERSON));
    let joined = joined.context("the person is in")?;
    scene.says(&chat, "and who are you?")?;
    person.says(&chat, "Linus here, I take it from here.").await?;
    scene.pass(SOON).await;
    let late: Vec<_> = scene.said_by(BOT, &chat).into_iter().filter(|(at, _)| at.since(joined) > AT_ONCE).collect();
    ensure!(late.is_empty(), "{chat}: the bot spoke after the person was in: {late:?}");
    Ok(())
}

/// What is taken out.
#[derive(PartialEq)]
enum Flaw {
    Deaf,
    NoPast,
}

async fn awake_again(scene: &mut Scene, flaw: Flaw) -> Result<()> {
    scene.open(centre());
    scene.bad_day(BOT);
    let flaw = Some(flaw).filter(|_| scene.broken);
    let stay = |options: &mut attendant::Options| options.handoff.leave = false;
    let job = Job::new(Answerer { deaf: flaw == Some(Flaw::Deaf), ..Answerer::default() }).options(stay);
    let process = scene.start(if flaw == Some(Flaw::NoPast) { job.through(adapter::without_the_past) } else { job })?;
    let person = scene.person(PERSON).await?;
    let chat = scene.customer("Ada").await?;
    scene.says(&chat, "I am Ada")?;
    scene.is_told(&chat, "About: I am Ada", SOON).await?;

    // Given away, and given back.
    scene.says(&chat, "a human, please")?;
    person.takes(&chat).await?;
    let mine = scene.said_by(BOT, &chat).len();
    if scene.seed.is_multiple_of(2) {
        person.says(&chat, "The bot can do that.").await?;
    }
    scene.says(&chat, "are you there?")?;
    scene.pass_millis(3_000).await;
    ensure!(scene.said_by(BOT, &chat).len() == mine, "{chat}: the bot spoke although it had given the chat away");
    person.does(&chat, Operation::Transfer(Target::Agent(AgentId::from(BOT)))).await?;
    scene.is_told(&chat, "I am back, Ada.", SOON).await?;
    knows_the_story(scene, &chat)?;
    scene.says(&chat, "what now?")?;
    scene.is_told(&chat, "About: what now?", SOON).await?;

    // A person who looks in, and leaves.
    scene.bring_in(&person, &chat).await?;
    person.says(&chat, "I look in.").await?;
    scene.says(&chat, "hello Linus")?;
    person.says(&chat, "Hello, and goodbye.").await?;
    let mine = scene.said_by(BOT, &chat).len();
    scene.pass_millis(2_000 + scene.spread(2, 20_000)).await;
    ensure!(scene.said_by(BOT, &chat).len() == mine, "{chat}: the bot spoke beside a person");
    person.does(&chat, Operation::LeaveConference).await?;
    scene.is_told(&chat, "I am here again.", SOON).await?;
    scene.says(&chat, "one more")?;
    scene.is_told(&chat, "About: one more", SOON).await?;
    scene.pass(SOON).await;
    drop(process);
    let twice = judge::doubled(&scene.log());
    ensure!(twice.is_empty(), "{twice:?}");
    Ok(())
}

/// What the bot says it knows of the chat that came back is all that was said before, in order, also while it was away.
fn knows_the_story(scene: &Scene, chat: &ChatId) -> Result<()> {
    let log = scene.log();
    let said: Vec<&str> =
        log.of_chat(chat.as_str())
            .filter_map(|fact| match &fact.event {
                FactEvent::CustomerLine { text, .. }
                | FactEvent::AgentLine { text, visibility: InTheChat::All, .. } => Some(text.as_str()),
                _ => None,
            })
            .collect();
    let place = said.iter().position(|text| text.starts_with("I am back,")).context("it is back")?;
    let known = said[place].split_once("So far: ").map_or("", |(_, story)| story);
    let story = said[..place].join(" | ");
    ensure!(story.contains("are you there?") && known == story, "{chat}: the story is {story:?}, known is {known:?}");
    Ok(())
}

/// Learns something, and hands over with it.
struct Clerk {
    handoff: fn() -> Handoff,
    note: Option<&'static str>,
}

const NOTE: &str = "order 4711: asks for the money back, is angry";

#[async_trait]
impl Bot for Clerk {
    async fn respond(&self, turn: &mut Turn<'_>) -> Result<Next, BotError> {
        match turn.event() {
            Event::Said(said) if said.contains("back") => {
                turn.say("That is for my colleagues to decide.").await?;
                turn.attach("Order", "4711").await?;
                let mut handoff = (self.handoff)().saying("I fetch one of them.");
                handoff.note = self.note.map(str::to_owned);
                return Ok(Next::HandOff(handoff));
            }
            Event::Said(said) => turn.say(judge::answer_to(&said.text())).await?,
            Event::HandoffFailed(why) => turn.say(why.apology()).await?,
            _ => {}
        }
        Ok(Next::Listen)
    }
}

async fn the_person_gets_the_context(scene: &mut Scene) -> Result<()> {
    scene.open(centre());
    scene.bad_day(BOT);
    let note = (!scene.broken).then_some(NOTE);
    let handoff: fn() -> Handoff = match scene.seed % 3 {
        0 => || Handoff::to_skill("service"),
        1 => || Handoff::to_skill("service").warm(),
        _ => || Handoff::to_agent(PERSON).warm().or_else(Handoff::to_queue("people")),
    };
    let journal = Arc::default();
    let job = || Job::new(Clerk { handoff, note }).journal(&journal);
    let process = scene.start(job())?;
    let person = scene.person(PERSON).await?;
    let data = [("FirstName".to_owned(), "Ada".into())].into();
    let chat = scene.customer_with("Ada", data).await?;
    scene.says(&chat, "where is order 4711?")?;
    scene.is_told(&chat, "About: where", SOON).await?;
    scene.says(&chat, "I want my money back")?;
    if scene.seed % 2 == 1 {
        scene.pass_millis(scene.spread(1, 3_000)).await;
        process.kill();
        scene.start(job())?;
    }
    if person.is_offered(&chat, SOON).await.is_err() {
        scene.says(&chat, "my money back, I said")?; // the invitation was lost, and the bot has said so
    }
    person.takes(&chat).await?;
    person.says(&chat, "Linus here.").await?;
    scene.pass(SOON).await;
    let (data, entries) = person.reads(&chat).await?;
    for (key, value) in [("FirstName", "Ada"), ("Order", "4711")] {
        ensure!(data.get(key) == Some(value), "{chat}: {key} is {:?}", data.get(key));
    }
    let text = |wanted: Visibility| {
        let lines = entries.iter().filter(move |entry| entry.visibility == wanted);
        lines.filter_map(|entry| match &entry.kind {
            EntryKind::Text(text) => Some(text.as_str()),
            _ => None,
        })
    };
    let whispered = text(Visibility::Agents).filter(|text| text.contains(NOTE)).count();
    let attached = data.get("BotNote").is_some_and(|note| note.contains(NOTE));
    ensure!(
        (1..=2).contains(&(whispered + usize::from(attached))),
        "{chat}: {whispered} notes in the chat, attached: {attached}"
    );
    let open: Vec<&str> = text(Visibility::All).collect();
    for words in ["where is order 4711?", "About: where is order 4711?", "I want my money back"] {
        ensure!(open.contains(&words), "{chat}: the person does not see {words:?}: {open:?}");
    }
    ensure!(!open.iter().any(|text| text.contains("angry")), "{chat}: the customer sees the note");
    Ok(())
}

async fn the_customer_is_told(scene: &mut Scene) -> Result<()> {
    scene.open(centre());
    scene.bad_day(BOT);
    let guard = scene.broken.then_some(Guard::Matching);
    let journal = Arc::default();
    let handoff: fn() -> Handoff = || Handoff::to_skill("service");
    let job = || Job::new(Clerk { handoff, note: Some(NOTE) }).journal(&journal).without(guard);
    let mut process = scene.start(job())?;
    let person = scene.person(PERSON).await?;
    let chat = scene.customer("Ada").await?;
    scene.says(&chat, "I want my money back")?;
    for life in 0..2 {
        scene.pass_millis(800 + scene.spread(life, 2_500)).await;
        process.kill();
        process = scene.start(job())?;
    }
    person.takes(&chat).await?;
    scene.pass(SOON).await;
    let told: Vec<String> = scene.centre().told(&chat);
    let wanted = ["That is for my colleagues to decide.", "I fetch one of them."];
    ensure!(told == wanted, "{chat}: the answer, and then the handoff; told so: {told:?}");
    let given = scene.first(&chat, |event| matches!(event, FactEvent::Transferred { .. })).context("given away")?;
    let last = scene.said_by(BOT, &chat).last().map(|(at, _)| *at).context("told")?;
    ensure!(last <= given, "{chat}: told so after it was given away");
    told_while_waiting(scene).await
}

/// Somebody is looked for, comes late, and says hello later still: the customer is told of each.
async fn told_while_waiting(scene: &mut Scene) -> Result<()> {
    scene.open(centre());
    scene.bad_day(BOT);
    let handoff: fn() -> Handoff = || {
        let wait = Duration::from_secs(10);
        Handoff::to_agent(PERSON).warm().within(4 * wait).meanwhile("Still looking.", wait).after("{name} is here now.")
    };
    let person = scene.person(PERSON).await?;
    scene.start(Job::new(Clerk { handoff, note: Some(NOTE) }))?;
    let chat = scene.customer("Bo").await?;
    scene.says(&chat, "I want my money back")?;
    person.is_offered(&chat, SOON).await?;
    scene.pass(Duration::from_secs(24)).await;
    person.takes(&chat).await?;
    scene.is_told(&chat, "linus is here now.", SOON).await?;
    person.says(&chat, "Hello.").await?;
    scene.pass(SOON).await;
    let told = scene.centre().told(&chat);
    let place = |words: &str| told.iter().position(|line| line == words);
    let count = |words: &str| told.iter().filter(|line| *line == words).count();
    ensure!((1..=3).contains(&count("Still looking.")), "{chat}: while nobody was there, told so: {told:?}");
    ensure!(
        count("linus is here now.") == 1 && told.last().is_some_and(|last| last == "Hello."),
        "{chat}: told so: {told:?}"
    );
    ensure!(place("I fetch one of them.") < place("Still looking."), "{chat}: told so: {told:?}");
    let looked = told.iter().rposition(|line| line == "Still looking.");
    ensure!(looked < place("linus is here now."), "{chat}: somebody was looked for who was there; told so: {told:?}");
    Ok(())
}

/// One place at a time, and a person who never takes an offer.
fn small_centre() -> Centre {
    let never = Script::default();
    Centre::default()
        .with_queue(QueueProfile::new("chat_in").needing("bot"))
        .with_queue(QueueProfile::new("people").needing("service"))
        .with_agent(AgentProfile::new(BOT, "").skilled("bot").capacity(1))
        .with_agent(AgentProfile::new(PERSON, "").skilled("service").capacity(30))
        .with_agent(AgentProfile::new("grace", "").skilled("boss").capacity(30).scripted(never))
}

/// Asks for the person whom the words name.
struct Doorman;

#[async_trait]
impl Bot for Doorman {
    async fn respond(&self, turn: &mut Turn<'_>) -> Result<Next, BotError> {
        let said = match turn.event() {
            Event::Said(said) => said,
            // A transfer that was taken, and that nobody took up, comes back.
            Event::HandoffFailed(_) | Event::Returned => {
                turn.say("Nobody is free, but I am here.").await?;
                return Ok(Next::Listen);
            }
            _ => return Ok(Next::Listen),
        };
        turn.say(judge::answer_to(&said.text())).await?;
        let handoff = match said.text().as_str() {
            "cold" => Handoff::to_skill("service"),
            "warm" => Handoff::to_skill("service").warm(),
            "boss" => Handoff::to_agent("grace").warm().or_else(Handoff::to_agent("grace")),
            "nobody" => Handoff::to_agent("nobody").or_else(Handoff::to_skill("unheard of")),
            _ => return Ok(Next::Listen),
        };
        Ok(Next::HandOff(handoff))
    }
}

async fn nobody_alone_and_no_ghost(scene: &mut Scene) -> Result<()> {
    scene.open(small_centre());
    scene.centre().faults().add(Fault::new(Kind::NeverJoin).login("grace"));
    let stays = scene.broken;
    scene.start(Job::new(Doorman).options(|options| {
        if stays {
            options.handoff.leave = false;
        }
    }))?;

    // Nobody is there, or nobody comes: the bot says so, and is still there. On a good day at once.
    let chat = scene.customer("Ada").await?;
    scene.says(&chat, "cold")?;
    scene.is_told(&chat, "Nobody is free", Duration::from_secs(10)).await?;
    scene.centre().customer_leaves(&chat)?;
    scene.bad_day(BOT);
    let chat = scene.customer("Bo").await?;
    for (round, words) in ["cold", "warm", "boss", "nobody"].into_iter().enumerate() {
        scene.says(&chat, words)?;
        let told = |count: usize| {
            scene.centre().told(&chat).iter().filter(|line| line.starts_with("Nobody is free")).count() >= count
        };
        let deadline = Duration::from_secs(2 * 60) + SOON;
        scene.until(&format!("{chat}: somebody cares after {words:?}"), deadline, || told(round + 1)).await?;
        scene.says(&chat, &format!("still there, {words}?"))?;
        scene.is_told(&chat, &format!("About: still there, {words}?"), SOON).await?;
    }
    scene.centre().customer_leaves(&chat)?;

    // Somebody is there: the bot's only place is free again each time, for the next customer.
    let person = scene.person(PERSON).await?;
    for (number, words) in ["cold", "warm", "warm", "cold"].into_iter().enumerate() {
        let chat = scene.customer(&format!("Visitor {number}")).await?;
        for _ in 0..3 {
            scene.says(&chat, words)?;
            // A request that the platform answers with an error is given up, and the bot is asked again.
            if person.is_offered(&chat, SOON).await.is_ok() {
                break;
            }
        }
        person.takes(&chat).await?;
        person.says(&chat, "Linus here.").await?;
    }
    scene.pass(SOON).await;
    let ghosts = judge::ghosts(&scene.log());
    ensure!(ghosts.is_empty(), "{ghosts:?}");
    Ok(())
}
