//! The table: what was measured, one module beside the other, and whether each aim holds.

use crate::contender::Who;
use crate::figure::Figure;
use std::fmt::{self, Write as _};

/// What a row's figures are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// In-place flushes' time.
    Flushes,
    /// A ratio.
    Times,
    /// Microseconds.
    Microseconds,
    /// MiB.
    Megabytes,
    /// A whole number of something.
    Count,
    /// Thousands of instructions.
    Thousands,
    /// Of a hundred.
    Percent,
}

impl Unit {
    /// Its name in the table and in the CSV.
    pub fn name(self) -> &'static str {
        match self {
            Self::Flushes => "flushes' time",
            Self::Times => "times",
            Self::Microseconds => "µs",
            Self::Megabytes => "MB",
            Self::Count => "count",
            Self::Thousands => "thousands",
            Self::Percent => "%",
        }
    }

    /// A value as people read it.
    pub fn shown(self, value: f64) -> String {
        match self {
            Self::Flushes | Self::Times => format!("{value:.2}"),
            Self::Microseconds | Self::Count | Self::Thousands => format!("{value:.0}"),
            Self::Megabytes => format!("{value:+.1}"),
            Self::Percent => format!("{value:.1}"),
        }
    }
}

/// What otpair is to reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Aim {
    /// No more than that.
    AtMost(f64),
    /// No less than that.
    AtLeast(f64),
}

impl Aim {
    /// Whether a value reaches it.
    pub fn holds(self, value: f64) -> bool {
        match self {
            Self::AtMost(limit) => value <= limit,
            Self::AtLeast(limit) => value >= limit,
        }
    }
}

/// Everybody's figures on one question.
#[derive(Debug, Clone)]
pub struct Row {
    /// The question.
    pub what: String,
    /// What the figures are in.
    pub unit: Unit,
    /// The figures: of those for whom the question makes sense. `pam_permit`'s has no column in the table.
    pub figures: Vec<(Who, Figure)>,
    /// What otpair's is to be.
    pub aim: Option<Aim>,
}

impl Row {
    /// Somebody's figure.
    pub fn figure(&self, who: Who) -> Option<Figure> {
        let mut figures = self.figures.iter();
        figures
            .find(|(whose, _)| *whose == who)
            .map(|(_, figure)| *figure)
    }

    /// The aim, and whether otpair's figure reaches it.
    pub fn verdict(&self) -> Option<(Aim, bool)> {
        let aim = self.aim?;
        Some((aim, aim.holds(self.figure(Who::Otpair)?.median)))
    }

    fn cell(&self, who: Who) -> String {
        let Some(figure) = self.figure(who) else {
            return "–".to_owned();
        };
        let [median, low, high] =
            [figure.median, figure.low, figure.high].map(|value| self.unit.shown(value));
        if figure.count == 1 {
            median
        } else {
            format!("{median} ({low} to {high})")
        }
    }

    fn aim(&self) -> String {
        let Some((aim, holds)) = self.verdict() else {
            return String::new();
        };
        let limit = match aim {
            Aim::AtMost(limit) => format!("at most {limit:.1}"),
            Aim::AtLeast(limit) => format!("at least {limit:.1}"),
        };
        let holds = if holds { "holds" } else { "MISSED" };
        format!("{limit}: {holds}")
    }

    fn cells(&self) -> [String; 5] {
        let unit = self.unit.name();
        let [oath, google, otpair] = Who::COMPARED.map(|who| self.cell(who));
        let what = if self.unit == Unit::Count {
            self.what.clone()
        } else {
            format!("{}, {unit}", self.what)
        };
        [what, oath, google, otpair, self.aim()]
    }
}

/// All rows.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// The rows.
    pub rows: Vec<Row>,
}

impl Table {
    /// Adds a row, unless nobody has a figure in it.
    pub fn push(
        &mut self,
        what: impl Into<String>,
        unit: Unit,
        figures: Vec<(Who, Figure)>,
        aim: Option<Aim>,
    ) {
        if !figures.is_empty() {
            self.rows.push(Row {
                what: what.into(),
                unit,
                figures,
                aim,
            });
        }
    }

    /// The row of that question.
    pub fn row(&self, what: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.what == what)
    }

    /// Whether every aim holds.
    pub fn holds(&self) -> bool {
        let mut verdicts = self.rows.iter().filter_map(Row::verdict);
        verdicts.all(|(_, holds)| holds)
    }

    /// A line for each aim.
    pub fn verdicts(&self) -> String {
        let aimed = self.rows.iter().filter(|row| row.verdict().is_some());
        let line = |row: &Row| {
            let [what, .., otpair, aim] = row.cells();
            format!("- {what}: {otpair}; {aim}\n")
        };
        aimed.map(line).collect()
    }

    fn head() -> [String; 5] {
        let [oath, google, otpair] = Who::COMPARED.map(|who| who.to_string());
        [String::new(), oath, google, otpair, "aim".to_owned()]
    }

    /// For a page of the docs.
    pub fn markdown(&self) -> String {
        let line = |cells: [String; 5]| format!("| {} |\n", cells.join(" | "));
        let rows = self.rows.iter().map(|row| line(row.cells()));
        line(Self::head()) + "|---|---|---|---|---|\n" + &rows.collect::<String>()
    }

    /// For programs: a line for each figure.
    pub fn csv(&self) -> String {
        let mut csv = "what,unit,module,median,low,high,count,aim,holds\n".to_owned();
        for row in &self.rows {
            for (who, figure) in &row.figures {
                let Figure {
                    median,
                    low,
                    high,
                    count,
                } = figure;
                let verdict = row.verdict().filter(|_| *who == Who::Otpair);
                let verdict = verdict.map_or(",".to_owned(), |(aim, holds)| match aim {
                    Aim::AtMost(limit) => format!("<={limit},{holds}"),
                    Aim::AtLeast(limit) => format!(">={limit},{holds}"),
                });
                let (what, unit) = (&row.what, row.unit.name());
                let _ = writeln!(
                    csv,
                    "\"{what}\",{unit},{who},{median:.4},{low:.4},{high:.4},{count},{verdict}"
                );
            }
        }
        csv
    }
}

/// For a terminal: the columns below each other.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = vec![Self::head()];
        lines.extend(self.rows.iter().map(Row::cells));
        let mut widths = [0; 5];
        for line in &lines {
            for (width, cell) in widths.iter_mut().zip(line) {
                *width = cell.chars().count().max(*width);
            }
        }
        for line in &lines {
            let cells = line.iter().zip(widths);
            let cells: Vec<_> = cells
                .map(|(cell, width)| format!("{cell:width$}"))
                .collect();
            writeln!(f, "{}", cells.join("  ").trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(aim: Aim) -> Table {
        let figure = Figure {
            median: 2.0,
            low: 1.5,
            high: 2.5,
            count: 9,
        };
        let mut table = Table::default();
        let figures = vec![(Who::Otpair, figure)];
        table.push("good passcode", Unit::Flushes, figures, Some(aim));
        table.push("pairing", Unit::Count, Vec::new(), None);
        table
    }

    #[test]
    fn an_aim_holds_up_to_its_limit() {
        assert!(table(Aim::AtMost(2.0)).holds());
        assert!(table(Aim::AtLeast(2.0)).holds());
        assert!(!table(Aim::AtMost(1.9)).holds());
        assert!(!table(Aim::AtLeast(2.1)).holds());
    }

    #[test]
    fn a_row_says_median_spread_and_verdict() {
        let markdown = table(Aim::AtMost(1.0)).markdown();
        let row =
            "| good passcode, flushes' time | – | – | 2.00 (1.50 to 2.50) | at most 1.0: MISSED |";
        assert_eq!(markdown.lines().nth(2), Some(row));
        assert_eq!(markdown.lines().count(), 3);
    }

    #[test]
    fn a_figure_is_a_line_of_the_csv() {
        let csv = table(Aim::AtLeast(2.0)).csv();
        let line = "\"good passcode\",flushes' time,otpair,2.0000,1.5000,2.5000,9,>=2,true";
        assert_eq!(csv.lines().nth(1), Some(line));
    }
}
