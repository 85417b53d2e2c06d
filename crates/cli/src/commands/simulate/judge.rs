//! Judges a finished chat by what the contact centre itself recorded: was each question answered, once, in order?

/// Who said a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaker {
    /// The customer.
    Customer,
    /// A bot.
    Bot,
    /// A person on the agents' side.
    Person,
}

/// A line of the record, in the order of the transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken {
    /// Who.
    pub who: Speaker,
    /// What.
    pub text: String,
}

/// What is wrong with a chat, in questions.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Faults {
    /// Customer lines that nobody answered.
    pub unanswered: usize,
    /// Customer lines that a bot answered more than once.
    pub answered_twice: usize,
    /// Customer lines whose answer came at another line's place.
    pub out_of_order: usize,
}

impl Faults {
    /// Adds those of another chat.
    pub fn add(&mut self, other: Self) {
        self.unanswered += other.unanswered;
        self.answered_twice += other.answered_twice;
        self.out_of_order += other.out_of_order;
    }
}

/// Judges one chat. `expected` tells what the bot answers to a line when asked that line alone, where that is known.
///
/// A customer here says nothing before the answer to the last line is there, so what stands between two customer lines
/// belongs to the first of them. A person's words count as an answer, never as a second one.
pub fn judge(lines: &[Spoken], expected: impl Fn(&str) -> Option<String>) -> Faults {
    let mut faults = Faults::default();
    let questions: Vec<(usize, &str)> = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.who == Speaker::Customer)
        .map(|(place, line)| (place, line.text.as_str()))
        .collect();
    let wanted: Vec<Option<String>> = questions.iter().map(|(_, text)| expected(text)).collect();
    for (number, (place, _)) in questions.iter().enumerate() {
        let end = questions.get(number + 1).map_or(lines.len(), |(next, _)| *next);
        let answers = &lines[place + 1..end];
        let by_bot: Vec<&Spoken> = answers.iter().filter(|line| line.who == Speaker::Bot).collect();
        match by_bot.as_slice() {
            [] if answers.is_empty() => faults.unanswered += 1,
            [_, _, ..] => faults.answered_twice += 1,
            _ => {}
        }
        let of_another = |answer: &str| {
            wanted.iter().enumerate().any(|(other, text)| other != number && text.as_deref() == Some(answer))
        };
        if let (Some(answer), Some(own)) = (by_bot.first(), &wanted[number])
            && answer.text != *own
            && of_another(&answer.text)
        {
            faults.out_of_order += 1;
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chat(lines: &[(Speaker, &str)]) -> Vec<Spoken> {
        lines.iter().map(|(who, text)| Spoken { who: *who, text: (*text).to_owned() }).collect()
    }

    /// A bot that shouts back.
    #[expect(clippy::unnecessary_wraps, reason = "it stands for a look-up that can fail")]
    fn shout(text: &str) -> Option<String> {
        Some(text.to_uppercase())
    }

    use Speaker::{Bot, Customer, Person};

    #[test]
    fn a_clean_chat_has_no_faults() {
        let lines =
            chat(&[(Customer, "a"), (Bot, "A"), (Customer, "b"), (Bot, "B"), (Person, "hello"), (Person, "yes?")]);
        assert_eq!(judge(&lines, shout), Faults::default());
    }

    #[test]
    fn silence_counts_and_a_person_is_an_answer() {
        let lines = chat(&[(Customer, "a"), (Customer, "b"), (Person, "hello")]);
        assert_eq!(judge(&lines, shout), Faults { unanswered: 1, ..Faults::default() });
    }

    #[test]
    fn two_answers_to_one_line_count_once() {
        let lines = chat(&[(Customer, "a"), (Bot, "A"), (Bot, "A"), (Bot, "A")]);
        assert_eq!(judge(&lines, shout), Faults { answered_twice: 1, ..Faults::default() });
    }

    #[test]
    fn swapped_answers_are_out_of_order() {
        let lines = chat(&[(Customer, "a"), (Bot, "B"), (Customer, "b"), (Bot, "A")]);
        assert_eq!(judge(&lines, shout), Faults { out_of_order: 2, ..Faults::default() });
    }
}
