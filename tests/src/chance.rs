//! Chance, for tests that choose moments and states.

use std::time::{SystemTime, UNIX_EPOCH};

/// Random enough for that (xorshift64*, G. Marsaglia and S. Vigna).
#[derive(Debug)]
pub struct Chance(u64);

impl Default for Chance {
    fn default() -> Self {
        Self::new()
    }
}

impl Chance {
    /// Another sequence at every run.
    pub fn new() -> Self {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("the clock is after 1970");
        Self::seeded(u64::from(now.subsec_nanos()) << 20)
    }

    /// The same sequence for the same seed.
    pub const fn seeded(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// A number below `end`; 0 if `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) % end.max(1)
    }
}
