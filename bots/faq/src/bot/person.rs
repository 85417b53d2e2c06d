//! Whether a customer asks for a person. Not every mention of one does: "human resources", "transfer money to another
//! person" and "I do not need an agent" are questions like others.

use std::sync::LazyLock;

use regex::Regex;

use crate::text;

/// How much of a text is looked at.
const TEXT: usize = 2_000;

/// Whether somebody wants to talk to a person, in any of the languages known here.
pub fn is_asked_for(message: &str) -> bool {
    let words = text::words(text::head(message, TEXT)).join(" ");
    let words = RULES.innocent.replace_all(&words, " ");
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    if RULES.alone.is_match(&words) {
        return true;
    }
    RULES.asked.iter().any(|rule| rule.find_iter(&words).any(|found| !RULES.negation.is_match(&words[..found.start()])))
}

struct Rules {
    /// Words that name people and ask for nobody.
    innocent: Regex,
    /// A whole message that is nothing but the wish.
    alone: Regex,
    /// The wish within a message.
    asked: Vec<Regex>,
    /// What turns the wish round, right before it.
    negation: Regex,
}

static RULES: LazyLock<Rules> = LazyLock::new(Rules::new);

/// Texts are in lower case and without apostrophes and punctuation here.
const INNOCENT: &str = r"\b(?:am i (?:\w+ )?(?:talking|speaking|chatting) (?:to|with)(?: \w+){1,4}|do i (?:need|have) to (?:talk|speak|chat) (?:to|with)(?: an?)? \w+|i am not an? (?:bot|robot|machine)|human (?:resources?|rights?|error|body|nature|anatomy|race|history|like)|(?:travel|estate|insurance|cleaning|booking|user|secret|letting|customs|shipping|delivery|ticket|free|press|sales) agents?|agents? orange|in person|per person|(?:each|every|first|third|one|another|other) persons?|(?:two|for) people|operator licen[cs]e|mens (?:shoes|clothing|clothes|sizes?|wear|shirts?|jackets?|trousers)|(?:family|staff|team) members?|staff (?:discount|only|training)|(?:people|person) who|(?:someone|somebody) elses?|personne ne|persona jur[ií]dica)\b";

/// People, when somebody wants to be connected with them.
const PEOPLE: &str = r"(?:humans?|human being|persons?|people|agents?|live chat|customer (?:service|support|care)(?: agent| representative| rep)?|support(?: agent| staff| team)?|service agent|representative|rep|operator|advis[oe]r|consultant|employee|staff|colleague|manager|supervisor|boss|management|someone|somebody)";

/// People, where the wish is nothing but the word.
const CLEAR: &str = r"(?:(?:real |live |actual )?(?:humans?|human being|person|agent|representative|operator|advisor)|live (?:chat )?agent|live chat|human (?:agent|person|representative|operator)|customer (?:service|support)(?: agent| representative| rep)?|supervisor|support agent|(?:echter |echten |richtiger )?(?:mensch|menschen|mitarbeiter|mitarbeiterin|berater|beraterin|kundenberater)|echte person|kundenservice|kundendienst|humain|conseill(?:er|ere|ère)|service client|vraie personne|op[eé]rateur|humano|agente(?: humano)?|operadora?|persona real|asesor|atenci[oó]n al cliente|umano|operatore|operatrice|persona reale|servizio clienti|mens|medewerker|echte? persoon|klantenservice|atendente|pessoa(?: real)?|cz[lł]owiek(?:iem)?|konsultant(?:em)?)";

/// What may stand around it.
const POLITE: &str = r"(?:please|pls|plz|now|hi|hello|hey|just|a|an|the|to|with|is there|any|there|asap|bitte|einen?|einem|jetzt|hallo|svp|sil vous pla[iî]t|une?|le|la|maintenant|por favor|una|ahora|hola|per favore|adesso|een|alstublieft|graag|nu|uma?|agora|prosz[eę]|z)";

/// Articles and such before a person.
const ANY: &str =
    r"(?:(?:an?|the|some|any|one of|your|another|my|that|actual|real|live|human|different|better|proper) )*";

impl Rules {
    fn new() -> Self {
        let asked = [
            // I want to talk to …
            format!(r"\b(?:speak|talk|chat|talking|speaking|chatting|connected) (?:directly )?(?:to|with) {ANY}{PEOPLE}\b"),
            // Connect me to …
            format!(
                r"\b(?:connect|transfer|put|pass|hand|forward|redirect|switch|escalate|direct|route) (?:me|us|this|this chat|my chat|it)(?: over| on| through| in touch)? (?:to|with) {ANY}{PEOPLE}\b"
            ),
            // Get me …
            format!(
                r"\b(?:get|give|send|fetch|bring|find) me {ANY}(?:human|person|agent|representative|operator|advis[oe]r|supervisor|manager)\b"
            ),
            // I want a …
            format!(
                r"\b(?:want|need|would like|id like|prefer|demand|require|reach|contact|ask for|is there|are there) (?:to (?:have|see|reach|get|contact) )?(?:{ANY}(?:agent|representative|operator)|{ANY}(?:human|human being)|(?:an? |some )?(?:real|live|actual) (?:person|chat))\b"
            ),
            // No bot
            r"\b(?:dont|do not|not|no|instead of|rather than|stop|hate|sick of|tired of|enough of) (?:want |wish |like |talk |talking |chat |chatting |speaking |speak |to |with |this |a |an |the |stupid )*(?:chat ?bot|bot|robot|machine|computer)s?\b".to_owned(),
            // German
            r"\bmit (?:\w+ ){0,3}(?:mensch|menschen|mitarbeiter|mitarbeiterin|mitarbeitern|berater|beraterin|kundenberater|kundenservice|kundendienst|person|kollegen|kollegin|jemandem|jemanden|vorgesetzten) (?:\w+ )?(?:sprechen|reden|chatten|schreiben|verbinden|verbunden|unterhalten)".to_owned(),
            r"\b(?:verbinden|verbinde|verbindet) (?:sie |mich |uns |bitte )+(?:\w+ )?mit ".to_owned(),
            r"\b(?:will|möchte|moechte|brauche|hätte gern|haette gern|gib mir|geben sie mir|holen sie|hol) (?:bitte |mir |jetzt |sofort |gern |gerne )*(?:einen |eine |ein )?(?:echten |echte |richtigen |richtige |menschlichen )*(?:mensch|menschen|mitarbeiter|mitarbeiterin|berater|beraterin|kundenberater)\b".to_owned(),
            r"\b(?:spreche|sprechen|reden|rede) (?:\w+ ){0,2}mit (?:\w+ ){0,3}(?:mensch|menschen|mitarbeiter|mitarbeiterin|person|berater|jemandem|kollegen)\b".to_owned(),
            // French
            r"\b(?:parler|discuter|[eé]changer) (?:a |à |avec |au |aux )(?:un |une |quelqu |le |la |votre |vrai |vraie |autre )*(?:humain|conseill[eè]re?|conseiller|agent|personne|op[eé]rateur|service client|quelquun|un|responsable|employ[eé])\b".to_owned(),
            r"\b(?:passez|transf[eé]rez|mettez|connectez) (?:moi|nous) (?:\w+ ){0,4}(?:humain|conseill(?:er|ère)|agent|personne|opérateur|service client)\b".to_owned(),
            r"\b(?:veux|voudrais|besoin dun) (?:un |une |vrai |vraie )*(?:humain|conseiller|vraie personne|agent humain)\b".to_owned(),
            // Spanish
            r"\b(?:hablar|chatear|comunicarme|conectarme|contactar) (?:directamente )?con (?:un |una |el |la |alg[uú]n |alguna |su |otro |otra )*(?:humano|persona|agente|operador|operadora|asesor|alguien|representante|ser humano|empleado|supervisor|encargado)".to_owned(),
            r"\b(?:quiero|necesito|quisiera|p[aá]seme|p[aá]same) (?:con |a )?(?:un |una )?(?:agente|humano|operador|operadora|persona real|asesor|representante)\b".to_owned(),
            // Italian
            r"\b(?:parlare|chattare) (?:direttamente )?con (?:un |una |uno |il |la |qualche |vero |vera )*(?:umano|persona|operatore|operatrice|qualcuno|agente|essere umano|addetto|responsabile|consulente)".to_owned(),
            r"\b(?:voglio|vorrei|passami|passatemi|mi passi|ho bisogno di) (?:un |una )?(?:operatore|umano|persona reale|operatrice)\b".to_owned(),
            // Dutch
            r"\bmet (?:een |de |jullie |uw |echte |echt )*(?:mens|medewerker|medewerkster|persoon|iemand|klantenservice|collega) (?:\w+ )?(?:spreken|praten|chatten|doorverbinden|doorverbonden)".to_owned(),
            r"\b(?:wil|kan ik|mag ik) (?:graag )?(?:een )?(?:echte |echt )?(?:medewerker|mens|persoon) (?:te )?(?:spreken|hebben)".to_owned(),
            // Portuguese
            r"\b(?:falar|conversar) com (?:um |uma |o |a |algum |alguma )*(?:humano|pessoa|atendente|algu[eé]m|operador|ser humano)".to_owned(),
            // Polish
            r"\b(?:rozmawia[cć]|porozmawia[cć]) (?:\w+ ){0,2}z (?:\w+ )?(?:cz[lł]owiekiem|konsultantem|osob[aą]|pracownikiem|kim[sś])".to_owned(),
        ];
        let negation = r"\b(?:dont|do not|not|never|no need to|without|nicht|pas|sans|senza|niet|sin|nie|não)(?: (?:want|need|wish|have|like|to|be|yet|really|directly))* ?$";
        let alone = format!("^(?:{POLITE} )*{CLEAR}(?: {POLITE})*$");
        Self {
            innocent: regex(INNOCENT),
            alone: regex(&alone),
            asked: asked.iter().map(|rule| regex(rule)).collect(),
            negation: regex(negation),
        }
    }
}

#[expect(clippy::expect_used, reason = "the rules are constants, and a test builds them")]
fn regex(source: &str) -> Regex {
    Regex::new(source).expect("a rule is a regular expression")
}

#[cfg(test)]
mod tests {
    use super::is_asked_for;

    #[test]
    fn wishes_in_several_languages() {
        for wish in [
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
            "ich möchte mit einem Menschen sprechen",
            "Mitarbeiter bitte",
            "Kann ich mit jemandem reden?",
            "verbinden Sie mich mit dem Kundenservice",
            "ich will einen echten Menschen",
            "Kann ich mit einem Mitarbeiter sprechen?",
            "je veux parler à un humain",
            "un conseiller s'il vous plaît",
            "puis-je parler avec quelqu'un",
            "quiero hablar con una persona",
            "agente por favor",
            "necesito un agente",
            "vorrei parlare con un operatore",
            "operatore",
            "ik wil met een medewerker spreken",
            "kan ik een medewerker spreken",
            "quero falar com um atendente",
            "chcę rozmawiać z konsultantem",
        ] {
            assert!(is_asked_for(wish), "{wish}");
        }
    }

    #[test]
    fn mentions_that_are_no_wish() {
        for question in [
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
            "ich bin ein Mensch",
            "Wie viele Mitarbeiter haben Sie?",
            "personne ne répond",
            "the postal employee said it was lost",
            "my manager ordered it",
            "is this a real person that I am talking to?",
            "am i speaking with a human or a bot",
            "do I need to talk to an agent if I move house?",
            "can you think like a real person",
            "I am not a bot, are you?",
        ] {
            assert!(!is_asked_for(question), "{question}");
        }
    }
}
