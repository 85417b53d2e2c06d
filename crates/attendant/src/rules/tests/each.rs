//! One table a rule.

use std::time::Duration;

use super::{rehearsal, rule, rule_of};
use crate::rules::{Confidence, Data, Hours, Length, Of, Rule, Silent, Then, When, Wording, Words};
use crate::{HandoffFailure, Rehearsal, Target, UnixMillis};

#[tokio::test(start_paused = true)]
async fn a_customer_who_asks_for_a_person_gets_one_without_the_bot() {
    let mut chat = rehearsal([rule("asked", When::AskedForPerson)]).start().await;
    assert_eq!(chat.say("where is my parcel?").await, ["re: where is my parcel?"]);
    assert_eq!(chat.say("get me a human").await, ["words of asked"]);
    let handoff = chat.handoff().unwrap();
    assert_eq!(handoff.rule.as_deref(), Some("asked"));
    assert_eq!(handoff.choices[0].target, Target::Skill("asked".into()));
    assert!(!handoff.must);
}

#[tokio::test(start_paused = true)]
async fn a_wish_may_be_spread_over_a_burst() {
    let mut chat = rehearsal([rule("asked", When::AskedForPerson)]).start().await;
    chat.burst(["I want to talk", "to a human"]).await;
    assert_eq!(rule_of(&chat), Some("asked"));
}

#[test]
fn words_are_whole_and_of_the_customers_language() {
    let words = Words::new(["complaint", "take you to court", "anwalt*"]).of("de", ["klage"]).of("ja", ["苦情"]);
    for (line, locale, fires) in [
        ("I have a COMPLAINT!", None, true),
        ("complaints", None, false),
        ("uncomplaint", None, false),
        ("I'll take you to court.", None, true),
        ("take me to court", None, false),
        ("Rechtsanwalt", None, false),
        ("Ich gehe zum Anwaltsbüro", None, true),
        ("Klage!", None, true),
        ("Klage!", Some("de-AT"), true),
        ("Klage!", Some("ja"), false),
        ("Klage!", Some("fr"), true),
        ("complaint", Some("de"), true),
        ("これは苦情です", None, true),
        ("苦 情", Some("ja-JP"), true),
        ("これは苦情です", Some("de"), false),
        ("", None, false),
    ] {
        assert_eq!(words.fires(&[line], locale), fires, "{line} {locale:?}");
    }
    assert!(words.fires(&["hello", "a complaint"], None));
}

#[test]
fn attached_data_equals_is_one_of_or_is_there() {
    let data = |is: Option<&str>, one_of: &[&str]| Data {
        key: "Segment".into(),
        is: is.map(Into::into),
        one_of: one_of.iter().map(|value| (*value).into()).collect(),
    };
    for (rule, value, fires) in [
        (data(Some("gold"), &[]), Some("gold"), true),
        (data(Some("gold"), &[]), Some("golden"), false),
        (data(Some("gold"), &[]), None, false),
        (data(None, &["gold", "platinum"]), Some("platinum"), true),
        (data(None, &["gold", "platinum"]), Some("silver"), false),
        (data(None, &[]), Some("anything"), true),
        (data(None, &[]), Some(""), false),
        (data(None, &[]), None, false),
    ] {
        let attached = value.map(|value| ("Segment", value)).into_iter().collect();
        assert_eq!(rule.fires(&attached), fires, "{rule:?} {value:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_important_customer_goes_to_people_at_once_and_once() {
    let vip = rule("vip", When::Data(Data { key: "Segment".into(), is: Some("gold".into()), one_of: vec![] }));
    let mut chat = rehearsal([vip.must().attaching("Route", "vip")]).data("Segment", "gold").start().await;
    assert_eq!(chat.greeting(), ["words of vip"]);
    assert!(chat.handoff().is_some_and(|handoff| handoff.must));
    assert_eq!(chat.attached("Route"), Some("vip"));
    assert_eq!(chat.fail_handoff(HandoffFailure::NobodyAvailable).await, ["Nobody is there."]);
    assert_eq!(chat.say("hello?").await, ["re: hello?"]);
}

#[tokio::test(start_paused = true)]
async fn a_bot_that_is_unsure_twice_in_a_row_is_relieved() {
    let unsure = || rule("unsure", When::Confidence(Confidence { below: 0.4, times: 2 }));
    let mut chat = rehearsal([unsure()]).start().await;
    assert_eq!(chat.say("a 39").await, ["re: a 39"]);
    assert_eq!(chat.say("b 41").await, ["re: b 41"], "not in a row");
    assert_eq!(chat.say("c 10").await, ["re: c 10"]);
    assert_eq!(chat.say("no number").await, ["re: no number"], "does not count");
    assert_eq!(chat.say("d 10").await, ["words of unsure"], "its answer is not sent");
    assert_eq!(rule_of(&chat), Some("unsure"));
    assert!(chat.notes()[0].contains("by the rule unsure"), "{:?}", chat.notes());
    // It counts anew.
    chat.fail_handoff(HandoffFailure::TimedOut).await;
    assert_eq!(chat.say("e 10").await, ["re: e 10"]);
    assert_eq!(chat.say("f 10").await, ["words of unsure"]);

    // What the bot wants itself comes first, and its words with it.
    let mut chat = rehearsal([unsure()]).start().await;
    chat.say("a 10").await;
    assert_eq!(chat.say("goodbye 10").await, ["re: goodbye 10"]);
    assert_eq!(chat.finished(), Some("done"));
    let mut chat = rehearsal([unsure()]).start().await;
    chat.say("a 10").await;
    assert_eq!(chat.say("transfer 10").await, ["re: transfer 10"]);
    assert_eq!(rule_of(&chat), Some("bot"));
}

#[test]
fn the_last_straw_is_known_before_the_bot_speaks() {
    let confidence = |times| Confidence { below: 0.4, times };
    for (rule, all, fires) in [
        (confidence(1), vec![0.3], true),
        (confidence(1), vec![0.4], false),
        (confidence(2), vec![0.3], false),
        (confidence(2), vec![0.3, 0.3], true),
        (confidence(2), vec![0.3, 0.9, 0.3], false),
        (confidence(3), vec![0.9, 0.1, 0.1, 0.1], true),
    ] {
        assert_eq!(rule.fires(&all), fires, "{rule:?} {all:?}");
        let (last, earlier) = all.split_last().unwrap();
        let straw = rule.last_straw(earlier).is_some_and(|least| *last < least);
        assert_eq!(straw, fires, "{rule:?} {all:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_chat_goes_to_people() {
    let long = rule("long", When::Length(Length { turns: Some(3), lasts: None }));
    let mut chat = rehearsal([long]).start().await; // turn 1
    for _ in 0..2 {
        assert_eq!(chat.say("a").await, ["re: a"]);
    }
    assert_eq!(chat.say("a").await, ["words of long"]);
    chat.fail_handoff(HandoffFailure::TimedOut).await;
    assert_eq!(chat.say("a").await, ["re: a"], "it counts anew");

    let long = rule("long", When::Length(Length { turns: None, lasts: Some(Duration::from_secs(60)) }));
    let mut chat = rehearsal([long]).start().await;
    assert_eq!(chat.say("a").await, ["re: a"]);
    chat.silence(Duration::from_secs(61)).await;
    assert_eq!(chat.say("a").await, ["words of long"]);
}

#[tokio::test(start_paused = true)]
async fn a_silent_customer_is_handed_over_once_a_silence() {
    let silent = rule("silent", When::Silent(Silent { lasts: Duration::from_secs(200) }));
    let mut chat = rehearsal([silent]).start().await;
    chat.say("a").await;
    assert!(chat.silence(Duration::from_secs(130)).await.is_empty(), "not yet");
    assert_eq!(chat.silence(Duration::from_secs(120)).await, ["words of silent"]);
    assert_eq!(rule_of(&chat), Some("silent"));
    chat.fail_handoff(HandoffFailure::NobodyAvailable).await;
    assert!(chat.silence(Duration::from_secs(300)).await.is_empty(), "the same silence");
    assert_eq!(chat.say("b").await, ["re: b"]);
    assert_eq!(chat.silence(Duration::from_secs(300)).await, ["words of silent"]);
}

fn hours(open: &[&str], holidays: &[&str]) -> Hours {
    Hours {
        zone: "Europe/Berlin".parse().unwrap(),
        open: open.iter().map(|text| text.parse().unwrap()).collect(),
        holidays: holidays.iter().map(|text| text.parse().unwrap()).collect(),
        of: Of::Handoffs,
    }
}

fn at(text: &str) -> UnixMillis {
    UnixMillis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

#[test]
fn hours_have_days_zones_nights_and_holidays() {
    let office = hours(&["mon-fri 09:00-17:30", "sat 10:00-14:00", "fri 22:00-02:00"], &["12-25", "2026-04-06"]);
    for (now, open, opens) in [
        ("2026-01-02T08:00:00Z", true, "22:00"),             // Friday 9:00 in Berlin
        ("2026-01-02T07:59:59Z", false, "09:00"),            // a second too early
        ("2026-01-02T16:29:59Z", true, "22:00"),             // the last minute
        ("2026-01-02T16:30:00Z", false, "22:00"),            // the first after it
        ("2026-01-02T23:30:00Z", true, "10:00"),             // Saturday 0:30, of Friday's night
        ("2026-01-03T01:00:00Z", false, "10:00"),            // Saturday 2:00
        ("2026-01-03T12:00:00Z", true, "2026-01-05 09:00"),  // Saturday 13:00
        ("2026-01-04T12:00:00Z", false, "2026-01-05 09:00"), // Sunday
        ("2026-07-01T07:00:00Z", true, "2026-07-02 09:00"),  // 9:00 in summer
        ("2026-07-01T06:59:00Z", false, "09:00"),
        ("2026-04-06T10:00:00Z", false, "2026-04-07 09:00"), // Easter Monday, of this year
        ("2027-04-06T10:00:00Z", true, "2027-04-07 09:00"),
        ("2026-12-25T10:00:00Z", false, "2026-12-26 10:00"), // Christmas, of every year
        ("2026-12-25T23:30:00Z", false, "10:00"),            // the night of a holiday
        ("2026-03-29T01:30:00Z", false, "2026-03-30 09:00"), // the hour that is not there
    ] {
        assert_eq!(office.is_open(at(now)), open, "{now}");
        assert_eq!(office.opens(at(now)).as_deref(), Some(opens), "{now}");
    }
    let always = hours(&["mon-sun 00:00-24:00"], &[]);
    assert!(always.is_open(at("2026-01-04T23:00:00Z")));
    let weekend = hours(&["sat-mon 08:00-12:00"], &[]);
    assert!(weekend.is_open(at("2026-01-05T08:00:00Z")) && !weekend.is_open(at("2026-01-06T08:00:00Z")));
}

#[test]
fn the_time_zones_are_built_in() {
    for zone in ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "UTC"] {
        assert!(zone.parse::<crate::rules::Zone>().is_ok(), "{zone}");
    }
    let wrong = "Europe/Berln".parse::<crate::rules::Zone>().unwrap_err();
    assert!(wrong.contains("did you mean `Europe/Berlin`?"), "{wrong}");
    assert!(wrong.contains("Europe/Berlin"), "{wrong}");
}

#[test]
fn what_is_no_opening_and_no_day_is_refused() {
    for wrong in ["", "mon", "mon 9-17", "mon 09:00-09:00", "mon 09:60-10:00", "mon 24:00-25:00", "xyz 09:00-10:00"] {
        assert!(wrong.parse::<crate::rules::Opening>().is_err(), "{wrong}");
    }
    for wrong in ["", "25.12.", "2026-02-30", "13-01", "12-32"] {
        assert!(wrong.parse::<crate::rules::Holiday>().is_err(), "{wrong}");
    }
}

/// Open on weekdays; a Sunday is not.
fn closed(of: Of) -> When {
    When::Closed(Hours { of, ..hours(&["mon-fri 09:00-17:00"], &[]) })
}

fn on_sunday(chat: Rehearsal) -> Rehearsal {
    chat.at(at("2026-01-04T12:00:00Z"))
}

#[tokio::test(start_paused = true)]
async fn out_of_hours_words_and_a_call_back_stand_for_a_handoff() {
    let rules = || {
        [
            Rule::new("closed", closed(Of::Handoffs))
                .then(Then::Stay)
                .saying(Wording::ByLanguage(
                    [("en", "We are back at {opens}."), ("de", "Wir sind ab {opens} da.")]
                        .map(|(language, words)| (language.into(), words.into()))
                        .into(),
                ))
                .attaching("CallBack", "requested"),
            rule("asked", When::AskedForPerson),
            rule("legal", When::Words(Words::new(["lawyer"]))).must(),
        ]
    };
    let mut chat = on_sunday(rehearsal(rules())).start().await;
    assert_eq!(chat.greeting(), ["Hello!"], "the bot works on");
    assert_eq!(chat.say("I want a human").await, ["We are back at 2026-01-05 09:00."]);
    assert_eq!((chat.handoff(), chat.attached("CallBack")), (None, Some("requested")));
    // Whoever wants it.
    assert_eq!(chat.say("transfer").await, ["re: transfer", "We are back at 2026-01-05 09:00."]);
    // Unless it must be.
    assert_eq!(chat.say("my lawyer will call").await, ["words of legal"]);

    let mut chat = on_sunday(rehearsal(rules())).locale("de-AT").start().await;
    assert_eq!(chat.say("I want a human").await, ["Wir sind ab 2026-01-05 09:00 da."]);
    let mut chat = rehearsal(rules()).start().await;
    assert_eq!(chat.say("I want a human").await, ["words of asked"], "a Friday");
}

#[tokio::test(start_paused = true)]
async fn out_of_hours_another_place_stands_for_the_usual_one() {
    let rules = [rule("asked", When::AskedForPerson), rule("night", closed(Of::Handoffs))];
    let mut chat = on_sunday(rehearsal(rules)).start().await;
    assert_eq!(chat.say("human please").await, ["words of night"]);
    assert_eq!(rule_of(&chat), Some("night"));
}

#[tokio::test(start_paused = true)]
async fn out_of_hours_a_chat_may_be_ended_at_its_begin() {
    let shut = Rule::new("shut", closed(Of::Chats)).then(Then::Finish).saying("Closed until {opens}.");
    let chat = on_sunday(rehearsal([shut.clone()])).start().await;
    assert_eq!(chat.greeting(), ["Closed until 2026-01-05 09:00."]);
    assert_eq!(chat.finished(), Some("closed"));
    let chat = rehearsal([shut]).start().await;
    assert_eq!(chat.greeting(), ["Hello!"]);
}
