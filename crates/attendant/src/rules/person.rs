//! Whether a customer asks for a person. Not every mention of one does: "human resources", "transfer money to another
//! person" and "I do not need an agent" are questions like others. The table of sentences is in `person/tests.rs`.

use std::sync::LazyLock;

use regex::Regex;

use super::words::plain;
use crate::text::head;

#[cfg(test)]
mod tests;

/// How much of a text is looked at, in bytes.
const TEXT: usize = 2_000;

/// Whether somebody wants to talk to a person. Knows Chinese, Dutch, English, French, German, Italian, Japanese, Polish,
/// Portuguese and Spanish, whatever the language of the chat is.
pub fn asks_for_person(message: &str) -> bool {
    let message = head(message, TEXT);
    asks_in_words(message) || asks_without_spaces(message)
}

/// A wish may be spread over the lines of a burst, or stand in one of them.
pub(super) fn fires(lines: &[&str]) -> bool {
    lines.iter().any(|line| asks_for_person(line)) || (lines.len() > 1 && asks_for_person(&lines.join("\n")))
}

fn asks_in_words(message: &str) -> bool {
    let words = plain(message);
    let words = RULES.innocent.replace_all(&words, " ");
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    if RULES.alone.is_match(&words) {
        return true;
    }
    RULES.asked.iter().any(|rule| rule.find_iter(&words).any(|found| !RULES.negation.is_match(&words[..found.start()])))
}

/// Chinese and Japanese put no spaces between words, so their letters are looked at as they stand.
fn asks_without_spaces(message: &str) -> bool {
    let letters: String = message.chars().filter(|c| !c.is_whitespace() && c.is_alphanumeric()).collect();
    if letters.is_ascii() {
        return false;
    }
    let letters = SPACELESS.innocent.replace_all(&letters, "");
    if SPACELESS.alone.is_match(&letters) {
        return true;
    }
    SPACELESS.asked.iter().any(|rule| {
        rule.find_iter(&letters).any(|found| {
            !SPACELESS.negated_before.is_match(&letters[..found.start()])
                && !SPACELESS.negated_after.is_match(&letters[found.end()..])
        })
    })
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
const PEOPLE: &str = r"(?:humans?|human being|persons?|people|agents?|live chat|customer (?:service|support|care)(?: agent| representative| rep)?|support(?: agent| staff| team)?|service agent|representatives?|reps?|operators?|advis[oe]rs?|consultants?|employees?|staff|colleagues?|managers?|supervisors?|boss|management|someone|somebody)";

/// People, where the wish is nothing but the word.
const CLEAR: &str = r"(?:(?:real |live |actual )?(?:humans?|human being|person|agent|representative|operator|advisor)|live (?:chat )?agent|live chat|human (?:agent|person|representative|operator)|customer (?:service|support)(?: agent| representative| rep)?|supervisor|support agent|(?:echter |echten |richtiger )?(?:mensch|menschen|mitarbeiter|mitarbeiterin|berater|beraterin|kundenberater)|echte person|kundenservice|kundendienst|humain|conseill(?:er|ere|ère)|service client|vraie personne|op[eé]rateur|humano|agente(?: humano)?|operadora?|persona real|asesor|atenci[oó]n al cliente|umano|operatore|operatrice|persona reale|servizio clienti|mens|medewerker|echte? persoon|klantenservice|atendente|pessoa(?: real)?|cz[lł]owiek(?:iem)?|konsultant(?:em)?)";

/// What may stand around it.
const POLITE: &str = r"(?:please|pls|plz|now|hi|hello|hey|just|a|an|the|to|with|is there|any|there|asap|bitte|einen?|einem|jetzt|hallo|svp|sil vous pla[iî]t|une?|le|la|maintenant|por favor|una|ahora|hola|per favore|adesso|een|alstublieft|graag|nu|uma?|agora|prosz[eę]|z)";

/// What people call us when they do not want us.
const BOT: &str = "(?:chat ?bots?|chatbotem|bots?|botem|robots?|robotem|rob[oô]|roboter|maschine|machine|m[aá]quina|macchina|maszyn[aą]|computer|computador|ordinateur|automat|automatem|automaat)";

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
            r"\b(?:can|could|may) (?:an? )?(?:real |live |actual )?(?:human|human being|agent|representative|real person|live person) (?:please )?(?:help|assist|call|answer|talk|speak|chat)\b".to_owned(),
            // No bot, elsewhere
            format!(r"\b(?:nicht|ungern) (?:mehr |länger )?mit (?:\w+ ){{0,2}}{BOT}\b"),
            format!(r"\b(?:pas|plus) (?:parler|discuter) (?:a|à|avec) (?:un |une |ce |cette )?{BOT}\b"),
            format!(r"\bno (?:quiero|deseo) (?:hablar |chatear )?(?:con )?(?:un |una |este |esta )?{BOT}\b"),
            format!(r"\bnon (?:voglio|vorrei) (?:parlare |chattare )?(?:con )?(?:un |una |questo |questa )?{BOT}\b"),
            format!(r"\bniet (?:meer |langer )?met (?:een |deze |die )?{BOT}\b"),
            format!(r"\bn[aã]o (?:quero|desejo) (?:falar |conversar )?(?:com )?(?:um |uma |este |esta )?{BOT}\b"),
            format!(r"\bnie chc[eę] (?:rozmawia[cć] |gada[cć] |pisa[cć] )?(?:z )?(?:tym )?{BOT}\b"),
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
            r"\b(?:wil|kan ik|mag ik) (?:graag )?(?:een )?(?:echte |echt )?(?:medewerker|mens|persoon|iemand|collega) (?:te )?(?:spreken|hebben)".to_owned(),
            r"\bverbind (?:mij|me|ons) (?:\w+ ){0,2}met (?:een |de |echte )*(?:mens|medewerker|medewerkster|persoon|iemand|klantenservice|collega)\b".to_owned(),
            // Portuguese
            r"\b(?:falar|conversar) com (?:um |uma |o |a |algum |alguma )*(?:humano|pessoa|atendente|algu[eé]m|operador|ser humano)".to_owned(),
            r"\b(?:transfer[ei]|transfira|transferir|passa|passe|passar|conecta|conecte|conectar) (?:\w+ )?(?:para|a|com|ao) (?:um |uma |o |a )*(?:atendente|humano|pessoa|operador|gerente)".to_owned(),
            // Polish
            r"\b(?:po[lł][aą]cz|po[lł][aą]czy[cć]|prze[lł][aą]cz|prze[lł][aą]czy[cć]) (?:\w+ ){0,2}(?:z|do) (?:\w+ )?(?:cz[lł]owiek(?:iem|a)|konsultant(?:em|a)|osob[aąy]|pracownik(?:iem|a)|kim[sś])".to_owned(),
            r"\b(?:rozmawia[cć]|porozmawia[cć]) (?:\w+ ){0,2}z (?:\w+ )?(?:cz[lł]owiekiem|konsultantem|osob[aą]|pracownikiem|kim[sś])".to_owned(),
        ];
        let negation = r"\b(?:dont|do not|not|never|no need to|without|nicht|pas|sans|senza|niet|sin|nie|não|no (?:quiero|necesito|deseo|hace falta)|non (?:voglio|vorrei|serve)|n[aã]o (?:quero|preciso|desejo)|nie (?:chc[eę]|musz[eę]|potrzebuj[eę]))(?: (?:want|need|wish|have|like|to|be|yet|really|directly))* ?$";
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

/// The same for writing without spaces.
struct Spaceless {
    innocent: Regex,
    alone: Regex,
    asked: [Regex; 4],
    /// Chinese says no before the verb.
    negated_before: Regex,
    /// Japanese says no after it.
    negated_after: Regex,
}

static SPACELESS: LazyLock<Spaceless> = LazyLock::new(Spaceless::new);

impl Spaceless {
    fn new() -> Self {
        let people = "(?:人工客服|人工服务|人工服務|人工|真人客服|真人|客服人员|客服人員|客服代表|客服|专员|專員|活人|工作人员|工作人員|经理|經理|主管)";
        let staff = "(?:人間|オペレーター?|担当者|担当の方|担当|スタッフ|係の人|係の方|係員|責任者|上司|サポート|有人チャット|有人対応|(?:^|本物の|生身の|普通の|誰か)人)";
        Self {
            innocent: regex(
                "人工智能|人工智慧|人工知能|人工费|人工呼吸|人工授精|客服(?:中心)?的?(?:电话|電話|号码|號碼|工作时间|时间|時間|邮箱|郵箱|地址|几点|幾點)|人間関係|サポート(?:期間|対象|終了|時間)|経理",
            ),
            alone: regex(&format!(
                "^(?:请|請|我要)?(?:{people}|オペレーター?|人間|有人チャット|有人対応|担当者)(?:谢谢|謝謝|お願いします|おねがいします|お願い|を?出して)?$"
            )),
            asked: [
                regex(&format!(
                    "(?:转|轉|转接|轉接|找|要|接|换|換|叫|联系|聯繫|聯絡|连接|連接|需要|给我)(?:到|个|個|位|一个|一個|一位|名|一名)?(?:真正的)?{people}"
                )),
                regex(&format!(
                    "(?:和|跟|与|與|同)(?:个|個|位|一个|一個|一位|名|你们的|你們的)?(?:真正的)?(?:{people}|人)(?:说话|說話|说|說|聊|谈|談|沟通|溝通|对话|對話|讲|講|交谈|交談)"
                )),
                regex(&format!(
                    "{staff}(?:の?方|さん)?(?:と|に|へ)(?:直接)?(?:お?話|はな|喋|しゃべ|相談|チャット|つな|繋|接続|代わ|替わ|変わ|かわっ)"
                )),
                regex(&format!(
                    "{staff}(?:の方)?(?:を|で|による対応を)?(?:お願い|おねがい|希望|出して|呼んで|ください|下さい)"
                )),
            ],
            negated_before: regex("(?:不|别|別|无需|無需|不用|不要|不需要|不想|不必|没有必要|沒有必要)(?:再|去)?$"),
            negated_after: regex("^.{0,4}(?:たくない|なくて|ないで|必要な|必要あ|不要|たくあり|せんで)"),
        }
    }
}
