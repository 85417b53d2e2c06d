//! Promises about handing over: what happens when nobody comes, what the customer hears meanwhile, and no circles.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use attendant::options::Place;
use attendant::{Bot, BotError, Event, Handoff, HandoffFailure, Next, Operation, Turn, async_trait};
use simulator::model::{FactEvent, Target};

use super::Ask;
use super::judge::SOON;
use super::scene::{BOT, Job, OTHER_BOT, PERSON, Scene, centre};

pub(super) fn asks() -> Vec<Ask> {
    vec![
        Ask {
            name: "ask_09_nobody_is_there_and_a_call_back_is_agreed",
            seeds: 8,
            broken: "a bot whose handoff ends with people",
            seen_as: "is told",
            story: |scene| Box::pin(a_call_back(scene)),
        },
        Ask {
            name: "ask_10_the_customer_hears_the_place_in_the_queue",
            seeds: 8,
            broken: "an option: nobody looks where routing writes the place",
            seen_as: "number 3",
            story: |scene| Box::pin(the_place_in_the_queue(scene)),
        },
        Ask {
            name: "ask_11_bots_do_not_pass_a_chat_to_and_fro",
            seeds: 6,
            broken: "an option: any number of handoffs from bot to bot",
            seen_as: "to and fro",
            story: |scene| Box::pin(no_circles(scene)),
        },
    ]
}

/// Hands over whatever is said, with what the trial wants around it.
struct Usher(fn() -> Handoff);

#[async_trait]
impl Bot for Usher {
    async fn respond(&self, turn: &mut Turn<'_>) -> Result<Next, BotError> {
        match turn.event() {
            Event::Said(_) => Ok(Next::HandOff((self.0)())),
            Event::HandoffFailed(why) => {
                turn.say(why.apology()).await?;
                Ok(Next::Listen)
            }
            _ => Ok(Next::Listen),
        }
    }
}

async fn a_call_back(scene: &mut Scene) -> Result<()> {
    scene.open(centre());
    scene.bad_day(BOT);
    let usher = if scene.broken {
        Usher(|| Handoff::to_skill("service"))
    } else {
        Usher(|| Handoff::to_agent(PERSON).warm().or_else(Handoff::to_skill("service")).or_call_back())
    };
    scene.start(Job::new(usher))?; // nobody else has come to work
    let chat = scene.customer("Ada").await?;
    scene.says(&chat, "I need a person")?;
    scene.is_told(&chat, "On which number", SOON * 2).await?;
    scene.says(&chat, "on 030 1234567, after five")?;
    scene.is_told(&chat, "We will call you back on 030 1234567", SOON).await?;
    let ended = || scene.count(&chat, |event| matches!(event, FactEvent::Completed { .. })) == 1;
    scene.until(&format!("{chat} is completed"), SOON * 2, ended).await?;
    let attached = scene.count(
        &chat,
        |event| matches!(event, FactEvent::Data { keys, .. } if keys.contains(&"CallBackNumber".to_owned())),
    );
    ensure!(attached >= 1, "{chat}: the number is nowhere");
    let asked = scene.said_by(BOT, &chat).iter().filter(|(_, text)| text.starts_with("Nobody is free")).count();
    ensure!(asked == 1, "{chat}: asked {asked} times");
    Ok(())
}

async fn the_place_in_the_queue(scene: &mut Scene) -> Result<()> {
    scene.open(centre());
    scene.bad_day(BOT);
    let key = if scene.broken { "" } else { "Place" };
    let usher = Usher(|| {
        let handoff = Handoff::to_agent(PERSON).warm().within(Duration::from_secs(150));
        handoff
            .meanwhile("Still looking.[ You are number {place}.]", Duration::from_secs(6))
            .after("{name} is here now.")
    });
    scene.start(Job::new(usher).options(|options| key.clone_into(&mut options.handoff.place_key)))?;
    let person = scene.person(PERSON).await?;
    let chat = scene.customer("Ada").await?;
    scene.says(&chat, "I need a person")?;
    person.is_offered(&chat, SOON).await?;
    scene.is_told(&chat, "Still looking.", SOON).await?;
    // Routing writes the place into the attached data of the interaction.
    let seat = scene.centre().login(BOT).context("the bot has a login")?;
    let place = Operation::Attach([("Place".to_owned(), "3".to_owned())].into());
    for _ in 0..10 {
        // A bad day may ask for another try.
        if attendant::Platform::perform(&seat, &super::scene::interaction(&chat), place.clone()).await.is_ok() {
            break;
        }
    }
    scene.is_told(&chat, "You are number 3.", SOON).await?;
    if person.takes(&chat).await.is_ok() {
        scene.is_told(&chat, "is here now.", SOON).await?;
        person.says(&chat, "Hello, Linus here.").await?;
        scene.pass(SOON).await;
        let told = scene.centre().told(&chat);
        ensure!(told.last().map(String::as_str) == Some("Hello, Linus here."), "{chat}: the bot went on: {told:?}");
    }
    Ok(())
}

/// Passes everybody on to another bot at once, and to people only when that does not work.
struct Passer(&'static str);

#[async_trait]
impl Bot for Passer {
    async fn respond(&self, turn: &mut Turn<'_>) -> Result<Next, BotError> {
        match turn.event() {
            Event::Started | Event::Returned => Ok(Next::HandOff(Handoff::to_agent(self.0))),
            Event::HandoffFailed(HandoffFailure::Circles) => {
                turn.say("I fetch a person.").await?;
                Ok(Next::HandOff(Handoff::to_skill("service")))
            }
            Event::HandoffFailed(why) => {
                turn.say(why.apology()).await?;
                Ok(Next::HandOff(Handoff::to_agent(self.0)))
            }
            _ => Ok(Next::Listen),
        }
    }
}

async fn no_circles(scene: &mut Scene) -> Result<()> {
    scene.open(centre());
    for user in [BOT, OTHER_BOT] {
        scene.troubled(user);
    }
    let broken = scene.broken;
    let job = |user, to| {
        Job::new(Passer(to)).user(user).options(|options| {
            user.clone_into(&mut options.nickname);
            options.fallback = Some(Place { skill: Some("service".to_owned()), ..Place::default() });
            // What one process remembers of a chat that came back is not what is tried here.
            options.handoff.not_again_within = Duration::ZERO;
            options.handoff.most = 10_000;
            if broken {
                options.handoff.most_hops = 10_000;
            }
        })
    };
    scene.start(job(BOT, OTHER_BOT))?;
    scene.start(job(OTHER_BOT, BOT))?;
    let person = scene.person(PERSON).await?;
    let chat = scene.customer("Ada").await?;
    let to_a_person = person.takes(&chat).await;
    let passed = scene.count(
        &chat,
        |event| matches!(event, FactEvent::Transferred { to: Target::Agent(bot), .. } if bot.starts_with("bot")),
    );
    // Trouble can lose the answer to a transfer that worked; it is never done more often than that.
    ensure!(passed <= 5, "{chat}: passed to and fro {passed} times");
    to_a_person.context("and then to a person")?;
    person.says(&chat, "Hello, Linus here.").await
}
