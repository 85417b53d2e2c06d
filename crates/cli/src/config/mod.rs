//! The configuration of `attendant run`: one file, checked as a whole before anything starts.
//!
//! Defaults < file < environment. A key of the file is overridden by `ATTENDANT__` and its path, joined by two
//! underscores: `ATTENDANT__SERVER__BASE_URL`. The value is read as TOML; what is not TOML is a string.

mod bots;
mod logins;
mod people;
pub mod secret;
pub mod text;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use attendant::rules::Rules;
use attendant::{Mode, Options};
use serde::Deserialize;

pub use self::bots::{Bot, Kind};
pub use self::people::People;
use self::secret::Source;
pub use self::text::Error;

/// What begins the name of an environment variable that overrides a key.
const PREFIX: &str = "ATTENDANT__";

/// A whole configuration.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The server.
    pub server: gws::Options,
    /// How conversations are held.
    #[serde(default)]
    pub conversation: attendant::Options,
    /// Where intents and owed steps are kept, so that a crash loses nothing.
    #[serde(default)]
    pub journal: Journal,
    /// The bots, by name.
    pub bots: BTreeMap<String, Bot>,
    /// Which login is which bot.
    pub logins: Vec<Logins>,
    /// A file of JSON lines: what drafts and shadows would have said, beside what people said.
    #[serde(default)]
    pub comparisons: Option<PathBuf>,
    /// How handoffs are weighed against how busy people are. Without it they are not weighed.
    pub peak: Option<attendant::peak::Options>,
    /// Where it is known from who is there.
    #[serde(default)]
    pub people: People,
    /// Where relative paths begin: the folder of the file.
    #[serde(skip)]
    pub folder: PathBuf,
}

/// Where intents and owed steps are kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Journal {
    /// In an SQLite file, held by one process at a time.
    Sqlite(journal_sqlite::Options),
    /// In memory: a crash of the process forgets what was owed.
    Memory {},
}

impl Default for Journal {
    fn default() -> Self {
        Self::Sqlite(journal_sqlite::Options::new("attendant.journal"))
    }
}

/// One login, or a numbered range of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Logins {
    /// A user name, or a range such as `bot-{01..12}`.
    pub user: String,
    /// Where the password comes from; the same for the whole range.
    pub password: Source,
    /// The name of one of the bots.
    pub bot: String,
    /// What customers see, instead of the nickname of `[conversation]`.
    pub nickname: Option<String>,
    /// How much it does by itself, instead of the mode of `[conversation]`: `auto`, `draft` or `shadow`.
    pub mode: Option<Mode>,
    /// The place of the contact-centre session, for centres that want one.
    pub place: Option<String>,
    /// The login code of the contact-centre session, for centres that want one.
    pub login_code: Option<String>,
    /// The queue of the contact-centre session, for centres that want one.
    pub queue: Option<String>,
}

/// One login, ready to be used.
#[derive(Debug, Clone)]
pub struct Login<'a> {
    /// The user name.
    pub user: String,
    /// The entry that it comes from.
    pub of: &'a Logins,
}

impl Config {
    /// Reads and checks a file, with the environment's overrides.
    pub fn load(file: &Path) -> Result<Self, Error> {
        let text =
            std::fs::read_to_string(file).map_err(|error| Error::new(file, format!("cannot be read: {error}")))?;
        let overrides = std::env::vars().filter(|(name, _)| name.starts_with(PREFIX));
        let config = Self::parse(file, &text, overrides)?;
        bots::check(&config.bots, &config.folder).map_err(|mistake| {
            let error = Error::new(file, format!("[bots.{}] {}: {}", mistake.bot, mistake.key, mistake.message));
            Error { nearest: mistake.nearest, ..error.at(&text, &["bots", &mistake.bot, mistake.key]) }
        })?;
        Ok(config)
    }

    /// The same, from a text; whether the files are there that it names is not looked at.
    pub fn parse(
        file: &Path,
        text: &str,
        overrides: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Error> {
        let overrides: Vec<_> = overrides.into_iter().collect();
        let mut config: Self = if overrides.is_empty() {
            text::parse(file, text)?
        } else {
            let mut table: toml::Table = text::parse(file, text)?;
            for (name, value) in &overrides {
                set(&mut table, name, value).map_err(|why| Error::new(file, format!("{name}: {why}")))?;
            }
            text::parse_table(file, table)?
        };
        config.folder = file.parent().map(Path::to_owned).unwrap_or_default();
        config.check(file, text)?;
        Ok(config)
    }

    fn check(&self, file: &Path, text: &str) -> Result<(), Error> {
        let wrong = |message: String| Error::new(file, message);
        self.server.validate().map_err(|error| wrong(format!("[server] {error}")).at(text, &["server"]))?;
        if let Some(first) = self.conversation.validate().first() {
            return Err(wrong(format!("[conversation] {first}")).at(text, &below("conversation", first.key)));
        }
        for (name, bot) in &self.bots {
            if let Err((key, message)) = bot.check() {
                return Err(wrong(format!("[bots.{name}] {message}")).at(text, &["bots", name, key]));
            }
            if let Some(first) = self.rules(bot).validate().first() {
                let path = ["bots", name, "rules", &first.number.to_string(), first.key];
                return Err(wrong(format!("[bots.{name}] {first}")).at(text, &path));
            }
        }
        if let Some(first) = self.peak.as_ref().and_then(|peak| peak.validate().into_iter().next()) {
            return Err(wrong(format!("[peak] {first}")).at(text, &below("peak", first.key)));
        }
        if let Some((name, why)) = self.people.wrong() {
            return Err(wrong(format!("[people.table.{name}] {why}")).at(text, &["people", "table", name]));
        }
        if self.logins.is_empty() {
            return Err(wrong("there is no login: add a [[logins]] entry".to_owned()));
        }
        let mut seen = std::collections::BTreeSet::new();
        for (number, entry) in self.logins.iter().enumerate() {
            let number = number.to_string();
            let wrong = |key: &str, message: String| {
                Error::new(file, format!("login {}{message}", entry.user)).at(text, &["logins", &number, key])
            };
            if !self.bots.contains_key(&entry.bot) {
                return Err(wrong("bot", format!(": there is no bot `{}`", entry.bot))
                    .nearest_of(&entry.bot, self.bots.keys().map(String::as_str)));
            }
            entry.password.validate().map_err(|error| wrong("password", format!(": password: {error}")))?;
            let options = self.options_of(entry);
            if let Some(first) = options.validate().first() {
                return Err(wrong("mode", format!(": {first}")));
            }
            if options.mode == Mode::Shadow && self.comparisons.is_none() {
                let why = " is a shadow, and there is no file for what it would have said: set `comparisons`";
                return Err(wrong("mode", why.to_owned()));
            }
            let at_user = |message: String| Error::new(file, message).at(text, &["logins", &number, "user"]);
            let users = logins::expand(&entry.user).map_err(at_user)?;
            if let Some(user) = users.into_iter().find(|user| !seen.insert(user.clone())) {
                return Err(at_user(format!("login {user} is listed twice; one login can be signed in once")));
            }
        }
        Ok(())
    }

    /// The rules of a bot, with the fallback of the conversations.
    pub fn rules(&self, bot: &Bot) -> Rules {
        bot.rules.clone().fallback(self.conversation.fallback.clone())
    }

    /// How the conversations of a login are held. Every bot of the fleet knows the others by their names in the chat.
    pub fn options_of(&self, entry: &Logins) -> Options {
        let mut options = self.conversation.clone();
        if let Some(nickname) = &entry.nickname {
            options.nickname.clone_from(nickname);
        }
        options.mode = entry.mode.unwrap_or(options.mode);
        let names = self.logins.iter().map(|other| other.nickname.as_ref().unwrap_or(&self.conversation.nickname));
        for name in names {
            if !options.handoff.bots.contains(name) {
                options.handoff.bots.push(name.clone());
            }
        }
        options
    }

    /// Every login, ranges counted out.
    pub fn logins(&self) -> impl Iterator<Item = Login<'_>> {
        self.logins.iter().flat_map(|entry| {
            logins::expand(&entry.user).unwrap_or_default().into_iter().map(move |user| Login { user, of: entry })
        })
    }
}

/// The way to a setting of a table, by its key with dots.
fn below<'k>(table: &'k str, key: &'k str) -> Vec<&'k str> {
    std::iter::once(table).chain(key.split('.')).collect()
}

/// Sets one key of a table: `ATTENDANT__SERVER__BASE_URL` is `server.base_url`.
fn set(table: &mut toml::Table, name: &str, value: &str) -> Result<(), String> {
    let path: Vec<String> = name.trim_start_matches(PREFIX).split("__").map(str::to_lowercase).collect();
    let (key, parents) = path.split_last().filter(|(key, _)| !key.is_empty()).ok_or("names no key")?;
    let mut table = table;
    for parent in parents {
        let entry = table.entry(parent.clone()).or_insert_with(|| toml::Value::Table(toml::Table::new()));
        table = entry.as_table_mut().ok_or_else(|| format!("`{parent}` is not a table"))?;
    }
    let value = toml::from_str::<toml::Table>(&format!("value = {value}"))
        .ok()
        .and_then(|mut parsed| parsed.remove("value"))
        .unwrap_or_else(|| toml::Value::String(value.to_owned()));
    table.insert(key.clone(), value);
    Ok(())
}

#[cfg(test)]
mod tests;
