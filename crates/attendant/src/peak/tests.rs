//! Whole conversations through the layer.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::*;
use crate::availability::{Availability, Staffing};
use crate::options::Place;
use crate::{Bot, BotError, Event, Handoff, Next, Rehearsal, Target, Turn, async_trait};

/// Who is there, as the test has it.
#[derive(Clone, Default)]
struct Floor(Arc<Mutex<Option<Staffing>>>);

impl Floor {
    fn set(&self, people: Option<Staffing>) {
        *self.0.lock().unwrap() = people;
    }
}

impl Availability for Floor {
    fn people(&self, _: &Target) -> Option<Staffing> {
        *self.0.lock().unwrap()
    }
}

#[expect(clippy::unnecessary_wraps, reason = "a floor may be unknown")]
fn crew(free: u32, wait: u64) -> Option<Staffing> {
    let wait = Some(Duration::from_secs(wait));
    Some(Staffing { signed_in: 4, ready: 4, free, busy: 4, queue: None, wait, age: Duration::ZERO })
}

/// Wants to hand over for a human, must for fire, doubts when it hears hmm.
struct Asker;

#[async_trait]
impl Bot for Asker {
    async fn respond(&self, turn: &mut Turn<'_>) -> Result<Next, BotError> {
        match turn.event() {
            Event::Said(said) if said.contains("human") => {
                return Ok(Next::HandOff(Handoff::to_skill("service").saying("One moment.")));
            }
            Event::Said(said) if said.contains("fire") => {
                return Ok(Next::HandOff(Handoff::to_skill("service").must()));
            }
            Event::Said(said) if said.contains("hmm") => {
                turn.set_confidence(0.3);
                turn.say("Can you say it in other words?").await?;
            }
            Event::Said(_) => {
                turn.set_confidence(0.95);
                turn.say("From 9 to 17.").await?;
            }
            _ => {}
        }
        Ok(Next::Listen)
    }
}

fn options() -> Options {
    let to = Place { skill: Some("service".into()), ..Place::default() };
    Options { to: Some(to), hours: Some("from 8 to 18".into()), ..Options::default() }
}

async fn chat(options: Options, floor: &Floor) -> Rehearsal {
    let peak = Peak::around(Arc::new(Asker), options, Arc::new(floor.clone())).unwrap();
    Rehearsal::new(peak).start().await
}

#[tokio::test]
async fn when_people_are_free_a_wish_passes_and_doubt_is_handed_over_early() {
    let floor = Floor::default();
    floor.set(crew(2, 0));
    let mut one = chat(options(), &floor).await;
    one.say("a human please").await;
    assert!(one.handoff().is_some());
    let mut other = chat(options(), &floor).await;
    let said = other.say("hmm?").await;
    assert_eq!(said.last().map(String::as_str), Some("I am not sure about this one, so I get a colleague for you."));
    let handoff = other.handoff().unwrap();
    assert_eq!(handoff.rule.as_deref(), Some("peak"));
    assert!(handoff.note.as_deref().unwrap().contains("30 % sure"), "{handoff:?}");
    let mut sure = chat(options(), &floor).await;
    assert_eq!(sure.say("when are you open?").await, ["From 9 to 17."]);
    assert!(sure.handoff().is_none());
}

#[tokio::test]
async fn at_peak_a_wish_is_put_off_twice_with_the_wait_and_then_passes_and_doubt_stays_with_the_bot() {
    let floor = Floor::default();
    floor.set(crew(0, 1700));
    let mut chat = chat(options(), &floor).await;
    assert_eq!(chat.say("hmm?").await, ["Can you say it in other words?"]);
    for _ in 0..2 {
        let said = chat.say("a human please").await.join(" ");
        assert!(said.contains("30 minutes") && said.contains("telephone number"), "{said}");
        assert!(chat.handoff().is_none());
    }
    let said = chat.say("a human please").await.join(" ");
    assert!(chat.handoff().is_some() && said.starts_with("One moment. It will take about 30 minutes"), "{said}");
}

#[tokio::test]
async fn what_must_be_passes_even_at_peak_and_even_if_nobody_is_there() {
    let floor = Floor::default();
    for people in [crew(0, 1700), Some(Staffing::default()), None] {
        floor.set(people);
        let mut chat = chat(options(), &floor).await;
        chat.say("fire").await;
        assert!(chat.handoff().is_some(), "{people:?}");
    }
}

#[tokio::test]
async fn when_nobody_is_there_the_hours_are_told_and_a_number_becomes_a_call_back() {
    let floor = Floor::default();
    floor.set(Some(Staffing::default()));
    let mut chat = chat(options(), &floor).await;
    let said = chat.say("a human please").await.join(" ");
    assert!(said.contains("from 8 to 18") && said.contains("telephone number"), "{said}");
    assert!(chat.handoff().is_none());
    let said = chat.say("it is 030 1234567, thanks").await.join(" ");
    assert!(said.contains("030 1234567"), "{said}");
    assert_eq!(chat.finished(), Some("call-back"));
}

#[tokio::test]
async fn a_number_that_nobody_asked_for_is_the_bots_and_so_is_another_question_after_the_offer() {
    let floor = Floor::default();
    floor.set(Some(Staffing::default()));
    let mut chat = chat(options(), &floor).await;
    assert_eq!(chat.say("order 4711815").await, ["From 9 to 17."]);
    chat.say("a human please").await;
    assert_eq!(chat.say("then tell me when you open").await, ["From 9 to 17."]);
    assert_eq!(chat.say("order 4711815").await, ["From 9 to 17."]);
    assert_eq!(chat.finished(), None);
}

#[tokio::test]
async fn in_the_line_the_wait_is_told_and_kept_up_to_date_until_somebody_is_free() {
    let floor = Floor::default();
    let mut options = options();
    options.line.on = true;
    options.put_off_most = 0;
    floor.set(crew(0, 600));
    let mut chat = chat(options, &floor).await;
    let said = chat.say("a human please").await.join(" ");
    assert!(said.contains("number 1") && said.contains("10 minutes"), "{said}");
    assert!(chat.handoff().is_none());
    assert_eq!(chat.silence(Duration::from_secs(90)).await, Vec::<String>::new(), "nothing is new");
    floor.set(crew(0, 240));
    let said = chat.silence(Duration::from_secs(90)).await.join(" ");
    assert!(said.contains("4 minutes"), "{said}");
    assert_eq!(chat.say("when are you open?").await, ["From 9 to 17."], "the bot still answers");
    // Longer than any customer may be silent otherwise.
    chat.silence(Duration::from_secs(1000)).await;
    assert!(chat.finished().is_none() && chat.handoff().is_none());
    floor.set(crew(1, 0));
    chat.silence(Duration::from_secs(15)).await;
    assert!(chat.handoff().is_some());
}

#[tokio::test]
async fn who_waits_while_everybody_goes_home_is_told_so() {
    let floor = Floor::default();
    let mut options = options();
    options.line.on = true;
    options.put_off_most = 0;
    floor.set(crew(0, 600));
    let mut chat = chat(options, &floor).await;
    chat.say("a human please").await;
    floor.set(Some(Staffing::default()));
    let said = chat.silence(Duration::from_secs(15)).await.join(" ");
    assert!(said.contains("from 8 to 18") && said.contains("telephone number"), "{said}");
    assert!(chat.handoff().is_none());
}

#[tokio::test]
async fn an_old_picture_is_none() {
    let floor = Floor::default();
    floor.set(Some(Staffing { age: Duration::from_secs(61), ..crew(2, 0).unwrap() }));
    let mut chat = chat(options(), &floor).await;
    assert_eq!(chat.say("hmm?").await, ["Can you say it in other words?"], "nobody is handed over early");
    chat.say("a human please").await;
    assert!(chat.handoff().is_some(), "but the bot's own wish passes");
}

#[test]
fn options_that_cannot_work_are_named() {
    assert_eq!(Options::default().validate(), []);
    let mut wrong = Options { fixed_price: Some(2.0), busy_from: Duration::from_secs(500), ..Options::default() };
    wrong.line.look_every = Duration::ZERO;
    wrong.bots.chats_most = Some(0);
    let keys: Vec<_> = wrong.validate().into_iter().map(|found| found.key).collect();
    assert_eq!(keys, ["fixed_price", "fixed_price", "busy_from", "line.look_every", "bots.chats_most"]);
    assert!(Peak::around(Arc::new(Asker), wrong, Arc::new(Floor::default())).is_err());
}

#[tokio::test]
async fn how_things_stand_is_told_with_levels_line_and_reasons() {
    let floor = Floor::default();
    let peak = Arc::new(Peak::around(Arc::new(Asker), options(), Arc::new(floor.clone())).unwrap());
    let state = peak.watch();
    assert_eq!(state.borrow().to_string(), "people not looked at yet; 0 in line; 0 chats");
    floor.set(crew(2, 0));
    let mut one = Rehearsal::new(Arc::clone(&peak)).start().await;
    one.say("a human please").await;
    assert_eq!(state.borrow().to_string(), "people service=Calm; 0 in line; 0 chats; decided Worth=1");
    floor.set(crew(0, 3600));
    let mut other = Rehearsal::new(Arc::clone(&peak)).start().await;
    other.say("hmm?").await;
    let seen = state.borrow().clone();
    assert_eq!(seen.levels, [("service".to_owned(), Level::Peak)].into());
    assert_eq!(seen.reasons.values().sum::<u64>(), 2, "{seen}");
    assert!(seen.to_string().starts_with("people service=Peak; "), "{seen}");
}
