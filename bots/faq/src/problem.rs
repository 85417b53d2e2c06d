//! What is wrong with an input file, where, and what to do about it.

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

/// A place in a file. Lines and columns count from 1; 0 means the file as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file, as it was named by the caller.
    #[serde(serialize_with = "as_text")]
    pub file: Arc<str>,
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

fn as_text<S: Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

impl Place {
    /// The file as a whole.
    pub fn whole(file: &str) -> Self {
        Self { file: file.into(), line: 0, column: 0 }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (0, _) => f.write_str(&self.file),
            (line, 0) => write!(f, "{}:{line}", self.file),
            (line, column) => write!(f, "{}:{line}:{column}", self.file),
        }
    }
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The input cannot be used.
    Error,
    /// It can be used, and somebody should look.
    Warning,
}

/// What is wrong, as code: the words may change, the kinds do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ProblemKind {
    /// The file cannot be read.
    Unreadable,
    /// The bytes are not text in a known encoding.
    Encoding,
    /// Not well-formed YAML, CSV or TSV.
    Syntax,
    /// Larger, deeper or longer than allowed.
    TooLarge,
    /// A key that does not exist.
    UnknownKey,
    /// The same key, id or setting twice.
    Duplicate,
    /// A value of the wrong type or form.
    WrongValue,
    /// Something required is not there.
    Missing,
    /// A name that refers to nothing.
    UnknownName,
    /// No answer at all.
    Empty,
    /// Two answers that cannot be told apart.
    SameQuestions,
    /// A question that belongs to more than one answer.
    SharedQuestion,
    /// An answer with few ways to ask for it.
    FewQuestions,
    /// A language in which an answer says nothing.
    Untranslated,
    /// A pattern that is refused.
    Pattern,
    /// Columns of an import that are not as expected.
    Columns,
    /// Something that was left out in an import.
    LeftOut,
}

/// One problem of an input file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Where.
    #[serde(flatten)]
    pub place: Place,
    /// How bad.
    pub severity: Severity,
    /// What, as code.
    pub kind: ProblemKind,
    /// What, in words.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl Problem {
    /// Something that makes the input unusable.
    pub fn error(place: Place, kind: ProblemKind, message: impl Into<String>) -> Self {
        Self { place, severity: Severity::Error, kind, message: message.into(), hint: None }
    }

    /// Something that somebody should look at.
    pub fn warning(place: Place, kind: ProblemKind, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(place, kind, message) }
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the nearest of the known names, if one is near.
    #[must_use]
    pub fn nearest<'a>(self, name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let best = known
            .into_iter()
            .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
            .filter(|(distance, candidate)| *distance <= 1 + candidate.chars().count() / 3)
            .min();
        match best {
            Some((_, candidate)) => self.hint(format!("did you mean `{candidate}`?")),
            None => self,
        }
    }

    /// Whether the input cannot be used.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, " ({hint})")?;
        }
        Ok(())
    }
}

/// All that is wrong with an input. At least one problem is an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// The first error.
    pub fn first(&self) -> Option<&Problem> {
        self.0.iter().find(|problem| problem.is_error())
    }

    /// Whether a problem of this kind is among them.
    pub fn has(&self, kind: ProblemKind) -> bool {
        self.0.iter().any(|problem| problem.kind == kind)
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errors = self.0.iter().filter(|problem| problem.is_error()).count();
        match self.first() {
            Some(first) if errors > 1 => write!(f, "{first}, and {} more", errors - 1),
            Some(first) => first.fmt(f),
            None => f.write_str("no error"),
        }
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}
