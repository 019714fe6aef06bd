//! Everything that was measured, and what it comes to.

use crate::contender::{Contender, What, Who};
use crate::figure::{Figure, as_f64};
use crate::instructions::Instructions;
use crate::probe::{Alone, Cost};
use crate::together::Together;

/// What was measured of one contender.
pub struct Measured {
    who: Who,
    what: What,
    tokens: usize,
    /// In one process, in the rounds.
    pub costs: Vec<Cost>,
    /// In processes of their own.
    pub alone: Vec<Alone>,
    /// By `pamtester`.
    pub pamtester: Vec<Cost>,
    /// System calls, and those that wait for the disk.
    pub calls: Option<(usize, usize)>,
    /// Instructions.
    pub instructions: Option<Instructions>,
}

impl Measured {
    /// Nothing yet.
    pub fn new(contender: &Contender) -> Self {
        Self {
            who: contender.who,
            what: contender.what,
            tokens: contender.tokens,
            costs: Vec::new(),
            alone: Vec::new(),
            pamtester: Vec::new(),
            calls: None,
            instructions: None,
        }
    }
}

/// Everything that was measured.
pub struct Results {
    /// Each contender's; `pam_permit`'s is the first.
    pub measured: Vec<Measured>,
    /// The disk's flush, in nanoseconds.
    pub flush: Figure,
    /// With many processes.
    pub together: Vec<Together>,
}

impl Results {
    /// What is subtracted from all others.
    pub fn permit(&self) -> &Measured {
        &self.measured[0]
    }

    /// Somebody's figure of a sign-on with so many tokens.
    pub fn of(
        &self,
        (who, what, tokens): (Who, What, usize),
        figure: &dyn Fn(&Measured) -> Option<Figure>,
    ) -> Option<Figure> {
        let mut measured = self.measured.iter();
        measured
            .find(|one| (one.who, one.what, one.tokens) == (who, what, tokens))
            .and_then(figure)
    }

    /// Everybody's figures of a sign-on with one token.
    pub fn all(
        &self,
        what: What,
        figure: &dyn Fn(&Measured) -> Option<Figure>,
    ) -> Vec<(Who, Figure)> {
        let of = |who| Some((who, self.of((who, what, 1), figure)?));
        Who::COMPARED.into_iter().filter_map(of).collect()
    }

    /// The time over `pam_permit`'s, in flushes.
    pub fn time(&self, measured: &Measured) -> Option<Figure> {
        self.over_permit(measured, &|one| {
            one.costs.iter().map(|cost| cost.time).collect()
        })
    }

    /// Times of some kind over `pam_permit`'s, in flushes.
    pub fn over_permit(
        &self,
        measured: &Measured,
        times: &dyn Fn(&Measured) -> Vec<u64>,
    ) -> Option<Figure> {
        let permit = Figure::of_numbers(&times(self.permit()))?.median;
        let figure = Figure::of_numbers(&times(measured))?;
        Some(figure.less(permit, self.flush.median))
    }

    /// Every number of tokens but one, by size.
    pub fn sizes(&self) -> Vec<usize> {
        let mut sizes: Vec<_> = self.measured.iter().map(|one| one.tokens).collect();
        sizes.sort_unstable();
        sizes.dedup();
        sizes.into_iter().filter(|size| *size > 1).collect()
    }

    /// The processor's time over `pam_permit`'s, in microseconds.
    pub fn cpu(
        &self,
        measured: &Measured,
        costs: &dyn Fn(&Measured) -> &Vec<Cost>,
    ) -> Option<Figure> {
        let figure = |one: &Measured| {
            let times: Vec<_> = costs(one).iter().map(|cost| cost.cpu).collect();
            Figure::of_numbers(&times)
        };
        let permit = figure(self.permit())?.median;
        Some(figure(measured)?.less(permit, 1000.0))
    }

    /// Instructions over all of `pam_permit`'s.
    pub fn over_permits(&self, instructions: u64) -> Option<f64> {
        let permit = self.permit().instructions?.all;
        Some(as_f64(instructions) - as_f64(permit))
    }
}
