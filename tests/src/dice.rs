//! Random numbers that are the same for the same seed.

/// A source of numbers.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// A source that a seed decides.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// The next number, of 64 bits.
    pub fn next_number(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number from 0 to below a limit; 0 when the limit is.
    pub fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        usize::try_from(self.next_number() % limit.max(1)).unwrap_or_default()
    }

    /// The same for signed numbers.
    pub fn below_i64(&mut self, limit: i64) -> i64 {
        let limit = u64::try_from(limit).unwrap_or_default();
        i64::try_from(self.next_number() % limit.max(1)).unwrap_or_default()
    }
}
