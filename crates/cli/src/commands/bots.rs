//! Which of the bots of a configuration a command is about.

use anyhow::anyhow;

use crate::config::{self, Config};
use crate::exit::Failure;

/// The bot of a configuration that is meant: the named one, or the only one.
pub fn chosen<'c>(named: Option<&str>, config: &'c Config) -> Result<&'c str, Failure> {
    let known = || config.bots.keys().map(String::as_str);
    match named {
        Some(name) => known().find(|one| *one == name).ok_or_else(|| none(name, known())),
        None => match known().collect::<Vec<_>>()[..] {
            [only] => Ok(only),
            ref all => Err(Failure::usage(anyhow!("there are {} bots: {}", all.len(), all.join(", ")))
                .hint("say which one with --bot")),
        },
    }
}

/// There is no such bot.
pub fn none<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Failure {
    let known: Vec<&str> = known.into_iter().collect();
    let failure = Failure::usage(anyhow!("there is no bot `{name}`; there are: {}", known.join(", ")));
    match config::text::nearest(name, known) {
        Some(nearest) => failure.hint(format!("did you mean `{nearest}`?")),
        None => failure,
    }
}
