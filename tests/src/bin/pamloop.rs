//! A small libpam client for the tests: one sign-on from `pam_start` to `pam_end`, told by JSON lines.
//!
//! Its argument is a JSON object: `service`, and as wished `user`, `rhost`, `tty`, `silent`, `no_conversation`.
//! It prints one line for each prompt, message and delay, as `{"style":"echo_off","text":"Passcode: "}` or
//! `{"delay":2000000}`, and reads one line for each prompt: `{"text":"…"}`, `{"bytes":[…]}`, `{"null":true}` or
//! `{"fail":true}`; the end of stdin is a failure too. Its last line is `{"done":"PAM_…","setcred":"PAM_…",…}` with
//! what the sign-on left behind in the process.

use otpair_tests::libpam::{self, Answer, PAM_SILENT, Person, Request, Style, c_string, name};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, Write, stdin, stdout};

struct Remote;

impl Person for Remote {
    fn asked(&mut self, style: Style, text: &str) -> Answer {
        self.told(style, text);
        answer()
    }

    fn told(&mut self, style: Style, text: &str) {
        let style = match style {
            Style::EchoOff => "echo_off",
            Style::EchoOn => "echo_on",
            Style::Error => "error",
            Style::Info => "info",
            Style::Other => "other",
        };
        say(&json!({"style": style, "text": text}));
    }

    fn delayed(&mut self, microseconds: u32) {
        say(&json!({"delay": microseconds}));
    }
}

fn say(value: &Value) {
    let mut out = stdout().lock();
    // Whoever no longer listens has failed already.
    let _ = writeln!(out, "{value}").and_then(|()| out.flush());
}

fn answer() -> Answer {
    let mut line = String::new();
    if stdin().lock().read_line(&mut line).unwrap_or(0) == 0 {
        return Answer::Fail;
    }
    let value: Value = serde_json::from_str(&line).expect("an answer is a JSON object");
    if let Some(text) = value["text"].as_str() {
        Answer::Text(text.as_bytes().to_vec())
    } else if let Some(bytes) = value["bytes"].as_array() {
        Answer::Text(
            bytes
                .iter()
                .filter_map(|byte| u8::try_from(byte.as_u64()?).ok())
                .collect(),
        )
    } else if value["null"] == true {
        Answer::Null
    } else {
        Answer::Fail
    }
}

fn main() {
    let argument = std::env::args().nth(1).expect("usage: pamloop JSON");
    let asked: Value = serde_json::from_str(&argument).expect("the argument is a JSON object");
    let text = |name: &str| asked[name].as_str();
    let silent = asked["silent"] == true;
    let request = Request {
        rhost: text("rhost").map(c_string),
        tty: text("tty").map(c_string),
        flags: if silent { PAM_SILENT } else { 0 },
        conversation: asked["no_conversation"] != true,
        ..Request::new(text("service").expect("a service"), text("user"))
    };
    let before = footprint();
    let codes = libpam::sign_on(&request, &mut Remote);
    say(&json!({
        "done": name(codes.authenticate),
        "setcred": name(codes.setcred),
        "account": name(codes.account),
        "before": before,
        "after": footprint(),
    }));
}

/// What a module could leave behind: open files, threads, caught signals.
fn footprint() -> Value {
    let count = |folder: &str| fs::read_dir(folder).map_or(0, Iterator::count);
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let signals = status
        .lines()
        .find(|line| line.starts_with("SigCgt"))
        .unwrap_or_default();
    json!({"files": count("/proc/self/fd"), "threads": count("/proc/self/task"), "signals": signals})
}
