//! Drafts and shadows over the wire, in both families: a person has the chat, and brings the bot in.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use attendant::options::Place;
use attendant::{
    AgentId, Comparison, Comparisons, EntryKind, Interaction, InteractionState, Mode, Operation, Options, Platform,
    PlatformEvents, Presence, Target, Visibility,
};
use echo_bot::Echo;
use libtest_mimic::Trial;
use tokio::time::{Instant, sleep};

use super::customer::Customer;
use super::scene::{Scene, WAYS, Way, brisk, centre, platform};
use super::trial;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(30);

pub fn trials() -> Vec<Trial> {
    let each = |way: Way| {
        [
            trial(format!("whole::a_draft_is_for_people_only_{}", way.name()), move || draft(way)),
            trial(format!("whole::a_shadow_sends_nothing_{}", way.name()), move || shadow(way)),
        ]
    };
    WAYS.into_iter().flat_map(each).collect()
}

fn options(mode: Mode) -> Options {
    let fallback = Some(Place { skill: Some("service".to_owned()), ..Place::default() });
    let mut options = Options { mode, fallback, ..brisk() };
    options.draft.alone_within = Duration::from_millis(200);
    options
}

/// Nora at her desk.
struct Nora {
    desk: platform_gws::Login,
    /// She looks and does not listen, but without the events she would be gone.
    _events: PlatformEvents,
}

impl Nora {
    async fn comes(server: &simulator::Handle, way: Way) -> Result<Self> {
        let login = platform(server, way, "nora", "secret")?;
        let events = login.sign_in().await?;
        login.set_presence(Presence::Ready).await?;
        Ok(Self { desk: login, _events: events })
    }

    async fn sees(&self, what: &str, wanted: impl Fn(&Interaction) -> bool) -> Result<Interaction> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let all = self.desk.interactions().await?;
            if let Some(found) = all.iter().find(|one| wanted(one)) {
                return Ok(found.clone());
            }
            if Instant::now() > deadline {
                bail!("Nora never sees {what}: {all:#?}");
            }
            sleep(Duration::from_millis(30)).await; // looks again, never decides by itself
        }
    }

    /// Takes what the bot passes on because it is alone with the customer, and brings the bot in again.
    async fn takes_it_and_brings_the_bot(&self) -> Result<Interaction> {
        let offer = self.sees("an offer", |one| one.state == InteractionState::Invited).await?;
        self.desk.perform(&offer.id, Operation::Accept { nickname: "Nora".to_owned() }).await?;
        self.sees("her chat", |one| one.state == InteractionState::Chatting).await?;
        self.says(&offer, "Nora here.").await?;
        self.desk.perform(&offer.id, Operation::Invite(Target::Agent(AgentId::from("bot-01")))).await?;
        self.sees("the bot", |one| one.participants.len() >= 3).await
    }

    async fn says(&self, chat: &Interaction, words: &str) -> Result<()> {
        let say = Operation::Say { text: words.to_owned(), visibility: Visibility::All };
        self.desk.perform(&chat.id, say).await.map(drop).context("Nora speaks")
    }
}

async fn draft(way: Way) -> Result<()> {
    let server = centre().await?;
    let nora = Nora::comes(&server, way).await?;
    let scene = Scene::begin(server, way, Echo::default(), options(Mode::Draft)).await?;
    let ada = Customer::arrives(&scene.server, "Ada").await?;
    let chat = nora.takes_it_and_brings_the_bot().await?;
    ada.says("what does it cost?").await?;
    let deadline = Instant::now() + PATIENCE;
    let seen = loop {
        let attached =
            nora.desk.interactions().await?.into_iter().find_map(|one| one.data.get("BotDraft").map(str::to_owned));
        let whispered = nora.desk.transcript(&chat.id).await?.into_iter().find_map(|entry| match entry.kind {
            EntryKind::Text(text) if entry.visibility == Visibility::Agents => Some(text),
            _ => None,
        });
        match (attached, whispered) {
            (None, None) if Instant::now() < deadline => sleep(Duration::from_millis(30)).await,
            seen => break seen,
        }
    };
    let wanted = match way.family {
        gws::Family::Interactions => (Some("what does it cost?".to_owned()), None),
        gws::Family::Chats => (None, Some("Draft: what does it cost?".to_owned())),
    };
    ensure!(seen == wanted, "{seen:?}");
    nora.says(&chat, "Five.").await?;
    let heard = ada.hears(2).await?;
    ensure!(heard == ["Nora here.", "Five."], "the customer has heard {heard:?}");
    ada.leaves().await?;
    nora.desk.sign_out().await?;
    scene.ends_well().await
}

#[derive(Default)]
struct Kept(Mutex<Vec<Comparison>>);

impl Comparisons for Kept {
    fn keep(&self, comparison: Comparison) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(comparison);
    }
}

async fn shadow(way: Way) -> Result<()> {
    let server = centre().await?;
    let nora = Nora::comes(&server, way).await?;
    let kept: Arc<Kept> = Arc::default();
    let comparisons = Arc::clone(&kept) as Arc<dyn Comparisons>;
    let scene = Scene::comparing(server, way, Echo::default(), options(Mode::Shadow), Some(comparisons)).await?;
    let ada = Customer::arrives(&scene.server, "Ada").await?;
    let chat = nora.takes_it_and_brings_the_bot().await?;
    ada.says("what does it cost?").await?;
    let mut status = scene.handle.watch();
    let asked = status.wait_for(|status| status.counters.turns >= 1 && status.thinking == 0);
    tokio::time::timeout(PATIENCE, asked).await.context("the shadow is asked")??;
    nora.says(&chat, "Five.").await?;
    ada.hears(2).await?;
    ada.leaves().await?;
    let deadline = Instant::now() + PATIENCE;
    let first = loop {
        let first = kept.0.lock().unwrap_or_else(PoisonError::into_inner).first().cloned();
        match first {
            Some(first) => break first,
            None if Instant::now() > deadline => bail!("nothing was kept"),
            None => sleep(Duration::from_millis(30)).await,
        }
    };
    ensure!(first.asked == ["what does it cost?"] && first.bot == ["what does it cost?"], "{first:?}");
    ensure!(first.person == ["Five."], "{first:?}");
    let heard = ada.heard().await?;
    ensure!(heard.iter().all(|(who, _)| who == "Nora"), "the shadow was heard: {heard:?}");
    nora.desk.sign_out().await?;
    scene.ends_well().await
}
