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

/// What is counted, in the order of the table's columns.
const COLUMNS: [&str; 11] = [
    "injected",
    "granted",
    "refused",
    "unavailable",
    "nobody to ask",
    "libpam's own code",
    "died",
    "panic caught",
    "then two passcodes",
    "left a file",
    "violations",
];

type Row = [usize; COLUMNS.len()];

/// The column of how a sign-on ended.
const fn column(outcome: Outcome) -> usize {
    match outcome {
        Outcome::Granted => 1,
        Outcome::Refused => 2,
        Outcome::Unavailable => 3,
        Outcome::NoConversation => 4,
        Outcome::Other(_) => 5,
        Outcome::Died => 6,
    }
}

/// The figures of a run.
pub struct Tally {
    start: Instant,
    rows: BTreeMap<(String, String), Row>,
    /// The system calls of each scenario that were tried.
    points: BTreeMap<String, usize>,
    options: String,
    tells: bool,
}

impl Tally {
    /// Nothing yet.
    pub fn new(which: &Which) -> Self {
        Self {
            start: Instant::now(),
            rows: BTreeMap::new(),
            points: BTreeMap::new(),
            options: which.options(),
            tells: which.tells,
        }
    }

    /// So many system calls of a scenario were tried.
    pub fn points(&mut self, scenario: &str, count: usize) {
        self.points.insert(scenario.to_owned(), count);
    }

    /// Counts a fault and says what was wrong.
    pub fn count(&mut self, name: &Name, what: &str, outcome: Outcome, judgement: &Judgement) {
        let key = (name.scenario.clone(), name.kind.clone());
        let row = self.rows.entry(key).or_default();
        let is_caught = judgement.has_panicked && outcome != Outcome::Died;
        row[0] += 1;
        row[column(outcome)] += 1;
        row[7] += usize::from(is_caught);
        row[8] += usize::from(judgement.took_two);
        row[9] += usize::from(judgement.left_a_file);
        row[10] += judgement.violations.len();
        let Name {
            scenario,
            kind,
            number,
        } = name;
        if self.tells {
            eprintln!("{scenario}:{kind}:{number} at {what}: {outcome:?}");
        }
        let options = &self.options;
        for violation in &judgement.violations {
            eprintln!(
                "VIOLATION ./faults {options} --only {scenario}:{kind}:{number} (at {what}): {violation}"
            );
        }
    }

    /// Prints a table by scenario, one by fault, and the sums; whether nothing was violated.
    pub fn finish(&self) -> bool {
        let head = COLUMNS.join(" | ");
        let line = "---|".repeat(COLUMNS.len());
        println!("| scenario | system calls | {head} |\n|---|---|{line}");
        for (scenario, row) in self.summed(|(scenario, _)| scenario) {
            let points = self.points.get(scenario).copied().unwrap_or_default();
            println!("| {scenario} | {points} | {}", cells(&row));
        }
        println!("\n| fault | {head} |\n|---|{line}");
        for (kind, row) in self.summed(|(_, kind)| kind) {
            println!("| {kind} | {}", cells(&row));
        }
        let total = self.summed(|_| "").remove("").unwrap_or_default();
        let [injected, .., violations] = total;
        println!(
            "\nfaults: {} points, {injected} injected, {violations} violations ({}, {} s)",
            self.points.values().sum::<usize>(),
            self.options,
            self.start.elapsed().as_secs()
        );
        violations == 0
    }

    fn summed<'a>(
        &'a self,
        by: impl Fn(&'a (String, String)) -> &'a str,
    ) -> BTreeMap<&'a str, Row> {
        let mut sums: BTreeMap<_, Row> = BTreeMap::new();
        for (name, row) in &self.rows {
            let sum = sums.entry(by(name)).or_default();
            for (sum, more) in sum.iter_mut().zip(row) {
                *sum += more;
            }
        }
        sums
    }
}

fn cells(row: &Row) -> String {
    row.iter()
        .map(|count| format!("{count} | "))
        .collect::<String>()
        .trim_end()
        .to_owned()
}
