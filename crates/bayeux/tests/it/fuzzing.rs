//! The fuzz targets, run with a seeded generator: any bytes to the decoder, any history to the machine.

use proptest::prelude::*;
use rand::rngs::SmallRng;
use rand::{Rng, RngCore, SeedableRng};

#[path = "../../fuzz/targets.rs"]
mod targets;

/// Set this variable for longer runs than the ones that belong to every test.
const RUNS: &str = "BAYEUX_FUZZ_RUNS";

fn runs(usual: u64) -> u64 {
    std::env::var(RUNS).ok().and_then(|runs| runs.parse().ok()).unwrap_or(usual)
}

/// Bytes around what servers say: pieces taken out, doubled, changed.
fn mutated(rng: &mut SmallRng) -> Vec<u8> {
    const PIECES: [&str; 16] = [
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "\"",
        "null",
        "1e999",
        "-0",
        "\\ud800",
        "\"channel\":\"/meta/connect\"",
        "[[[[[[",
        "\u{0}",
        "\"data\":",
        "é",
    ];
    let mut text = targets::TRANSCRIPTS[rng.random_range(0..targets::TRANSCRIPTS.len())].as_bytes().to_vec();
    for _ in 0..rng.random_range(0..6) {
        let from = rng.random_range(0..=text.len());
        let to = rng.random_range(from..=text.len().min(from + 20));
        match rng.random_range(0..4) {
            0 => drop(text.drain(from..to)),
            1 => {
                let copy = text[from..to].to_vec();
                text.splice(from..from, copy);
            }
            2 => {
                let piece = PIECES[rng.random_range(0..PIECES.len())];
                text.splice(from..to, piece.bytes());
            }
            _ => {
                if let Some(byte) = text.get_mut(from) {
                    *byte = rng.random();
                }
            }
        }
    }
    text
}

/// RB3, RB4: no bytes make the decoder panic.
#[test]
fn the_decoder_survives_anything() {
    let mut rng = SmallRng::seed_from_u64(1);
    for _ in 0..runs(20_000) {
        targets::decoder(&mutated(&mut rng));
    }
    for transcript in targets::TRANSCRIPTS {
        assert!(bayeux::decode(&transcript.to_string().into()).is_ok_and(|decoded| decoded.rejected == 0));
    }
}

/// CL1, RB4, FB14, DC3: whatever happens in whatever order, there is one connect and one command at a time, every call has one
/// outcome, nothing is delivered to nobody, no timer spins, and an end leaves nothing behind.
#[test]
fn the_machine_keeps_its_invariants_in_any_history() {
    for seed in 0..runs(3_000) {
        let mut rng = SmallRng::seed_from_u64(seed);
        let mut history = vec![0; rng.random_range(10..800)];
        rng.fill_bytes(&mut history);
        // Most histories begin with a session that opens.
        if seed % 4 != 0 {
            history.splice(1..1, [0, 1, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0]);
        }
        let result = std::panic::catch_unwind(|| targets::machine(&history));
        assert!(result.is_ok(), "seed {seed}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    /// RB4: the same with histories that shrink.
    #[test]
    fn short_histories(history in proptest::collection::vec(any::<u8>(), 0..200)) {
        targets::machine(&history);
    }

    /// RB4: any bytes at all.
    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        targets::decoder(&bytes);
    }
}
