//! Runs the clients one after the other, and reads from the system what each of them cost.

use std::time::Duration;

use anyhow::Context;
use attendant_tests::interop::{Kind, Program, Server, Settings, java, node};
use serde_json::Value;
use tokio::process::Command;

/// How long one client may take for one scenario.
const PATIENCE: Duration = Duration::from_secs(90);
/// How long the server is away.
const AWAY: Duration = Duration::from_millis(1500);

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// 10,000 messages at once to one session.
    Burst,
    /// Round trips of one session, one at a time.
    Echo,
    /// 1,000 sessions in one process, 100 messages to each.
    Crowd,
    /// The server goes away for 1.5 s and comes back knowing nothing.
    Recovery,
}

/// Whose client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// This project's.
    Ours,
    /// CometD for JavaScript.
    JavaScript,
    /// CometD for Java.
    Java,
    /// Faye.
    Faye,
}

/// One run of one client.
#[derive(Debug, Clone)]
pub struct Run {
    pub scenario: Scenario,
    pub who: Who,
    pub transport: &'static str,
    pub ack: bool,
    /// What the client measured itself.
    pub result: Value,
    /// Time on a processor, of all its threads, from the moment it was ready to begin.
    pub cpu: Duration,
    /// The most memory it ever had.
    pub peak_kib: u64,
}

impl Scenario {
    pub const ALL: [Self; 4] = [Self::Burst, Self::Echo, Self::Crowd, Self::Recovery];

    pub fn name(self) -> &'static str {
        match self {
            Self::Burst => "burst",
            Self::Echo => "echo",
            Self::Crowd => "crowd",
            Self::Recovery => "recovery",
        }
    }

    fn words(self) -> Vec<(&'static str, String)> {
        let numbers: &[(&str, u32)] = match self {
            // The first bursts warm a client up; the median of the rest counts.
            Self::Burst => &[("runs", 15), ("count", 10_000)],
            Self::Echo => &[("warmup", 1_000), ("count", 5_000)],
            Self::Crowd => &[("sessions", 1_000), ("count", 100), ("everyMicros", 50_000), ("together", 20)],
            Self::Recovery => &[],
        };
        numbers.iter().map(|(key, number)| (*key, number.to_string())).collect()
    }
}

impl Who {
    pub const ALL: [Self; 4] = [Self::Ours, Self::JavaScript, Self::Java, Self::Faye];

    pub fn name(self) -> &'static str {
        match self {
            Self::Ours => "bayeux (ours)",
            Self::JavaScript => "CometD JavaScript 9.0.0",
            Self::Java => "CometD Java 9.0.0",
            Self::Faye => "Faye 1.4.3",
        }
    }

    fn has_ack(self) -> bool {
        self != Self::Faye
    }

    fn command(self) -> anyhow::Result<Command> {
        Ok(match self {
            Self::Ours => {
                let mut command = Command::new(std::env::current_exe().context("finding this program")?);
                command.arg("client");
                command
            }
            Self::JavaScript => node("peer-cometd.mjs"),
            Self::Java => java("client", "lab.Peer"),
            Self::Faye => node("peer-faye.mjs"),
        })
    }
}

/// Every scenario, `runs` times; within a round the clients take turns.
#[expect(clippy::print_stderr, reason = "tells how far it is")]
pub async fn all(scenarios: &[Scenario], runs: usize) -> anyhow::Result<Vec<Run>> {
    let mut results = Vec::new();
    for scenario in scenarios.iter().copied() {
        for round in 1..=runs {
            for transport in ["long-polling", "websocket"] {
                for ack in [true, false] {
                    // At a thousand sessions and in recovery the way of delivery makes no difference worth the time.
                    if !ack && scenario == Scenario::Recovery {
                        continue;
                    }
                    for who in Who::ALL {
                        if ack != who.has_ack() && (ack || matches!(scenario, Scenario::Crowd)) && who != Who::Faye {
                            continue;
                        }
                        // Faye has no ack: it runs once, in the column without, or in the only column.
                        let only_column = matches!(scenario, Scenario::Recovery);
                        if who == Who::Faye && ack && !only_column {
                            continue;
                        }
                        let run = one(scenario, who, transport, ack && who.has_ack()).await;
                        let run = match run {
                            Ok(run) => run,
                            // A client that does not finish is told of, and the others are measured all the same.
                            Err(error) if who != Who::Ours => {
                                eprintln!("{} of {} over {transport}: {error:#}", scenario.name(), who.name());
                                continue;
                            }
                            Err(error) => return Err(error),
                        };
                        eprintln!(
                            "{} {round}/{runs} {transport}{} {}: {} cpu {:?} peak {} KiB",
                            scenario.name(),
                            if ack { " ack" } else { "" },
                            who.name(),
                            brief(&run.result),
                            run.cpu,
                            run.peak_kib
                        );
                        results.push(run);
                    }
                }
            }
        }
    }
    Ok(results)
}

fn brief(result: &Value) -> String {
    let text = result.to_string();
    text.chars().take(180).collect()
}

async fn one(scenario: Scenario, who: Who, transport: &'static str, ack: bool) -> anyhow::Result<Run> {
    // A fresh server for each: none has the leftovers, or the warmth, of another.
    let settings = Settings { timeout: Duration::from_secs(30), ..Settings::default() };
    let mut server = Server::start(Kind::JavaCurrent, settings).await?;
    warm_up(&server).await?;
    let mut words = scenario.words();
    words.extend([
        ("scenario", scenario.name().to_owned()),
        ("url", server.url()),
        ("transport", transport.to_owned()),
        ("ack", ack.to_string()),
    ]);
    let mut client = Program::start(who.command()?, &words)?;
    client.announced_within("BEGIN", PATIENCE).await?;
    let before = cpu(&client)?;
    client.tell("go").await?;
    let mut back = None;
    if scenario == Scenario::Recovery {
        client.announced_within("SUBSCRIBED", PATIENCE).await?;
        client.tell("it goes").await?;
        client.announced_within("WAITING", PATIENCE).await?;
        server.kill().await?;
        tokio::time::sleep(AWAY).await;
        server.start_again().await?;
        back = Some(wall_micros()?);
        server.burst("/tick", 0, 20_000, Duration::from_millis(2)).await?;
    }
    let mut result = client.announced_within("RESULT", PATIENCE).await?;
    if let (Some(back), Some(first)) = (back, result.get("firstMicros").and_then(Value::as_u64)) {
        result = serde_json::json!({ "afterMicros": first.saturating_sub(back) });
    }
    let cpu = cpu(&client)?.saturating_sub(before);
    let peak_kib = peak(&client)?;
    client.kill().await?;
    server.kill().await?;
    Ok(Run { scenario, who, transport, ack, result, cpu, peak_kib })
}

/// Lets the server's own compiler see the way of a message before anybody is measured.
async fn warm_up(server: &Server) -> anyhow::Result<()> {
    for transport in ["long-polling", "websocket"] {
        let words = [
            ("scenario", "burst".to_owned()),
            ("runs", "5".to_owned()),
            ("count", "10000".to_owned()),
            ("url", server.url()),
            ("transport", transport.to_owned()),
            ("ack", "true".to_owned()),
        ];
        let mut client = Program::start(Who::Ours.command()?, &words)?;
        client.announced_within("BEGIN", PATIENCE).await?;
        client.tell("go").await?;
        client.announced_within("RESULT", PATIENCE).await?;
        client.kill().await?;
    }
    Ok(())
}

/// The wall clock: the one clock that processes share.
#[expect(clippy::disallowed_methods, reason = "compares moments of two processes")]
fn wall_micros() -> anyhow::Result<u64> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    Ok(u64::try_from(since.as_micros())?)
}

/// Processor time of all threads, from `/proc` (in hundredths of a second on Linux).
fn cpu(program: &Program) -> anyhow::Result<Duration> {
    let stat = read_proc(program, "stat")?;
    // The name, in parentheses, may contain anything; utime and stime are the 12th and 13th field after it.
    let rest = stat.rsplit_once(") ").context("reading /proc/…/stat")?.1;
    let fields: Vec<&str> = rest.split(' ').collect();
    let ticks = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
    Ok(Duration::from_millis(ticks * 10))
}

/// The highest resident size so far, in KiB.
fn peak(program: &Program) -> anyhow::Result<u64> {
    let status = read_proc(program, "status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

fn read_proc(program: &Program, file: &str) -> anyhow::Result<String> {
    let id = program.id().context("it has ended")?;
    Ok(std::fs::read_to_string(format!("/proc/{id}/{file}"))?)
}
