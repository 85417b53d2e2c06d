//! The encoder on tiny models that the tests make.

use proptest::prelude::*;

use super::*;
use crate::matcher::TrainOptions;

/// Pieces and their vectors: parcels and packages point one way, words for money the other.
const PIECES: [(&str, [f32; 2]); 8] = [
    ("parcel", [1.0, 0.0]),
    ("package", [0.9, 0.1]),
    ("ship", [0.8, 0.2]),
    ("##ment", [1.0, 0.1]),
    ("invoice", [0.0, 1.0]),
    ("bill", [0.1, 0.9]),
    ("my", [0.5, 0.5]),
    ("[UNK]", [0.0, 0.0]),
];

fn safetensors(dtype: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!(r#"{{"embeddings":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[0,{}]}}}}"#, data.len());
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header.as_bytes());
    bytes.extend_from_slice(data);
    bytes
}

fn model() -> Vec<u8> {
    let data: Vec<u8> = PIECES.iter().flat_map(|(_, vector)| vector).flat_map(|number| number.to_le_bytes()).collect();
    safetensors("F32", "[8,2]", &data)
}

fn word_piece() -> Vec<u8> {
    let vocabulary: serde_json::Map<_, _> =
        PIECES.iter().zip(0..).map(|((piece, _), number)| ((*piece).to_owned(), number.into())).collect();
    let file = serde_json::json!({"model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab": vocabulary}});
    file.to_string().into_bytes()
}

fn encoder() -> Encoder {
    Encoder::from_bytes(&model(), &word_piece()).unwrap()
}

#[test]
fn a_folder_is_opened_and_texts_become_vectors() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(Encoder::open(folder.path()), Err(Error::File { .. })));
    std::fs::write(folder.path().join("model.safetensors"), model()).unwrap();
    std::fs::write(folder.path().join("tokenizer.json"), word_piece()).unwrap();
    let encoder = Encoder::open(folder.path()).unwrap();
    assert_eq!(encoder.encode("PARCEL!"), Some(vec![1.0, 0.0]));
    assert!(encoder.encode("the Shipment").is_some_and(|vector| vector[0] > 0.9));
    assert_eq!(encoder.encode("nothing known"), None);
    assert_eq!(encoder.encode(""), None);
    assert!(encoder.encode(&"my parcel ".repeat(100_000)).is_some());
}

#[test]
fn unigram_takes_the_most_likely_pieces() {
    let vocabulary =
        [("<unk>", 0.0), ("▁par", -3.0), ("cel", -3.0), ("▁parcel", -4.0), ("s", -1.0), ("▁", -9.0), ("p", -9.0)];
    let file = serde_json::json!({"model": {"type": "Unigram", "unk_token": "<unk>", "vocab": vocabulary}});
    let tokenizer = Tokenizer::read(file.to_string().as_bytes()).unwrap();
    let cut = |text: &str| {
        let mut numbers = Vec::new();
        tokenizer.cut(text, |number| numbers.push(number));
        numbers
    };
    assert_eq!(cut("parcels"), [3, 4]);
    assert_eq!(cut("p x"), [5, 6]);
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let one = 1.0_f32.to_le_bytes();
    let small = safetensors("F32", "[1,1]", &one);
    assert!(matches!(Encoder::from_bytes(&small, &word_piece()), Err(Error::Damaged(_))));
    for (dtype, shape) in [("F32", "[2,1]"), ("F32", "[1]"), ("F32", "[18446744073709551615,2]"), ("F16", "[1,1]")] {
        assert!(Encoder::from_bytes(&safetensors(dtype, shape, &one), &word_piece()).is_err(), "{dtype} {shape}");
    }
    assert!(matches!(
        Encoder::from_bytes(&safetensors("Q4", "[1,1]", &one), &word_piece()),
        Err(Error::Unsupported(_))
    ));
    let bpe = br#"{"model":{"type":"BPE","vocab":{}}}"#;
    assert!(matches!(Encoder::from_bytes(&model(), bpe), Err(Error::Unsupported(_))));
    let not_a_number = safetensors("F32", "[1,1]", &f32::NAN.to_le_bytes());
    assert!(matches!(Encoder::from_bytes(&not_a_number, &word_piece()), Err(Error::Damaged(_))));
}

#[test]
fn words_that_the_base_does_not_have_find_their_answer() {
    let examples = [
        Example::new("where is my parcel", "track"),
        Example::new("my parcel is late", "track"),
        Example::new("where is my invoice", "pay"),
        Example::new("my invoice is wrong", "pay"),
    ];
    let matcher = Matcher::train(&examples, &[], &TrainOptions::default()).unwrap();
    let meanings = Meanings::learn(&Arc::new(encoder()), &matcher, &examples);
    for (question, answer) in [("where is my package", "track"), ("where is my bill", "pay"), ("my shipment", "track")]
    {
        let ranking = meanings.rank_among(&matcher, question, &mut Scratch::default(), |_| true);
        assert_eq!(ranking.best().map(|best| matcher.answer(best.answer)), Some(answer), "{question}");
    }
    let unknown = "кошка";
    let alone = matcher.rank(unknown, &mut Scratch::default());
    assert_eq!(meanings.rank_among(&matcher, unknown, &mut Scratch::default(), |_| true), alone);
}

#[tokio::test]
async fn a_bot_with_an_encoder_understands_words_that_its_base_does_not_have() {
    use crate::bot::{FaqBot, Options};
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("model.safetensors"), model()).unwrap();
    std::fs::write(folder.path().join("tokenizer.json"), word_piece()).unwrap();
    let pairs = [
        ("where is my parcel", "track"),
        ("my parcel is late", "track"),
        ("where is my invoice", "pay"),
        ("my invoice is wrong", "pay"),
    ];
    let base = || crate::KnowledgeBase::from_pairs(pairs).unwrap();
    let with = |encoder| Options { encoder, always_answer: true, ..Options::default() };
    let bot = FaqBot::with_options(base(), with(Some(folder.path().to_owned()))).unwrap();
    let mut chat = attendant::Rehearsal::new(bot).start().await;
    assert_eq!(chat.say("where is my bill").await, ["pay"]);
    assert_eq!(chat.say("where is my package").await, ["track"]);
    let missing = FaqBot::with_options(base(), with(Some(folder.path().join("nowhere"))));
    assert!(matches!(missing, Err(crate::live::Error::Encoder(Error::File { .. }))));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn broken_files_are_errors(place in 0_usize..400, change in 1_u8..255, length in 0_usize..400) {
        let whole = model();
        let mut changed = whole.clone();
        let place = place % changed.len();
        changed[place] ^= change;
        let _ = Encoder::from_bytes(&changed, &word_piece()).map(|encoder| encoder.encode("my parcel"));
        let cut = &whole[..length.min(whole.len() - 1)];
        prop_assert!(Encoder::from_bytes(cut, &word_piece()).is_err());
    }
}
