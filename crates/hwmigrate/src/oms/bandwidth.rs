//! Bandwidth limits: how fast, and at which time of day.
//!
//! The service counts in bytes per second and in minutes of the day, wants at
//! most five periods, and refuses periods that overlap. The types here make the
//! unit visible and find the mistakes before anything is sent.

use std::fmt;
use std::str::FromStr;

use crate::Error;
use crate::jobs::check::{Problem, refuse};
use crate::jobs::day_time::{DayTime, TimeWindow};

/// Periods that one job may have.
pub(crate) const MOST_PERIODS: usize = 5;

const MIB: u64 = 1 << 20;

/// A limit in bytes per second, from 1 MiB/s to 200 MiB/s.
///
/// ```
/// use hwmigrate::oms::Bandwidth;
///
/// # fn main() -> hwmigrate::Result<()> {
/// let limit: Bandwidth = "50MiB/s".parse()?;
/// assert_eq!(limit.bytes_per_second(), 52_428_800);
/// assert_eq!(limit, Bandwidth::mib_per_second(50)?);
/// assert_eq!(limit.to_string(), "50 MiB/s");
/// # Ok(()) }
/// ```
///
/// Source: <https://support.huaweicloud.com/intl/en-us/api-oms/UpdateBandwidthPolicy.html>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bandwidth(u64);

impl Bandwidth {
    /// The least the service accepts: 1 MiB/s.
    pub const MIN: Self = Self(MIB);
    /// The most the service accepts: 200 MiB/s.
    pub const MAX: Self = Self(200 * MIB);

    /// A limit in bytes per second, 1048576 to 209715200.
    ///
    /// # Errors
    /// `Invalid` outside that range.
    pub fn new(bytes_per_second: u64) -> Result<Self, Error> {
        if (Self::MIN.0..=Self::MAX.0).contains(&bytes_per_second) {
            Ok(Self(bytes_per_second))
        } else {
            Err(refuse(
                "bandwidth",
                format!("is {bytes_per_second} bytes per second"),
                "give 1 MiB/s (1048576) to 200 MiB/s (209715200)",
            ))
        }
    }

    /// A limit in MiB (1048576 bytes) per second, 1 to 200.
    ///
    /// # Errors
    /// `Invalid` outside that range.
    pub fn mib_per_second(mib: u64) -> Result<Self, Error> {
        Self::new(mib.saturating_mul(MIB))
    }

    /// The number on the wire.
    pub fn bytes_per_second(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Bandwidth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_multiple_of(MIB) {
            write!(f, "{} MiB/s", self.0 / MIB)
        } else {
            write!(f, "{} B/s", self.0)
        }
    }
}

impl FromStr for Bandwidth {
    type Err = Error;

    /// Reads a number with a unit: `50MiB/s`, `1.5 MiB/s`, `20MB/s`, `2097152B/s`.
    /// The unit is required and `/s` may be left out. `MiB` is 1048576 bytes, `MB` a million.
    fn from_str(text: &str) -> Result<Self, Error> {
        let malformed = || {
            refuse(
                "bandwidth",
                format!("is {text:?}"),
                "give a number with a unit, such as 50MiB/s or 20MB/s",
            )
        };
        let trimmed = text.trim();
        let split = trimmed.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(malformed)?;
        let (number, unit) = trimmed.split_at(split);
        let unit = unit.trim();
        let unit = unit.strip_suffix("/s").unwrap_or(unit);
        let factor = match unit {
            "B" => 1,
            "kB" | "KB" => 1_000,
            "KiB" => 1 << 10,
            "MB" => 1_000_000,
            "MiB" => MIB,
            "GB" => 1_000_000_000,
            "GiB" => 1 << 30,
            _ => return Err(malformed()),
        };
        Self::new(scaled(number, factor).ok_or_else(malformed)?)
    }
}

/// `number`, which may have a decimal point, times `factor`, rounded down.
fn scaled(number: &str, factor: u64) -> Option<u64> {
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || (number.contains('.') && part.is_empty()) || part.len() > 9 {
        return None;
    }
    let mut value = whole.parse::<u64>().ok()?.checked_mul(factor)?;
    if !part.is_empty() {
        let scale = 10_u128.checked_pow(u32::try_from(part.len()).ok()?)?;
        let rest = u128::from(part.parse::<u64>().ok()?) * u128::from(factor) / scale;
        value = value.checked_add(u64::try_from(rest).ok()?)?;
    }
    Some(value)
}

/// The bandwidth limits of a job over the day: at most five windows without overlap.
/// Outside them the job runs unlimited.
///
/// ```
/// use hwmigrate::oms::{Bandwidth, BandwidthPlan};
///
/// # fn main() -> hwmigrate::Result<()> {
/// let plan = BandwidthPlan::new()
///     .limit("08:00-17:59".parse()?, "10MiB/s".parse()?)?
///     .limit("22:00-05:59".parse()?, Bandwidth::MAX)?; // becomes two windows
/// assert_eq!(plan.windows().count(), 3);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BandwidthPlan(Vec<(TimeWindow, Bandwidth)>);

impl BandwidthPlan {
    /// No limit at any time.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same limit all day.
    pub fn all_day(limit: Bandwidth) -> Self {
        Self(vec![(TimeWindow::all_day(), limit)])
    }

    /// Adds a window.
    ///
    /// # Errors
    /// `Invalid` when it overlaps one that is there, or when it would be the sixth.
    pub fn limit(mut self, window: TimeWindow, limit: Bandwidth) -> Result<Self, Error> {
        for part in window.split() {
            if let Some((other, _)) = self.0.iter().find(|(other, _)| other.overlaps(&part)) {
                return Err(overlap("bandwidth window", &part, other).into_error());
            }
            if self.0.len() == MOST_PERIODS {
                let problem = "would be the sixth (one over midnight counts twice)";
                return Err(refuse("bandwidth window", problem, "use at most 5 windows"));
            }
            self.0.push((part, limit));
        }
        Ok(self)
    }

    /// The windows with their limits, in the order they were added.
    pub fn windows(&self) -> impl Iterator<Item = (TimeWindow, Bandwidth)> + '_ {
        self.0.iter().copied()
    }

    /// Whether there is no limit.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A period as it stands in a request, before anybody has judged it.
pub(crate) struct RawPeriod<'a> {
    pub(crate) start: &'a str,
    pub(crate) end: &'a str,
    pub(crate) limit: i64,
}

/// Judges the periods of a request.
pub(crate) fn check_periods<'a>(
    field: &str,
    periods: impl Iterator<Item = RawPeriod<'a>>,
    problems: &mut Vec<Problem>,
) {
    let mut windows: Vec<TimeWindow> = Vec::new();
    let mut count = 0;
    for (index, period) in periods.enumerate() {
        count += 1;
        let at = format!("{field}[{index}]");
        if !u64::try_from(period.limit).is_ok_and(|limit| Bandwidth::new(limit).is_ok()) {
            problems.push(Problem::new(
                format!("{at}.max_bandwidth"),
                format!("is {}", period.limit),
                "give bytes per second from 1048576 (1 MiB/s) to 209715200 (200 MiB/s)",
            ));
        }
        let mut minute = |name: &str, text: &str| {
            let parsed = text.parse::<DayTime>().ok();
            if parsed.is_none() {
                problems.push(Problem::new(
                    format!("{at}.{name}"),
                    format!("is {text:?}"),
                    "write it as hh:mm, from 00:00 to 23:59",
                ));
            }
            parsed
        };
        let (Some(start), Some(end)) = (minute("start", period.start), minute("end", period.end)) else {
            continue;
        };
        let window = TimeWindow::new(start, end);
        if start > end {
            problems.push(Problem::new(
                at,
                format!("begins at {start}, after its end {end}"),
                format!("split it into {start}-23:59 and 00:00-{end}"),
            ));
            continue;
        }
        if let Some(other) = windows.iter().find(|other| other.overlaps(&window)) {
            problems.push(overlap(&at, &window, other));
        }
        windows.push(window);
    }
    if count > MOST_PERIODS {
        problems.push(Problem::new(field, format!("has {count} periods"), "use at most 5"));
    }
}

fn overlap(field: &str, window: &TimeWindow, other: &TimeWindow) -> Problem {
    Problem::new(
        field,
        format!("{window} overlaps {other}"),
        "both ends count, so begin one a minute after the other ends",
    )
}

#[cfg(test)]
#[path = "bandwidth_tests.rs"]
mod tests;
