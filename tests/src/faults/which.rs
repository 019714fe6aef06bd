//! Which faults of all that there are.

use crate::tally::Name;

/// The choice.
#[derive(Debug, Clone, Default)]
pub struct Which {
    /// Fewer: at each system call one kind, and of the rest a part.
    pub is_quick: bool,
    /// One alone.
    pub only: Option<Name>,
    /// Every fault is told, not only violations.
    pub tells: bool,
    /// For what chance decides.
    pub seed: u64,
}

impl Which {
    /// Whether this one is to be tried; of those that a quick run has too many of, only `part` in a hundred are.
    pub fn wants(&self, name: &Name, part: usize) -> bool {
        match &self.only {
            Some(only) => only == name,
            None => !self.is_quick || (name.number * part) % 100 < part,
        }
    }

    /// How many samples are taken.
    pub const fn samples(&self, whole: usize, quick: usize) -> usize {
        if self.is_quick { quick } else { whole }
    }

    /// The options by which somebody has the same choice again.
    pub fn options(&self) -> String {
        let quick = if self.is_quick { "--quick " } else { "" };
        format!("{quick}--seed {}", self.seed)
    }
}
