//! The bot's own sentences, in the languages it brings along. A base can change each of them under `phrases`.

use crate::language::Language;

macro_rules! phrases {
    ($( $(#[$doc:meta])* $name:ident = $key:literal { en: $en:literal, de: $de:literal, fr: $fr:literal, es: $es:literal, it: $it:literal, nl: $nl:literal } )*) => {
        /// One of the bot's own sentences.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Phrase {
            $( $(#[$doc])* $name, )*
        }

        impl Phrase {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Its key in a base.
            pub fn key(self) -> &'static str {
                match self {
                    $( Self::$name => $key, )*
                }
            }

            /// The built-in text; English where a language is not built in.
            pub fn text(self, language: &Language) -> &'static str {
                match (self, language.primary()) {
                    $(
                        (Self::$name, "de") => $de,
                        (Self::$name, "fr") => $fr,
                        (Self::$name, "es") => $es,
                        (Self::$name, "it") => $it,
                        (Self::$name, "nl") => $nl,
                        (Self::$name, _) => $en,
                    )*
                }
            }
        }
    };
}

phrases! {
    /// At the start of a chat.
    Greeting = "greeting" {
        en: "Hello! How can I help you?",
        de: "Guten Tag! Wie kann ich Ihnen helfen?",
        fr: "Bonjour ! Comment puis-je vous aider ?",
        es: "¡Hola! ¿En qué puedo ayudarle?",
        it: "Buongiorno! Come posso aiutarla?",
        nl: "Hallo! Waarmee kan ik u helpen?"
    }
    /// The customer has greeted, or announced a question, and not asked one yet.
    WhatIsIt = "what-is-it" {
        en: "What can I do for you?",
        de: "Was kann ich für Sie tun?",
        fr: "Que puis-je faire pour vous ?",
        es: "¿Qué puedo hacer por usted?",
        it: "Cosa posso fare per lei?",
        nl: "Wat kan ik voor u doen?"
    }
    /// The customer has thanked.
    Welcome = "welcome" {
        en: "You are welcome! If you have another question, just ask.",
        de: "Gern geschehen! Wenn Sie noch eine Frage haben, fragen Sie gern.",
        fr: "Je vous en prie ! Si vous avez une autre question, allez-y.",
        es: "¡De nada! Si tiene otra pregunta, adelante.",
        it: "Prego! Se ha un'altra domanda, chieda pure.",
        nl: "Graag gedaan! Als u nog een vraag heeft, stel hem gerust."
    }
    /// The question was read and not understood.
    NotUnderstood = "not-understood" {
        en: "I am sorry, I did not understand that. Could you say it in other words?",
        de: "Das habe ich leider nicht verstanden. Können Sie es anders sagen?",
        fr: "Désolé, je n'ai pas compris. Pouvez-vous le dire autrement ?",
        es: "Lo siento, no lo he entendido. ¿Puede decirlo de otra manera?",
        it: "Mi dispiace, non ho capito. Può dirlo con altre parole?",
        nl: "Dat heb ik helaas niet begrepen. Kunt u het anders zeggen?"
    }
    /// What came cannot be read as words.
    Rephrase = "rephrase" {
        en: "I could not make words of that. Please write your question in a short sentence.",
        de: "Daraus konnte ich keine Wörter lesen. Bitte schreiben Sie Ihre Frage in einem kurzen Satz.",
        fr: "Je n'ai pas pu lire ces mots. Écrivez votre question en une courte phrase, s'il vous plaît.",
        es: "No he podido leer esas palabras. Por favor, escriba su pregunta en una frase corta.",
        it: "Non sono riuscito a leggere queste parole. Scriva la domanda in una frase breve, per favore.",
        nl: "Daar kon ik geen woorden van maken. Schrijf uw vraag alstublieft in een korte zin."
    }
    /// The topic is known, and the bot does not handle it.
    NotHandled = "not-handled" {
        en: "I understand what you ask, but I cannot help with that here.",
        de: "Ich verstehe Ihre Frage, aber dabei kann ich hier nicht helfen.",
        fr: "Je comprends votre demande, mais je ne peux pas vous aider pour cela ici.",
        es: "Entiendo su pregunta, pero aquí no puedo ayudarle con eso.",
        it: "Capisco la domanda, ma qui non posso aiutarla per questo.",
        nl: "Ik begrijp uw vraag, maar daarmee kan ik hier niet helpen."
    }
    /// Before the choices.
    DidYouMean = "did-you-mean" {
        en: "Did you mean one of these? Answer with the number:",
        de: "Meinten Sie eines davon? Antworten Sie mit der Nummer:",
        fr: "Vouliez-vous dire l'une de ces questions ? Répondez par le numéro :",
        es: "¿Quería decir una de estas? Responda con el número:",
        it: "Intendeva una di queste? Risponda con il numero:",
        nl: "Bedoelde u een van deze? Antwoord met het nummer:"
    }
    /// The last choice.
    NoneOfThese = "none-of-these" {
        en: "None of these",
        de: "Keines davon",
        fr: "Aucune",
        es: "Ninguna",
        it: "Nessuna",
        nl: "Geen van deze"
    }
    /// The last choice, the second time.
    NoneButPerson = "none-but-person" {
        en: "None of these: bring in a colleague",
        de: "Keines davon: eine Kollegin oder einen Kollegen dazuholen",
        fr: "Aucune : faire venir un collègue",
        es: "Ninguna: avisar a un compañero",
        it: "Nessuna: chiamare un collega",
        nl: "Geen van deze: haal er een collega bij"
    }
    /// None of the choices was right.
    NonePicked = "none-picked" {
        en: "All right, none of these. Could you ask in other words?",
        de: "Gut, keines davon. Können Sie anders fragen?",
        fr: "D'accord, aucune. Pouvez-vous demander autrement ?",
        es: "De acuerdo, ninguna. ¿Puede preguntar de otra manera?",
        it: "Va bene, nessuna. Può chiedere con altre parole?",
        nl: "Goed, geen van deze. Kunt u het anders vragen?"
    }
    /// Asks whether a person should take over.
    OfferPerson = "offer-person" {
        en: "Shall I bring in a colleague? Please answer yes or no.",
        de: "Soll ich eine Kollegin oder einen Kollegen dazuholen? Bitte antworten Sie mit Ja oder Nein.",
        fr: "Voulez-vous parler à un collègue ? Répondez par oui ou non, s'il vous plaît.",
        es: "¿Quiere que avise a un compañero? Responda sí o no, por favor.",
        it: "Vuole che chiami un collega? Risponda sì o no, per favore.",
        nl: "Zal ik er een collega bij halen? Antwoord alstublieft met ja of nee."
    }
    /// The customer wants no person.
    PersonDeclined = "person-declined" {
        en: "All right. What else can I do for you?",
        de: "In Ordnung. Was kann ich sonst für Sie tun?",
        fr: "Très bien. Que puis-je faire d'autre pour vous ?",
        es: "De acuerdo. ¿En qué más puedo ayudarle?",
        it: "Va bene. Cos'altro posso fare per lei?",
        nl: "Goed. Wat kan ik verder voor u doen?"
    }
    /// Before a person takes over.
    HandingOver = "handing-over" {
        en: "I am bringing in a colleague. One moment, please.",
        de: "Ich hole eine Kollegin oder einen Kollegen dazu. Einen Moment bitte.",
        fr: "Je vous mets en relation avec un collègue. Un instant, s'il vous plaît.",
        es: "Le paso con un compañero. Un momento, por favor.",
        it: "La metto in contatto con un collega. Un momento, per favore.",
        nl: "Ik haal er een collega bij. Een ogenblik alstublieft."
    }
    /// Nobody could take over.
    NobodyThere = "nobody-there" {
        en: "I am sorry, I could not reach a colleague right now. Can I help you with something else?",
        de: "Es tut mir leid, ich konnte gerade niemanden erreichen. Kann ich Ihnen sonst helfen?",
        fr: "Désolé, je n'ai pu joindre aucun collègue. Puis-je vous aider pour autre chose ?",
        es: "Lo siento, ahora no he podido localizar a nadie. ¿Puedo ayudarle con otra cosa?",
        it: "Mi dispiace, al momento non ho trovato nessun collega. Posso aiutarla con altro?",
        nl: "Het spijt me, ik kon nu niemand bereiken. Kan ik u met iets anders helpen?"
    }
    /// The bot is alone with the customer again.
    BackAgain = "back-again" {
        en: "I am here again. Can I help you with something else?",
        de: "Ich bin wieder da. Kann ich Ihnen noch helfen?",
        fr: "Me revoici. Puis-je vous aider pour autre chose ?",
        es: "Aquí estoy otra vez. ¿Puedo ayudarle con algo más?",
        it: "Sono di nuovo qui. Posso aiutarla con altro?",
        nl: "Ik ben er weer. Kan ik u nog ergens mee helpen?"
    }
    /// The customer has been silent.
    StillThere = "still-there" {
        en: "Are you still there? If you have another question, just ask.",
        de: "Sind Sie noch da? Wenn Sie noch eine Frage haben, fragen Sie gern.",
        fr: "Êtes-vous toujours là ? Si vous avez une autre question, allez-y.",
        es: "¿Sigue ahí? Si tiene otra pregunta, adelante.",
        it: "È ancora lì? Se ha un'altra domanda, chieda pure.",
        nl: "Bent u er nog? Als u nog een vraag heeft, stel hem gerust."
    }
    /// The customer has been silent twice, or said goodbye.
    Goodbye = "goodbye" {
        en: "Thank you for your visit. Goodbye!",
        de: "Vielen Dank für Ihren Besuch. Auf Wiedersehen!",
        fr: "Merci de votre visite. Au revoir !",
        es: "Gracias por su visita. ¡Adiós!",
        it: "Grazie della visita. Arrivederci!",
        nl: "Bedankt voor uw bezoek. Tot ziens!"
    }
}

impl Phrase {
    /// The phrase with this key.
    pub fn by_key(key: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|phrase| phrase.key() == key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_unique_and_texts_differ_by_language() {
        for phrase in Phrase::ALL {
            assert_eq!(Phrase::by_key(phrase.key()), Some(*phrase));
            assert_ne!(phrase.text(&Language::new("en")), phrase.text(&Language::new("de-at")), "{phrase:?}");
            assert_eq!(phrase.text(&Language::new("en")), phrase.text(&Language::new("fi")));
            assert!(!phrase.text(&Language::new("en")).contains(['{', '}']));
        }
    }
}
