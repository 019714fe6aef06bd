//! What was done, what came of it, and what must never have come of it.

use crate::judge::Judgement;
use crate::subject::Outcome;
use crate::which::Which;
use std::collections::BTreeMap;
use std::time::Instant;

/// One kind of fault in one scenario, and which of them: what `--only` takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The scenario's name.
    pub scenario: String,
    /// The kind's name.
    pub kind: String,
    /// Which call, state or step, counted from 1.
    pub number: usize,
}

impl Name {
    /// Reads `SCENARIO:KIND:NUMBER`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let name = Self {
            scenario: parts.next()?.to_owned(),
            kind: parts.next()?.to_owned(),
            number: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(name)
    }

    /// A name.
    pub fn new(scenario: &str, kind: &str, number: usize) -> Self {
        Self {
            scenario: scenario.to_owned(),
            kind: kind.to_owned(),
            number,
        }
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct Row {
    injected: usize,
    granted: usize,
    refused: usize,
    unavailable: usize,
    no_conversation: usize,
    other: usize,
    died: usize,
    panicked: usize,
    took_two: usize,
    left: usize,
    violations: usize,
}

/// The figures of a run.
pub struct Tally {
    start: Instant,
    rows: BTreeMap<(String, String), Row>,
    /// The system calls of each scenario that were tried.
    points: BTreeMap<String, usize>,
    options: String,
    speaks: bool,
}

impl Tally {
    /// Nothing yet.
    pub fn new(which: &Which) -> Self {
        Self {
            start: Instant::now(),
            rows: BTreeMap::new(),
            points: BTreeMap::new(),
            options: which.options(),
            // Every fault is told, not only violations.
            speaks: which.only.is_some(),
        }
    }

    /// So many system calls of a scenario were tried.
    pub fn points(&mut self, scenario: &str, count: usize) {
        self.points.insert(scenario.to_owned(), count);
    }

    /// Counts a fault and says what was wrong.
    pub fn count(&mut self, name: &Name, what: &str, outcome: Outcome, judgement: &Judgement) {
        let row = self
            .rows
            .entry((name.scenario.clone(), name.kind.clone()))
            .or_default();
        row.injected += 1;
        *match outcome {
            Outcome::Granted => &mut row.granted,
            Outcome::Refused => &mut row.refused,
            Outcome::Unavailable => &mut row.unavailable,
            Outcome::NoConversation => &mut row.no_conversation,
            Outcome::Other(_) => &mut row.other,
            Outcome::Died => &mut row.died,
        } += 1;
        row.panicked += usize::from(judgement.has_panicked);
        row.took_two += usize::from(judgement.took_two);
        row.left += usize::from(judgement.left_a_file);
        row.violations += judgement.violations.len();
        let Name {
            scenario,
            kind,
            number,
        } = name;
        if self.speaks {
            eprintln!("{scenario}:{kind}:{number} at {what}: {outcome:?}");
        }
        let options = &self.options;
        for violation in &judgement.violations {
            eprintln!(
                "VIOLATION ./faults {options} --only {scenario}:{kind}:{number} (at {what}): {violation}"
            );
        }
    }

    /// How many faults were injected.
    pub fn injected(&self) -> usize {
        self.rows.values().map(|row| row.injected).sum()
    }

    /// Prints the table and the sums; whether nothing was violated.
    pub fn finish(&self) -> bool {
        println!(
            "| scenario | fault | injected | granted | refused | unavailable | nobody to ask | libpam | died | panicked | \
             then two passcodes | left a file | violations |"
        );
        println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|");
        for ((scenario, kind), row) in &self.rows {
            let Row {
                injected,
                granted,
                refused,
                unavailable,
                no_conversation,
                other,
                died,
                panicked,
                took_two,
                left,
                violations,
            } = row;
            println!(
                "| {scenario} | {kind} | {injected} | {granted} | {refused} | {unavailable} | {no_conversation} | {other} | \
                 {died} | {panicked} | {took_two} | {left} | {violations} |"
            );
        }
        let violations: usize = self.rows.values().map(|row| row.violations).sum();
        let points: usize = self.points.values().sum();
        println!(
            "faults: {points} points, {} injected, {violations} violations ({}, {} s)",
            self.injected(),
            self.options,
            self.start.elapsed().as_secs()
        );
        violations == 0
    }
}
