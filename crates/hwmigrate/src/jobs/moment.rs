//! Points in time, with their unit in the type.
//!
//! The service takes `migrate_since` in seconds and answers it in
//! milliseconds, as it does all other times. A number alone would be wrong by
//! a factor of a thousand sooner or later.

use std::fmt;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::check::refuse;
use crate::Error;

/// Seconds since 1970, as requests take them.
///
/// ```
/// use hwmigrate::oms::{UnixMillis, UnixSeconds};
///
/// # fn main() -> hwmigrate::Result<()> {
/// let since: UnixSeconds = "2026-01-01T00:00:00Z".parse()?;
/// assert_eq!(since.get(), 1_767_225_600);
/// assert_eq!(UnixMillis::from(since).get(), 1_767_225_600_000);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixSeconds(i64);

/// Milliseconds since 1970, as answers and queries have them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixMillis(i64);

/// 9999-12-31T23:59:59Z; the documents allow any 63-bit number.
const LAST_SECOND: i64 = 253_402_300_799;

impl UnixSeconds {
    /// Seconds since 1970, 0 to 253402300799 (the end of the year 9999).
    ///
    /// # Errors
    /// `Invalid` outside that range, which is what milliseconds by mistake look like.
    pub fn new(seconds: i64) -> Result<Self, Error> {
        if (0..=LAST_SECOND).contains(&seconds) {
            Ok(Self(seconds))
        } else {
            Err(refuse(
                "time",
                format!("is {seconds} s since 1970"),
                "give seconds, not milliseconds, up to the year 9999",
            ))
        }
    }

    /// The number on the wire.
    pub fn get(self) -> i64 {
        self.0
    }
}

impl UnixMillis {
    /// Milliseconds since 1970, 0 to the end of the year 9999.
    ///
    /// # Errors
    /// `Invalid` outside that range.
    pub fn new(millis: i64) -> Result<Self, Error> {
        if (0..=LAST_SECOND * 1000 + 999).contains(&millis) {
            Ok(Self(millis))
        } else {
            Err(refuse("time", format!("is {millis} ms since 1970"), "give a time from 1970 to 9999"))
        }
    }

    /// The number on the wire.
    pub fn get(self) -> i64 {
        self.0
    }

    /// The same as a time of the calendar, in UTC.
    pub fn to_time(self) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH.saturating_add(time::Duration::milliseconds(self.0))
    }
}

impl From<UnixSeconds> for UnixMillis {
    fn from(seconds: UnixSeconds) -> Self {
        Self(seconds.0 * 1000)
    }
}

impl TryFrom<OffsetDateTime> for UnixSeconds {
    type Error = Error;

    fn try_from(at: OffsetDateTime) -> Result<Self, Error> {
        Self::new(at.unix_timestamp())
    }
}

impl TryFrom<OffsetDateTime> for UnixMillis {
    type Error = Error;

    fn try_from(at: OffsetDateTime) -> Result<Self, Error> {
        let millis = i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX);
        Self::new(millis)
    }
}

impl std::str::FromStr for UnixSeconds {
    type Err = Error;

    /// Reads `2026-01-31T08:00:00Z` (any offset), or `2026-01-31`, which is its midnight in UTC.
    fn from_str(text: &str) -> Result<Self, Error> {
        parse(text).and_then(Self::try_from)
    }
}

impl std::str::FromStr for UnixMillis {
    type Err = Error;

    /// Reads `2026-01-31T08:00:00Z` (any offset), or `2026-01-31`, which is its midnight in UTC.
    fn from_str(text: &str) -> Result<Self, Error> {
        parse(text).and_then(Self::try_from)
    }
}

fn parse(text: &str) -> Result<OffsetDateTime, Error> {
    let trimmed = text.trim();
    let whole = if trimmed.len() == 10 { format!("{trimmed}T00:00:00Z") } else { trimmed.to_owned() };
    OffsetDateTime::parse(&whole, &Rfc3339).map_err(|_| {
        refuse(
            "time",
            format!("is {text:?}"),
            "write it as 2026-01-31T08:00:00Z, or as 2026-01-31 for midnight UTC",
        )
    })
}

impl fmt::Display for UnixMillis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_time().format(&Rfc3339) {
            Ok(text) => f.write_str(&text),
            Err(_) => write!(f, "{} ms since 1970", self.0),
        }
    }
}

impl fmt::Display for UnixSeconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        UnixMillis::from(*self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn calendar_times_become_the_unit_of_the_type() {
        let seconds: UnixSeconds = "2023-11-14T23:13:20+01:00".parse().unwrap();
        assert_eq!(seconds.get(), 1_700_000_000);
        let millis: UnixMillis = "2023-11-14T22:13:20.5Z".parse().unwrap();
        assert_eq!(millis.get(), 1_700_000_000_500);
        assert_eq!(millis.to_string(), "2023-11-14T22:13:20.5Z");
        assert_eq!("1970-01-02".parse::<UnixSeconds>().unwrap().get(), 86_400);
    }

    #[test]
    fn milliseconds_given_as_seconds_are_noticed() {
        assert!(UnixSeconds::new(1_700_000_000_000).is_err());
        assert!(UnixSeconds::new(-1).is_err());
        assert!(UnixMillis::new(i64::MAX).is_err());
        assert!("1969-12-31".parse::<UnixMillis>().is_err());
    }

    #[test]
    fn malformed_times_are_refused_with_an_example() {
        for text in ["", "yesterday", "1700000000", "2026-13-01", "2026-01-31T08:00:00", "ää-äää"] {
            let error = text.parse::<UnixSeconds>().unwrap_err();
            assert!(error.message().contains("2026-01-31T08:00:00Z"), "{text}: {error}");
        }
    }
}
