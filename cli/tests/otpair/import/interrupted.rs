//! A long import: what it shows in a terminal, and what is left when it is cut off.

use crate::scratch::Scratch;
use crate::terminal::Terminal;
use std::fmt::Write;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Far more than is imported before the bar is there.
const TOKENS: u64 = 1_000_000;

fn tokens(count: u64) -> String {
    (0..count).fold(String::new(), |mut file, n| {
        let seed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        writeln!(file, "BG-{n:07},{seed:016x}{n:024x},totp,6,30,sha1").unwrap();
        file
    })
}

#[test]
fn a_long_import_shows_rate_and_time_left_and_cut_off_and_run_again_it_goes_on() {
    let scratch = Scratch::new();
    scratch.write("tokens.csv", tokens(TOKENS));
    let file = scratch.path("tokens.csv");
    let mut terminal = Terminal::run(&scratch, &format!("import {}", file.display()), "true");
    // Two transactions at least are durable by then.
    while terminal.wait_for_number(" tokens, ") < 20_000 {}
    terminal.wait_for(" a second, ");
    terminal.wait_for(" left");
    terminal.send("\x03");
    let shown = terminal.end();
    assert!(shown.contains(" %  "), "{shown}");
    assert!(
        !shown.contains("new 1000000"),
        "it was not cut off: {shown}"
    );

    let listed = scratch.json(&["token", "list"]);
    let there = u64::try_from(listed.as_array().unwrap().len()).unwrap();
    assert!(
        (10_000..TOKENS).contains(&there),
        "{there} tokens are there"
    );
    scratch.write("tokens.csv", tokens(there + 500));
    let counts = scratch.json(&["import", "tokens.csv"]);
    assert_eq!(
        counts,
        serde_json::json!({"new": 500, "unchanged": there, "conflict": 0, "rejected": []})
    );
}

#[test]
fn where_nobody_watches_no_bar_is_shown() {
    let scratch = Scratch::new();
    scratch.write("tokens.csv", tokens(100));
    let done = scratch.run(&["import", "tokens.csv"]);
    assert_eq!((done.status, done.stderr.as_str()), (0, ""));
}

/// An import whose three streams are pipes.
fn piped(scratch: &Scratch, file: &str) -> Child {
    let mut command = scratch.command(&["import", file]);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.spawn().unwrap()
}

fn press_ctrl_c(child: &Child) {
    let pid = child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &pid]).status().unwrap();
    assert!(sent.success());
}

/// What a command says on stderr until it ends, which it must.
#[track_caller]
fn said_at_its_end(child: &mut Child) -> String {
    let mut stderr = child.stderr.take().unwrap();
    let (told, said) = mpsc::channel();
    thread::spawn(move || {
        let mut text = String::new();
        stderr.read_to_string(&mut text).unwrap();
        told.send(text).unwrap();
    });
    let said = said.recv_timeout(Duration::from_secs(60));
    if said.is_err() {
        child.kill().unwrap();
    }
    assert_eq!(child.wait().unwrap().code(), Some(1));
    said.expect("it does not end")
}

#[test]
fn ctrl_c_ends_an_import_that_waits_for_its_stdin() {
    let scratch = Scratch::new();
    let mut child = piped(&scratch, "-");
    let mut stdin = child.stdin.take().unwrap();
    // More than a pipe holds: when it is written, the import is reading.
    stdin.write_all(&vec![b'#'; 256 * 1024]).unwrap();
    press_ctrl_c(&child);
    let said = said_at_its_end(&mut child);
    assert!(said.contains("interrupted"), "{said}");
    drop(stdin);
}

#[test]
fn ctrl_c_ends_an_import_that_pairs_one_after_another() {
    let scratch = Scratch::new();
    let line = |n| format!("HOTP gone{n} - 4142434445464748494a41424344454647{n:06}\n");
    scratch.write("users.oath", (0..5000).map(line).collect::<String>());
    let mut child = piped(&scratch, "users.oath");
    // All its lines are more than the pipe holds: it can't end before they are read.
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("is not paired")));
    press_ctrl_c(&child);
    let rest = lines.count();
    let said = said_at_its_end(&mut child);
    assert!(said.contains("interrupted; 5000 new tokens"), "{said}");
    assert!(rest < 4000, "{rest}");
}
