//! Business hours: when people are there, in their own time zone, with holidays. The time zones are built in, so that a
//! machine without any has them too.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use jiff::civil::{Date, Weekday};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, Zoned};
use serde::{Deserialize, Serialize};

use crate::UnixMillis;

const DAY: u16 = 24 * 60;
/// How far ahead the next opening is looked for, in days.
const AHEAD: u32 = 400;
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// Fires out of hours. In the words of the rule, `{opens}` is when it opens next: `09:00` if it is today, else
/// `2026-01-05 09:00`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// The time zone, as in `Europe/Berlin`.
    pub zone: Zone,
    /// When people are there: `mon-fri 09:00-17:30`, `sat 10:00-14:00`, `fri 22:00-06:00`. The end is the first minute in
    /// which nobody is there.
    pub open: Vec<Opening>,
    /// Days on which nobody is: `2026-04-06`, or `12-25` for every year.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holidays: Vec<Holiday>,
    /// What it puts something in the place of.
    #[serde(default)]
    pub of: Of,
}

/// What a rule about hours looks at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Of {
    /// Handoffs, whoever wants them, unless they must be: the bot works on while people are out.
    #[default]
    Handoffs,
    /// Chats: it fires once in a chat, before the bot says anything.
    Chats,
}

impl Hours {
    /// Whether people are there.
    pub fn is_open(&self, now: UnixMillis) -> bool {
        let Some(now) = self.zone.at(now) else { return true };
        let minute = minute_of(&now);
        let today = now.date();
        let since = |date: Date, offset: u16| {
            !self.is_holiday(date)
                && self.open.iter().any(|opening| {
                    opening.days[index(date.weekday())] && (opening.from..opening.to).contains(&(minute + offset))
                })
        };
        since(today, 0) || today.yesterday().is_ok_and(|yesterday| since(yesterday, DAY))
    }

    /// When people are there next, as people write it: `09:00` if it is today, else `2026-01-05 09:00`, in the time zone of
    /// the hours. `None` if nobody is there within a year.
    pub fn opens(&self, now: UnixMillis) -> Option<String> {
        let now = self.zone.at(now)?;
        let opening = self.next_opening(&now)?;
        let format = if opening.date() == now.date() { "%H:%M" } else { "%Y-%m-%d %H:%M" };
        Some(opening.strftime(format).to_string())
    }

    fn next_opening(&self, now: &Zoned) -> Option<Zoned> {
        let mut date = now.date();
        for _ in 0..AHEAD {
            if !self.is_holiday(date) {
                let openings = self.open.iter().filter(|opening| opening.days[index(date.weekday())]);
                let moments = openings.filter_map(|opening| {
                    let (hour, minute) = (i8::try_from(opening.from / 60).ok()?, i8::try_from(opening.from % 60).ok()?);
                    date.at(hour, minute, 0, 0).to_zoned(self.zone.zone.clone()).ok()
                });
                if let Some(first) = moments.filter(|moment| moment > now).min() {
                    return Some(first);
                }
            }
            date = date.tomorrow().ok()?;
        }
        None
    }

    fn is_holiday(&self, date: Date) -> bool {
        self.holidays.iter().any(|holiday| match holiday {
            Holiday::On(day) => *day == date,
            Holiday::Yearly(month, day) => (*month, *day) == (date.month(), date.day()),
        })
    }

    pub(super) fn validate(&self) -> Result<(), String> {
        if self.open.is_empty() { Err("closed.open: nobody is ever there".to_owned()) } else { Ok(()) }
    }
}

fn minute_of(at: &Zoned) -> u16 {
    u16::try_from(at.hour()).unwrap_or(0) * 60 + u16::try_from(at.minute()).unwrap_or(0)
}

fn index(day: Weekday) -> usize {
    usize::try_from(day.to_monday_zero_offset()).unwrap_or(0)
}

/// A time zone of the built-in database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

impl Zone {
    fn at(&self, now: UnixMillis) -> Option<Zoned> {
        Timestamp::from_millisecond(now.0).ok().map(|now| now.to_zoned(self.zone.clone()))
    }
}

impl FromStr for Zone {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        if let Ok(zone) = ZONES.get(name) {
            return Ok(Self { name: name.to_owned(), zone });
        }
        let city = |zone: &str| zone.rsplit('/').next().unwrap_or(zone).to_lowercase();
        // The zone whose end begins as this one does, as far as possible; a slip is seldom in the first letters.
        let wanted = city(name);
        let alike = |zone: &str| zone.chars().zip(wanted.chars()).take_while(|(one, other)| one == other).count();
        let area = |zone: &str| zone.split('/').next() == name.split('/').next();
        let near = ZONES.available().map(|zone| (alike(&city(zone.as_str())), area(zone.as_str()), zone));
        let near = near.max_by_key(|(alike, area, _)| (*alike, *area)).filter(|(alike, ..)| *alike >= 3);
        let near = near.map(|(.., zone)| zone);
        let hint = near.map_or_else(String::new, |zone| format!("; did you mean `{zone}`?"));
        Err(format!("`{name}` is no time zone; write it as Europe/Berlin{hint}"))
    }
}

/// Days of the week, and a span of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Opening {
    /// From Monday.
    days: [bool; 7],
    /// In minutes of the day.
    from: u16,
    /// In minutes of the same day; more than a day's if it goes through midnight.
    to: u16,
    text: String,
}

impl FromStr for Opening {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no opening; write it as `mon-fri 09:00-17:30` or `sat,sun 10:00-14:00`");
        let (days, span) = text.trim().split_once(char::is_whitespace).ok_or_else(wrong)?;
        let (from, to) = span.trim().split_once('-').ok_or_else(wrong)?;
        let (from, mut to) = (minutes(from).ok_or_else(wrong)?, minutes(to).ok_or_else(wrong)?);
        if from == to || from >= DAY {
            return Err(wrong());
        }
        if to < from {
            to += DAY;
        }
        let mut open = [false; 7];
        for part in days.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (day(first).ok_or_else(wrong)?, day(last).ok_or_else(wrong)?);
            let count = (last + 7 - first) % 7;
            (0..=count).for_each(|step| open[(first + step) % 7] = true);
        }
        Ok(Self { days: open, from, to, text: text.to_owned() })
    }
}

fn day(name: &str) -> Option<usize> {
    DAYS.iter().position(|day| name.trim().eq_ignore_ascii_case(day))
}

/// `09:30` in minutes; `24:00` is the end of the day.
fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    (minutes < 60 && hours * 60 + minutes <= DAY).then_some(hours * 60 + minutes)
}

/// A day on which nobody is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Holiday {
    /// One day.
    On(Date),
    /// This month and day, every year.
    Yearly(i8, i8),
}

impl FromStr for Holiday {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(date) = text.parse() {
            return Ok(Self::On(date));
        }
        // Of a leap year, so that 02-29 is a day.
        let yearly =
            Some(text).filter(|text| text.len() == 5).and_then(|text| format!("2024-{text}").parse::<Date>().ok());
        let wrong = || format!("`{text}` is no day; write it as 2026-04-06, or as 12-25 for every year");
        yearly.map(|date| Self::Yearly(date.month(), date.day())).ok_or_else(wrong)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl fmt::Display for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for Holiday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::On(date) => write!(f, "{date}"),
            Self::Yearly(month, day) => write!(f, "{month:02}-{day:02}"),
        }
    }
}

macro_rules! written_as_text {
    ($($name:ident)*) => {$(
        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }
    )*};
}

written_as_text!(Zone Opening Holiday);
