//! The real binary, killed for real: `attendant run` on a journal in a file, SIGKILL at moments of chance, the network cut,
//! the disk full for a while; and at the end the simulator's own log says whether every line was answered, once, in order.

mod crowd;
mod disk;
mod judge;
mod program;

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use attendant_tests::proxy::{Fault, FaultProxy};
use libtest_mimic::{Failed, Trial};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use simulator::model::FactEvent;
use simulator::{AgentProfile, Centre, QueueProfile, Server};
use tokio::time::{Instant, sleep, timeout};

use crowd::Crowd;
use disk::Disk;
use program::{Program, Settings};

/// Whatever is waited for comes within this time, or the trial fails.
const PATIENCE: Duration = Duration::from_secs(120);
/// Of the moments and the troubles.
const SEED: u64 = 1;
/// How long the network stays cut, and how long the disk stays full.
const CUT: Duration = Duration::from_millis(700);

/// How much is done.
#[derive(Debug, Clone, Copy)]
struct Scale {
    chats: usize,
    logins: usize,
    kills: u32,
    /// Customers rest at most this long between two bursts of lines.
    rest: Duration,
    /// With a tmpfs that is filled, where this process may mount one, and with figures. Else the size of the program's files is
    /// limited.
    by_hand: bool,
}

const SMALL: Scale = Scale { chats: 40, logins: 2, kills: 5, rest: Duration::from_millis(400), by_hand: false };
const LARGE: Scale = Scale { chats: 200, logins: 5, kills: 20, rest: Duration::from_secs(2), by_hand: true };

pub fn trials() -> Vec<Trial> {
    let judged = || judge::sees_what_is_wrong().map_err(Failed::from);
    let mut trials = vec![Trial::test("real::the_judge_sees_what_is_wrong", judged)];
    for (family, transport) in [("interactions", "long-polling"), ("chats", "websocket")] {
        let way = format!("{family}_{transport}").replace('-', "_");
        trials.push(trial(format!("real::forty_chats_and_five_kills::{way}"), SMALL, family, transport));
        let large = trial(format!("real::two_hundred_chats_and_twenty_kills::{way}"), LARGE, family, transport);
        // `cargo test --release -p attendant-tests --test system -- --ignored real::`
        trials.push(large.with_ignored_flag(true).with_kind("by hand"));
    }
    trials
}

fn trial(name: String, scale: Scale, family: &'static str, transport: &'static str) -> Trial {
    Trial::test(name, move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let within = Duration::from_secs(1200);
        runtime
            .block_on(async { timeout(within, play(scale, family, transport)).await.context("out of time")? })
            .map_err(|error| Failed::from(format!("{error:#}")))
    })
}

async fn play(scale: Scale, family: &'static str, transport: &'static str) -> Result<()> {
    let binary = crate::binary::build().await?;
    let server = Server::start(simulator::Options::default().with_centre(centre(scale)).with_seed(SEED)).await?;
    let proxy = FaultProxy::start(server.address()).await?;
    let disk = Disk::open(scale.by_hand).await?;
    let settings = Settings { binary, proxy: proxy.address(), family, transport, logins: scale.logins };
    let mut chance = SmallRng::seed_from_u64(SEED);
    let crowd = Crowd::new(&server, scale.rest, SEED)?;

    let mut program = Program::start(&settings, disk.folder())?;
    crowd.arrive(scale.chats).await.context("before the first kill")?;
    let outcome = async {
        for kill in 0..scale.kills {
            // Some kills strike while the program takes up what it finds.
            if chance.random_bool(0.7) {
                let at = answers(&server);
                waits("an answer after a start", || answers(&server) > at).await?;
            }
            let trouble = trouble(&mut chance, kill, scale.kills);
            strike(trouble, &proxy, &disk, &program, &mut chance).await?;
            sleep(Duration::from_millis(chance.random_range(0..1500))).await;
            program.kill().await?;
            heal(&proxy, &disk).await?;
            program = program.start_again(&settings, disk.folder())?;
        }
        let begun = Instant::now();
        crowd.leave().await.context("after the last kill")?;
        told(scale, format_args!("everything was answered {:?} after the last start", begun.elapsed()));
        waits("the last chat to be completed", || completed(&server) == scale.chats).await?;
        program.stop(PATIENCE).await
    };
    outcome.await.with_context(|| program::tail(disk.folder()))?;
    let verdict = judge::judge(&server.log(), scale.chats)?;
    told(scale, format_args!("{} chats, {} kills, disk full by {}: {verdict}", scale.chats, scale.kills, disk.name()));
    ensure!(verdict.is_clean(), "{verdict}");
    let log = program::log(disk.folder());
    ensure!(!log.contains("unexpected input") && !log.contains("panicked"), "{}", program::tail(disk.folder()));
    server.shutdown().await;
    Ok(())
}

/// What goes wrong in one life of the program, besides its end.
#[derive(Debug, Clone, Copy)]
enum Trouble {
    Nothing,
    Reset,
    Cut(Fault),
    FullDisk,
}

/// The disk is full at least twice; the rest is chance.
fn trouble(chance: &mut SmallRng, kill: u32, kills: u32) -> Trouble {
    if kill == 1 || kill == kills / 2 {
        return Trouble::FullDisk;
    }
    match chance.random_range(0..6) {
        0 => Trouble::Reset,
        1 => Trouble::Cut(Fault::Refuse),
        2 => Trouble::Cut(Fault::BlackHole),
        3 => Trouble::Cut(Fault::SwallowAnswers),
        4 => Trouble::FullDisk,
        _ => Trouble::Nothing,
    }
}

/// Half of the troubles pass before the kill, the others last until then.
async fn strike(
    trouble: Trouble,
    proxy: &FaultProxy,
    disk: &Disk,
    program: &Program,
    chance: &mut SmallRng,
) -> Result<()> {
    match trouble {
        Trouble::Nothing => return Ok(()),
        Trouble::Reset => proxy.reset_all(),
        Trouble::Cut(fault) => {
            proxy.set(fault);
            if fault == Fault::Refuse {
                proxy.reset_all();
            }
        }
        Trouble::FullDisk => disk.fill(program.id()).await?,
    }
    if chance.random_bool(0.5) {
        sleep(CUT).await;
        proxy.set(Fault::None);
        proxy.reset_all(); // what a connection has lost makes it useless
        disk.relieve(Some(program.id())).await?;
    }
    Ok(())
}

async fn heal(proxy: &FaultProxy, disk: &Disk) -> Result<()> {
    proxy.set(Fault::None);
    proxy.reset_all();
    disk.relieve(None).await
}

fn centre(scale: Scale) -> Centre {
    let mut centre = Centre::default().with_queue(QueueProfile::new("chat_in").needing("self-service"));
    for number in 0..scale.logins {
        // Room for all, for a chat that nobody accepts in time goes to another login.
        let bot = AgentProfile::new(program::user(number), program::PASSWORD).skilled("self-service");
        centre = centre.with_agent(bot.capacity(scale.chats));
    }
    centre
}

fn answers(server: &simulator::Handle) -> usize {
    count(server, |event| matches!(event, FactEvent::AgentLine { .. }))
}

fn completed(server: &simulator::Handle) -> usize {
    count(server, |event| matches!(event, FactEvent::Completed { .. }))
}

fn count(server: &simulator::Handle, wanted: impl Fn(&FactEvent) -> bool) -> usize {
    server.log().facts().filter(|fact| wanted(&fact.event)).count()
}

/// Looks again until it is so; never decides by the time that has passed.
async fn waits(what: &str, is_so: impl Fn() -> bool) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        ensure!(Instant::now() < deadline, "waited {PATIENCE:?} for {what}");
        sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// What a trial by hand is run for.
#[expect(clippy::print_stdout, reason = "its figures are what is wanted")]
fn told(scale: Scale, figures: std::fmt::Arguments<'_>) {
    if scale.by_hand {
        println!("\n  {figures}");
    }
}

/// Where the program finds the server.
fn base_url(proxy: SocketAddr) -> String {
    format!("http://{proxy}/api/v2")
}
