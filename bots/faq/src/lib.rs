//! A bot that answers questions from a knowledge base and knows when it does not know, on a matcher that anyone can use.
#![doc = include_str!("../README.md")]

pub mod base;
pub mod bench;
pub mod bot;
#[cfg(feature = "encoder")]
pub mod encoder;
pub mod eval;
pub mod export;
pub mod import;
pub mod knowledge;
mod language;
pub mod learn;
pub mod live;
pub mod matcher;
mod problem;
mod text;
mod tongue;

pub use base::KnowledgeBase;
pub use bot::FaqBot;
pub use knowledge::Knowledge;
pub use language::Language;
pub use problem::{Place, Problem, ProblemKind, Problems, Severity};

/// The demo base: an invented parcel shop.
pub fn demo() -> Result<KnowledgeBase, Problems> {
    KnowledgeBase::parse("demo/parcel-shop.yaml", DEMO)
}

/// The demo base as its file has it.
pub const DEMO: &str = include_str!("../demo/parcel-shop.yaml");

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::base::Kind;

    #[test]
    fn the_demo_base_is_rich_and_valid() {
        let base = super::demo().unwrap();
        let kinds: Vec<_> = base.warnings.iter().map(|warning| (warning.kind, warning.to_string())).collect();
        assert!(kinds.len() <= 3, "{kinds:#?}");
        let answers: Vec<_> = base.answers.iter().filter(|answer| answer.kind == Kind::Answer).collect();
        assert!(answers.iter().filter(|answer| answer.parent.is_none()).count() >= 30);
        assert!(base.answers.iter().all(|answer| answer.questions.values().all(|questions| questions.len() >= 5)));
        assert!(answers.iter().any(|answer| answer.parent.is_some()));
        let kinds: BTreeSet<_> = base.answers.iter().map(|answer| format!("{:?}", answer.kind)).collect();
        assert_eq!(kinds.len(), 3);
    }
}
