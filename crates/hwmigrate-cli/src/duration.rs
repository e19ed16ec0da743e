//! Durations as people write them: `90s`, `1h30m`, `3d`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A span of time given on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) Duration);

const UNITS: [(&str, u64); 6] =
    [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("w", 604_800_000)];

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong =
            || format!("{text:?} is not a duration; write a number and a unit, such as 90s, 1h30m or 3d");
        let mut rest = text.trim();
        let mut total: u64 = 0;
        if rest.is_empty() {
            return Err(wrong());
        }
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
            let (number, tail) = rest.split_at(digits);
            let letters = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(letters);
            let number: u64 = number.parse().map_err(|_| wrong())?;
            let scale =
                UNITS.iter().find(|(name, _)| *name == unit).map(|(_, scale)| *scale).ok_or_else(wrong)?;
            total = number.checked_mul(scale).and_then(|part| total.checked_add(part)).ok_or_else(wrong)?;
            rest = tail.trim_start();
        }
        // A limit that lies beyond any calendar would overflow the clock it is added to.
        if total == 0 || total > 3_660 * 86_400_000 {
            return Err(format!("{text:?} is out of range; give between 1ms and 3660d"));
        }
        Ok(Self(Duration::from_millis(total)))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&describe(self.0))
    }
}

/// A span for people: the two largest units that are not zero.
pub(crate) fn describe(span: Duration) -> String {
    let mut left = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    if left < 1_000 {
        return format!("{left}ms");
    }
    let mut parts = Vec::new();
    for (name, scale) in UNITS[1..5].iter().rev() {
        let count = left / scale;
        left %= scale;
        if count > 0 {
            parts.push(format!("{count}{name}"));
        } else if !parts.is_empty() {
            break;
        }
        if parts.len() == 2 {
            break;
        }
    }
    parts.concat()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn millis(text: &str) -> u128 {
        text.parse::<Span>().unwrap().0.as_millis()
    }

    #[test]
    fn units_add_up() {
        assert_eq!(millis("250ms"), 250);
        assert_eq!(millis("90s"), 90_000);
        assert_eq!(millis("1h30m"), 5_400_000);
        assert_eq!(millis("3d"), 259_200_000);
        assert_eq!(millis("1w 2d"), 777_600_000);
    }

    #[test]
    fn what_is_no_duration_is_refused_with_an_example() {
        for text in ["", "3", "d", "3x", "-1s", "1.5h", "0s", "99999999999999999999d", "9999d", "s3"] {
            let message = text.parse::<Span>().unwrap_err();
            assert!(message.contains("3d") || message.contains("3660d"), "{message}");
        }
    }

    #[test]
    fn people_see_two_units() {
        assert_eq!(describe(Duration::from_millis(20)), "20ms");
        assert_eq!(describe(Duration::from_secs(59)), "59s");
        assert_eq!(describe(Duration::from_secs(5_400)), "1h30m");
        assert_eq!(describe(Duration::from_secs(90_061)), "1d1h");
        assert_eq!(describe(Duration::from_secs(86_400 + 60)), "1d");
    }
}
