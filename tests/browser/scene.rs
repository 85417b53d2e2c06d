//! What the trials play with: a small centre, a customer at the chat page, people at the desk.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;
use simulator::model::{Fact, FactEvent};
use simulator::{AgentProfile, Centre, Faults, Options, QueueProfile, Script, Then};

use super::driver::{Driver, Page};

/// The multi-line answer of the played bot, with a link.
pub const ANSWER: &str = "Parcels take two to three working days.\nFollow yours: https://shop.example/track?id=42.";

/// A centre with a played bot, which hands over after its second answer, and two people whom nobody plays.
pub fn centre() -> Centre {
    let bot = Script {
        accept_after: Duration::from_millis(50),
        answer_after: Duration::from_millis(150),
        greeting: "Hello! Ask me about your order.".into(),
        lines: vec![ANSWER.into(), "One moment, I am bringing in a colleague.".into()],
        answers: 2,
        then: Then::ToSkill("service".into()),
        ..Script::default()
    };
    let person = |user: &str, first: &str, last: &str| {
        AgentProfile::new(user, format!("{user}-secret")).named(first, last).skilled("service").capacity(3)
    };
    Centre::default()
        .with_queue(QueueProfile::new("chat_in").needing("first-line"))
        .with_agent(
            AgentProfile::new("bot-01", "x")
                .named("Aria (assistant)", "")
                .skilled("first-line")
                .capacity(9)
                .scripted(bot),
        )
        .with_agent(person("grace", "Grace", "Hopper"))
        .with_agent(person("alan", "Alan", "Turing"))
}

/// A running centre.
pub struct House {
    running: simulator::Handle,
    options: Options,
}

impl House {
    pub async fn open() -> Result<Self> {
        Self::open_with(Options::default().with_centre(centre()).with_csrf(true)).await
    }

    pub async fn open_with(options: Options) -> Result<Self> {
        let running = simulator::Server::start(options.clone()).await?;
        Ok(Self { running, options })
    }

    pub fn faults(&self) -> Faults {
        self.running.faults()
    }

    /// What an agent has really said, in order.
    pub fn said_by(&self, user: &str) -> Vec<String> {
        let said = |fact: &Fact| match &fact.event {
            FactEvent::AgentLine { agent, text, .. } if agent.as_str() == user => Some(text.clone()),
            _ => None,
        };
        self.running.log().facts().filter_map(said).collect()
    }

    pub fn address(&self) -> SocketAddr {
        self.running.address()
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }

    /// Stops the centre, waits, and opens a new one with an empty memory at the same address.
    pub async fn reopen_after(self, pause: Duration) -> Result<Self> {
        let Self { running, options } = self;
        let address = running.address();
        running.shutdown().await;
        tokio::time::sleep(pause).await;
        Self::open_with(options.with_address(address)).await
    }
}

/// A browser, an open centre, and Grace ready at her desk: how most stories begin.
pub struct Stage {
    pub driver: Driver,
    pub house: House,
    pub desk: Page,
}

impl Stage {
    pub async fn open() -> Result<Self> {
        let driver = Driver::start().await?;
        let house = House::open().await?;
        let desk = person(&driver, &house, "grace").await?;
        Ok(Self { driver, house, desk })
    }

    /// A customer who has asked for a person: the chat is offered to Grace.
    pub async fn asks(&self, name: &str, subject: &str) -> Result<Page> {
        let page = customer(&self.driver, &self.house, name, subject).await?;
        ask_until_handed_over(&page).await?;
        Ok(page)
    }

    /// A customer whom Grace has taken over.
    pub async fn taken_over(&self, name: &str) -> Result<Page> {
        let page = self.asks(name, "").await?;
        self.desk.click("#offers .primary").await?;
        self.desk.reads("#log", "I want to talk").await?;
        Ok(page)
    }
}

/// A browser at the chat page, in a chat that has begun.
pub async fn customer(driver: &Driver, house: &House, name: &str, subject: &str) -> Result<Page> {
    let page = driver.window().await?;
    page.open(&house.url("/customer")).await?;
    page.fill("#name", name).await?;
    page.fill("#subject", subject).await?;
    page.click("#start button").await?;
    page.reads("#log", "Hello! Ask me").await?;
    Ok(page)
}

/// A browser at the desk, signed in, connected and ready. One desk shares its browser with the customers, who have no
/// cookies; every other person needs one of their own.
pub async fn person(driver: &Driver, house: &House, user: &str) -> Result<Page> {
    let page = if user == "grace" { driver.window().await? } else { driver.browser().await? };
    page.size(1440, 900, false).await?;
    page.open(&house.url("/desk")).await?;
    page.fill("#user", user).await?;
    page.fill("#password", &format!("{user}-secret")).await?;
    page.click("#sign-in-button").await?;
    ready(&page).await?;
    Ok(page)
}

pub async fn ready(desk: &Page) -> Result<()> {
    desk.reads("#connection", "Connected").await?;
    desk.until("document.querySelector('#ready').ariaChecked === 'true'").await.map(drop)
}

/// Says something and waits until it has arrived.
pub async fn say(page: &Page, words: &str) -> Result<()> {
    let before = delivered(page).await?;
    page.fill("#say", words).await?;
    page.click("#send").await?;
    page.until(&format!("document.querySelectorAll('#log .delivery.delivered').length > {before}")).await.map(drop)
}

async fn delivered(page: &Page) -> Result<u64> {
    let count = page.run("return document.querySelectorAll('#log .delivery.delivered').length").await?;
    count.as_u64().context("a count is a number")
}

/// The lines of the conversation on the page, in order: who and what.
pub async fn lines(page: &Page) -> Result<Vec<(String, String)>> {
    let script = "return [...document.querySelectorAll('#log .line')].map((line) => \
                  [line.querySelector('.who b').textContent, line.querySelector('.text').textContent])";
    let lines: Value = page.run(script).await?;
    Ok(serde_json::from_value(lines)?)
}

/// The customer asks twice, so that the played bot hands over.
pub async fn ask_until_handed_over(customer: &Page) -> Result<()> {
    say(customer, "Where is my parcel?").await?;
    customer.reads("#log", "two to three working days").await?;
    say(customer, "I want to talk to a person.").await?;
    customer.reads("#log", "bringing in a colleague").await
}

/// Nothing was said on the console that should not be.
pub async fn quiet(page: &Page) -> Result<()> {
    let complaints = page.complaints(false).await?;
    ensure!(complaints.is_empty(), "the console says: {complaints:#?}");
    Ok(())
}

/// Keeps a picture of a page as it is now, if `ATTENDANT_PICTURES` names a folder: how `docs/images` are made.
pub async fn picture(page: &Page, name: &str) -> Result<()> {
    let Some(folder) = std::env::var_os("ATTENDANT_PICTURES") else { return Ok(()) };
    // Nothing moves, and everything is painted.
    page.run("for (const motion of document.getAnimations()) if (motion.effect.getTiming().iterations !== Infinity) motion.finish(); \
              return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 200))))")
        .await?;
    let bytes = BASE64.decode(page.picture().await?)?;
    Ok(std::fs::write(std::path::Path::new(&folder).join(format!("{name}.png")), bytes)?)
}
