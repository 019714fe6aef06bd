//! A page of the docs, followed line by line as an admin would.
//!
//! A block that is fenced as `sh` is run in the machine by root's shell, and must succeed. Its lines `apt install NAME…`
//! are not run: that what they name is installed is asserted. Any other block is run by nobody, unless a test takes it by
//! the word behind `sh`: a block that is fenced as `sh alice` is what a person types. A page whose blocks without a word
//! are what the block before prints is followed step by step.

use crate::machine::{Machine, told};
use std::fs;
use std::path::Path;
use std::process::Command;

/// What is typed, and what the page says that it prints.
#[derive(Debug, Clone, Copy)]
pub struct Step<'a> {
    /// Who types it: the word behind `sh`, empty for root.
    pub by: &'a str,
    /// The commands, a line each.
    pub commands: &'a str,
    /// What they print, as the page shows it.
    pub prints: &'a str,
}

impl Step<'_> {
    /// Fails unless every line that the page shows was printed, in that order. `TIME` and `VERSION` stand for any.
    pub fn assert_printed(&self, said: &str) {
        let mut lines = said.lines().map(str::trim_end);
        for shown in self.prints.lines().filter(|line| !line.is_empty()) {
            assert!(
                lines.any(|line| is_shown(line, shown)),
                "{} did not print {shown:?}:\n{said}",
                self.commands
            );
        }
    }
}

/// Whether a line is what a page shows.
fn is_shown(line: &str, shown: &str) -> bool {
    let placeholder = ["TIME", "VERSION"]
        .iter()
        .find_map(|placeholder| shown.split_once(placeholder));
    placeholder.map_or(line == shown, |(before, behind)| {
        let rest = line.strip_prefix(before);
        rest.is_some_and(|rest| rest.ends_with(behind))
    })
}

/// A page of the docs.
#[derive(Debug)]
pub struct Page {
    name: String,
    text: String,
    blocks: Vec<Block>,
}

#[derive(Debug)]
struct Block {
    language: String,
    text: String,
}

impl Page {
    /// Reads `docs/NAME`.
    pub fn read(name: &str) -> Self {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
        let text = fs::read_to_string(docs.join(name))
            .unwrap_or_else(|e| panic!("docs/{name} can't be read: {e}"));
        Self {
            name: name.to_owned(),
            blocks: blocks(&text),
            text,
        }
    }

    /// Runs every block that is for the admin, in order.
    ///
    /// # Panics
    /// If there is no such block, a command fails, or a package that the page installs is not here.
    pub fn follow(&self, machine: &Machine) {
        let blocks = self.blocks.iter().filter(|block| block.language == "sh");
        let texts: Vec<_> = blocks.map(|block| &block.text).collect();
        assert!(
            !texts.is_empty(),
            "docs/{} has no block to follow",
            self.name
        );
        for text in texts {
            self.run(machine, text);
        }
    }

    /// Every block that somebody types, in order, with the block right behind it where that has no word on its fence.
    pub fn steps(&self) -> Vec<Step<'_>> {
        let behind = self.blocks.iter().skip(1).map(Some).chain([None]);
        let pairs = self.blocks.iter().zip(behind);
        let steps = pairs.filter_map(|(block, behind)| {
            let by = block.language.strip_prefix("sh")?.trim_start();
            let printed = behind.filter(|block| block.language.is_empty());
            Some(Step {
                by,
                commands: &block.text,
                prints: printed.map_or("", |block| &block.text),
            })
        });
        steps.collect()
    }

    /// Runs the one block whose fence has these words, as root, and gives its stdout. What the page has as an example,
    /// such as a passcode, is replaced by what is the case: each pair's first text, which must be there, by its second.
    ///
    /// # Panics
    /// As [`Page::follow`].
    pub fn follow_block(
        &self,
        machine: &Machine,
        words: &str,
        examples: &[(&str, &str)],
    ) -> String {
        let mut script = self.block(words).to_owned();
        for (example, real) in examples {
            assert!(script.contains(example), "{example:?} is not in {script}");
            script = script.replace(example, real);
        }
        self.run(machine, &script)
    }

    fn run(&self, machine: &Machine, script: &str) -> String {
        let (installs, lines): (Vec<&str>, Vec<&str>) = script
            .lines()
            .partition(|line| line.trim_start().starts_with("apt install "));
        for line in installs {
            assert_installed(line);
        }
        let output = machine.run("sh", &["-eu", "-c", &lines.join("\n")]);
        assert!(
            output.status.success(),
            "docs/{}: this does not work:\n{script}\n{}",
            self.name,
            told(&output)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// The page as it is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The one block whose fence has these words, such as `sh alice`.
    pub fn block(&self, words: &str) -> &str {
        let mut found = self.blocks.iter().filter(|block| block.language == words);
        match (found.next(), found.next()) {
            (Some(block), None) => &block.text,
            _ => panic!("docs/{} has not one block {words:?}", self.name),
        }
    }
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in text.lines() {
        match (open.take(), line.strip_prefix("```")) {
            (None, None) => {}
            (None, Some(language)) => {
                open = Some(Block {
                    language: language.to_owned(),
                    text: String::new(),
                });
            }
            (Some(block), Some(_)) => blocks.push(block),
            (Some(mut block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
                open = Some(block);
            }
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

/// Fails with a sentence unless every package that a line `apt install …` names is installed.
fn assert_installed(line: &str) {
    for package in line
        .trim_start()
        .trim_start_matches("apt install ")
        .split_whitespace()
    {
        let status = Command::new("dpkg-query")
            .args(["-W", "-f", "${Status}", package])
            .output()
            .expect("dpkg-query can't be run");
        assert!(
            status.stdout.ends_with(b" installed"),
            "the Debian package {package} is missing: install it"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_must_be_printed_but_for_a_placeholder() {
        assert!(is_shown(
            "version 1.2 is set up",
            "version VERSION is set up"
        ));
        assert!(is_shown("taken back", "taken back"));
        assert!(!is_shown("taken back at 12:00", "taken back"));
        assert!(!is_shown(
            "version 1.2 is removed",
            "version VERSION is set up"
        ));
    }

    #[test]
    fn a_step_has_what_stands_right_behind_it() {
        let text = "```sh\none\n```\n```\nprinted\n```\n```sh alice\ntwo\n```\n```sh\nthree\n```\n";
        let page = Page {
            name: String::new(),
            text: text.to_owned(),
            blocks: blocks(text),
        };
        let steps = page.steps();
        let steps: Vec<_> = steps
            .iter()
            .map(|step| (step.by, step.commands, step.prints))
            .collect();
        let expected = [
            ("", "one\n", "printed\n"),
            ("alice", "two\n", ""),
            ("", "three\n", ""),
        ];
        assert_eq!(steps, expected);
    }

    #[test]
    fn blocks_are_told_apart_by_their_fence() {
        let read = blocks("a\n```sh\none\ntwo\n```\n\n```sh alice\nthree\n```\n");
        let read: Vec<_> = read
            .iter()
            .map(|block| (block.language.as_str(), block.text.as_str()))
            .collect();
        assert_eq!(read, [("sh", "one\ntwo\n"), ("sh alice", "three\n")]);
    }
}
