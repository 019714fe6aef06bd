use crate::scratch::{Scratch, json};
use crate::tokens::{HOTP, OTHER_HOTP};
use std::io::{BufRead, BufReader};
use std::process::Stdio;

fn used() -> Scratch {
    let scratch = Scratch::new();
    scratch.write("tokens.csv", HOTP.csv() + &OTHER_HOTP.csv());
    scratch.done(&["import", "tokens.csv"]);
    scratch.done(&["user", "pair", "root", HOTP.serial]);
    scratch
}

#[test]
fn the_log_is_shown_for_people_and_as_json_lines() {
    let scratch = used();
    let shown = scratch.done(&["log"]);
    assert_eq!(shown.lines().count(), 2, "{shown}");
    assert!(
        shown.contains("paired") && shown.contains("token FT-0042"),
        "{shown}"
    );
    let lines = scratch.done(&["log", "--json", "--user", "root"]);
    assert_eq!(json(&lines)["event"], "paired");
}

#[test]
fn the_log_is_shown_from_a_time_on() {
    let scratch = used();
    let old = r#"{"time":"2020-01-31T00:00:00Z","event":"granted","user":"root"}"#;
    let log = std::fs::read_to_string(scratch.path("audit.jsonl")).unwrap();
    scratch.write("audit.jsonl", format!("{old}\n{log}"));
    let count = |since: &str| scratch.done(&["log", "--since", since]).lines().count();
    assert_eq!(
        [
            count("2020-01-31"),
            count("2020-02-01"),
            count("1h"),
            count("2999-01-01T00:00:00Z")
        ],
        [3, 2, 2, 0]
    );
    assert_eq!(scratch.run(&["log", "--since", "yesterday"]).status, 2);
}

#[test]
fn with_syslog_alone_it_is_said_where_to_look() {
    let scratch = used();
    scratch.write("otpair.toml", "");
    assert!(scratch.refused(&["log"]).contains("journalctl -t otpair"));
}

#[test]
fn a_log_that_nothing_was_written_to_is_empty() {
    assert_eq!(Scratch::new().done(&["log"]), "");
}

#[test]
fn following_shows_what_is_logged_from_now_on_also_in_a_new_file() {
    let scratch = used();
    let mut command = scratch.command(&["log", "--follow", "--json"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || {
        json(&lines.next().unwrap().unwrap())["event"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!([next(), next()], ["imported", "paired"]);
    scratch.done(&["token", "disable", HOTP.serial]);
    assert_eq!(next(), "disabled");
    std::fs::rename(scratch.path("audit.jsonl"), scratch.path("audit.jsonl.1")).unwrap();
    scratch.done(&["token", "enable", HOTP.serial]);
    assert_eq!(next(), "enabled");
    child.kill().unwrap();
    child.wait().unwrap();
}
