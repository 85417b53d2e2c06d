//! Reads what teams have already: CSV and TSV, QnA Maker and Azure question answering TSV, Rasa YAML, Dialogflow FAQ CSV.

mod builder;
mod encoding;
mod qna_maker;
mod rasa;
mod table;

use std::sync::Arc;

use self::builder::Builder;
pub use self::encoding::Encoding;
use crate::problem::{Place, Problem, ProblemKind};
use crate::{KnowledgeBase, Language, Problems};

/// Largest file.
const FILE: usize = 64 * 1024 * 1024;

/// How a file is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// Comma (or semicolon) separated, with or without a heading line.
    Csv,
    /// Tab separated, with or without a heading line.
    Tsv,
    /// The export of QnA Maker or of Azure's custom question answering.
    QnaMaker,
    /// Rasa training data with responses.
    Rasa,
    /// Dialogflow FAQ: question and answer, no heading line.
    Dialogflow,
}

impl Format {
    /// All of them, by name.
    pub const ALL: &'static [(&'static str, Self)] = &[
        ("csv", Self::Csv),
        ("tsv", Self::Tsv),
        ("qna-maker", Self::QnaMaker),
        ("rasa", Self::Rasa),
        ("dialogflow", Self::Dialogflow),
    ];

    /// The format that a file most likely has, by its name and its first line.
    pub fn guess(name: &str, first_line: &str) -> Option<Self> {
        let extension = name.rsplit('.').next().unwrap_or_default().to_lowercase();
        let heading = first_line.to_lowercase();
        match extension.as_str() {
            "yml" | "yaml" => Some(Self::Rasa),
            "csv" => Some(Self::Csv),
            "tsv" | "txt" | "tab" if heading.contains("qnaid") || heading.starts_with("question\tanswer\tsource") => {
                Some(Self::QnaMaker)
            }
            "tsv" | "txt" | "tab" => Some(Self::Tsv),
            _ => None,
        }
    }
}

/// A file to import.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its name, for messages.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// What an import needs to know besides the files.
#[derive(Debug, Clone)]
pub struct Options {
    /// How the files are to be read; `None` guesses for each.
    pub format: Option<Format>,
    /// How their bytes are to be read; `None` takes UTF-8, or UTF-16 with a byte order mark.
    pub encoding: Option<Encoding>,
    /// The language of their texts, where they do not say.
    pub language: Language,
    /// What the base will be called.
    pub name: String,
}

impl Default for Options {
    fn default() -> Self {
        Self { format: None, encoding: None, language: Language::new("en"), name: "Imported".to_owned() }
    }
}

/// Reads files into one base. What could not be brought over is among the warnings of the base.
pub fn read(sources: &[Source], options: &Options) -> Result<KnowledgeBase, Problems> {
    let mut builder = Builder::new(options);
    let mut rasa = rasa::Project::default();
    let mut unguessed = Vec::new();
    for source in sources {
        if source.bytes.len() > FILE {
            let message = format!("the file has {} bytes; {FILE} are allowed", source.bytes.len());
            return Err(Problem::error(Place::whole(&source.name), ProblemKind::TooLarge, message).into());
        }
        let file: Arc<str> = source.name.as_str().into();
        let text = encoding::decode(&file, &source.bytes, options.encoding)?;
        let first_line = text.lines().next().unwrap_or_default();
        match options.format.or_else(|| Format::guess(&source.name, first_line)) {
            Some(Format::Csv) => table::read(&file, &text, table::Shape::Csv, &mut builder)?,
            Some(Format::Tsv) => table::read(&file, &text, table::Shape::Tsv, &mut builder)?,
            Some(Format::Dialogflow) => table::read(&file, &text, table::Shape::Dialogflow, &mut builder)?,
            Some(Format::QnaMaker) => qna_maker::read(&file, &text, &mut builder)?,
            Some(Format::Rasa) => rasa.add(&file, &text, &mut builder)?,
            None => unguessed.push(
                Problem::error(
                    Place::whole(&source.name),
                    ProblemKind::WrongValue,
                    "the format cannot be told by the name",
                )
                .hint("say which one it is: csv, tsv, qna-maker, rasa or dialogflow"),
            ),
        }
    }
    if !unguessed.is_empty() {
        return Err(Problems(unguessed));
    }
    rasa.finish(&mut builder);
    builder.finish()
}
