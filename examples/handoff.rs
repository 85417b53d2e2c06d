//! Handing over to people, in full: the example to copy from.
//!
//! A handoff is one value. It says **to whom**, as a chain of choices that are tried in order, each with a deadline; **how**:
//! warm (the bot invites a person, stays until they have spoken, and leaves) or cold (the chat is theirs at once); and with
//! which **words**: before, again and again while somebody is looked for, when they are in, and a note that the customer does
//! not see. The runtime does the rest: it types the words, tries the choices, falls silent the moment a person is there, and
//! takes up the same handoff after a crash. Three things are left to the bot:
//!
//! * If no choice works, it hears [`Event::HandoffFailed`] and still has the customer: say so, and offer something.
//! * If the person leaves or gives the chat back, it hears [`Event::PersonLeft`] or [`Event::Returned`]: take up where you were.
//! * If the customer says nothing, it hears [`Event::Silent`]: ask once, then say goodbye.
//!
//! Talk to it here, where nobody is at the desks: `cargo run -p attendant-examples --example handoff`.

use std::time::Duration;

use attendant::rules::{Hours, Of, asks_for_person};
use attendant::{Bot, BotError, EntryKind, Event, Handoff, HandoffFailure, Next, Role, Turn, async_trait};

/// A bicycle workshop: tells what a repair costs, and fetches a person for the rest.
pub struct Workshop {
    /// When people are there.
    hours: Hours,
}

const PRICES: [(&str, &str); 3] = [("tyre", "25"), ("brake", "40"), ("chain", "35")];

impl Workshop {
    /// With the hours of the people at the desks, in their own time zone.
    pub fn new() -> anyhow::Result<Self> {
        let hours = Hours {
            zone: "Europe/Berlin".parse().map_err(anyhow::Error::msg)?,
            open: vec!["mon-fri 08:00-18:00".parse().map_err(anyhow::Error::msg)?],
            holidays: vec!["12-25".parse().map_err(anyhow::Error::msg)?],
            of: Of::Handoffs,
        };
        Ok(Self { hours })
    }

    /// Who is asked, in which order, and what everybody is told meanwhile.
    fn to_people(&self, turn: &Turn<'_>, why: &str) -> Handoff {
        let handoff = Handoff::to_agent("mira")
            .warm()
            .within(Duration::from_secs(20)) // she knows it best
            .or_else(Handoff::to_skill("workshop").warm().within(Duration::from_secs(40)));
        // A queue takes the chat whether somebody is there or not: only while somebody will be.
        let open = self.hours.is_open(turn.now());
        let handoff = if open { handoff.or_else(Handoff::to_queue("workshop")) } else { handoff };
        handoff
            .or_call_back() // needs nobody now: the runtime asks for a number and attaches it
            .saying("I fetch a colleague, and stay with you until they are here.")
            .meanwhile(
                "I am still looking for somebody.[ You are number {place} in the queue.]",
                Duration::from_secs(15),
            )
            .after("{name} is here now, and knows what you told me.")
            .note(note(turn, why))
    }

    /// Nobody has taken over: the customer is told why, and the bot is still there for them.
    async fn nobody_came(&self, turn: &mut Turn<'_>, why: &HandoffFailure) -> Result<Next, BotError> {
        match why {
            HandoffFailure::NoNumber => {
                let now = turn.now();
                let when = if self.hours.is_open(now) { None } else { self.hours.opens(now) };
                let when = when.map_or_else(|| "any time".to_owned(), |opens| format!("from {opens} on"));
                turn.say(format!("Then just write to us again, {when}. What else can I do?")).await?;
            }
            // Whoever was asked gave the chat back: asking them again helps nobody.
            HandoffFailure::Circles => {
                turn.attach("FollowUp", "people gave it back").await?; // for the report that somebody reads
                turn.say("My colleagues have it on their list for tomorrow. Is there anything I can do now?").await?;
            }
            HandoffFailure::NoSuchTarget | HandoffFailure::Refused(_) => {
                turn.attach("FollowUp", "the handoff is set up wrongly").await?;
                turn.say(why.apology()).await?;
            }
            _ => turn.say(why.apology()).await?, // busy, away, or not in time: it says which
        }
        Ok(Next::Listen)
    }
}

/// What the person reads before their first word: why, what about, and what the customer said last.
fn note(turn: &Turn<'_>, why: &str) -> String {
    let said = turn.transcript().iter().filter_map(|entry| match &entry.kind {
        EntryKind::Text(text) if entry.from.role == Role::Customer => Some(text.as_str()),
        _ => None,
    });
    let said: Vec<&str> = said.collect();
    let last = said[said.len().saturating_sub(3)..].join(" / ");
    format!("{} {why}. Said last: {last}", turn.customer_name().unwrap_or("The customer"))
}

#[async_trait]
impl Bot for Workshop {
    async fn respond(&self, turn: &mut Turn<'_>) -> Result<Next, BotError> {
        match turn.event() {
            Event::Started => turn.say("Hello! I know what a tyre, a brake or a chain costs.").await?,
            Event::Said(said) if asks_for_person(&said.text()) => {
                return Ok(Next::HandOff(self.to_people(turn, "asks for a person")));
            }
            // A complaint goes to people whatever policy is set for busy hours.
            Event::Said(said) if said.contains("broken again") => {
                turn.say("That must not happen, I am sorry.").await?;
                return Ok(Next::HandOff(self.to_people(turn, "complains about a repair").because("complaint").must()));
            }
            Event::Said(said) => match PRICES.iter().find(|(part, _)| said.contains(part)) {
                Some((part, price)) => turn.say(format!("A new {part} is {price} euros, fitted.")).await?,
                None => turn.say("I know tyres, brakes and chains. Or shall I fetch a colleague?").await?,
            },
            Event::HandoffFailed(why) => return self.nobody_came(turn, why).await,
            // Theirs is the word: nothing is said. For the report, who looked in.
            Event::PersonJoined(name) => turn.attach("LookedIn", name.as_str()).await?,
            Event::PersonLeft(name) => turn.say(format!("{name} had to go, but I am here. What else is it?")).await?,
            Event::Returned => turn.say("Here I am again. What else is it?").await?,
            Event::Silent(_) if turn.recall("asked")?.unwrap_or(false) => return Ok(Next::finish("silent")),
            Event::Silent(_) => {
                turn.remember("asked", true)?;
                turn.say("Are you still there?").await?;
            }
            _ => {}
        }
        Ok(Next::Listen)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    attendant_examples::run(Workshop::new()?).await
}

#[cfg(test)]
mod tests {
    use attendant::journal::Closed;
    use attendant::{Rehearsal, Target, UnixMillis};

    use super::*;

    const HOUR: i64 = 3_600_000;
    /// Friday, 2 January 2026, at noon and at eleven in the evening in Berlin.
    const NOON: UnixMillis = UnixMillis(490_931 * HOUR);
    const NIGHT: UnixMillis = UnixMillis(NOON.0 + 11 * HOUR);

    async fn complains(at: UnixMillis) -> Rehearsal {
        let mut chat = Rehearsal::new(Workshop::new().unwrap()).customer("Ada").at(at).start().await;
        assert_eq!(chat.say("What is a chain?").await, ["A new chain is 35 euros, fitted."]);
        let said = chat.say("It is broken again").await;
        assert_eq!(
            said,
            ["That must not happen, I am sorry.", "I fetch a colleague, and stay with you until they are here."]
        );
        chat
    }

    #[tokio::test]
    async fn the_person_gets_a_note_and_the_customer_an_introduction() {
        let mut chat = complains(NOON).await;
        let note = "Ada complains about a repair. Said last: What is a chain? / It is broken again";
        assert!(chat.notes()[0].ends_with(note), "{:?}", chat.notes()); // after the name of the rule
        assert_eq!(chat.person_joins("mira").await, ["mira is here now, and knows what you told me."]);
        assert!(chat.say("Hello?").await.is_empty(), "it is hers now");
        chat.person_says("Hello Ada").await;
        assert_eq!(chat.closed(), Some(Closed::HandedOver));
    }

    #[tokio::test]
    async fn the_queue_is_for_the_day_and_the_call_back_for_the_night() {
        for (at, choices) in [(NOON, 4), (NIGHT, 3)] {
            let mut chat = complains(at).await;
            let handoff = chat.handoff().cloned().unwrap();
            assert_eq!(handoff.choices.len(), choices);
            assert!(matches!(handoff.choices.last().unwrap().target, Target::CallBack(_)));
            assert!(handoff.must && handoff.rule.as_deref() == Some("complaint"));
            chat.customer_leaves().await;
            assert!(!chat.is_open());
        }
    }

    #[tokio::test]
    async fn who_leaves_no_number_is_told_when_to_write_again_and_still_served() {
        for (at, when) in [(NOON, "any time"), (NIGHT, "from 2026-01-05 08:00 on")] {
            let mut chat = complains(at).await;
            let said = chat.fail_handoff(HandoffFailure::TimedOut).await;
            assert!(said.last().is_some_and(|last| last.contains(when)), "{said:?}"); // after the weekend, by night
            assert_eq!(chat.say("and a brake?").await, ["A new brake is 40 euros, fitted."]);
        }
    }

    /// The same bot where nobody may be called back.
    struct NoCallBack(Workshop);

    #[async_trait]
    impl Bot for NoCallBack {
        async fn respond(&self, turn: &mut Turn<'_>) -> Result<Next, BotError> {
            let mut next = self.0.respond(turn).await?;
            if let Next::HandOff(handoff) = &mut next {
                handoff.choices.retain(|choice| !matches!(choice.target, Target::CallBack(_)));
            }
            Ok(next)
        }
    }

    #[tokio::test]
    async fn whoever_does_not_come_the_customer_is_told_why() {
        for (why, told, follow_up) in [
            (HandoffFailure::Busy, "all my colleagues are busy", None),
            (HandoffFailure::NobodySignedIn, "none of my colleagues is here", None),
            (HandoffFailure::TimedOut, "no colleague has answered", None),
            (HandoffFailure::NoSuchTarget, "could not reach", Some("the handoff is set up wrongly")),
        ] {
            let mut chat = Rehearsal::new(NoCallBack(Workshop::new().unwrap())).at(NOON).start().await;
            chat.say("a human, please").await;
            let said = chat.fail_handoff(why.clone()).await.join(" ");
            assert!(said.contains(told), "{why:?}: {said}");
            assert_eq!(chat.attached("FollowUp"), follow_up, "{why:?}");
            assert_eq!(chat.say("and a brake?").await, ["A new brake is 40 euros, fitted."], "{why:?}");
        }
    }

    #[tokio::test]
    async fn a_person_who_looks_in_and_leaves_wakes_the_bot() {
        let bot = Workshop::new().unwrap();
        let mut options = attendant::Options::default();
        options.handoff.leave = false; // she only looks in
        let mut chat = Rehearsal::new(bot).options(options).start().await;
        chat.person_joins("mira").await;
        chat.person_says("I look in").await;
        assert!(chat.say("What is a tyre?").await.is_empty(), "it is hers");
        let said = chat.person_leaves().await;
        assert!(said.iter().any(|line| line == "mira had to go, but I am here. What else is it?"), "{said:?}");
    }

    #[tokio::test]
    async fn a_silent_customer_is_asked_once() {
        let mut chat = Rehearsal::new(Workshop::new().unwrap()).start().await;
        assert_eq!(chat.silence(Duration::from_secs(130)).await, ["Are you still there?"]);
        chat.silence(Duration::from_secs(130)).await;
        assert_eq!(chat.finished(), Some("silent"));
    }
}
