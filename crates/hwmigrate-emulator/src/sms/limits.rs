//! Limits of the rate by the time of day.

use serde::{Deserialize, Serialize};

use crate::http::call::ApiError;

use super::refuse;

const MINUTE: i64 = 60_000;
const DAY: i64 = 1_440 * MINUTE;

/// A period of the day with its limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Period {
    /// `HH:MM`; the emulator reads it as UTC.
    pub(crate) start: String,
    /// `HH:MM`; at or before the start it means that of the next day.
    pub(crate) end: String,
    /// Mbit/s; 0 for no limit.
    #[serde(default)]
    pub(crate) speed: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) over_speed_threshold: Option<f64>,
}

/// The limits of a task.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Limits {
    /// Outside the periods; Mbit/s, 0 for no limit.
    pub(crate) always: u32,
    /// How far above the limit a task is paused, in percent.
    pub(crate) threshold: Option<f64>,
    pub(crate) periods: Vec<Period>,
}

/// The limit at a moment, and how long it holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Now {
    /// Mbit/s; 0 for no limit.
    pub(crate) limit: u32,
    /// Percent.
    pub(crate) threshold: f64,
    /// ms until another period begins.
    pub(crate) holds: i64,
}

/// What applies where a request names no threshold.
const THRESHOLD: f64 = 10.0;

fn minute(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |text: &str, most: i64| {
        (text.len() == 2).then(|| text.parse().ok()).flatten().filter(|number| (0..=most).contains(number))
    };
    let (hours, minutes): (i64, i64) = (number(hours, 24)?, number(minutes, 59)?);
    (hours * 60 + minutes <= 1_440).then_some(hours * 60 + minutes)
}

impl Period {
    /// Start and end in minutes; the end can be on the next day.
    fn span(&self) -> Option<(i64, i64)> {
        let (start, end) = (minute(&self.start)? % 1_440, minute(&self.end)?);
        Some((start, if end <= start { end + 1_440 } else { end }))
    }

    fn covers(&self, at: i64) -> bool {
        self.span()
            .is_some_and(|(start, end)| (start..end).contains(&at) || (start..end).contains(&(at + 1_440)))
    }
}

/// Whether the periods can be used.
pub(crate) fn check(periods: &[Period]) -> Result<(), ApiError> {
    for (index, period) in periods.iter().enumerate() {
        let Some((start, end)) = period.span() else {
            return Err(refuse::invalid(format!("speed_limit[{index}] must have start and end as HH:MM")));
        };
        let other = periods
            .iter()
            .take(index)
            .position(|other| (start..end).any(|minute| other.covers(minute % 1_440)));
        if let Some(other) = other {
            return Err(refuse::invalid(format!("speed_limit[{index}] overlaps speed_limit[{other}]")));
        }
    }
    Ok(())
}

impl Limits {
    /// What holds at a moment, in ms since 1970.
    pub(crate) fn at(&self, moment: i64) -> Now {
        let in_day = moment.rem_euclid(DAY);
        let period = self.periods.iter().find(|period| period.covers(in_day / MINUTE));
        let edges =
            self.periods.iter().filter_map(Period::span).flat_map(|(start, end)| [start, end % 1_440]);
        // Without an edge the same limit holds all day, and it does no harm to look again tomorrow.
        let holds = edges.map(|edge| (edge * MINUTE - in_day - 1).rem_euclid(DAY) + 1).min().unwrap_or(DAY);
        Now {
            limit: period.map_or(self.always, |period| period.speed),
            threshold: period
                .map_or(self.threshold, |period| period.over_speed_threshold)
                .unwrap_or(THRESHOLD),
            holds,
        }
    }

    /// The rate at a moment, in Mbit/s, where the line has this one.
    pub(crate) fn rate(&self, line: u32, moment: i64) -> (u32, i64) {
        let now = self.at(moment);
        (if now.limit == 0 { line } else { line.min(now.limit) }, now.holds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(start: &str, end: &str, speed: u32) -> Period {
        Period { start: start.into(), end: end.into(), speed, over_speed_threshold: None }
    }

    #[test]
    fn limit_follows_the_time_of_day() {
        let periods = vec![period("08:00", "18:00", 10), period("22:00", "02:00", 0)];
        assert!(check(&periods).is_ok());
        let limits = Limits { always: 50, threshold: None, periods };
        let at = |hours: i64, minutes: i64| limits.rate(100, DAY + (hours * 60 + minutes) * MINUTE);
        assert_eq!(at(7, 59), (50, MINUTE));
        assert_eq!(at(8, 0), (10, 600 * MINUTE));
        assert_eq!(at(18, 0), (50, 240 * MINUTE));
        assert_eq!(at(23, 0), (100, 180 * MINUTE));
        assert_eq!(at(1, 59), (100, MINUTE));
        assert_eq!(at(2, 0), (50, 360 * MINUTE));
        assert_eq!(Limits::default().rate(100, 5), (100, DAY));
    }

    #[test]
    fn periods_that_cannot_be_told_apart_are_refused() {
        for periods in [
            vec![period("08:00", "18:00", 10), period("17:59", "20:00", 5)],
            vec![period("22:00", "02:00", 10), period("01:00", "03:00", 5)],
            vec![period("8:00", "18:00", 10)],
            vec![period("08:00", "24:30", 10)],
        ] {
            assert!(check(&periods).is_err(), "{periods:?}");
        }
        assert!(check(&[period("00:00", "24:00", 10)]).is_ok());
    }
}
