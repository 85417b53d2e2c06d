//! `attendant faq ask "QUESTION"`: the candidates, and why.

use std::path::PathBuf;

use attendant::{AttachedData, Rehearsal};
use clap::Args;
use faq_bot::bot::{FaqBot, Options};
use faq_bot::knowledge::{By, Found, Question};
use faq_bot::live::Live;
use faq_bot::matcher::{Case, Explanation, Witness, Zone};
use faq_bot::{Knowledge, Language};
use serde_json::{Value, json};

use super::Context;
use crate::exit::{ExitStatus, Failure};
use crate::output::{self, BAD, GOOD, HEADING, NAME, QUIET};

/// Ask a question, and see what the bot would say and why.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  attendant faq ask \"when are you open?\"                       (the demo base)
  attendant faq ask --base shop.yaml \"wo ist mein Paket\"
  attendant faq ask --base shop.yaml --data Segment=business --after opening-hours \"and on sunday?\"")]
pub struct Arguments {
    /// The question.
    question: String,
    /// The base: a YAML file, or a folder of them; the demo base if none is named.
    #[arg(short, long)]
    base: Option<PathBuf>,
    /// A folder with models from `faq train`.
    #[arg(long)]
    models: Option<PathBuf>,
    /// Attached data of the chat.
    #[arg(short, long = "data", value_name = "KEY=VALUE", value_parser = super::pair)]
    data: Vec<(String, String)>,
    /// The customer's language; found from the question if it is not named.
    #[arg(short, long)]
    language: Option<String>,
    /// The answer that was given before, for follow-up questions.
    #[arg(long, value_name = "ID")]
    after: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Asks.
pub fn run(arguments: &Arguments, context: Context) -> Result<ExitStatus, Failure> {
    let base = super::load(arguments.base.as_deref())?;
    let knowledge = super::prepare(base, arguments.models.as_ref(), context)?;
    if let Some(after) = arguments.after.as_ref().filter(|after| knowledge.answer(after).is_none()) {
        return Err(Failure::usage(anyhow::anyhow!("there is no answer `{after}` in the base")));
    }
    let data: AttachedData = arguments.data.iter().cloned().collect();
    let language = language(arguments, &knowledge)?;
    let asked =
        Question { text: &arguments.question, language: &language, data: &data, context: arguments.after.as_deref() };
    let found = knowledge.find(asked);
    let explanation = knowledge.explain(asked);
    let thresholds = knowledge.matcher(&language).map(faq_bot::matcher::Matcher::thresholds);
    let candidates: Vec<Value> = found
        .hits
        .iter()
        .map(|hit| {
            let answer = &knowledge.base().answers[hit.answer];
            json!({
                "id": answer.id,
                "title": answer.title(&language),
                "score": hit.score,
                "nearest_question": nearest(&arguments.question, answer.questions.get(&language)),
                "place": answer.place.to_string(),
            })
        })
        .collect();
    let why = why(&found);
    let report = json!({
        "question": arguments.question,
        "language": language,
        "found_by": found.by,
        "zone": found.zone,
        "reason": found.reason,
        "corrected": found.corrected,
        "thresholds": thresholds,
        "captures": found.captures.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
        "candidates": candidates,
        "why": why,
        "explanation": explanation,
    });
    let says = says(arguments, knowledge, &language)?;
    if arguments.json {
        let mut report = report;
        report["says"] = json!(says.0);
        report["hands_over"] = json!(says.1);
        output::json(&report)?;
    } else {
        print(&report, &found, explanation.as_ref(), &says)?;
    }
    Ok(ExitStatus::Done)
}

fn language(arguments: &Arguments, knowledge: &Knowledge) -> Result<Language, Failure> {
    let base = knowledge.base();
    match &arguments.language {
        Some(tag) => base.language(tag).cloned().ok_or_else(|| {
            let known = base.languages.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            Failure::usage(anyhow::anyhow!("the base does not speak `{tag}`")).hint(format!("it speaks {known}"))
        }),
        None => Ok(knowledge.language_of(&arguments.question).unwrap_or(base.default_language()).clone()),
    }
}

fn why(found: &Found) -> String {
    let zone = match found.zone {
        Zone::Answer => "it answers",
        Zone::DidYouMean => "it asks \"did you mean\"",
        Zone::Person => "it does not answer",
    };
    let reason = match found.by {
        By::Pattern => "a pattern of the answer fits",
        By::SameWords => "the question stands in the base, word for word",
        By::Matcher => match found.reason {
            faq_bot::matcher::Reason::Sure => "the best candidate is above the threshold to answer",
            faq_bot::matcher::Reason::Unsure => "the best candidate is between the thresholds",
            faq_bot::matcher::Reason::NotCovered => "the best candidate is below both thresholds",
            faq_bot::matcher::Reason::UnknownWords => "the base knows none of the words",
            faq_bot::matcher::Reason::Gibberish => "it looks like keys hit at random",
            faq_bot::matcher::Reason::NoWords => "there are no words in it",
            faq_bot::matcher::Reason::NothingAllowed => "no answer is for this customer in this language",
        },
    };
    format!("{zone}: {reason}")
}

/// The question of an answer that has most words in common with what was asked.
fn nearest<'q>(asked: &str, questions: Option<&'q Vec<String>>) -> Option<&'q str> {
    let words = |text: &str| -> std::collections::BTreeSet<String> {
        text.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_owned).collect()
    };
    let asked = words(asked);
    let likeness = |question: &str| {
        let own = words(question);
        let common = own.intersection(&asked).count();
        common * 1000 / own.union(&asked).count().max(1)
    };
    questions?.iter().map(String::as_str).max_by_key(|question| likeness(question))
}

/// What the bot would say, and whether it would hand over.
fn says(arguments: &Arguments, knowledge: Knowledge, language: &Language) -> Result<(Vec<String>, bool), Failure> {
    let before = arguments.after.as_ref().and_then(|id| {
        let (_, answer) = knowledge.answer(id)?;
        answer.questions.get(language)?.first().cloned()
    });
    let bot = FaqBot::on(Live::fixed(knowledge), Options::default());
    let mut chat = Rehearsal::new(bot).locale(language.as_str());
    for (key, value) in &arguments.data {
        chat = chat.data(key, value);
    }
    let runtime = tokio::runtime::Handle::current();
    tokio::task::block_in_place(|| {
        runtime.block_on(async {
            let mut chat = chat.start().await;
            if let Some(before) = before {
                chat.say(before).await;
            }
            let words = chat.say(arguments.question.as_str()).await;
            Ok((words, chat.handoff().is_some()))
        })
    })
}

/// How the message was read, where that is not plain to see, and which part of it decided.
fn print_reading(explanation: &Explanation) -> Result<(), Failure> {
    let read = &explanation.text;
    if read.written == read.read_as {
        output::line(format!("{QUIET}read: {}{QUIET:#}", read.written))?;
    } else {
        output::line(format!(
            "{QUIET}read: {}{QUIET:#}\n{QUIET}  as: {}  (counts twice as much as what was written){QUIET:#}",
            read.written, read.read_as
        ))?;
    }
    if explanation.parts.len() > 1 {
        output::line(format!("\n{HEADING}Parts, each by itself{HEADING:#}"))?;
        for part in &explanation.parts {
            let place = if part.is_whole { "the whole message" } else { part.text.read_as.as_str() };
            let verdict = if part.won { "  ← decided" } else { "" };
            output::line(format!(
                "  {:>5.1} %  {NAME}{}{NAME:#}  {QUIET}{place}  (lead {:+.1}){QUIET:#}{verdict}",
                part.score * 100.0,
                part.answer.as_deref().unwrap_or("-"),
                part.lead,
            ))?;
        }
    }
    Ok(())
}

/// The words that mattered most for an answer, with what they weigh.
fn witnesses(case: &Case) -> String {
    let mut words: Vec<_> = case.words.iter().filter(|witness| witness.weight.abs() >= 0.05).collect();
    words.sort_by(|one, other| other.weight.abs().total_cmp(&one.weight.abs()));
    let word = |witness: &&Witness| {
        let unknown = if witness.known { "" } else { " (new)" };
        format!("{} {:+.1}{unknown}", witness.word.read_as, witness.weight)
    };
    words.iter().take(6).map(word).collect::<Vec<_>>().join(", ")
}

fn print(
    report: &Value,
    found: &Found,
    explanation: Option<&Explanation>,
    says: &(Vec<String>, bool),
) -> Result<(), Failure> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let style = match found.zone {
        Zone::Answer => GOOD,
        Zone::DidYouMean => NAME,
        Zone::Person => BAD,
    };
    output::line(format!(
        "{style}{}{style:#}  {QUIET}(language {}){QUIET:#}",
        text(&report["why"]),
        text(&report["language"])
    ))?;
    if let Some(explanation) = explanation {
        print_reading(explanation)?;
    }
    if !found.hits.is_empty() {
        output::line(format!("\n{HEADING}Candidates{HEADING:#}"))?;
    }
    for candidate in report["candidates"].as_array().into_iter().flatten() {
        let score = candidate["score"].as_f64().unwrap_or_default();
        let near = candidate["nearest_question"].as_str().map(|near| format!("  \"{near}\"")).unwrap_or_default();
        output::line(format!(
            "  {:>5.1} %  {NAME}{}{NAME:#}  {}{QUIET}{near}{QUIET:#}",
            score * 100.0,
            text(&candidate["id"]),
            text(&candidate["title"]),
        ))?;
        let case =
            explanation.iter().flat_map(|all| &all.candidates).find(|case| candidate["id"] == case.answer.as_str());
        if let Some(case) = case {
            output::line(format!("{:11}{QUIET}{}{QUIET:#}", "", witnesses(case)))?;
        }
    }
    if let Some(thresholds) = report["thresholds"].as_object().filter(|_| found.by == By::Matcher) {
        let percent = |key: &str| thresholds.get(key).and_then(Value::as_f64).unwrap_or_default() * 100.0;
        output::line(format!(
            "  {QUIET}answers from {:.1} %, asks \"did you mean\" from {:.1} %{QUIET:#}",
            percent("answer"),
            percent("suggest"),
        ))?;
    }
    output::line(format!("\n{HEADING}The bot says{HEADING:#}"))?;
    for line in says.0.iter().flat_map(|words| words.lines()) {
        output::line(format!("  {line}"))?;
    }
    if says.1 {
        output::line(format!("  {NAME}→ hands over to a person{NAME:#}"))?;
    }
    Ok(())
}
