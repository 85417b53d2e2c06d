//! The bot: a knowledge base behind the [`Bot`] trait.

mod dialogue;
mod memory;
mod note;
mod reply;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use attendant::{Bot, BotError, Next, Turn};

pub use self::memory::{Asked, Memory, Outcome, Pending};
pub use self::reply::{Pick, pick, yes_or_no};
use crate::base::Values;
use crate::learn::Learner;
use crate::live::{Error, Live, Watcher};
use crate::matcher::TrainOptions;
use crate::{Knowledge, KnowledgeBase, knowledge};

/// How often changed files are looked for, unless the caller says otherwise.
const LOOK: Duration = Duration::from_secs(2);
/// Under which key the bot keeps its memory of a conversation.
pub const MEMORY: &str = "faq";

/// What the bot does with a question that it has no answer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhenUnsure {
    /// It asks for other words, and offers a person when that has not helped.
    #[default]
    Ask,
    /// It offers a person at once.
    Offer,
    /// It hands over at once.
    HandOver,
}

/// How the bot behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// What it does with a question that it has no answer to.
    pub when_unsure: WhenUnsure,
    /// Gives the best answer even if it is unsure. For measuring, not for customers.
    pub always_answer: bool,
    /// How its matcher is trained.
    pub training: TrainOptions,
    /// A folder with matchers that were trained ahead.
    pub models: Option<PathBuf>,
    /// A folder with a sentence encoder that has a say beside the words.
    #[cfg(feature = "encoder")]
    pub encoder: Option<PathBuf>,
    /// How often changed files are looked for; zero is never.
    pub reload: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            when_unsure: WhenUnsure::default(),
            always_answer: false,
            training: TrainOptions::default(),
            models: None,
            #[cfg(feature = "encoder")]
            encoder: None,
            reload: LOOK,
        }
    }
}

impl Options {
    /// What a base needs to be made ready. Opens the encoder.
    #[cfg_attr(not(feature = "encoder"), expect(clippy::unnecessary_wraps, reason = "only an encoder can fail"))]
    fn knowledge(&self) -> Result<knowledge::Options, Error> {
        Ok(knowledge::Options {
            training: self.training.clone(),
            models: self.models.clone(),
            #[cfg(feature = "encoder")]
            encoder: match &self.encoder {
                Some(folder) => Some(Arc::new(crate::encoder::Encoder::open(folder).map_err(Error::Encoder)?)),
                None => None,
            },
        })
    }
}

/// A bot that answers from a knowledge base. One value serves any number of chats at once.
pub struct FaqBot {
    live: Live,
    options: Options,
    learner: Option<Arc<dyn Learner>>,
    _watcher: Option<Watcher>,
}

impl FaqBot {
    /// A bot on a base in memory, with the default behaviour. Trains the matcher.
    pub fn new(base: KnowledgeBase) -> Result<Self, Error> {
        Self::with_options(base, Options::default())
    }

    /// A bot on a base in memory. Trains the matcher, or takes it from `options.models`.
    pub fn with_options(base: KnowledgeBase, options: Options) -> Result<Self, Error> {
        let (knowledge, _) = Knowledge::open(base, &options.knowledge()?).map_err(Error::Training)?;
        Ok(Self::on(Live::fixed(knowledge), options))
    }

    /// A bot on a file or folder, which is read again when it changes. Trains the matcher, or takes it from
    /// `options.models`.
    pub fn open(path: impl Into<PathBuf>, options: Options) -> Result<Self, Error> {
        let live = Live::open(path, options.knowledge()?)?;
        let watch = || {
            live.watch(options.reload)
                .map_err(|error| tracing::warn!(%error, "changes of the knowledge base will not be seen"))
                .ok()
        };
        let watcher = (!options.reload.is_zero()).then(watch).flatten();
        Ok(Self { _watcher: watcher, ..Self::on(live, options) })
    }

    /// A bot on knowledge that somebody else keeps.
    pub fn on(live: Live, options: Options) -> Self {
        Self { live, options, learner: None, _watcher: None }
    }

    /// A bot on the demo base of an invented parcel shop.
    pub fn demo() -> Result<Self, Error> {
        Self::new(crate::demo().map_err(Error::Base)?)
    }

    /// Where lessons go.
    #[must_use]
    pub fn learning(mut self, learner: impl Learner + 'static) -> Self {
        self.learner = Some(Arc::new(learner));
        self
    }

    /// The knowledge in force.
    pub fn live(&self) -> &Live {
        &self.live
    }
}

/// The attached data of a turn.
struct TurnData<'t, 'a>(&'t Turn<'a>);

impl Values for TurnData<'_, '_> {
    fn value(&self, name: &str) -> Option<&str> {
        self.0.data(name)
    }
}

#[async_trait]
impl Bot for FaqBot {
    async fn respond(&self, turn: &mut Turn<'_>) -> Result<Next, BotError> {
        let knowledge = self.live.knowledge();
        // A memory of another version is worth less than an answer.
        let mut memory: Memory = turn.recall(MEMORY).ok().flatten().unwrap_or_default();
        let reply = {
            let data = TurnData(turn);
            let mut dialogue = dialogue::Dialogue {
                knowledge: &knowledge,
                options: &self.options,
                memory: &mut memory,
                data: &data,
                locale: turn.locale(),
                reply: dialogue::Reply::default(),
            };
            dialogue.handle(turn.event());
            dialogue.reply
        };
        if let Some(confidence) = reply.confidence {
            turn.set_confidence(confidence);
        }
        for message in reply.messages {
            turn.say(message).await?;
        }
        turn.remember(MEMORY, memory)?;
        if let Some(learner) = self.learner.as_ref().filter(|_| !reply.lessons.is_empty()) {
            let at = turn.now().0;
            let learner = Arc::clone(learner);
            // A turn that is run again has learnt already.
            turn.step("learn", || async move {
                for mut lesson in reply.lessons {
                    lesson.at = at;
                    learner.learn(lesson);
                }
                Ok::<_, BotError>(())
            })
            .await?;
        }
        Ok(reply.next.unwrap_or(Next::Listen))
    }
}
