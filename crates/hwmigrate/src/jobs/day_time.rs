//! Times of the day, in which limits hold.

use std::fmt;
use std::str::FromStr;

use super::check::refuse;
use crate::Error;

/// A minute of the day, 00:00 to 23:59, without a time zone: the service uses its region's.
///
/// ```
/// # fn main() -> hwmigrate::Result<()> {
/// let noon: hwmigrate::oms::DayTime = "12:00".parse()?;
/// assert_eq!(noon, hwmigrate::oms::DayTime::new(12, 0)?);
/// assert_eq!(noon.to_string(), "12:00");
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DayTime(u16);

impl DayTime {
    /// The first minute of the day, 00:00.
    pub const FIRST: Self = Self(0);
    /// The last minute of the day, 23:59.
    pub const LAST: Self = Self(24 * 60 - 1);

    /// Hour 0 to 23 and minute 0 to 59.
    ///
    /// # Errors
    /// `Invalid` outside those ranges.
    pub fn new(hour: u8, minute: u8) -> Result<Self, Error> {
        if hour < 24 && minute < 60 {
            Ok(Self(u16::from(hour) * 60 + u16::from(minute)))
        } else {
            Err(refuse("time of day", format!("is {hour}:{minute:02}"), "give 00:00 to 23:59"))
        }
    }

    /// Minutes since midnight, 0 to 1439.
    pub fn minute_of_day(self) -> u16 {
        self.0
    }
}

impl fmt::Display for DayTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl FromStr for DayTime {
    type Err = Error;

    /// Reads `hh:mm` with exactly two digits each, as the service does.
    fn from_str(text: &str) -> Result<Self, Error> {
        let malformed =
            || refuse("time of day", format!("is {text:?}"), "write it as hh:mm, from 00:00 to 23:59");
        match text.as_bytes() {
            [h, g, b':', m, n] if [h, g, m, n].iter().all(|digit| digit.is_ascii_digit()) => {
                Self::new((h - b'0') * 10 + (g - b'0'), (m - b'0') * 10 + (n - b'0')).map_err(|_| malformed())
            }
            _ => Err(malformed()),
        }
    }
}

/// A part of the day, both minutes included.
///
/// A window that begins later than it ends goes over midnight; the plans that
/// take windows split it in two.
///
/// ```
/// # fn main() -> hwmigrate::Result<()> {
/// let office: hwmigrate::oms::TimeWindow = "08:00-17:59".parse()?;
/// assert_eq!(office.to_string(), "08:00-17:59");
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimeWindow {
    start: DayTime,
    end: DayTime,
}

impl TimeWindow {
    /// From the minute `start` to the minute `end`.
    pub fn new(start: DayTime, end: DayTime) -> Self {
        Self { start, end }
    }

    /// The whole day.
    pub fn all_day() -> Self {
        Self { start: DayTime::FIRST, end: DayTime::LAST }
    }

    /// The first minute.
    pub fn start(&self) -> DayTime {
        self.start
    }

    /// The last minute.
    pub fn end(&self) -> DayTime {
        self.end
    }

    /// The parts that do not go over midnight. A part of the single minute at
    /// either end of the day is left out where there is another: `22:00-00:00`
    /// means until midnight, and SMS reads a period without length as all day.
    pub(crate) fn split(self) -> impl Iterator<Item = Self> {
        let parts = if self.start <= self.end {
            [Some(self), None]
        } else {
            let (evening, morning) =
                (Self::new(self.start, DayTime::LAST), Self::new(DayTime::FIRST, self.end));
            let evening_counts = evening.start < evening.end || morning.start == morning.end;
            [Some(evening).filter(|_| evening_counts), Some(morning).filter(|part| part.start < part.end)]
        };
        parts.into_iter().flatten()
    }

    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        self.start <= other.end && other.start <= self.end
    }
}

impl fmt::Display for TimeWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.start, self.end)
    }
}

impl FromStr for TimeWindow {
    type Err = Error;

    /// Reads `hh:mm-hh:mm`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let (start, end) = text.split_once('-').ok_or_else(|| {
            refuse("time window", format!("is {text:?}"), "write it as hh:mm-hh:mm, such as 08:00-17:59")
        })?;
        Ok(Self::new(start.trim().parse()?, end.trim().parse()?))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn window_over_midnight_leaves_no_part_of_a_single_minute() {
        let table = [
            ("22:00-06:00", "22:00-23:59 00:00-06:00"),
            ("22:00-00:00", "22:00-23:59"),
            ("23:59-08:00", "00:00-08:00"),
            ("08:00-08:00", "08:00-08:00"),
        ];
        for (text, parts) in table {
            let window: TimeWindow = text.parse().unwrap();
            let split: Vec<_> = window.split().map(|part| part.to_string()).collect();
            assert_eq!(split.join(" "), parts, "{text}");
        }
    }

    #[test]
    fn time_of_day_wants_two_digits_each() {
        for (text, minute) in [("00:00", 0), ("09:05", 545), ("23:59", 1439)] {
            assert_eq!(text.parse::<DayTime>().unwrap().minute_of_day(), minute, "{text}");
        }
        for text in ["24:00", "12:60", "9:05", "12:5", "1205", "12:05:00", "ab:cd", "", "１2:00", "+1:00"] {
            assert!(text.parse::<DayTime>().is_err(), "{text}");
        }
        assert!(DayTime::new(24, 0).is_err());
    }

    #[test]
    fn every_minute_of_the_day_reads_back() {
        for minute in 0..24 * 60 {
            let time = DayTime(minute);
            assert_eq!(time.to_string().parse::<DayTime>().unwrap(), time);
        }
    }
}
