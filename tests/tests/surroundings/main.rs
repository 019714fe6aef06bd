//! The module in hostile surroundings: whatever the program that it is loaded into, and whoever started that, have done
//! to the process, the verdicts are right and nothing of it changes what is opened or is left behind.
//!
//! The program is `host.c`: C, as real ones are, so that nothing of Rust's runtime is in its process but the module's own.

mod confined;
mod conversation;
mod descriptors;
mod environment;
mod forks;
mod loading;
mod locale;
mod memory;
mod signals;
mod threads;
mod timing;

use otpair_tests::machine::{ALICE, BOB, Machine};
use otpair_tests::token::Token;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::OnceLock;

/// The program, in the machine.
const HOST: &str = "/run/machine/host";

/// PAM's return codes, as the program prints them.
const SUCCESS: i32 = 0;
const SYSTEM_ERR: i32 = 4;
const AUTH_ERR: i32 = 7;
const UNAVAILABLE: i32 = 9;
const MAXTRIES: i32 = 11;
const CONV_ERR: i32 = 19;

/// Compiles a C program of this folder.
fn compiled(source: &str, flags: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("program");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/surroundings/{source}"));
    let output = Command::new("cc")
        .args([
            "-std=gnu11",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-O1",
            "-g",
            "-o",
        ])
        .arg(&program)
        .arg(source)
        .args(flags)
        .output()
        .expect("cc is missing: install the Debian package gcc");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "it needs the Debian package libpam0g-dev: {told}"
    );
    fs::read(program).unwrap()
}

/// The program; linked with what `HOST_FLAGS` says, too, such as a sanitizer's runtime.
fn host_program() -> &'static [u8] {
    static PROGRAM: OnceLock<Vec<u8>> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let more = std::env::var("HOST_FLAGS").unwrap_or_default();
        let flags = ["-lpam", "-ldl", "-pthread"];
        compiled(
            "host.c",
            &[&flags[..], &more.split_whitespace().collect::<Vec<_>>()].concat(),
        )
    })
}

/// A machine with the program and two people who are paired.
fn machine() -> (Machine, Token, Token) {
    let machine = Machine::new();
    machine.write(HOST, host_program());
    machine.chmod(HOST, 0o755);
    let (his, hers) = (Token::hotp("22222222"), Token::hotp("12345678"));
    machine.pair(ALICE, &hers);
    machine.pair(BOB, &his);
    (machine, hers, his)
}

/// What came of some sign-ons.
#[derive(Debug)]
struct Came {
    /// PAM's codes, in the order in which the sign-ons ended.
    codes: Vec<i32>,
    /// Their lines: the code, and what was asked and told.
    lines: Vec<String>,
    /// What the module has left behind in the process.
    changed: Vec<String>,
    /// Anything else that the program was to say.
    said: Vec<String>,
}

impl Came {
    fn read(output: &Output) -> Self {
        let text = String::from_utf8_lossy(&output.stdout);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {text}{told}", output.status);
        let mut came = Self {
            codes: Vec::new(),
            lines: Vec::new(),
            changed: Vec::new(),
            said: Vec::new(),
        };
        for line in text.lines() {
            let code = line.split('\t').next().unwrap_or_default().parse();
            match code {
                Ok(code) => {
                    came.codes.push(code);
                    came.lines.push(line.to_owned());
                }
                Err(_) if line.starts_with("changed ") => came.changed.push(line.to_owned()),
                Err(_) => came.said.push(line.to_owned()),
            }
        }
        came
    }

    /// Nothing was left behind, and these were the codes.
    #[track_caller]
    fn assert(&self, codes: &[i32]) {
        assert_eq!(self.codes, codes, "{self:#?}");
        assert!(self.changed.is_empty(), "{self:#?}");
    }
}

/// Runs the program in the machine, under another one if `wrapper` names one.
fn under(machine: &Machine, wrapper: &[&str], words: &[impl AsRef<OsStr>]) -> Came {
    let (first, rest) = wrapper.split_first().unwrap_or((&HOST, &[]));
    let mut command = machine.command(first);
    command.args(rest);
    if !wrapper.is_empty() {
        command.arg(HOST);
    }
    Came::read(&command.args(words).output().unwrap())
}

/// Runs the program in the machine.
fn host(machine: &Machine, words: &[impl AsRef<OsStr>]) -> Came {
    under(machine, &[], words)
}

/// Sign-ons of Alice with these answers, one each.
fn sign_ons<'a>(answers: impl IntoIterator<Item = &'a String>) -> Vec<&'a str> {
    answers
        .into_iter()
        .flat_map(|answer| ["answer", answer, "sign-on"])
        .collect()
}
