//! What the matcher promises, over small knowledge bases.

use proptest::prelude::*;

use super::*;

const BASE: [(&str, &str); 12] = [
    ("when are you open", "hours"),
    ("what are your opening hours", "hours"),
    ("are you open on sunday", "hours"),
    ("until when can i come to the shop", "hours"),
    ("where is my parcel", "parcel"),
    ("my parcel has not arrived", "parcel"),
    ("track my delivery", "parcel"),
    ("the delivery is late", "parcel"),
    ("how do i reset my password", "password"),
    ("i forgot my password", "password"),
    ("i can not log in", "password"),
    ("change the password of my account", "password"),
];

fn examples() -> Vec<Example<'static>> {
    BASE.map(|(text, answer)| Example::new(text, answer)).to_vec()
}

fn trained() -> Matcher {
    Matcher::train(&examples(), &["how is the weather"], &TrainOptions::default()).unwrap()
}

fn best<'m>(matcher: &'m Matcher, question: &str) -> &'m str {
    let ranking = matcher.rank(question, &mut Scratch::default());
    ranking.best().map_or("", |best| matcher.answer(best.answer))
}

#[test]
fn the_nearest_answer_is_best_and_candidates_fall() {
    let matcher = trained();
    assert_eq!(best(&matcher, "is the shop open on sundays?"), "hours");
    assert_eq!(best(&matcher, "did my parcel arrive"), "parcel");
    assert_eq!(best(&matcher, "forgot password"), "password");
    let ranking = matcher.rank("forgot password", &mut Scratch::default());
    assert_eq!(ranking.candidates().len(), 3);
    assert!(ranking.candidates().is_sorted_by(|one, other| one.confidence >= other.confidence));
    assert!(ranking.candidates().iter().all(|candidate| (0.0..=1.0).contains(&candidate.score)));
}

#[test]
fn only_allowed_answers_are_ranked() {
    let matcher = trained();
    let parcel = matcher.index_of("parcel").unwrap();
    let ranking = matcher.rank_among("forgot password", &mut Scratch::default(), |answer| answer == parcel);
    assert_eq!(ranking.candidates().len(), 1);
    let ranking = matcher.rank_among("forgot password", &mut Scratch::default(), |_| false);
    assert_eq!((ranking.zone, ranking.reason), (Zone::Person, Reason::NothingAllowed));
}

#[test]
fn nothing_to_go_by_is_left_to_a_person() {
    let matcher = trained();
    for (message, reason) in [
        ("", Reason::NoWords),
        (" \u{0}\u{7}", Reason::NoWords),
        ("🙂🙃", Reason::NoWords),
        ("кошка", Reason::UnknownWords),
    ] {
        let ranking = matcher.rank(message, &mut Scratch::default());
        assert_eq!((ranking.zone, ranking.reason), (Zone::Person, reason), "{message:?}");
    }
}

#[test]
fn a_base_without_words_is_refused() {
    let options = TrainOptions::default();
    assert!(matches!(Matcher::train(&[], &[], &options), Err(Error::NothingToLearn)));
    let emoji = [Example::new("🙂", "smile")];
    assert!(matches!(Matcher::train(&emoji, &["weather"], &options), Err(Error::NothingToLearn)));
    let wrong = TrainOptions { precision: 0.1, ..TrainOptions::default() };
    assert!(matches!(Matcher::train(&examples(), &[], &wrong), Err(Error::Option { option: "precision", .. })));
}

#[test]
fn one_answer_and_one_question_are_enough() {
    let matcher = Matcher::train(&[Example::new("when are you open", "hours")], &[], &TrainOptions::default()).unwrap();
    assert_eq!(best(&matcher, "when do you open"), "hours");
    assert_eq!(matcher.rank("кошка", &mut Scratch::default()).zone, Zone::Person);
}

#[test]
fn the_same_question_for_two_answers_ranks_both() {
    let twice = [Example::new("opening hours", "shop"), Example::new("opening hours", "office")];
    let matcher = Matcher::train(&twice, &[], &TrainOptions::default()).unwrap();
    let ranking = matcher.rank("opening hours", &mut Scratch::default());
    assert_eq!(ranking.candidates().len(), 2);
    assert!((ranking.candidates()[0].score - ranking.candidates()[1].score).abs() < 0.01);
}

/// Many questions made from a few words, so that a network can be trained on them.
fn made() -> Vec<(String, String)> {
    let topics = ["parcel", "password", "invoice", "refund", "contract", "address"];
    let frames = [
        "where is my #",
        "i need a new #",
        "the # is wrong",
        "can i change the #",
        "tell me about the #",
        "# please help",
    ];
    let make = |topic: &str, frame: &str| (frame.replace('#', topic), topic.to_owned());
    topics.iter().flat_map(|topic| frames.iter().map(move |frame| make(topic, frame))).collect()
}

fn train_made(method: Method, threads: usize) -> Matcher {
    let made = made();
    let examples: Vec<_> = made.iter().map(|(text, answer)| Example::new(text, answer)).collect();
    let options = TrainOptions { method, threads, ..TrainOptions::default() };
    Matcher::train(&examples, &["how is the weather"], &options).unwrap()
}

#[test]
fn a_network_learns_and_is_saved_too() {
    let matcher = train_made(Method::Network, 1);
    assert_eq!(best(&matcher, "what about my invoice"), "invoice");
    assert_eq!(matcher.training().method, Method::Network);
    assert_eq!(Matcher::from_bytes(&matcher.to_bytes()).unwrap(), matcher);
    assert_eq!(matcher.to_bytes(), train_made(Method::Network, 3).to_bytes());
}

#[test]
fn a_frame_takes_nothing_from_the_question() {
    let mut base = made();
    base.extend(["what time do you run", "time to run", "the run"].map(|text| (text.to_owned(), "run".to_owned())));
    base.extend(["set the timer", "start a timer", "timer please"].map(|text| (text.to_owned(), "timer".to_owned())));
    let examples: Vec<_> = base.iter().map(|(text, answer)| Example::new(text, answer)).collect();
    let matcher = Matcher::train(&examples, &[], &TrainOptions::default()).unwrap();
    let mut scratch = Scratch::default();
    let plain = matcher.rank("set the timer", &mut scratch);
    // Behind the timer, "un" makes it a "time" and a "run".
    let framed = matcher.rank("Buenas, una duda rápida: set the timer Un saludo", &mut scratch);
    assert_eq!(framed, plain);
}

#[test]
fn words_that_have_nothing_in_common_with_the_base_are_not_guessed_at() {
    let matcher = train_made(Method::Network, 1);
    let reason = |question: &str| matcher.rank(question, &mut Scratch::default()).reason;
    // "address", "where" and "refund" have pairs of these letters.
    assert_eq!(reason("jadd qwhe oref"), Reason::UnknownWords);
    // A compound of a known word is not foreign.
    assert_ne!(reason("parcelwise"), Reason::UnknownWords);
}

#[test]
fn the_method_is_chosen_by_what_was_held_out() {
    let training = train_made(Method::Auto, 1).training().clone();
    assert_ne!(training.method, Method::Auto);
    assert!(training.other_accuracy.unwrap() <= training.accuracy);
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let first = trained().to_bytes();
    assert_eq!(first, trained().to_bytes());
    let threads = TrainOptions { threads: 4, ..TrainOptions::default() };
    let parallel = Matcher::train(&examples(), &["how is the weather"], &threads).unwrap();
    assert_eq!(first, parallel.to_bytes());
}

#[test]
fn a_saved_matcher_is_the_same() {
    let matcher = trained();
    assert_eq!(Matcher::from_bytes(&matcher.to_bytes()).unwrap(), matcher);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("faq.model");
    matcher.save(&path).unwrap();
    assert_eq!(Matcher::load(&path).unwrap(), matcher);
    assert!(matches!(Matcher::load(&folder.path().join("none")), Err(Error::File { .. })));
}

#[test]
fn a_broken_model_is_refused_wherever_it_is_broken() {
    let bytes = trained().to_bytes();
    for length in (0..bytes.len()).step_by(7) {
        assert!(Matcher::from_bytes(&bytes[..length]).unwrap_err().wants_training());
    }
    for place in (0..bytes.len()).step_by(5) {
        let mut broken = bytes.clone();
        broken[place] ^= 0x41;
        assert!(Matcher::from_bytes(&broken).is_err(), "changed at {place}");
    }
    let mut other = bytes.clone();
    other[8] += 1;
    assert!(matches!(Matcher::from_bytes(&other), Err(Error::OtherVersion { .. })));
    assert!(matches!(Matcher::from_bytes(b"something else"), Err(Error::NotAModel)));
    let mut other = bytes.clone();
    other[12] ^= 1;
    assert!(matches!(Matcher::from_bytes(&other), Err(Error::OtherReading)));
    let mut longer = bytes;
    longer.push(0);
    assert!(matches!(Matcher::from_bytes(&longer), Err(Error::Damaged(_))));
}

#[test]
fn the_fingerprint_tells_when_to_train_again() {
    let options = TrainOptions::default();
    let before = fingerprint(&examples(), &["weather"], &options);
    assert_eq!(before, fingerprint(&examples(), &["weather"], &TrainOptions { threads: 2, ..options.clone() }));
    assert_ne!(before, fingerprint(&examples()[1..], &["weather"], &options));
    assert_ne!(before, fingerprint(&examples(), &[], &options));
    assert_ne!(before, fingerprint(&examples(), &["weather"], &TrainOptions { seed: 2, ..options.clone() }));
}

#[test]
fn thresholds_move_the_zones_and_stay_in_order() {
    let mut matcher = trained();
    let zone = |matcher: &Matcher| matcher.rank("i forgot my password", &mut Scratch::default()).zone;
    matcher.set_thresholds(Thresholds { answer: 0.0, suggest: 0.0 }).unwrap();
    assert_eq!(zone(&matcher), Zone::Answer);
    matcher.set_thresholds(Thresholds { answer: 1.0, suggest: 0.0 }).unwrap();
    assert_eq!(zone(&matcher), Zone::DidYouMean);
    matcher.set_thresholds(Thresholds { answer: 1.0, suggest: 1.0 }).unwrap();
    assert_eq!(zone(&matcher), Zone::Person);
    assert!(matcher.set_thresholds(Thresholds { answer: 0.5, suggest: 0.6 }).is_err());
    assert!(matcher.set_thresholds(Thresholds { answer: f32::NAN, suggest: 0.6 }).is_err());
}

#[test]
fn a_matcher_that_was_warmed_up_takes_no_memory_to_rank() {
    for method in [Method::Centroid, Method::Network] {
        let matcher = train_made(method, 1);
        let mut scratch = Scratch::default();
        let questions = [
            "Hello! Where's my parcell, please? It is late.",
            "qwrtzp asdfgh",
            "🙂",
            "",
            "change the addres of my contract, thanks",
        ];
        let rank_all = |scratch: &mut Scratch| {
            for question in questions {
                std::hint::black_box(matcher.rank(question, scratch));
            }
        };
        rank_all(&mut scratch);
        let taken = allocation_counter::measure(|| rank_all(&mut scratch));
        assert_eq!(taken.count_total, 0, "{method:?}");
    }
}

#[test]
fn a_megabyte_is_ranked_and_cut() {
    let matcher = train_made(Method::Network, 1);
    for piece in ["where is my parcel. ", "x", "🙂", "字", "\u{202e}ab ", "\u{0}"] {
        let ranking = matcher.rank(&piece.repeat(1_000_000 / piece.len()), &mut Scratch::default());
        assert!(ranking.cut, "{piece:?}");
    }
}

#[test]
fn an_explanation_says_what_the_ranking_says_and_which_words_decided() {
    let matcher = trained();
    let explanation = matcher.explain("Hello! We moved yesterday. Where is my parcell, please?", |_| true);
    assert_eq!(explanation.candidates[0].answer, "parcel");
    let parts: Vec<_> = explanation.parts.iter().map(|part| (part.text.read_as.as_str(), part.is_whole)).collect();
    assert_eq!(
        parts,
        [("we moved yesterday where is my parcel", true), ("we moved yesterday", false), ("where is my parcel", false)]
    );
    assert_eq!(explanation.parts.iter().filter(|part| part.won).count(), 1);
    assert!(explanation.parts[2].won);
    let words = &explanation.candidates[0].words;
    let strongest = words.iter().max_by(|one, other| one.weight.total_cmp(&other.weight)).unwrap();
    assert_eq!((strongest.word.written.as_str(), strongest.word.read_as.as_str()), ("parcell", "parcel"));
    assert!(strongest.known && strongest.weight > 0.0);
    assert!(matcher.explain("🙂", |_| true).candidates.is_empty());
    assert!(matcher.explain("where is my parcel", |_| false).candidates.is_empty());
}

#[test]
fn a_sentence_of_one_word_may_be_what_was_meant() {
    let mut base = made();
    base.extend(["cancel", "cancel it", "please cancel"].map(|text| (text.to_owned(), "cancel".to_owned())));
    let examples: Vec<_> = base.iter().map(|(text, answer)| Example::new(text, answer)).collect();
    let matcher = Matcher::train(&examples, &[], &TrainOptions::default()).unwrap();
    let parts = |message: &str| matcher.explain(message, |_| true).parts.len();
    assert_eq!(parts("where is my town. cancel"), 3);
    // A word that nobody knows is no part.
    assert_eq!(parts("where is my town. zebra"), 2);
    assert_eq!(best(&matcher, "where is my town. cancel"), "cancel");
}

#[test]
fn odd_messages_are_ranked_and_explained() {
    let matcher = trained();
    let mut scratch = Scratch::default();
    for message in [
        "🙂👍🏽🏳️‍🌈",
        "أين طردي my parcel 小包 где посылка",
        "\u{202e}lecrap ym si erehw",
        "where\u{0} is\u{7} my\u{1b}[31m parcel\u{85}",
        "\u{feff}\u{200d}\u{200d}",
        "ﷺ ﷽ ½ ㎏ ℡",
        "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
        ". . . , , , ! ! !",
        "please please please",
        "hi could you please tell me thank you",
        "0000000000000000",
    ] {
        let ranking = matcher.rank(message, &mut scratch);
        let explanation = matcher.explain(message, |_| true);
        assert_eq!((explanation.zone, explanation.reason), (ranking.zone, ranking.reason), "{message:?}");
        let explained: Vec<_> = explanation.candidates.iter().map(|case| matcher.index_of(&case.answer)).collect();
        let ranked: Vec<_> = ranking.candidates().iter().map(|candidate| Some(candidate.answer)).collect();
        assert_eq!(explained, ranked, "{message:?}");
    }
}

#[test]
fn greetings_and_polite_frames_make_no_difference() {
    let matcher = trained();
    let mut scratch = Scratch::default();
    let plain = matcher.rank("where is my parcel", &mut scratch);
    for frame in [
        "Hi there, could you please tell me {}? Thank you very much!",
        "Dear Sir or Madam, I was wondering if you could tell me {}. Kind regards",
        "Guten Tag, könnten Sie mir bitte sagen, {}? Vielen Dank im Voraus!",
        "Bonjour, je voudrais savoir {} s'il vous plaît, merci beaucoup",
        "Hola, ¿me podría decir {}? Muchas gracias",
    ] {
        let framed = matcher.rank(&frame.replace("{}", "where is my parcel"), &mut scratch);
        assert_eq!(framed, plain, "{frame}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_asked_is_ranked(question in "\\PC{0,60}|[a-z .?!']{0,80}|[\u{0}-\u{20}\u{590}-\u{6ff}\u{e00}-\u{e7f}\u{4e00}-\u{4fff}a-f]{0,40}") {
        static MATCHER: std::sync::LazyLock<Matcher> = std::sync::LazyLock::new(|| train_made(Method::Network, 1));
        let mut scratch = Scratch::default();
        let ranking = MATCHER.rank(&question, &mut scratch);
        prop_assert!(ranking.candidates().iter().all(|candidate| (0.0..=1.0).contains(&candidate.score)));
        prop_assert_eq!(ranking.zone == Zone::Person && ranking.candidates().is_empty(), ranking.best().is_none());
        prop_assert_eq!(ranking, MATCHER.rank(&question, &mut scratch));
    }

    #[test]
    fn whatever_the_bytes_are_they_are_no_reason_to_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 28_usize..4_000) {
        // Behind a right checksum, so that every check inside is reached.
        static MODEL: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| trained().to_bytes());
        let mut broken = MODEL.clone();
        let at = at.min(broken.len());
        let end = (at + bytes.len()).min(broken.len());
        broken[at..end].copy_from_slice(&bytes[..end - at]);
        let sum = hash::checksum(&broken[28..]);
        broken[20..28].copy_from_slice(&sum.to_le_bytes());
        if let Ok(matcher) = Matcher::from_bytes(&broken) {
            matcher.rank("where is my parcel", &mut Scratch::default());
        }
    }

    #[test]
    fn whatever_is_learnt_can_be_asked_explained_and_saved(
        base in proptest::collection::vec(("\\PC{0,20}|[a-c ]{0,12}|[\u{0}-\u{20}\u{5d0}-\u{5ea}\u{4e00}-\u{4e10}]{0,10}", 0_usize..4), 0..24),
        question in "\\PC{0,40}|[a-c ]{0,12}",
    ) {
        let ids = ["one", "two", "three", ""];
        let examples: Vec<Example<'_>> = base.iter().map(|(text, answer)| Example::new(text, ids[*answer])).collect();
        match Matcher::train(&examples, &["a b", ""], &TrainOptions::default()) {
            Ok(matcher) => {
                let ranking = matcher.rank(&question, &mut Scratch::default());
                let explanation = matcher.explain(&question, |_| true);
                prop_assert_eq!(explanation.candidates.len(), ranking.candidates().len());
                prop_assert_eq!(Matcher::from_bytes(&matcher.to_bytes()).unwrap(), matcher);
            }
            Err(error) => prop_assert!(matches!(error, Error::NothingToLearn)),
        }
    }
}
