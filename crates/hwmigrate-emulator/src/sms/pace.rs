//! How fast the simulated servers are.

use std::time::Duration;

use crate::error::EmulatorError;

/// The highest rate that answers can show, in Mbit/s.
const FASTEST: u32 = 10_000;

/// How long the parts of a simulated migration take, by the emulator's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pace {
    /// The length of everything that moves no data, in ms.
    pub(crate) step: i64,
    /// The rate at which data moves where no limit is set, in Mbit/s.
    pub(crate) rate: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self { step: 1_000, rate: 1_000 }
    }
}

impl Pace {
    /// A pace, if one can simulate at it.
    pub(crate) fn new(step: Duration, rate: u32) -> Result<Self, EmulatorError> {
        if rate == 0 || rate > FASTEST {
            return Err(EmulatorError::Config(format!(
                "servers cannot be copied at {rate} Mbit/s: set a rate from 1 to {FASTEST}"
            )));
        }
        let step = i64::try_from(step.as_millis()).ok().filter(|step| *step <= 86_400_000);
        let step = step.ok_or_else(|| {
            EmulatorError::Config("a step of a simulated migration takes one day at most".to_owned())
        })?;
        Ok(Self { step, rate })
    }
}

/// Bytes that pass in so many ms at so many Mbit/s.
pub(crate) fn bytes_in(ms: i64, rate: u32) -> u64 {
    u64::try_from(ms).unwrap_or(0).saturating_mul(u64::from(rate)).saturating_mul(125)
}

/// How many ms so many bytes need, rounded up; at least one, so that time moves on.
pub(crate) fn ms_for(bytes: u64, rate: u32) -> i64 {
    let needed = bytes.div_ceil(u64::from(rate.max(1)) * 125);
    i64::try_from(needed).unwrap_or(i64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_megabits() {
        assert_eq!(bytes_in(1_000, 8), 1_000_000);
        assert_eq!(ms_for(1_000_000, 8), 1_000);
        assert_eq!(ms_for(1_000_001, 8), 1_001);
        assert_eq!(ms_for(0, 8), 1);
    }

    #[test]
    fn pace_that_cannot_be_simulated_is_refused() {
        assert!(Pace::new(Duration::ZERO, 1).is_ok());
        for (step, rate) in [(Duration::ZERO, 0), (Duration::ZERO, 10_001), (Duration::MAX, 1)] {
            assert!(Pace::new(step, rate).is_err());
        }
    }
}
