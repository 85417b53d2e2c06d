//! The shapes of days: how many customers come in each hour. Four of them are figures that others have published, as they
//! are; `docs/peak.md` names the sources.

/// The shape of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Shape {
    /// A bank's weekday: closed at night, a steep morning with its peak at ten, and a long afternoon.
    Bank,
    /// A grocer on the net: one broad plateau from nine to five.
    Grocer,
    /// An ambulance line round the clock: highest at noon, and one call in six by night.
    Ambulance,
    /// A city's taxis: a day that climbs to its peak at five in the afternoon.
    Taxi,
    /// The bank's day with an outage at two: five times the customers for an hour. The outage is invented.
    Outage,
}

/// Calls a weekday that a bank's people answered, from seven in the morning: the mean of 164 days.
const BANK: [f64; 24] = [
    0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1013.2, 1923.0, 3218.4, 3394.0, 3281.0, 3108.7, 2983.8, 2902.2, 2780.9, 2450.9,
    1843.3, 1428.3, 1134.8, 929.1, 69.7, 0.0, 0.0,
];

/// Orders in each hour of the day, 3,421,083 of them.
const GROCER: [f64; 24] = [
    22_758.0, 12_398.0, 7_539.0, 5_474.0, 5_527.0, 9_569.0, 30_529.0, 91_868.0, 178_201.0, 257_812.0, 288_418.0,
    284_728.0, 272_841.0, 277_999.0, 283_042.0, 283_639.0, 272_553.0, 228_795.0, 182_912.0, 140_569.0, 104_292.0,
    78_109.0, 61_468.0, 40_043.0,
];

/// The share of a day's cases in each hour, in thousandths.
const AMBULANCE: [f64; 24] = [
    35.0, 31.0, 26.0, 22.0, 18.0, 18.0, 18.0, 22.0, 31.0, 44.0, 57.0, 59.0, 62.0, 62.0, 59.0, 57.0, 55.0, 53.0, 53.0,
    51.0, 48.0, 44.0, 40.0, 35.0,
];

/// Trips that began in each hour, 10,000 of them.
const TAXI: [f64; 24] = [
    55.0, 19.0, 13.0, 0.0, 8.0, 23.0, 105.0, 280.0, 645.0, 630.0, 604.0, 554.0, 664.0, 686.0, 688.0, 738.0, 809.0,
    898.0, 848.0, 692.0, 465.0, 281.0, 169.0, 126.0,
];

/// In the hour of the outage, and in the next one, which still has its tail.
const OUTAGE: [(usize, f64); 2] = [(14, 5.0), (15, 2.5)];

impl Shape {
    /// Those whose figures others have published.
    pub const PUBLISHED: [Self; 4] = [Self::Bank, Self::Grocer, Self::Ambulance, Self::Taxi];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bank => "bank",
            Self::Grocer => "grocer",
            Self::Ambulance => "ambulance",
            Self::Taxi => "taxi",
            Self::Outage => "outage",
        }
    }

    /// How many customers come in each hour, in relation to each other.
    pub fn hours(self) -> [f64; 24] {
        match self {
            Self::Bank => BANK,
            Self::Grocer => GROCER,
            Self::Ambulance => AMBULANCE,
            Self::Taxi => TAXI,
            Self::Outage => {
                let mut hours = BANK;
                for (hour, times) in OUTAGE {
                    hours[hour] *= times;
                }
                hours
            }
        }
    }

    /// For whom people are planned: nobody plans for an outage.
    pub fn expected(self) -> [f64; 24] {
        match self {
            Self::Outage => BANK,
            other => other.hours(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sums that the sources tell, so that no figure has slipped.
    #[test]
    fn the_published_figures_add_up() {
        let sum = |shape: Shape| shape.hours().iter().sum::<f64>();
        assert!((sum(Shape::Bank) - 32_461.3).abs() < 1.0);
        assert!((sum(Shape::Grocer) - 3_421_083.0).abs() < 0.5);
        assert!((sum(Shape::Ambulance) - 1_000.0).abs() < 0.5);
        assert!((sum(Shape::Taxi) - 10_000.0).abs() < 0.5);
    }

    #[test]
    fn an_outage_is_more_than_was_expected() {
        let (came, expected) = (Shape::Outage.hours(), Shape::Outage.expected());
        assert!(came[14] > 4.9 * expected[14] && (came[13] - expected[13]).abs() < 1e-9);
    }
}
