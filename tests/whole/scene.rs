//! A contact centre with bot logins at work, for one trial.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use attendant::service::{self, Handle, Phase, Service, Stopped};
use attendant::{Bot, Comparisons, MemoryJournal, Options};
use simulator::model::Fact;
use simulator::{AgentProfile, Centre, QueueProfile, Script, Server};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(30);

/// Which way the bots are connected.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    pub family: gws::Family,
    pub transport: bayeux::TransportKind,
}

/// Both families, each on another transport.
pub const WAYS: [Way; 2] = [
    Way { family: gws::Family::Interactions, transport: bayeux::TransportKind::LongPolling },
    Way { family: gws::Family::Chats, transport: bayeux::TransportKind::WebSocket },
];

impl Way {
    pub fn name(self) -> String {
        format!("{}_{:?}", self.family, self.transport).to_lowercase()
    }
}

pub struct Scene {
    pub server: simulator::Handle,
    pub handle: Handle,
    running: JoinSet<Result<Stopped, service::Error>>,
    drain: CancellationToken,
}

/// One bot login with room for ten chats, and Nora, who is played and takes what needs `service`.
pub async fn centre() -> anyhow::Result<simulator::Handle> {
    let quick = Script {
        accept_after: Duration::ZERO,
        answer_after: Duration::ZERO,
        wrap_up: Duration::ZERO,
        ..Script::default()
    };
    let centre = Centre::default()
        .with_queue(QueueProfile::new("chat_in").needing("self-service"))
        .with_queue(QueueProfile::new("service").needing("service"))
        .with_agent(AgentProfile::new("bot-01", "secret").skilled("self-service").capacity(10))
        .with_agent(
            AgentProfile::new("nora", "secret").named("Nora", "Linden").skilled("service").capacity(10).scripted(quick),
        );
    Ok(Server::start(simulator::Options::default().with_centre(centre).with_seed(7)).await?)
}

/// Options for trials: no human pace, short waits.
pub fn brisk() -> Options {
    let mut options = Options { nickname: "Robo".to_owned(), ..Options::default() };
    options.pace.on = false;
    options.listening.quiet = Duration::from_millis(30);
    options.sending.echo_within = Duration::from_millis(800);
    options.sending.settle_within = Duration::from_millis(300);
    options.sending.again_after = Duration::from_millis(50);
    options
}

/// A way to the server for a login.
pub fn platform(
    server: &simulator::Handle,
    way: Way,
    user: &str,
    password: &str,
) -> anyhow::Result<platform_gws::Login> {
    let mut options = gws::Options::new(format!("{}/api/v2", server.base_url()).parse()?).with_family(way.family);
    options.transports = vec![way.transport];
    options.timeouts.request = Duration::from_secs(20);
    let client = gws::Client::new(options)?;
    let credentials = gws::Credentials::new(user, password);
    Ok(platform_gws::Login::new(user.into(), &client, credentials, platform_gws::Options::default()))
}

impl Scene {
    /// Opens the centre and waits until the bot is ready.
    pub async fn open(way: Way, bot: impl Bot, options: Options) -> anyhow::Result<Self> {
        Self::begin(centre().await?, way, bot, options).await
    }

    /// The same in a centre that is open already.
    pub async fn begin(server: simulator::Handle, way: Way, bot: impl Bot, options: Options) -> anyhow::Result<Self> {
        Self::comparing(server, way, bot, options, None).await
    }

    /// The same, with a place for comparisons with people.
    pub async fn comparing(
        server: simulator::Handle,
        way: Way,
        bot: impl Bot,
        options: Options,
        comparisons: Option<Arc<dyn Comparisons>>,
    ) -> anyhow::Result<Self> {
        let platform = Arc::new(platform(&server, way, "bot-01", "secret")?);
        let (mut service, handle) = Service::new(platform, Arc::new(bot), Arc::new(MemoryJournal::new()), options)
            .map_err(|wrong| anyhow::anyhow!("{wrong:?}"))?;
        if let Some(comparisons) = comparisons {
            service = service.comparing(comparisons);
        }
        let drain = CancellationToken::new();
        let mut running = JoinSet::new();
        running.spawn(service.run(drain.clone(), CancellationToken::new()));
        let mut status = handle.watch();
        let ready = status.wait_for(|status| matches!(status.phase, Phase::Ready | Phase::Stopped));
        ensure!(timeout(PATIENCE, ready).await??.phase == Phase::Ready, "the bot is not ready");
        Ok(Self { server, handle, running, drain })
    }

    /// Waits for a fact in the simulator's own log.
    pub async fn happens(&self, what: &str, wanted: impl Fn(&Fact) -> bool) -> anyhow::Result<Fact> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(fact) = self.server.log().facts().find(|fact| wanted(fact)) {
                return Ok(fact.clone());
            }
            if Instant::now() > deadline {
                let log = self.server.log();
                bail!("{what} did not happen; what did: {:#?}", log.facts().collect::<Vec<_>>());
            }
            sleep(Duration::from_millis(20)).await; // looks again, never decides by itself
        }
    }

    /// Drains, waits for the end, and holds the run to what always holds: no unexpected input, nobody left behind.
    pub async fn ends_well(mut self) -> anyhow::Result<()> {
        let unexpected = self.handle.status().counters.unexpected;
        ensure!(unexpected == 0, "{unexpected} inputs were unexpected");
        self.drain.cancel();
        let stopped = timeout(PATIENCE, self.running.join_next()).await?.context("the service runs")???;
        ensure!(stopped == Stopped::Clean, "{stopped:?}");
        self.server.shutdown().await;
        Ok(())
    }
}
