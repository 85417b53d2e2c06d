//! `attendant demo`: a contact centre in a box, two bots, two scripted people, two pages.

mod centre;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use attendant::{Bot, Journal, MemoryJournal, Options};
use clap::{Args, Parser};
use faq_bot::FaqBot;
use simulator::Server;

use super::Context;
use crate::exit::{ExitStatus, Failure};
use crate::fleet::{Fleet, Seat};
use crate::output::{self, HEADING, NAME, QUIET};
use crate::signals::Signals;
use crate::wiring;

/// How long the bots may take to be ready.
const READY_WITHIN: Duration = Duration::from_secs(20);

/// Start a contact centre in a box with two bots, and two pages to try it.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
The contact centre is simulated and listens on this machine alone. The bots sign in over the same REST and CometD that a
real server has.

Examples:
  attendant demo --open
  attendant demo --port 9000 --family interactions")]
pub struct Arguments {
    /// Where the pages are served.
    #[arg(long, default_value_t = 8040, env = "ATTENDANT_DEMO_PORT")]
    port: u16,

    /// Open both pages in the browser.
    #[arg(long)]
    open: bool,

    /// Which endpoint family the bots use.
    #[arg(long, value_enum, default_value_t = super::Family::Chats)]
    family: super::Family,
}

impl Arguments {
    /// What `attendant demo` takes without flags. The environment counts here as it does there.
    pub fn without_flags() -> Self {
        #[derive(Parser)]
        struct Demo {
            #[command(flatten)]
            arguments: Arguments,
        }
        Demo::parse_from(["attendant demo"]).arguments
    }
}

/// Runs until a signal stops it.
pub async fn run(arguments: Arguments, context: Context) -> Result<ExitStatus, Failure> {
    let mut signals = Signals::listen()?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.port));
    let server = Server::start(simulator::Options::default().with_address(address).with_centre(centre::centre()))
        .await
        .map_err(|error| Failure::new(ExitStatus::Failed, error).hint("another program has this port? try --port 0"))?;
    let bot: Arc<dyn Bot> = Arc::new(FaqBot::demo().map_err(|error| Failure::new(ExitStatus::Failed, error))?);
    let mut fleet = Fleet::start(seats(&server, arguments.family, &bot)?, &journal(), Duration::ZERO)?;
    fleet.ready(READY_WITHIN).await?;
    let (customer, desk) = (format!("{}/customer", server.base_url()), format!("{}/desk", server.base_url()));
    if !context.quiet {
        output::line(welcome(&customer, &desk))?;
    }
    if arguments.open {
        for page in [&customer, &desk] {
            open(page).await;
        }
    }
    signals.next().await;
    let status = super::run::stop(fleet, &mut signals).await;
    server.shutdown().await;
    status
}

fn journal() -> Arc<dyn Journal> {
    Arc::new(MemoryJournal::new())
}

fn seats(server: &simulator::Handle, family: super::Family, bot: &Arc<dyn Bot>) -> Result<Vec<Seat>, Failure> {
    let options = super::gws_options(server, family)?;
    let client = gws::Client::new(options).map_err(Failure::usage)?;
    let mut conversation = Options { nickname: "Linden (assistant)".to_owned(), ..Options::default() };
    "I am still looking for a colleague, and stay with you until then.".clone_into(&mut conversation.handoff.meanwhile);
    conversation.handoff.meanwhile_every = Duration::from_secs(20);
    let seat = |user: &str| Seat {
        platform: wiring::login_on(&client, gws::Credentials::new(user, centre::PASSWORD)),
        bot: Arc::clone(bot),
        options: conversation.clone(),
        comparisons: None,
        peak: None,
    };
    Ok(centre::BOTS.iter().map(|user| seat(user)).collect())
}

fn welcome(customer: &str, desk: &str) -> String {
    let people: Vec<String> =
        centre::PEOPLE.iter().map(|(user, first)| format!("{first} ({NAME}{user}{NAME:#})")).collect();
    format!(
        "\
{HEADING}A contact centre is open: two bots answer, {} are at their desks.{HEADING:#}

  Chat as a customer    {NAME}{customer}{NAME:#}
  Work as a person      {NAME}{desk}{NAME:#}   {QUIET}user nora or tom, password {}{QUIET:#}

Try this:
  1. On the customer page, ask \"Where is my parcel?\", then \"and what does it cost?\".
  2. Say \"I want to talk to a person\". Nora or Tom takes over; they are played by a script.
  3. Sign in on the desk as nora: from now on you are Nora. Read the bot's note, answer, transfer, complete.

{QUIET}Ctrl-C stops.{QUIET:#}",
        people.join(" and "),
        centre::PASSWORD
    )
}

/// Opens a page in the browser; where there is none, the address has been printed.
async fn open(page: &str) {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let started = tokio::process::Command::new(program).arg(page).output().await.with_context(|| program.to_owned());
    match started {
        Ok(output) if output.status.success() => {}
        Ok(output) => tracing::warn!(status = %output.status, "{program} could not open the page"),
        Err(error) => tracing::warn!("{error:#}"),
    }
}
