//! What is asked for on the command line.

use std::path::{Path, PathBuf};

/// How to run it.
pub const USAGE: &str = "\
usage: bench [--quick] [--markdown] [--folder DIR] [--rounds N] [--most-tokens N] [--flush-time MICROSECONDS]
             [--csv FILE] [--plot FILE]";

/// How many tokens there are, besides one.
const SIZES: [usize; 3] = [1000, 100_000, 1_000_000];

/// What is measured, how often, and what is written.
#[derive(Debug, Clone)]
pub struct Options {
    /// On the disk to measure.
    pub folder: PathBuf,
    /// Rounds of the loop through libpam.
    pub rounds: usize,
    /// The most tokens.
    most_tokens: usize,
    /// How much longer each flush is made, in microseconds.
    pub flush_time: Option<u32>,
    /// Fewer of everything.
    pub quick: bool,
    /// Print what the page in the docs has.
    pub markdown: bool,
    /// Where the figures go.
    pub csv: Option<PathBuf>,
    /// Where the plot goes.
    pub plot: Option<PathBuf>,
}

impl Options {
    /// Reads the arguments; nothing if there is one too many.
    pub fn parse(arguments: &[&str]) -> Option<Self> {
        let quick = arguments.contains(&"--quick");
        let mut options = Self {
            folder: std::env::temp_dir(),
            rounds: if quick { 40 } else { 400 },
            most_tokens: 1_000_000,
            flush_time: None,
            quick,
            markdown: false,
            csv: None,
            plot: None,
        };
        let mut rest = arguments.iter().copied();
        while let Some(argument) = rest.next() {
            match argument {
                "--quick" => {}
                "--markdown" => options.markdown = true,
                "--folder" => options.folder = absolute(rest.next()?)?,
                "--rounds" => options.rounds = positive(rest.next()?)?,
                "--most-tokens" => options.most_tokens = positive(rest.next()?)?,
                "--flush-time" => options.flush_time = Some(rest.next()?.parse().ok()?),
                "--csv" => options.csv = Some(absolute(rest.next()?)?),
                "--plot" => options.plot = Some(absolute(rest.next()?)?),
                _ => return None,
            }
        }
        Some(options)
    }

    /// How many tokens there are besides one, by turns.
    pub fn sizes(&self) -> Vec<usize> {
        let may = |size: &usize| *size <= self.most_tokens;
        SIZES.into_iter().filter(may).collect()
    }

    /// How many sign-ons there are in processes of their own.
    pub fn alone(&self) -> usize {
        if self.quick { 3 } else { 21 }
    }

    /// How many first sign-ons of an unpaired user there are in the loop.
    pub fn pairings(&self) -> usize {
        self.rounds.min(if self.quick { 10 } else { 40 })
    }

    /// How often each number of processes runs, and how long, in milliseconds.
    pub fn slices(&self) -> (usize, u64) {
        if self.quick { (2, 100) } else { (7, 300) }
    }

    /// How many processes sign on at once, by turns.
    pub fn processes(&self) -> Vec<usize> {
        // Delayed flushes don't delay each other, as those of a disk do: with them it would be no disk's rate.
        if self.flush_time.is_some() {
            Vec::new()
        } else {
            vec![1, 4, 16, 64]
        }
    }
}

fn absolute(path: &str) -> Option<PathBuf> {
    std::path::absolute(Path::new(path)).ok()
}

fn positive(text: &str) -> Option<usize> {
    text.parse().ok().filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_tokens_are_imported_than_asked_for() {
        let sizes = |arguments: &[&str]| Options::parse(arguments).unwrap().sizes();
        assert_eq!(sizes(&[]), [1000, 100_000, 1_000_000]);
        assert_eq!(sizes(&["--most-tokens", "1000"]), [1000]);
        assert!(sizes(&["--most-tokens", "1"]).is_empty());
    }

    #[test]
    fn an_unknown_argument_and_a_missing_value_are_no_options() {
        for arguments in [["--tokens"].as_slice(), &["--rounds"], &["--rounds", "0"]] {
            assert!(Options::parse(arguments).is_none());
        }
    }
}
