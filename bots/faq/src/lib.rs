//! A bot that answers questions from a knowledge base and knows when it does not know, on a matcher that anyone can use.

pub mod matcher;
