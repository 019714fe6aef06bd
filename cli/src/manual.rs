//! The manual, compared with the command line: what one has the other has too.

use crate::args::Cli;
use crate::import::options::format_names;
use clap::{Arg, Command, CommandFactory};
use std::collections::BTreeSet;

const PAGE: &str = include_str!("../../docs/otpair.8.md");

/// The page as it is read: without Markdown's emphasis and escapes.
fn page() -> String {
    PAGE.replace(['*', '\\'], "")
}

/// Every command of the tree with its words: `otpair token list`.
fn commands() -> Vec<(String, Command)> {
    fn walk(words: &str, command: &Command, all: &mut Vec<(String, Command)>) {
        for child in command
            .get_subcommands()
            .filter(|child| child.get_name() != "help")
        {
            let words = format!("{words} {}", child.get_name());
            all.push((words.clone(), child.clone()));
            walk(&words, child, all);
        }
    }
    let mut cli = Cli::command();
    cli.build();
    let mut all = vec![("otpair".to_owned(), cli.clone())];
    walk("otpair", &cli, &mut all);
    all
}

fn flags<'a>(arguments: impl Iterator<Item = &'a Arg>) -> BTreeSet<String> {
    arguments
        .filter_map(|argument| Some(format!("--{}", argument.get_long()?)))
        .collect()
}

/// The long flags that a text names.
fn named_flags(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| c != '-' && !c.is_ascii_alphanumeric());
    words
        .filter(|word| word.starts_with("--") && word.len() > 2)
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_manual_has_every_command() {
    let page = page();
    for (words, command) in commands() {
        let last = command.get_name();
        let group = words.strip_suffix(last).unwrap_or_default().trim_end();
        // The synopsis puts commands with the same arguments on one line: `otpair token show | disable SERIAL`.
        let together = page
            .lines()
            .any(|line| line.starts_with(group) && line.split(' ').any(|word| word == last));
        let entry = page.contains(&format!("\n{words}"));
        assert!(entry || together, "the manual lacks: {words}");
        assert!(
            group.is_empty() || group == "otpair" || entry,
            "the manual does not explain: {words}"
        );
    }
}

#[test]
fn the_manual_has_every_flag_and_no_other() {
    let of_commands: BTreeSet<_> = commands()
        .iter()
        .flat_map(|(_, command)| flags(command.get_arguments()))
        .collect();
    assert_eq!(named_flags(&page()), of_commands);
}

#[test]
fn the_manual_and_the_help_list_every_format() {
    let words: Vec<_> = PAGE.split_whitespace().collect();
    let manual = words.join(" ").replace(['*', '\\'], "");
    let names = format_names();
    assert!(
        manual.contains(&format!("Read the files in this format: {names}.")),
        "{names}"
    );
    let commands = commands();
    let import = commands.iter().find(|(words, _)| words == "otpair import");
    let help = import.unwrap().1.clone().render_long_help().to_string();
    let help: Vec<_> = help.split_whitespace().collect();
    assert!(help.join(" ").contains(&names));
}

#[test]
fn help_texts_are_one_sentence() {
    let check = |what: &str, help: Option<String>| {
        let help = help.unwrap_or_else(|| panic!("{what} has no help"));
        assert!(
            !help.contains('\n') && !help.contains(". ") && !help.ends_with('.'),
            "{what}: {help}"
        );
        assert!(help.starts_with(char::is_uppercase), "{what}: {help}");
    };
    for (words, command) in commands() {
        check(&words, command.get_about().map(ToString::to_string));
        for argument in command.get_arguments() {
            check(
                &format!("{words} {}", argument.get_id()),
                argument.get_help().map(ToString::to_string),
            );
        }
    }
}

#[test]
fn every_command_that_prints_has_json() {
    let without = [
        "otpair",
        "otpair token",
        "otpair user",
        "otpair config",
        "otpair sign-on",
        "otpair completions",
    ];
    for (words, command) in commands() {
        let has = flags(command.get_arguments()).contains("--json");
        assert_eq!(has, !without.contains(&words.as_str()), "{words}");
    }
}

#[test]
fn the_command_tree_is_sound() {
    Cli::command().debug_assert();
}
