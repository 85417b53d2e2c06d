//! How long training and matching take: `cargo bench -p faq-bot --features bench`.

#![allow(missing_docs, reason = "criterion's macros make public items without docs")]
#![allow(clippy::expect_used, reason = "a bench may stop")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use faq_bot::matcher::{Example, Matcher, Method, Scratch, TrainOptions};

const VERBS: [&str; 10] = ["change", "cancel", "find", "pay", "return", "track", "open", "close", "renew", "share"];
const THINGS: [&str; 15] = [
    "parcel",
    "password",
    "invoice",
    "refund",
    "contract",
    "address",
    "card",
    "order",
    "ticket",
    "account",
    "voucher",
    "meeting",
    "delivery",
    "insurance",
    "subscription",
];
const FRAMES: [&str; 10] = [
    "how do i {v} my {t}",
    "i want to {v} the {t}",
    "where can i {v} a {t}",
    "{v} {t}",
    "is it possible to {v} my {t} online",
    "what do i need to {v} the {t} today",
    "my {t}, i need to {v} it",
    "who can {v} a {t} for me",
    "the {t} that i ordered: {v} it",
    "when will you {v} my {t}",
];

/// 150 answers, each with so many questions.
fn base(variants: usize) -> Vec<(String, String)> {
    let pairs = VERBS.iter().flat_map(|verb| THINGS.iter().map(move |thing| (verb, thing)));
    let questions = pairs.flat_map(|(verb, thing)| {
        FRAMES
            .iter()
            .take(variants)
            .map(move |frame| (frame.replace("{v}", verb).replace("{t}", thing), format!("{verb}-{thing}")))
    });
    questions.collect()
}

fn train(base: &[(String, String)], method: Method) -> Matcher {
    let examples: Vec<Example<'_>> = base.iter().map(|(text, answer)| Example::new(text, answer)).collect();
    let options = TrainOptions { method, ..TrainOptions::default() };
    Matcher::train(&examples, &[], &options).expect("the base has words")
}

fn training(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("train");
    group.sample_size(10).measurement_time(Duration::from_secs(20));
    for variants in [5, 10] {
        let base = base(variants);
        group.bench_function(format!("150 answers x {variants}"), |bencher| {
            bencher.iter(|| train(black_box(&base), Method::Auto));
        });
    }
}

fn matching(criterion: &mut Criterion) {
    let base = base(10);
    let mut group = criterion.benchmark_group("match");
    for method in [Method::Network, Method::Centroid] {
        let matcher = train(&base, method);
        let mut scratch = Scratch::default();
        for (name, question) in [
            ("plain", "where can i return the parcel"),
            ("misspelt", "wher can i retrun teh parcle"),
            ("framed", "Hi there, could you please tell me where I can return the parcel? Thank you very much!"),
            ("unknown", "colourless green ideas sleep furiously"),
        ] {
            group.bench_function(format!("{method:?}, {name}").to_lowercase(), |bencher| {
                bencher.iter(|| matcher.rank(black_box(question), &mut scratch));
            });
        }
    }
}

criterion_group!(benches, training, matching);
criterion_main!(benches);
