//! What the programs share: chance, and the line of figures.

use std::fmt::Write as _;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Random enough for choosing moments (xorshift64*, G. Marsaglia and S. Vigna).
#[derive(Debug)]
pub struct Chance(u64);

impl Chance {
    /// Another sequence at every run.
    pub fn new() -> Self {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("the clock is after 1970");
        Self(u64::from(now.subsec_nanos()) << 20 | 1)
    }

    /// A number below `end`; 0 if `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) % end.max(1)
    }
}

/// Counts of what happened, in the order in which they are named first, and the violations.
#[derive(Debug)]
pub struct Figures {
    name: &'static str,
    tells: bool,
    tried: usize,
    violations: usize,
    counts: Vec<(&'static str, usize)>,
    start: Instant,
}

impl Figures {
    /// Figures with these counts, all zero.
    pub fn new(name: &'static str, counts: &[&'static str]) -> Self {
        Self {
            name,
            tells: true,
            tried: 0,
            violations: 0,
            counts: counts.iter().map(|count| (*count, 0)).collect(),
            start: Instant::now(),
        }
    }

    /// Figures that are counted and not told: what a peer does is no fault here.
    pub fn quiet(self) -> Self {
        Self {
            tells: false,
            ..self
        }
    }

    /// How often something was counted.
    pub fn of(&self, what: &str) -> usize {
        let found = self.counts.iter().find(|(name, _)| *name == what);
        found.map_or(0, |(_, count)| *count)
    }

    /// How many rounds there were.
    pub fn rounds(&self) -> usize {
        self.tried
    }

    /// Counts a round.
    pub fn tried(&mut self) {
        self.tried += 1;
    }

    /// Counts something that may happen, or one of the named violations.
    pub fn count(&mut self, what: &'static str) {
        match self.counts.iter_mut().find(|(name, _)| *name == what) {
            Some((_, count)) => *count += 1,
            None => self.counts.push((what, 1)),
        }
    }

    /// Counts something that must never happen, and says so on stderr, unless it is quiet.
    pub fn violation(&mut self, what: &'static str, detail: &str) {
        self.violations += 1;
        self.count(what);
        if self.tells {
            eprintln!("{}: round {}: {what}: {detail}", self.name, self.tried);
        }
    }

    /// Prints the line of figures; whether nothing was violated.
    pub fn finish(self) -> bool {
        let mut line = format!(
            "{}: {} tried, {} violations",
            self.name, self.tried, self.violations
        );
        for (what, count) in &self.counts {
            let _ = write!(line, ", {count} {what}");
        }
        println!("{line} ({} s)", self.start.elapsed().as_secs());
        self.violations == 0
    }
}
