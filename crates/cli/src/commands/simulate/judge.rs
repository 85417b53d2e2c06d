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

/// Judges one chat. `expected` tells what the bot says to a line when asked that line alone, where that is known.
///
/// A customer here says nothing before the answer to the last line is there, so what stands between two customer lines
/// belongs to the first of them. A person's words count as an answer, never as a second one.
pub fn judge<'a>(lines: &[Spoken], expected: impl Fn(&str) -> Option<&'a [String]>) -> Faults {
    let mut faults = Faults::default();
    let places: Vec<usize> = (0..lines.len()).filter(|place| lines[*place].who == Speaker::Customer).collect();
    let wanted: Vec<Option<&[String]>> = places.iter().map(|place| expected(&lines[*place].text)).collect();
    for (number, place) in places.iter().enumerate() {
        let end = places.get(number + 1).copied().unwrap_or(lines.len());
        let answers = &lines[place + 1..end];
        let by_bot: Vec<&str> =
            answers.iter().filter(|line| line.who == Speaker::Bot).map(|line| line.text.as_str()).collect();
        let own = wanted[number].unwrap_or_default();
        if answers.is_empty() {
            faults.unanswered += 1;
        }
        if by_bot.len() > own.len().max(1) {
            faults.answered_twice += 1;
        }
        let is_of_another = |answer: &str| {
            let others = wanted.iter().enumerate().filter(|(other, _)| *other != number);
            others.filter_map(|(_, lines)| *lines).flatten().any(|line| line == answer)
        };
        if wanted[number].is_some()
            && by_bot.iter().any(|answer| !own.iter().any(|line| line == answer) && is_of_another(answer))
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

    /// Judges by a bot that shouts back, and answers "both" twice.
    fn by_shouting(lines: &[Spoken]) -> Faults {
        let said: std::collections::HashMap<&str, Vec<String>> =
            [("a", vec!["A".into()]), ("b", vec!["B".into()]), ("both", vec!["A".into(), "B".into()])].into();
        judge(lines, |text| said.get(text).map(Vec::as_slice))
    }

    use Speaker::{Bot, Customer, Person};

    #[test]
    fn a_clean_chat_has_no_faults() {
        let lines =
            chat(&[(Customer, "a"), (Bot, "A"), (Customer, "b"), (Bot, "B"), (Person, "hello"), (Person, "yes?")]);
        assert_eq!(by_shouting(&lines), Faults::default());
    }

    #[test]
    fn silence_counts_and_a_person_is_an_answer() {
        let lines = chat(&[(Customer, "a"), (Customer, "b"), (Person, "hello")]);
        assert_eq!(by_shouting(&lines), Faults { unanswered: 1, ..Faults::default() });
    }

    #[test]
    fn two_answers_to_one_line_count_once() {
        let lines = chat(&[(Customer, "a"), (Bot, "A"), (Bot, "A"), (Bot, "A")]);
        assert_eq!(by_shouting(&lines), Faults { answered_twice: 1, ..Faults::default() });
    }

    #[test]
    fn two_questions_in_a_line_have_two_answers() {
        let lines = chat(&[(Customer, "both"), (Bot, "A"), (Bot, "B"), (Customer, "b"), (Bot, "B")]);
        assert_eq!(by_shouting(&lines), Faults::default());
        let lines = chat(&[(Customer, "both"), (Bot, "A"), (Bot, "B"), (Bot, "B")]);
        assert_eq!(by_shouting(&lines).answered_twice, 1);
    }

    #[test]
    fn swapped_answers_are_out_of_order() {
        let lines = chat(&[(Customer, "a"), (Bot, "B"), (Customer, "b"), (Bot, "A")]);
        assert_eq!(by_shouting(&lines), Faults { out_of_order: 2, ..Faults::default() });
    }
}
