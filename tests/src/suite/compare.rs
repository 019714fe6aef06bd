//! Asks everything of everybody, and prints the table of who holds what.

use crate::answer::{Answer, Asked, Question, Rounds, Row};
use crate::module::{CANDIDATES, Candidate, Surroundings};
use crate::{disk, doors, moments, passcodes};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

/// How it is to be done.
#[derive(Debug, Default)]
pub struct Options {
    /// Fewer rounds of what goes by chance.
    quick: bool,
    /// Only questions one of whose rows holds this text.
    only: Option<String>,
    /// Where the table is written for programs.
    json: Option<PathBuf>,
}

impl Options {
    /// Reads them; nothing if they are wrong.
    pub fn read(mut arguments: &[&str]) -> Option<Self> {
        let mut options = Self::default();
        loop {
            match arguments {
                [] => return Some(options),
                ["--quick", rest @ ..] => {
                    options.quick = true;
                    arguments = rest;
                }
                ["--only", text, rest @ ..] => {
                    options.only = Some((*text).to_owned());
                    arguments = rest;
                }
                ["--json", file, rest @ ..] => {
                    options.json = Some(PathBuf::from(file));
                    arguments = rest;
                }
                _ => return None,
            }
        }
    }

    fn wants(&self, question: &Question) -> bool {
        let mut rows = question.rows.iter();
        self.only
            .as_ref()
            .is_none_or(|text| rows.any(|row| row.name.contains(text)))
    }

    fn rounds(&self, candidate: &Candidate) -> Rounds {
        let (full, quick) = if candidate.is_ours() {
            (FULL, QUICK)
        } else {
            (FULL_OF_PEERS, QUICK_OF_PEERS)
        };
        if self.quick { quick } else { full }
    }
}

const FULL: Rounds = Rounds {
    sessions: 10_000,
    steps: 2_000,
    users: 2_000,
    volleys: 300,
    kills: 1_000,
    guesses: 2_000,
};
const FULL_OF_PEERS: Rounds = Rounds {
    sessions: 2_000,
    steps: 1_000,
    users: 2_000,
    volleys: 60,
    kills: 1_000,
    guesses: 2_000,
};
const QUICK: Rounds = Rounds {
    sessions: 200,
    steps: 60,
    users: 60,
    volleys: 10,
    kills: 40,
    guesses: 300,
};
const QUICK_OF_PEERS: Rounds = Rounds {
    sessions: 60,
    steps: 40,
    users: 40,
    volleys: 6,
    kills: 40,
    guesses: 300,
};

/// A row and its answers, in the order of the candidates.
struct Line {
    row: Row,
    answers: Vec<Answer>,
}

/// Prints the table; whether otpair holds everything.
pub fn compare(surroundings: &Surroundings, options: &Options) -> bool {
    let names: Vec<_> = CANDIDATES.iter().map(|candidate| candidate.name).collect();
    println!("| behaviour | {} |", names.join(" | "));
    println!("|---|{}", "---|".repeat(names.len()));
    let questions = moments::QUESTIONS
        .iter()
        .chain(&disk::QUESTIONS)
        .chain(&doors::QUESTIONS)
        .chain(&passcodes::QUESTIONS)
        .filter(|question| options.wants(question));
    let mut lines = Vec::new();
    for question in questions {
        for line in ask(question, surroundings, options) {
            println!("{}", markdown(&line));
            lines.push(line);
        }
    }
    if let Some(path) = &options.json {
        let text = format!("{:#}\n", as_json(&lines));
        fs::write(path, text).expect("the JSON file can't be written");
    }
    lines.iter().all(|line| line.answers[0].held)
}

fn ask(question: &Question, surroundings: &Surroundings, options: &Options) -> Vec<Line> {
    let mut lines: Vec<_> = question
        .rows
        .iter()
        .map(|row| Line {
            row: *row,
            answers: Vec::new(),
        })
        .collect();
    for candidate in &CANDIDATES {
        let answers = (question.ask)(&Asked {
            candidate,
            surroundings,
            rounds: options.rounds(candidate),
        });
        for (line, answer) in lines.iter_mut().zip(answers) {
            line.answers.push(answer);
        }
    }
    lines
}

fn markdown(line: &Line) -> String {
    let cells: Vec<_> = line.answers.iter().map(cell).collect();
    format!("| {} | {} |", line.row.name, cells.join(" | "))
}

fn cell(answer: &Answer) -> String {
    let held = if answer.held { "held" } else { "**not held**" };
    format!("{held}: {}", answer.told)
}

fn as_json(lines: &[Line]) -> Value {
    let rows: Vec<_> = lines
        .iter()
        .map(|line| {
            let answers: serde_json::Map<String, Value> = CANDIDATES
                .iter()
                .zip(&line.answers)
                .map(|(candidate, answer)| {
                    let value =
                        json!({"held": answer.held, "told": answer.told, "cell": cell(answer)});
                    (candidate.name.to_owned(), value)
                })
                .collect();
            json!({"behaviour": line.row.name, "exact": line.row.exact, "modules": answers})
        })
        .collect();
    Value::from(rows)
}
