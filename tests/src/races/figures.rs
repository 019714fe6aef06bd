//! The line of figures.

use std::fmt::Write as _;
use std::time::Instant;

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
