//! Sentences that ask for a person, and sentences that only sound like it.

use super::asks_for_person;

#[test]
fn wishes_are_heard() {
    let missed: Vec<_> = ASKED.iter().flat_map(|(_, all)| *all).filter(|text| !asks_for_person(text)).collect();
    assert!(missed.is_empty(), "missed: {missed:#?}");
}

#[test]
fn mentions_are_no_wishes() {
    let taken: Vec<_> = NOT_ASKED.iter().flat_map(|(_, all)| *all).filter(|text| asks_for_person(text)).collect();
    assert!(taken.is_empty(), "taken for a wish: {taken:#?}");
}

#[test]
fn every_language_has_both_kinds() {
    for language in ["en", "de", "fr", "es", "it", "nl", "pt", "pl", "ja", "zh"] {
        for table in [ASKED, NOT_ASKED] {
            let count = table.iter().find(|(name, _)| *name == language).map_or(0, |(_, all)| all.len());
            assert!(count >= 5, "{language}: {count}");
        }
    }
    let all = |table: &[(&str, &[&str])]| table.iter().map(|(_, all)| all.len()).sum::<usize>();
    assert!(all(ASKED) >= 60 && all(NOT_ASKED) >= 60);
}

#[test]
fn what_stands_around_a_wish_does_not_hide_it() {
    for (_, all) in ASKED {
        for text in *all {
            for around in [text.to_uppercase(), format!("  {text} !!! 😀"), format!("“{text}”")] {
                assert!(asks_for_person(&around), "{around}");
            }
        }
    }
}

#[test]
fn a_very_long_text_is_looked_at_in_bounded_time() {
    let long = "do not not talk to with a person ".repeat(20_000);
    assert!(!asks_for_person(&"ä".repeat(100_000)));
    let _ = asks_for_person(&long);
}

type Table = &'static [(&'static str, &'static [&'static str])];

const ASKED: Table = &[
    (
        "en",
        &[
            "human",
            "Agent please",
            "a real person please!!",
            "live agent",
            "I want to talk to a human",
            "can I speak with someone?",
            "Can you connect me to an agent",
            "please transfer me to a representative",
            "put me through to customer service",
            "I'd like to speak to a person",
            "get me a manager",
            "I need a human",
            "i dont want to talk to a bot",
            "is there a real person I can talk to",
            "let me talk to a real human being",
            "Where is my parcel? I want to talk to an agent.",
            "operator",
            "am I talking to a bot? I want a human",
            "I would like a real person",
            "HUMAN!!!",
            "speak to your supervisor",
            "can a human help me please",
            "Is anyone there I can talk to? I need a live person",
            "stop this stupid bot, agent now",
            "talk to a human, not a machine",
            "I want to complain to a manager, connect me with one of your managers",
            "customer service please",
        ],
    ),
    (
        "de",
        &[
            "ich möchte mit einem Menschen sprechen",
            "Mitarbeiter bitte",
            "Kann ich mit jemandem reden?",
            "verbinden Sie mich mit dem Kundenservice",
            "ich will einen echten Menschen",
            "Kann ich mit einem Mitarbeiter sprechen?",
            "Bitte einen Menschen!",
            "Ich moechte mit einer echten Person chatten",
            "Ich will nicht mit einem Bot reden",
            "Geben Sie mir bitte einen Berater",
            "Können Sie mich bitte mit einem Kollegen verbinden?",
            "Kundenservice",
        ],
    ),
    (
        "fr",
        &[
            "je veux parler à un humain",
            "un conseiller s'il vous plaît",
            "puis-je parler avec quelqu'un",
            "Passez-moi un conseiller",
            "je voudrais parler à une vraie personne",
            "je ne veux pas parler à un robot",
            "mettez-moi en relation avec un agent",
        ],
    ),
    (
        "es",
        &[
            "quiero hablar con una persona",
            "agente por favor",
            "necesito un agente",
            "¿Puedo hablar con alguien?",
            "páseme con un operador",
            "no quiero hablar con un robot",
            "quiero una persona real",
        ],
    ),
    (
        "it",
        &[
            "vorrei parlare con un operatore",
            "operatore",
            "posso parlare con una persona?",
            "mi passi un operatore per favore",
            "non voglio parlare con un bot",
            "voglio una persona reale",
        ],
    ),
    (
        "nl",
        &[
            "ik wil met een medewerker spreken",
            "kan ik een medewerker spreken",
            "mag ik iemand spreken?",
            "ik wil graag met een echt persoon praten",
            "verbind me door met een medewerker",
            "medewerker graag",
            "ik wil niet met een robot praten",
        ],
    ),
    (
        "pt",
        &[
            "quero falar com um atendente",
            "Posso falar com uma pessoa?",
            "preciso falar com alguém",
            "atendente por favor",
            "me transfere para um atendente humano",
            "não quero falar com um robô",
        ],
    ),
    (
        "pl",
        &[
            "chcę rozmawiać z konsultantem",
            "Czy mogę porozmawiać z człowiekiem?",
            "konsultant proszę",
            "proszę połączyć mnie z konsultantem",
            "chcę porozmawiać z prawdziwą osobą",
            "nie chcę rozmawiać z botem",
        ],
    ),
    (
        "ja",
        &[
            "人間と話したいです",
            "オペレーターにつないでください",
            "オペレーターお願いします",
            "担当者に代わってもらえますか",
            "有人チャットを希望します",
            "スタッフの方と話せますか?",
            "人と話したい",
            "責任者を出してください",
        ],
    ),
    (
        "zh",
        &[
            "转人工",
            "人工客服",
            "我要真人客服",
            "请帮我转接人工服务",
            "我想和真人说话",
            "轉人工客服",
            "我想跟人聊",
            "能不能找个真人",
        ],
    ),
];

const NOT_ASKED: Table = &[
    (
        "en",
        &[
            "where is human resources?",
            "I want to speak to human resources",
            "how do I contact my travel agent",
            "can I pick it up in person",
            "transfer money to another person",
            "I do not need an agent",
            "I don't want to talk to a human",
            "are you a human?",
            "are you a bot",
            "what does a person need to open an account",
            "how many people work here",
            "the agent was rude to me",
            "can someone else pick up my parcel",
            "my person of contact left",
            "do you sell men's shoes",
            "I want to order mens shoes",
            "can my agent sign for me",
            "human rights",
            "somebody stole my parcel",
            "",
            "someone used my card",
            "the postal employee said it was lost",
            "my manager ordered it",
            "is this a real person that I am talking to?",
            "am i speaking with a human or a bot",
            "do I need to talk to an agent if I move house?",
            "can you think like a real person",
            "I am not a bot, are you?",
            "I am a real person",
            "Is this a person's name?",
            "customer service hours?",
            "what are the hours of customer service",
            "please don't transfer me to an agent",
            "no need to connect me to a person, thanks",
            "I never want to speak to a representative again",
            "I would rather not talk to someone",
            "is there a fee per person?",
            "the person at the shop told me to write here",
            "a human error caused this",
            "which agent delivered it?",
        ],
    ),
    (
        "de",
        &[
            "ich bin ein Mensch",
            "Wie viele Mitarbeiter haben Sie?",
            "Ich möchte nicht mit einem Menschen sprechen",
            "Sind Sie ein Mensch?",
            "Ihr Mitarbeiter war unfreundlich",
            "Wann hat der Kundenservice geöffnet?",
            "Was kostet es pro Person?",
            "Bin ich mit einem Bot verbunden?",
        ],
    ),
    (
        "fr",
        &[
            "personne ne répond",
            "êtes-vous un humain ?",
            "je ne veux pas parler à un conseiller",
            "quel est le prix par personne ?",
            "les ressources humaines",
            "votre agent était impoli",
        ],
    ),
    (
        "es",
        &[
            "¿eres humano?",
            "no quiero hablar con un agente",
            "¿cuánto cuesta por persona?",
            "recursos humanos",
            "soy una persona real",
            "el operador me dijo que esperara",
        ],
    ),
    (
        "it",
        &[
            "sei una persona reale?",
            "non voglio parlare con un operatore",
            "risorse umane",
            "quanto costa a persona?",
            "l'operatore è stato gentile",
        ],
    ),
    (
        "nl",
        &[
            "ben je een mens?",
            "ik wil niet met een medewerker spreken",
            "wat kost het per persoon?",
            "de medewerker was onvriendelijk",
            "wanneer is de klantenservice open?",
        ],
    ),
    (
        "pt",
        &[
            "você é humano?",
            "não quero falar com um atendente",
            "quanto custa por pessoa?",
            "recursos humanos",
            "o atendente foi grosseiro",
        ],
    ),
    (
        "pl",
        &[
            "czy jesteś człowiekiem?",
            "nie chcę rozmawiać z konsultantem",
            "ile kosztuje od osoby?",
            "zasoby ludzkie",
            "konsultant był niemiły",
        ],
    ),
    (
        "ja",
        &[
            "あなたは人間ですか?",
            "人間と話したくないです",
            "オペレーターにつながなくて大丈夫です",
            "友人と話しました",
            "人工知能ですか",
            "担当者の名前は何ですか",
        ],
    ),
    (
        "zh",
        &[
            "你是真人吗",
            "不要转人工",
            "我不想和真人说话",
            "这是人工智能吗",
            "客服电话是多少",
            "人工费多少钱",
            "客服几点上班",
        ],
    ),
];
