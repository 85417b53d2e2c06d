//! The bots of a configuration, and whether what they name is there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use attendant::rules::Rules;
use faq_bot::bot::WhenUnsure;
use serde::Deserialize;

/// One bot. One value serves all its logins. Relative paths begin at the folder of the configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bot {
    /// Which one.
    pub kind: Kind,
    /// The knowledge base of a `faq`: a YAML file, or a folder of them.
    pub base: Option<PathBuf>,
    /// The file of a `faq` that keeps what was not answered, for `attendant faq suggest`; made if it is not there.
    pub learn: Option<PathBuf>,
    /// A folder with models from `attendant faq train`; what does not fit the base is trained anew.
    pub models: Option<PathBuf>,
    /// A folder with `model.safetensors` and `tokenizer.json`: sentence embeddings that have a say beside the words.
    pub encoder: Option<PathBuf>,
    /// How often a `faq` looks for changes of its base; `0s` is never.
    #[serde(default, with = "humantime_serde")]
    pub reload: Option<Duration>,
    /// What a `faq` does with a question that it has no answer to: ask, offer (a person) or hand-over.
    pub when_unsure: Option<WhenUnsure>,
    /// When it hands over, beside what it decides itself; the first that fires wins.
    #[serde(default)]
    pub rules: Rules,
}

/// The bots that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Answers questions from a knowledge base.
    Faq,
    /// Says what it is told. For trying a connection.
    Echo,
}

impl Bot {
    /// Whether its keys fit its kind; else the key and what is wrong.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        let of_faq = [
            ("base", self.base.is_some()),
            ("learn", self.learn.is_some()),
            ("models", self.models.is_some()),
            ("encoder", self.encoder.is_some()),
            ("reload", self.reload.is_some()),
            ("when_unsure", self.when_unsure.is_some()),
        ];
        match self.kind {
            Kind::Faq if self.base.is_none() => Err(("base", "needs a `base`".to_owned())),
            Kind::Echo => match of_faq.iter().find(|(_, is_there)| *is_there) {
                Some((key, _)) => Err((key, format!("has no use for `{key}`"))),
                None => Ok(()),
            },
            Kind::Faq => Ok(()),
        }
    }
}

/// What is wrong with a key of a bot.
#[derive(Debug, PartialEq, Eq)]
pub struct Mistake {
    pub bot: String,
    pub key: &'static str,
    pub message: String,
    pub nearest: Option<String>,
}

/// Whether the files that bots name are there, or can be made.
pub fn check(bots: &BTreeMap<String, Bot>, folder: &Path) -> Result<(), Mistake> {
    let mut lessons: BTreeMap<PathBuf, &str> = BTreeMap::new();
    for (name, bot) in bots {
        let Some(base_path) = &bot.base else { continue };
        let mistake = |key: &'static str, message: String, path: &Path| {
            Err(Mistake { bot: name.clone(), key, message, nearest: near(path) })
        };
        let base = folder.join(base_path);
        if !base.exists() {
            return mistake("base", format!("{} is not there", base_path.display()), &base);
        }
        if let Some(learn) = &bot.learn {
            let path = folder.join(learn);
            let parent = path.parent().unwrap_or(folder);
            if path.is_dir() {
                return mistake("learn", format!("{} is a folder; name a file in it", learn.display()), &path);
            }
            if !(parent.as_os_str().is_empty() || parent.is_dir()) {
                return mistake("learn", format!("the folder of {} is not there", learn.display()), parent);
            }
            // Each bot shortens its file when it is full; two would do so under each other's hands.
            if let Some(other) = lessons.insert(path.clone(), name) {
                return mistake(
                    "learn",
                    format!("{} is the file of the bot `{other}`", learn.display()),
                    Path::new(""),
                );
            }
        }
        if let Some(models) = &bot.models
            && !folder.join(models).is_dir()
        {
            let message = format!(
                "there is no folder {}; make it with: attendant faq train {} --out {}",
                models.display(),
                base_path.display(),
                models.display()
            );
            return mistake("models", message, &folder.join(models));
        }
        if let Some(encoder) = &bot.encoder {
            if !cfg!(feature = "encoder") {
                let message = "this program was built without it; build it with --features encoder".to_owned();
                return mistake("encoder", message, Path::new(""));
            }
            for file in ["model.safetensors", "tokenizer.json"] {
                let path = folder.join(encoder).join(file);
                if !path.is_file() {
                    let message = format!("there is no {file} in {}", encoder.display());
                    return mistake("encoder", message, &folder.join(encoder));
                }
            }
        }
    }
    Ok(())
}

/// The file or folder beside a missing one whose name is nearest.
fn near(missing: &Path) -> Option<String> {
    let wanted = missing.file_name()?.to_str()?;
    if missing.exists() {
        return None;
    }
    let parent = missing.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let names: Vec<String> =
        std::fs::read_dir(parent).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    super::text::nearest(wanted, names.iter().map(String::as_str))
}
