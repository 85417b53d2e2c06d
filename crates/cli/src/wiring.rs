//! From a configuration to seats: one HTTP client for all logins, one bot value a bot, one platform a login.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use attendant::peak::Peak;
use attendant::{Availability, Bot, Comparisons, Journal, LoginId, MemoryJournal, Platform};
use faq_bot::FaqBot;
use faq_bot::learn::{FileLearner, LARGEST};
use gws::Credentials;
use journal_sqlite::SqliteJournal;
use platform_gws::{AvailabilityOptions, Photographer};

use crate::comparisons;
use crate::config::{self, Config};
use crate::exit::{ExitStatus, Failure};
use crate::fleet::Seat;

/// A configuration that is wrong.
pub fn config_failure(error: config::Error) -> Failure {
    let nearest = error.nearest.clone();
    let failure = Failure::usage(error);
    match nearest {
        Some(nearest) => failure.hint(format!("did you mean `{nearest}`?")),
        None => failure,
    }
}

/// Logins that are to work, and whoever looks who is there for them.
pub struct Seats {
    /// The logins.
    pub all: Vec<Seat>,
    /// Takes the pictures of who is there, where anybody wants them.
    pub photographer: Option<Photographer>,
}

/// Reads passwords and knowledge bases, and makes a seat of every login. Nothing is sent yet.
pub async fn seats(config: &Config) -> Result<Seats, Failure> {
    let client = gws::Client::new(config.server.clone()).map_err(Failure::usage)?;
    let mut bots: BTreeMap<&str, Arc<dyn Bot>> = BTreeMap::new();
    for (name, bot) in &config.bots {
        let made = make_bot(bot, &config.folder).map_err(|failure| in_bot(name, failure))?;
        bots.insert(name, Arc::new(config.rules(bot).around(made)));
    }
    let comparisons = comparisons(config)?;
    let mut passwords = BTreeMap::new();
    let mut logins = Vec::new();
    for login in config.logins() {
        if !passwords.contains_key(&login.of.user) {
            let password = login.of.password.read(&config.folder).await;
            passwords.insert(
                &login.of.user,
                password.with_context(|| format!("login {}: password", login.of.user)).map_err(Failure::usage)?,
            );
        }
        let Some((password, bot)) = passwords.get(&login.of.user).zip(bots.get(login.of.bot.as_str())) else {
            continue;
        };
        let options = config.options_of(login.of);
        let mut credentials = Credentials::new(login.user.as_str(), password.clone());
        if let Some(place) = &login.of.place {
            credentials = credentials.place(place.as_str());
        }
        if let Some(code) = &login.of.login_code {
            credentials = credentials.login_code(code.as_str());
        }
        if let Some(queue) = &login.of.queue {
            credentials = credentials.queue(queue.as_str());
        }
        logins.push(Manned {
            platform: gws_login(&client, credentials),
            name: &login.of.bot,
            bot: Arc::clone(bot),
            options,
        });
    }
    seated(logins, config.peak.as_ref(), &config.people, comparisons.as_ref())
}

/// A login and who works there.
pub struct Manned<'n> {
    /// Its way to the contact centre.
    pub platform: Arc<platform_gws::Login>,
    /// The name of its bot: logins of the same one share the layer that weighs handoffs.
    pub name: &'n str,
    /// The bot, with its rules.
    pub bot: Arc<dyn Bot>,
    /// How conversations are held.
    pub options: attendant::Options,
}

/// A seat of each login, with handoffs weighed if `peak` says how.
pub fn seated(
    logins: Vec<Manned<'_>>,
    peak: Option<&attendant::peak::Options>,
    people: &config::People,
    comparisons: Option<&Arc<dyn Comparisons>>,
) -> Result<Seats, Failure> {
    let Some(peak) = peak else {
        let seat = |login: Manned<'_>| Seat {
            platform: login.platform,
            bot: login.bot,
            options: login.options,
            comparisons: comparisons.cloned(),
            peak: None,
        };
        return Ok(Seats { all: logins.into_iter().map(seat).collect(), photographer: None });
    };
    let sessions = logins.iter().map(|login| login.platform.session().clone()).collect();
    let (people, photographer) = who_is_there(people, sessions);
    let mut layers: BTreeMap<&str, Arc<Peak>> = BTreeMap::new();
    let mut all = Vec::new();
    for Manned { platform, name, bot, options } in logins {
        let layer = if let Some(layer) = layers.get(name) {
            Arc::clone(layer)
        } else {
            let layer = Peak::around(bot, peak.clone(), Arc::clone(&people)).map_err(|wrong| {
                let wrong: Vec<String> = wrong.iter().map(ToString::to_string).collect();
                Failure::usage(anyhow::anyhow!("[peak] {}", wrong.join("; ")))
            })?;
            let layer = Arc::new(layer);
            layers.insert(name, Arc::clone(&layer));
            layer
        };
        all.push(Seat { platform, bot: layer.clone(), options, comparisons: comparisons.cloned(), peak: Some(layer) });
    }
    Ok(Seats { all, photographer })
}

/// Who is there, as the configuration wants it known.
fn who_is_there(wanted: &config::People, sessions: Vec<gws::Session>) -> (Arc<dyn Availability>, Option<Photographer>) {
    match wanted {
        config::People::Table { table } => (Arc::new(table.clone()), None),
        config::People::Platform { every, within, forget_after, queues } => {
            let options = AvailabilityOptions {
                every: *every,
                within: *within,
                forget_after: *forget_after,
                queues: queues.clone(),
            };
            let (photographer, board) = Photographer::new(sessions, options);
            (board, Some(photographer))
        }
    }
}

/// The file of comparisons, if the configuration names one. A relative path begins at its folder.
fn comparisons(config: &Config) -> Result<Option<Arc<dyn Comparisons>>, Failure> {
    let Some(path) = &config.comparisons else { return Ok(None) };
    let path = config.folder.join(path);
    let lines = comparisons::Lines::open(&path).with_context(|| format!("comparisons: {}", path.display()));
    Ok(Some(Arc::new(lines.map_err(Failure::usage)?)))
}

/// One login of a server.
pub fn login_on(client: &gws::Client, credentials: Credentials) -> Arc<dyn Platform> {
    gws_login(client, credentials)
}

/// The same, with its session.
pub fn gws_login(client: &gws::Client, credentials: Credentials) -> Arc<platform_gws::Login> {
    let id = LoginId::from(credentials.user_name());
    Arc::new(platform_gws::Login::new(id, client, credentials, platform_gws::Options::default()))
}

/// Opens the journal. A relative path begins at the folder of the configuration.
pub fn journal(config: &Config) -> Result<Arc<dyn Journal>, Failure> {
    Ok(match journal_file(config) {
        None => Arc::new(MemoryJournal::new()),
        Some(options) => {
            Arc::new(SqliteJournal::open(&options).map_err(|error| Failure::new(ExitStatus::Failed, error))?)
        }
    })
}

/// Whether the journal could be opened. True: it is in use, by bots that run.
pub fn check_journal(config: &Config) -> Result<bool, Failure> {
    match journal_file(config).map_or(Ok(()), |options| SqliteJournal::check(&options)) {
        Ok(()) => Ok(false),
        Err(journal_sqlite::Error::InUse { .. }) => Ok(true),
        Err(error) => Err(Failure::new(ExitStatus::Failed, error)),
    }
}

fn journal_file(config: &Config) -> Option<journal_sqlite::Options> {
    match &config.journal {
        config::Journal::Memory {} => None,
        config::Journal::Sqlite(options) => {
            Some(journal_sqlite::Options { path: config.folder.join(&options.path), ..options.clone() })
        }
    }
}

fn make_bot(bot: &config::Bot, folder: &Path) -> Result<Arc<dyn Bot>, Failure> {
    match bot.kind {
        config::Kind::Echo => Ok(Arc::new(echo_bot::Echo::default())),
        config::Kind::Faq => Ok(Arc::new(faq_bot(bot, folder)?)),
    }
}

/// The FAQ bot of a configuration. Opens its files, and trains its matcher where no model fits.
pub fn faq_bot(bot: &config::Bot, folder: &Path) -> Result<FaqBot, Failure> {
    let usual = faq_bot::bot::Options::default();
    let options = faq_bot::bot::Options {
        when_unsure: bot.when_unsure.unwrap_or(usual.when_unsure),
        models: bot.models.as_ref().map(|models| folder.join(models)),
        #[cfg(feature = "encoder")]
        encoder: bot.encoder.as_ref().map(|encoder| folder.join(encoder)),
        reload: bot.reload.unwrap_or(usual.reload),
        ..usual
    };
    let base = bot.base.as_deref().unwrap_or(Path::new("")); // the check of the configuration wants one
    let made = FaqBot::open(folder.join(base), options).map_err(base_failure)?;
    let Some(learn) = &bot.learn else { return Ok(made) };
    let path = folder.join(learn);
    let learner = FileLearner::open(&path, LARGEST)
        .with_context(|| format!("learn: {} cannot be written", path.display()))
        .map_err(Failure::usage)?;
    Ok(made.learning(learner))
}

/// Every problem of a knowledge base, a line each, not only the first.
fn base_failure(error: faq_bot::live::Error) -> Failure {
    match error {
        faq_bot::live::Error::Base(problems) => {
            let all: Vec<String> = problems.0.iter().map(ToString::to_string).collect();
            Failure::usage(anyhow::anyhow!("the knowledge base cannot be used\n  {}", all.join("\n  ")))
        }
        other => Failure::usage(other),
    }
}

/// Says which bot a failure is about.
pub fn in_bot(name: &str, mut failure: Failure) -> Failure {
    failure.error = failure.error.context(format!("[bots.{name}]"));
    failure
}
