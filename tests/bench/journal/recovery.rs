//! From the start of the process to the last conversation that knows its place on the platform: `attendant run` is killed
//! with thousands of chats open, some customers write meanwhile, and it is started again.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use simulator::model::FactEvent;
use simulator::{AgentProfile, Centre, QueueProfile, Server};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::turns::Door;
use crate::{Plan, median, tell};

const LOGINS: usize = 10;
/// One customer in so many writes while nobody is there.
const WRITES: usize = 20;
const PATIENCE: Duration = Duration::from_secs(300);
/// What a login says when its last conversation knows its place.
const DONE: &str = "every chat knows its place";

pub async fn measure(plan: &Plan) -> Result<()> {
    let binary = build().await?;
    for family in ["chats", "interactions"] {
        let (mut reconciled, mut answered) = (Vec::new(), Vec::new());
        let centre = Open::new(&binary, family, plan.chats).await?;
        for run in 0..plan.runs {
            let (known, all) = centre.crash_and_recover(run + 1).await?;
            reconciled.push(known.as_secs_f64());
            answered.push(all.as_secs_f64());
        }
        let (reconciled, answered) = (median(reconciled), median(answered));
        tell(format_args!(
            "recovery of {} chats ({family}), start to the last reconciled: {reconciled:6.2} s",
            plan.chats
        ));
        tell(format_args!(
            "  and to the last answer to {} lines that came meanwhile:          {answered:6.2} s",
            plan.chats / WRITES
        ));
    }
    Ok(())
}

/// The program, of the same profile and beside this one.
async fn build() -> Result<PathBuf> {
    let here = std::env::current_exe()?;
    let profile = here.parent().and_then(Path::parent).context("a target directory")?;
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--package", "attendant-cli", "--bin", "attendant"]);
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    ensure!(cargo.status().await?.success(), "the binary does not build");
    Ok(profile.join("attendant"))
}

/// A centre with all its chats in the hands of a program that has been killed.
struct Open {
    server: simulator::Handle,
    door: Door,
    folder: tempfile::TempDir,
    binary: PathBuf,
    customers: Vec<String>,
}

impl Open {
    async fn new(binary: &Path, family: &str, chats: usize) -> Result<Self> {
        let server = Server::start(simulator::Options::default().with_centre(centre(chats))).await?;
        let folder = crate::folder()?;
        std::fs::write(folder.path().join("attendant.toml"), config(&server, family, chats))?;
        let door = Door::open(&server)?;
        let open = Self { server, door, folder, binary: binary.to_owned(), customers: Vec::new() };
        let mut program = open.start()?;
        let mut entering = JoinSet::new();
        for _ in 0..chats {
            if entering.len() >= 32 {
                entering.join_next().await.context("a customer")???;
            }
            let door = open.door.clone();
            entering.spawn(async move { door.enter().await });
        }
        while let Some(entered) = entering.join_next().await {
            entered??;
        }
        open.answers(chats).await?;
        sleep(Duration::from_secs(1)).await; // confirmed and journaled, too
        program.kill().await?;
        let log = open.server.log();
        let customers: std::collections::BTreeSet<String> =
            log.facts().map(|fact| fact.customer_chat.as_str().to_owned()).collect();
        drop(log);
        Ok(Self { customers: customers.into_iter().collect(), ..open })
    }

    fn start(&self) -> Result<Child> {
        Command::new(&self.binary)
            .arg("run")
            .arg("--config")
            .arg(self.folder.path().join("attendant.toml"))
            .env("ATTENDANT_LOG", "warn,attendant::service::conversations=debug")
            .env("BOT_PASSWORD", "secret")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("starting the program")
    }

    /// Until the last conversation knows its place, and until the last line that came meanwhile is answered.
    async fn crash_and_recover(&self, time: usize) -> Result<(Duration, Duration)> {
        for customer in self.customers.iter().step_by(WRITES) {
            self.door.say(customer, "is anybody there?").await?;
        }
        let begun = Instant::now();
        let mut program = self.start()?;
        let mut lines = BufReader::new(program.stderr.take().context("a pipe")?).lines();
        let mut done = 0;
        let all_done = async {
            while done < LOGINS {
                let line = lines.next_line().await?.context("the program has ended")?;
                done += usize::from(line.contains(DONE));
            }
            anyhow::Ok(begun.elapsed())
        };
        let known = timeout(PATIENCE, all_done).await.context("recovery takes too long")??;
        let chats = self.customers.len();
        self.answers(chats + time * chats.div_ceil(WRITES)).await?;
        let answered = begun.elapsed();
        let reads = async { while let Ok(Some(_)) = lines.next_line().await {} };
        let _ = timeout(Duration::from_secs(1), reads).await;
        program.kill().await?;
        Ok((known, answered))
    }

    async fn answers(&self, wanted: usize) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let log = self.server.log();
            let count = log.facts().filter(|fact| matches!(fact.event, FactEvent::AgentLine { .. })).count();
            if count >= wanted {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "{count} of {wanted} answers");
            sleep(Duration::from_millis(50)).await;
        }
    }
}

fn centre(chats: usize) -> Centre {
    let mut centre = Centre::default().with_queue(QueueProfile::new("chat_in").needing("bot"));
    for number in 1..=LOGINS {
        let profile = AgentProfile::new(format!("bot-{number:02}"), "secret").skilled("bot");
        centre = centre.with_agent(profile.capacity(chats.div_ceil(LOGINS)));
    }
    centre
}

fn config(server: &simulator::Handle, family: &str, chats: usize) -> String {
    format!(
        "[server]\nbase_url = \"{}/api/v2\"\nfamily = \"{family}\"\n\
         [conversation]\npace = {{ on = false }}\nlistening = {{ quiet = \"30ms\" }}\noffers = {{ most = {chats} }}\n\
         loop_guard = {{ turns_a_minute = 100000, same_words = 100000 }}\n\
         [journal]\nkind = \"sqlite\"\npath = \"journal\"\n\
         [bots.parrot]\nkind = \"echo\"\n\
         [[logins]]\nuser = \"bot-{{01..{LOGINS:02}}}\"\npassword = {{ env = \"BOT_PASSWORD\" }}\nbot = \"parrot\"\n",
        server.base_url()
    )
}
