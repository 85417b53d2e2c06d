//! Which of a base's languages a customer writes. Learnt from the base itself, with the commonest words of some languages
//! to begin with, so that a greeting is enough.

use std::collections::{BTreeMap, HashMap};

use crate::language::Language;
use crate::{KnowledgeBase, text};

/// How much of a text is looked at.
const TEXT: usize = 1_000;
/// How much likelier (in nats) a language must be before it counts as found.
const MARGIN: f64 = 4.0;

/// Tells the languages of one base apart.
#[derive(Debug)]
pub struct Tongues {
    languages: Vec<Language>,
    /// For each triple of letters how likely it is in each language, and whether the language has shown it at all.
    grams: HashMap<[char; 3], Vec<(f64, bool)>>,
}

impl Tongues {
    /// Learns from the questions and answers of a base.
    pub fn learn(base: &KnowledgeBase) -> Self {
        let languages = base.languages.clone();
        if languages.len() < 2 {
            return Self { languages, grams: HashMap::new() };
        }
        let mut counts: BTreeMap<[char; 3], Vec<f64>> = BTreeMap::new();
        let mut totals = vec![0.0; languages.len()];
        for (index, language) in languages.iter().enumerate() {
            let mut learn = |text: &str, weight: f64| {
                for gram in grams(text) {
                    counts.entry(gram).or_insert_with(|| vec![0.0; languages.len()])[index] += weight;
                    totals[index] += weight;
                }
            };
            learn(common(language), 5.0);
            for answer in &base.answers {
                answer.questions.get(language).into_iter().flatten().for_each(|question| learn(question, 1.0));
                answer.text.get(language).into_iter().flatten().for_each(|text| learn(text.source(), 0.5));
            }
        }
        // Additive smoothing, with a small constant: a triple that a language never shows speaks against it.
        let smooth = 0.1;
        #[expect(clippy::cast_precision_loss, reason = "counts are small")]
        let kinds = counts.len() as f64;
        let log = |count: f64, total: f64| ((count + smooth) / (total + smooth * kinds)).ln();
        let grams = counts
            .into_iter()
            .map(|(gram, counts)| {
                (gram, counts.iter().zip(&totals).map(|(count, total)| (log(*count, *total), *count > 0.0)).collect())
            })
            .collect();
        Self { languages, grams }
    }

    /// The language of a text, if it can be told.
    pub fn find(&self, text: &str) -> Option<&Language> {
        if self.languages.len() < 2 {
            return self.languages.first();
        }
        let mut scores = vec![(0.0, 0_usize); self.languages.len()];
        let mut all = 0;
        for gram in grams(text) {
            all += 1;
            // What no language knows speaks for none of them.
            for (score, (log, known)) in scores.iter_mut().zip(self.grams.get(&gram).into_iter().flatten()) {
                score.0 += log;
                score.1 += usize::from(*known);
            }
        }
        let (best, &(top, known)) = scores.iter().enumerate().max_by(|a, b| a.1.0.total_cmp(&b.1.0))?;
        let others = scores.iter().enumerate().filter(|(index, _)| *index != best).map(|(_, score)| score.0);
        let second = others.fold(f64::MIN, f64::max);
        // Keys hit at random are in no language, even if a piece of them is.
        if known * 2 < all {
            return None;
        }
        (top - second >= MARGIN).then(|| &self.languages[best])
    }
}

fn grams(text: &str) -> impl Iterator<Item = [char; 3]> {
    text::words(text::head(text, TEXT)).into_iter().flat_map(|word| {
        let letters: Vec<char> =
            std::iter::once(' ').chain(word.chars().filter(|c| c.is_alphabetic())).chain([' ']).collect();
        let grams: Vec<[char; 3]> = letters.windows(3).map(|w| [w[0], w[1], w[2]]).collect();
        grams
    })
}

/// The commonest words of some languages.
fn common(language: &Language) -> &'static str {
    match language.primary() {
        "en" => {
            "the a an of to and in is it you that he was for on are with as i his they be at one have this from or had by \
             not but what some we can out other were all there when up use your how said each she which do their time if \
             will way about many then them would like so these her long make thing see him has look more day could go come \
             did my no most who over know than call first people may down been now find any new work part take get place \
             made where after back little only man came show every good me our under name hello hi please thanks thank \
             yes want need help person human"
        }
        "de" => {
            "der die das und ist in zu den mit von für auf nicht ein eine einen einem einer als auch es an werden aus er \
             hat dass sie nach wird bei noch wie um am sind so zum war haben nur oder aber vor zur bis mehr durch man sein \
             wurde sei ihr ihre ihnen ich du wir mir mich kann können muss was wo wann warum wer welche mein meine meinen \
             hallo guten tag bitte danke ja nein möchte will brauche hilfe mensch mitarbeiter gibt schon jetzt hier"
        }
        "fr" => {
            "le la les de des du un une et est en que qui dans ce il ne sur se pas plus par je avec tout faire son mettre \
             autre on mais nous comme ou si leur y dire elle devoir avant deux même prendre aussi celui donner bien où fois \
             vous encore nouveau aller cela entre premier vouloir déjà grand mon me moins aucun lui temps très savoir \
             bonjour salut merci oui non comment quand pourquoi quel quelle mes votre suis ai puis peux veux aide"
        }
        "es" => {
            "el la los las de del un una y es en que a se no por con su para como está lo pero más este ya o cuando muy sin \
             sobre también me hasta hay donde quien desde todo nos durante uno ni contra otros ese eso ante ellos e esto mí \
             antes algunos qué unos yo otro otras otra él tanto esa estos mucho cuál mi mis hola gracias sí cómo dónde \
             cuándo cuánto quiero necesito puedo ayuda por favor persona"
        }
        "it" => {
            "il lo la i gli le di del della dei un una e è in che a si non per con come sono ma più questo già o quando \
             molto senza su anche mi fino dove chi da tutto ci uno né altri quello ho hai ha abbiamo mio mia miei ciao \
             buongiorno grazie sì no cosa perché quanto voglio posso vorrei aiuto per favore persona quale sua suo"
        }
        "nl" => {
            "de het een en van ik te dat die in je is niet op aan met als voor maar er om hem dan zou of wat mijn men dit zo \
             door over ze zich bij ook tot mij uit der daar haar naar heb hoe heeft hebben deze want nog zal me zij nu \
             geen omdat iets worden toch al waren veel meer doen toen moet ben zonder kan hun dus alles onder ja nee hallo \
             dank graag waar wanneer waarom wie welke hulp kunt u uw alstublieft"
        }
        "pt" => {
            "o a os as de do da em um uma e é que para com não por mais se na no como mas foi ao ele das tem à seu sua ou \
             ser quando muito há nos já está eu também só pelo pela até isso ela entre era depois sem mesmo aos ter seus \
             quem nas me esse eles você olá obrigado obrigada sim meu minha onde quero preciso posso ajuda favor pessoa"
        }
        "pl" => {
            "i w na z do się nie to jest że o jak za co po ale od tak dla czy już tylko być przez ich jego może który mnie \
             mam ma są był była gdzie kiedy dlaczego kto jaki mój moja moje dzień dobry cześć proszę dziękuję chcę pomoc"
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(languages: &str) -> KnowledgeBase {
        let text = format!("languages: [{languages}]\nanswers:\n  - id: x\n    questions: [word]\n    answer: other\n");
        KnowledgeBase::parse("x", &text).unwrap()
    }

    #[test]
    fn tells_languages_apart_and_says_when_it_cannot() {
        let tongues = Tongues::learn(&base("en, de, fr, es, it, nl"));
        for (text, language) in [
            ("Where is my order?", "en"),
            ("Wo ist meine Bestellung?", "de"),
            ("Où est mon colis ?", "fr"),
            ("¿Dónde está mi pedido?", "es"),
            ("dove è il mio pacco", "it"),
            ("waar is mijn pakket", "nl"),
            ("hello", "en"),
            ("guten Tag", "de"),
        ] {
            assert_eq!(tongues.find(text).map(Language::as_str), Some(language), "{text}");
        }
        for text in ["", "😀😀", "12345", "ok", "sdfkjhsdf lkjwerlkj"] {
            assert_eq!(tongues.find(text), None, "{text}");
        }
    }

    #[test]
    fn one_language_needs_no_finding() {
        assert_eq!(Tongues::learn(&base("de")).find("where is it?").map(Language::as_str), Some("de"));
    }
}
