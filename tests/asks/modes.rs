//! Promises about bots beside people: a draft is for people to send, and a shadow cannot send at all.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use attendant::options::Place;
use attendant::{AgentId, Comparison, Comparisons, EntryKind, Mode, Operation, Target, Visibility};
use simulator::model::{ChatId, FactEvent};

use super::Ask;
use super::judge::{Answerer, SOON};
use super::scene::{BOT, Family, Job, PERSON, Person, Scene, centre};

pub(super) fn asks() -> Vec<Ask> {
    vec![
        Ask {
            name: "ask_22_a_draft_is_written_by_the_bot_and_sent_by_a_person",
            seeds: 8,
            broken: "a bot that is not told to write drafts",
            seen_as: "a draft of the answer",
            story: |scene| Box::pin(drafts(scene)),
        },
        Ask {
            name: "ask_22_a_shadow_cannot_send_and_what_it_would_have_said_is_kept",
            seeds: 8,
            broken: "a draft in place of the shadow",
            seen_as: "the shadow did something",
            story: |scene| Box::pin(shadow(scene)),
        },
    ]
}

#[derive(Default)]
struct Kept(Mutex<Vec<Comparison>>);

impl Comparisons for Kept {
    fn keep(&self, comparison: Comparison) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(comparison);
    }
}

/// A person has a chat, and has brought the bot in.
async fn beside_a_person(scene: &mut Scene, mode: Mode, kept: &Arc<Kept>) -> Result<(Person, ChatId)> {
    scene.open(centre());
    let job = Job::new(Answerer::default()).comparing(Arc::clone(kept) as Arc<dyn Comparisons>).options(|options| {
        options.mode = mode;
        options.fallback = Some(Place { skill: Some("service".to_owned()), ..Place::default() });
    });
    scene.start(job)?;
    let person = scene.person(PERSON).await?;
    let chat = scene.centre().request_chat("Ada", Some("people"), simulator::model::UserData::new())?;
    person.takes(&chat).await?;
    person.says(&chat, "Hello, Linus here.").await?;
    scene.pass_millis(500).await;
    person.does(&chat, Operation::Invite(Target::Agent(AgentId::from(BOT)))).await?;
    let joined = |event: &FactEvent| matches!(event, FactEvent::Accepted { agent } if agent.as_str() == BOT);
    scene.until("the bot is in", SOON, || scene.first(&chat, joined).is_some()).await?;
    scene.bad_day(BOT);
    Ok((person, chat))
}

async fn drafts(scene: &mut Scene) -> Result<()> {
    let mode = if scene.broken { Mode::Auto } else { Mode::Draft };
    let (person, chat) = beside_a_person(scene, mode, &Arc::default()).await?;
    for question in ["what does it cost?", "and by post?"] {
        scene.says(&chat, question)?;
        let wanted = format!("About: {question}");
        let mut draft = None;
        for _ in 0..90 {
            scene.pass(Duration::from_secs(1)).await;
            let (data, entries) = person.reads(&chat).await?;
            let seen = match scene.family {
                Family::Interactions => data.get("BotDraft").map(str::to_owned),
                Family::Chats => entries.iter().rev().find_map(|entry| match (&entry.kind, entry.visibility) {
                    (EntryKind::Text(text), Visibility::Agents) => text.strip_prefix("Draft: ").map(str::to_owned),
                    _ => None,
                }),
            };
            draft = seen.filter(|draft| draft.contains(&wanted));
            if draft.is_some() {
                break;
            }
        }
        let Some(draft) = draft else {
            anyhow::bail!("{chat}: no person has seen a draft of the answer to {question:?}")
        };
        person.says(&chat, &draft).await?;
        scene.is_told(&chat, &draft, SOON).await?;
    }
    let own = scene.said_by(BOT, &chat);
    ensure!(own.is_empty(), "{chat}: the bot spoke to the customer itself: {own:?}");
    Ok(())
}

async fn shadow(scene: &mut Scene) -> Result<()> {
    let mode = if scene.broken { Mode::Draft } else { Mode::Shadow };
    let kept = Arc::default();
    let (person, chat) = beside_a_person(scene, mode, &kept).await?;
    for (question, answer) in [("what does it cost?", "Five."), ("and by post?", "Six.")] {
        scene.says(&chat, question)?;
        scene.pass_millis(scene.spread(answer.len() as u64, 20_000)).await;
        person.says(&chat, answer).await?;
        scene.pass(Duration::from_secs(30)).await;
    }
    scene.centre().customer_leaves(&chat)?;
    scene.pass(SOON).await;
    let deeds = scene.count(&chat, |event| match event {
        FactEvent::AgentLine { agent, .. } | FactEvent::Typing { agent, .. } | FactEvent::Data { agent, .. } => {
            agent.as_str() == BOT
        }
        _ => false,
    });
    ensure!(deeds == 0, "{chat}: the shadow did something, {deeds} times");
    let pairs: Vec<(String, String, String)> = {
        let kept = kept.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().map(|one| (one.asked.join("|"), one.bot.join("|"), one.person.join("|"))).collect()
    };
    let pair = |asked: &str, bot: &str, person: &str| (asked.to_owned(), bot.to_owned(), person.to_owned());
    let wanted = [
        pair("what does it cost?", "About: what does it cost?", "Five."),
        pair("and by post?", "About: and by post?", "Six."),
    ];
    ensure!(pairs == wanted, "{chat}: kept is {pairs:?}");
    let seat = scene.centre().login(BOT).context("the bot has a login")?;
    let mut held = attendant::Platform::interactions(&seat).await;
    for _ in 0..20 {
        if held.is_err() {
            held = attendant::Platform::interactions(&seat).await; // a bad day may ask for another try
        }
    }
    let held = held?;
    ensure!(held.is_empty(), "{chat}: a ghost: {held:?}");
    Ok(())
}
