//! Speed limits: how fast, and at which time of day.
//!
//! SMS counts in Mbit/s, where OMS counts in bytes per second, and writes "no
//! limit" as 0. The types here keep the two apart.

use std::fmt;
use std::str::FromStr;

use hwmigrate_api::sms::types::{SpeedLimitlJson, SpeedLimitlJsonResp};

use crate::Error;
use crate::jobs::check::refuse;
use crate::jobs::day_time::TimeWindow;

/// Periods that one task may have.
const MOST_PERIODS: usize = 5;

/// A limit in Mbit/s, or none.
///
/// ```
/// use hwmigrate::sms::SpeedLimit;
///
/// # fn main() -> hwmigrate::Result<()> {
/// let limit: SpeedLimit = "300Mbit/s".parse()?;
/// assert_eq!(limit, SpeedLimit::mbit_per_second(300)?);
/// assert_eq!(limit.to_string(), "300 Mbit/s");
/// assert_eq!("unlimited".parse::<SpeedLimit>()?, SpeedLimit::UNLIMITED);
/// # Ok(()) }
/// ```
///
/// The present documents allow 1 to 1000, older copies 10,000. A higher limit is
/// sent as it is, for the service to judge, and a warning is logged; see
/// [`is_undocumented`](Self::is_undocumented).
///
/// Source: <https://support.huaweicloud.com/api-sms/UpdateSpeed.html>.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpeedLimit(i32);

impl SpeedLimit {
    /// No limit; 0 on the wire.
    pub const UNLIMITED: Self = Self(0);
    /// The highest limit that the present documents allow: 1000 Mbit/s.
    pub const DOCUMENTED_MAX: Self = Self(1000);

    /// A limit in Mbit/s; 0 is no limit.
    ///
    /// # Errors
    /// `Invalid` above 2,147,483,647, which no request can hold.
    pub fn mbit_per_second(mbit: u32) -> Result<Self, Error> {
        i32::try_from(mbit).map(Self).map_err(|_| too_high(mbit.into()))
    }

    /// The number on the wire; 0 is no limit.
    pub fn get(self) -> i32 {
        self.0
    }

    /// Whether it is higher than the present documents allow, so that the service may refuse it.
    pub fn is_undocumented(self) -> bool {
        self > Self::DOCUMENTED_MAX
    }

    /// Whether there is no limit.
    pub fn is_unlimited(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for SpeedLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_unlimited() { f.pad("unlimited") } else { f.pad(&format!("{} Mbit/s", self.0)) }
    }
}

impl FromStr for SpeedLimit {
    type Err = Error;

    /// Reads `300Mbit/s`, `0.5 Gbit/s` or `unlimited`. The unit is required,
    /// since OMS counts in bytes; `/s` may be left out.
    fn from_str(text: &str) -> Result<Self, Error> {
        let malformed = || {
            refuse(
                "speed limit",
                format!("is {text:?}"),
                "give whole Mbit/s with the unit, such as 300Mbit/s, or `unlimited`",
            )
        };
        let trimmed = text.trim();
        if trimmed.eq_ignore_ascii_case("unlimited") {
            return Ok(Self::UNLIMITED);
        }
        let split = trimmed.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(malformed)?;
        let (number, unit) = trimmed.split_at(split);
        let unit = unit.trim();
        let thousandths: u64 = match unit.strip_suffix("/s").unwrap_or(unit) {
            "kbit" => 1,
            "Mbit" => 1_000,
            "Gbit" => 1_000_000,
            _ => return Err(malformed()),
        };
        let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
        let digits = u32::try_from(part.len()).ok().filter(|digits| (1..=6).contains(digits));
        let scale = 10_u64.pow(digits.ok_or_else(malformed)?);
        let whole: u64 = whole.parse().map_err(|_| malformed())?;
        let part: u64 = part.parse().map_err(|_| malformed())?;
        let units = whole.checked_mul(scale).and_then(|whole| whole.checked_add(part));
        let kbit = units.and_then(|units| units.checked_mul(thousandths)).ok_or_else(malformed)?;
        if !kbit.is_multiple_of(scale * 1_000) {
            return Err(malformed());
        }
        let mbit = kbit / (scale * 1_000);
        u32::try_from(mbit).map_or_else(|_| Err(too_high(mbit)), Self::mbit_per_second)
    }
}

/// A limit for a part of the day.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct SpeedPeriod {
    /// The part of the day; the service does not say in which time zone.
    pub window: TimeWindow,
    /// The limit.
    pub limit: SpeedLimit,
    /// By how many percent the measured rate may exceed the limit before the
    /// task stops, 10 to 100; 10 unless said otherwise.
    pub over_speed_threshold: Option<f64>,
}

/// The speed limits of a task over the day: at most five periods without overlap.
/// Outside them the task runs unlimited.
///
/// ```
/// use hwmigrate::sms::SpeedPlan;
///
/// # fn main() -> hwmigrate::Result<()> {
/// let plan = SpeedPlan::new()
///     .limit("08:00-18:00".parse()?, "100Mbit/s".parse()?)?
///     .limit("22:00-06:00".parse()?, "800Mbit/s".parse()?)?; // becomes two periods
/// assert_eq!(plan.periods().len(), 3);
/// # Ok(()) }
/// ```
///
/// Two periods may share the minute at which one ends and the other begins:
/// whether the end counts is not documented.
///
/// Source: <https://support.huaweicloud.com/api-sms/UpdateSpeed.html>.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpeedPlan(Vec<SpeedPeriod>);

impl SpeedPlan {
    /// No limit at any time.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same limit all day, from 00:00 to 23:59, which is as far as a period
    /// can go: what holds in the last minute of the day is not documented.
    pub fn all_day(limit: SpeedLimit) -> Self {
        Self(vec![SpeedPeriod { window: TimeWindow::all_day(), limit, over_speed_threshold: None }])
    }

    /// Adds a period. One that goes over midnight becomes two.
    ///
    /// # Errors
    /// `Invalid` when it overlaps one that is there, or when it would be the sixth.
    pub fn limit(mut self, window: TimeWindow, limit: SpeedLimit) -> Result<Self, Error> {
        for part in window.split() {
            if let Some(other) = self.0.iter().find(|other| crosses(&other.window, &part)) {
                let problem = format!("{part} overlaps {}", other.window);
                return Err(refuse("speed period", problem, "begin one when the other ends, or later"));
            }
            if self.0.len() == MOST_PERIODS {
                let problem = "would be the sixth (one over midnight counts twice)";
                return Err(refuse("speed period", problem, "use at most 5 periods"));
            }
            self.0.push(SpeedPeriod { window: part, limit, over_speed_threshold: None });
        }
        Ok(self)
    }

    /// Stops the task when the measured rate exceeds the limit of a period by
    /// more than this many percent, in all periods that are there.
    ///
    /// # Errors
    /// `Invalid` outside 10 to 100.
    pub fn over_speed_threshold(mut self, percent: f64) -> Result<Self, Error> {
        check_threshold(percent)?;
        for period in &mut self.0 {
            period.over_speed_threshold = Some(percent);
        }
        Ok(self)
    }

    /// The periods, in the order they were added.
    pub fn periods(&self) -> &[SpeedPeriod] {
        &self.0
    }

    /// Whether there is no limit.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn to_request(&self) -> Vec<SpeedLimitlJson> {
        self.0.iter().for_each(|period| warn_of(period.limit.get()));
        let period = |period: &SpeedPeriod| SpeedLimitlJson {
            speed: Some(period.limit.get()),
            over_speed_threshold: period.over_speed_threshold,
            ..SpeedLimitlJson::new(period.window.start().to_string(), period.window.end().to_string())
        };
        self.0.iter().map(period).collect()
    }

    /// From the answer of [`Tasks::speed_limits`](super::Tasks::speed_limits); `None` when it
    /// holds what no plan can, such as a period without an end.
    pub fn from_answer(periods: &[SpeedLimitlJsonResp]) -> Option<Self> {
        let period = |period: &SpeedLimitlJsonResp| {
            let (start, end) = (period.start.as_deref()?, period.end.as_deref()?);
            Some(SpeedPeriod {
                window: TimeWindow::new(start.trim().parse().ok()?, end.trim().parse().ok()?),
                limit: SpeedLimit::mbit_per_second(u32::try_from(period.speed.unwrap_or(0)).ok()?).ok()?,
                over_speed_threshold: period.over_speed_threshold,
            })
        };
        periods.iter().map(period).collect::<Option<_>>().map(Self)
    }
}

fn too_high(mbit: u64) -> Error {
    refuse("speed limit", format!("is {mbit} Mbit/s"), "give 1 to 1000 Mbit/s, or 0 for no limit")
}

/// Says that the service may refuse a limit: the documents differ on the upper end.
pub(super) fn warn_of(mbit: i32) {
    if SpeedLimit(mbit).is_undocumented() {
        tracing::warn!(
            mbit_per_second = mbit,
            "the speed limit is above the documented 1000 Mbit/s; the service may refuse it"
        );
    }
}

/// The documents give the same range for a period and for a whole task.
pub(super) fn check_threshold(percent: f64) -> Result<(), Error> {
    if (10.0..=100.0).contains(&percent) {
        return Ok(());
    }
    Err(refuse("over_speed_threshold", format!("is {percent}"), "give percent, 10 to 100"))
}

/// Whether two windows have more in common than the minute where they meet.
fn crosses(one: &TimeWindow, other: &TimeWindow) -> bool {
    one.overlaps(other) && one.end() != other.start() && other.end() != one.start()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn limits_are_read_with_their_unit() {
        let rows = [
            ("300Mbit/s", 300),
            (" 300 Mbit ", 300),
            ("1Gbit/s", 1000),
            ("0.5Gbit/s", 500),
            ("20000kbit/s", 20),
            ("0Mbit/s", 0),
            ("1001Mbit/s", 1001),
            ("10Gbit/s", 10_000),
            ("Unlimited", 0),
        ];
        for (text, mbit) in rows {
            assert_eq!(text.parse::<SpeedLimit>().unwrap().get(), mbit, "{text}");
        }
        for text in
            ["", "300", "Mbit/s", "-1Mbit/s", "300MiB/s", "300MB/s", "1.5Mbit/s", "1500kbit/s", "1.Mbit"]
        {
            let error = text.parse::<SpeedLimit>().unwrap_err();
            assert!(error.message().contains("such as 300Mbit/s"), "{text}: {error}");
        }
        for text in ["2147483648Mbit/s", "99999999999Mbit/s"] {
            let error = text.parse::<SpeedLimit>().unwrap_err();
            let number = text.trim_end_matches("Mbit/s");
            assert!(
                error.message().contains(&format!("is {number} Mbit/s: give 1 to 1000")),
                "{text}: {error}"
            );
        }
        for limit in [SpeedLimit::UNLIMITED, SpeedLimit::DOCUMENTED_MAX] {
            assert_eq!(limit.to_string().parse::<SpeedLimit>().unwrap(), limit);
            assert!(!limit.is_undocumented());
        }
        assert!("1001Mbit/s".parse::<SpeedLimit>().unwrap().is_undocumented());
    }

    #[test]
    fn plan_goes_out_as_the_service_writes_it() {
        let plan = SpeedPlan::new()
            .limit("22:00-06:00".parse().unwrap(), SpeedLimit::DOCUMENTED_MAX)
            .unwrap()
            .limit("06:00-22:00".parse().unwrap(), SpeedLimit::UNLIMITED)
            .unwrap()
            .over_speed_threshold(25.0)
            .unwrap();
        let body = serde_json::to_value(plan.to_request()).unwrap();
        assert_eq!(
            body,
            serde_json::json!([
                {"start": "22:00", "end": "23:59", "speed": 1000, "over_speed_threshold": 25.0},
                {"start": "00:00", "end": "06:00", "speed": 1000, "over_speed_threshold": 25.0},
                {"start": "06:00", "end": "22:00", "speed": 0, "over_speed_threshold": 25.0},
            ])
        );
        let answer: Vec<SpeedLimitlJsonResp> = serde_json::from_value(body).unwrap();
        assert_eq!(SpeedPlan::from_answer(&answer).unwrap(), plan);
    }

    #[test]
    fn overlap_sixth_period_and_threshold_out_of_range_are_refused() {
        let window = |text: &str| text.parse::<TimeWindow>().unwrap();
        let plan = SpeedPlan::new().limit(window("08:00-12:00"), SpeedLimit::DOCUMENTED_MAX).unwrap();
        let error = plan.clone().limit(window("11:59-13:00"), SpeedLimit::DOCUMENTED_MAX).unwrap_err();
        assert!(error.message().contains("11:59-13:00 overlaps 08:00-12:00"), "{error}");
        assert!(plan.clone().limit(window("08:00-12:00"), SpeedLimit::DOCUMENTED_MAX).is_err());
        let mut full = plan;
        for start in ["13", "14", "15", "16"] {
            full = full.limit(window(&format!("{start}:00-{start}:30")), SpeedLimit::DOCUMENTED_MAX).unwrap();
        }
        assert!(
            full.limit(window("20:00-21:00"), SpeedLimit::DOCUMENTED_MAX)
                .unwrap_err()
                .message()
                .contains("at most 5")
        );
        for percent in [9.9, 100.1, f64::NAN, -1.0] {
            assert!(SpeedPlan::new().over_speed_threshold(percent).is_err(), "{percent}");
        }
    }

    #[test]
    fn answer_that_no_plan_could_hold_is_none() {
        let rows = [
            serde_json::json!([{"start": "8", "end": "9:00"}]),
            serde_json::json!([{"start": "08:00", "end": "09:00", "speed": -5}]),
            serde_json::json!([{"speed": 5}]),
        ];
        for row in rows {
            let answer: Vec<SpeedLimitlJsonResp> = serde_json::from_value(row).unwrap();
            assert!(SpeedPlan::from_answer(&answer).is_none());
        }
    }
}
