//! The simulated customers: each takes some questions, opens a chat, asks them one after the other, and notes what came.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use indicatif::ProgressBar;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::customer::{Chat, Door, Line};
use super::questions::Question;

/// What a customer says when the answer was none.
pub const ASK_FOR_PERSON: &str = "I would like to talk to a person, please.";

/// What became of one question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The right answer came.
    Right,
    /// Another answer came.
    Wrong,
    /// The bot had no answer, and a person took the chat over.
    HandedOver,
    /// Nothing came within the deadline.
    Unanswered,
}

/// One asked question.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What became of it.
    pub outcome: Outcome,
    /// From sending the question to seeing the first words in return.
    pub round_trip: Option<Duration>,
}

/// How the crowd behaves.
#[derive(Debug, Clone)]
pub struct Behaviour {
    /// How many customers at once.
    pub customers: usize,
    /// How many questions one chat has at most.
    pub questions_a_chat: usize,
    /// How long a customer waits for an answer.
    pub patience: Duration,
    /// The name that bots show.
    pub bot: String,
}

/// What the crowd has seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// One a question.
    pub asked: Vec<Asked>,
    /// How many chats were opened.
    pub chats: usize,
}

/// Asks all questions. `is_answer` tells an answer of the knowledge base from other words of a bot, `answers` how many
/// lines the bot has to say to a question, so that its customer reads them all before asking the next.
pub async fn ask_all(
    door: &Door,
    questions: Vec<Question>,
    behaviour: &Behaviour,
    is_answer: impl Fn(&str) -> bool + Clone + Send + Sync + 'static,
    answers: impl Fn(&str) -> usize + Clone + Send + Sync + 'static,
    progress: &ProgressBar,
) -> anyhow::Result<Seen> {
    let waiting = Arc::new(Mutex::new(VecDeque::from(questions)));
    let mut customers = JoinSet::new();
    for number in 0..behaviour.customers {
        let customer = Customer {
            door: door.clone(),
            waiting: Arc::clone(&waiting),
            behaviour: behaviour.clone(),
            is_answer: is_answer.clone(),
            answers: answers.clone(),
            progress: progress.clone(),
            name: format!("Customer {number}"),
            seen: Seen::default(),
        };
        customers.spawn(customer.run());
    }
    let mut all = Seen::default();
    while let Some(ended) = customers.join_next().await {
        let seen = ended??;
        all.asked.extend(seen.asked);
        all.chats += seen.chats;
    }
    Ok(all)
}

struct Customer<F, A> {
    door: Door,
    waiting: Arc<Mutex<VecDeque<Question>>>,
    behaviour: Behaviour,
    is_answer: F,
    answers: A,
    progress: ProgressBar,
    name: String,
    seen: Seen,
}

/// What came back for a line.
enum Reply {
    Answer(String),
    Other,
    Person,
    Nothing,
}

impl<F: Fn(&str) -> bool, A: Fn(&str) -> usize> Customer<F, A> {
    async fn run(mut self) -> anyhow::Result<Seen> {
        loop {
            let batch: VecDeque<Question> = {
                let mut waiting = self.waiting.lock().await;
                let count = self.behaviour.questions_a_chat.min(waiting.len());
                waiting.drain(..count).collect()
            };
            if batch.is_empty() {
                return Ok(self.seen);
            }
            self.hold(batch).await?;
        }
    }

    /// Holds chats until the questions are asked: a new one after each that a person took over.
    async fn hold(&mut self, mut questions: VecDeque<Question>) -> anyhow::Result<()> {
        while !questions.is_empty() {
            let mut chat = self.door.open(&self.name, "Question").await?;
            self.seen.chats += 1;
            while let Some(question) = questions.pop_front() {
                let asked = self.ask(&mut chat, &question).await?;
                let over = !matches!(asked.outcome, Outcome::Right | Outcome::Wrong);
                self.seen.asked.push(asked);
                self.progress.inc(1);
                if over {
                    break;
                }
            }
            chat.complete().await?;
        }
        Ok(())
    }

    async fn ask(&self, chat: &mut Chat, question: &Question) -> anyhow::Result<Asked> {
        let begun = Instant::now();
        let reply = self.exchange(chat, &question.text).await?;
        let round_trip = (!matches!(reply, Reply::Nothing)).then(|| begun.elapsed());
        let outcome = match reply {
            Reply::Answer(label) if label == question.label => Outcome::Right,
            Reply::Answer(_) => Outcome::Wrong,
            Reply::Person => Outcome::HandedOver,
            Reply::Nothing => Outcome::Unanswered,
            // A choice, or a word that it did not understand: the customer has enough, and asks for a person.
            Reply::Other => match self.exchange(chat, ASK_FOR_PERSON).await? {
                Reply::Person => Outcome::HandedOver,
                _ => self.wait_for_person(chat).await?,
            },
        };
        Ok(Asked { outcome, round_trip })
    }

    async fn wait_for_person(&self, chat: &mut Chat) -> anyhow::Result<Outcome> {
        let deadline = Instant::now() + self.behaviour.patience;
        let came = chat.wait(deadline, |line| self.is_person(line)).await?.is_some();
        Ok(if came { Outcome::HandedOver } else { Outcome::Unanswered })
    }

    /// Says a line and waits for the words in return. Several answers are an answer only if they agree.
    async fn exchange(&self, chat: &mut Chat, text: &str) -> anyhow::Result<Reply> {
        chat.skip_unread(|line| self.is_person(line));
        chat.say(text).await?;
        let deadline = Instant::now() + self.behaviour.patience;
        let mut reply = Reply::Nothing;
        for number in 0..(self.answers)(text) {
            let Some(line) = chat.wait(deadline, |line| line.is_agent_text() || self.is_person(line)).await? else {
                return Ok(Reply::Nothing);
            };
            let next = match line {
                line if self.is_person(&line) => return Ok(Reply::Person),
                line if (self.is_answer)(&line.text) => Reply::Answer(line.text),
                _ => Reply::Other,
            };
            reply = match (number, reply, next) {
                (0, _, next) => next,
                (_, Reply::Answer(one), Reply::Answer(two)) if one != two => Reply::Answer(format!("{one}\n{two}")),
                (_, one, _) => one,
            };
        }
        Ok(reply)
    }

    fn is_person(&self, line: &Line) -> bool {
        line.from.kind == "Agent" && line.from.nickname != self.behaviour.bot
    }
}
