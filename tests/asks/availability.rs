//! Promises about busy hours: nobody is sent into a void, and who waits is told how long, and told again when it changes.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use attendant::peak::{self, Peak};
use attendant::{Bot, Operation};
use simulator::model::FactEvent;
use simulator::{AgentProfile, Centre, QueueProfile};

use super::Ask;
use super::judge::{Answerer, SOON};
use super::scene::{BOT, Job, PERSON, Scene, centre};

pub(super) fn asks() -> Vec<Ask> {
    vec![
        Ask {
            name: "ask_09_nobody_available_is_hours_and_a_call_back_and_never_a_void",
            seeds: 6,
            broken: "a bot without the layer for busy hours",
            seen_as: "is told \"from 8 to 18\"",
            story: |scene| Box::pin(never_a_void(scene)),
        },
        Ask {
            name: "ask_10_the_wait_is_told_and_kept_up_to_date",
            seeds: 6,
            broken: "a bot without the layer for busy hours",
            seen_as: "is told \"number 1",
            story: |scene| Box::pin(the_wait_is_told(scene)),
        },
    ]
}

/// A bot as it is, or with the layer around it, which knows from the centre who is there.
fn bot(scene: &Scene, change: impl FnOnce(&mut peak::Options)) -> Result<Arc<dyn Bot>> {
    if scene.broken {
        return Ok(Arc::new(Answerer::default()));
    }
    let handling = Duration::from_secs(300);
    let mut options = peak::Options { hours: Some("from 8 to 18".to_owned()), handling, ..peak::Options::default() };
    change(&mut options);
    let people = Arc::new(scene.centre().people(Some(handling)));
    let layer = Peak::around(Arc::new(Answerer::default()), options, people);
    Ok(Arc::new(layer.map_err(|wrong| anyhow::anyhow!("{wrong:?}"))?))
}

async fn never_a_void(scene: &mut Scene) -> Result<()> {
    scene.open(centre()); // nobody has come to work
    scene.bad_day(BOT);
    let job = Job::new(bot(scene, |_| {})?);
    scene.start(job)?;
    let (ada, bob) = (scene.customer("Ada").await?, scene.customer("Bob").await?);
    for chat in [&ada, &bob] {
        scene.says(chat, "a human, please")?;
        scene.is_told(chat, "from 8 to 18", SOON).await?;
        scene.is_told(chat, "telephone number", SOON).await?;
    }
    // One leaves a number, the other goes on asking.
    scene.says(&ada, "030 1234567")?;
    scene.says(&bob, "then tell me the price")?;
    scene.is_told(&ada, "calls you back at 030 1234567", SOON).await?;
    scene.is_told(&bob, "About: then tell me the price", SOON).await?;
    let attached = |event: &FactEvent| matches!(event, FactEvent::Data { keys, .. } if keys.iter().any(|key| key == "CallBackNumber"));
    scene
        .until("the chat is closed", SOON, || {
            scene.count(&ada, |event| matches!(event, FactEvent::Completed { .. })) == 1
        })
        .await?;
    // A lost answer has it written again; it is the same number.
    ensure!(scene.count(&ada, attached) >= 1, "{ada}: the number is not among the data");
    for chat in [&ada, &bob] {
        let sent =
            scene.count(chat, |event| matches!(event, FactEvent::Transferred { .. } | FactEvent::Invited { .. }));
        ensure!(sent == 0, "{chat}: sent into a void");
    }
    Ok(())
}

async fn the_wait_is_told(scene: &mut Scene) -> Result<()> {
    scene.open(
        Centre::default()
            .with_queue(QueueProfile::new("chat_in").needing("bot"))
            .with_queue(QueueProfile::new("people").needing("service"))
            .with_agent(AgentProfile::new(BOT, "").skilled("bot").capacity(30))
            .with_agent(AgentProfile::new(PERSON, "").named("Linus", "Moss").skilled("service")),
    );
    let job = Job::new(bot(scene, |options| {
        options.line.on = true;
        options.put_off_most = 0;
    })?);
    scene.start(job)?;
    let person = scene.person(PERSON).await?;
    let first = scene.customer("Ada").await?;
    scene.says(&first, "a human, please")?;
    person.takes(&first).await?;

    // The only person has a chat: who comes now waits, and the bot with them.
    let (second, third) = (scene.customer("Bob").await?, scene.customer("Cleo").await?);
    scene.says(&second, "a human, please")?;
    scene.is_told(&second, "number 1 in the line, and it takes about 5 minutes", SOON).await?;
    scene.says(&third, "a human, please")?;
    scene.is_told(&third, "number 2 in the line, and it takes about 10 minutes", SOON).await?;
    scene.says(&third, "what is that?")?;
    scene.is_told(&third, "About: what is that?", SOON).await?;

    // Who is before goes: the others move up, and are told.
    scene.centre().customer_leaves(&second)?;
    scene.is_told(&third, "number 1 now, and it takes about 5 minutes", Duration::from_secs(150)).await?;

    // The person gets through: it is the turn of whoever waits.
    scene.centre().customer_leaves(&first)?;
    person.does(&first, Operation::Complete).await?;
    person.takes(&third).await?;
    Ok(())
}
