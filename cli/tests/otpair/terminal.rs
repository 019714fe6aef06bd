use crate::scratch::Scratch;
use crate::tokens::HOTP;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

/// A shell line in a terminal of its own, made by script(1).
pub(crate) struct Terminal {
    child: Child,
    seen: String,
}

impl Terminal {
    pub(crate) fn run(scratch: &Scratch, otpair: &str, after: &str) -> Self {
        let command = scratch.command(&[]);
        let config = scratch.path("otpair.toml");
        // Whoever runs the tests in the background has Ctrl-C ignored, which is passed on.
        let line = format!(
            "env --default-signal=INT {} --config {} {otpair}; {after}",
            command.get_program().display(),
            config.display()
        );
        let child = Command::new("script")
            .args(["--quiet", "--command", &line, "/dev/null"])
            .env("SHELL", "/bin/sh")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("script can't be started: install the Debian package bsdutils");
        Self {
            child,
            seen: String::new(),
        }
    }

    /// Reads on until a text is shown.
    pub(crate) fn wait_for(&mut self, text: &str) {
        let mut byte = [0];
        loop {
            let read = self.child.stdout.as_mut().unwrap().read(&mut byte).unwrap();
            assert_eq!(read, 1, "{text} was not shown: {}", self.seen);
            self.seen.push(char::from(byte[0]));
            if self.seen.ends_with(text) {
                break;
            }
        }
    }

    /// Reads until a text is shown behind a number, which is given.
    pub(crate) fn wait_for_number(&mut self, text: &str) -> u64 {
        self.wait_for(text);
        let before = self.seen.strip_suffix(text).unwrap_or_default();
        let digits = before.rsplit(|c: char| !c.is_ascii_digit()).next();
        digits.unwrap_or_default().parse().unwrap()
    }

    pub(crate) fn send(&mut self, keys: &str) {
        self.child
            .stdin
            .as_mut()
            .unwrap()
            .write_all(keys.as_bytes())
            .unwrap();
    }

    /// All that was shown.
    pub(crate) fn end(mut self) -> String {
        let mut rest = String::new();
        self.child
            .stdout
            .as_mut()
            .unwrap()
            .read_to_string(&mut rest)
            .unwrap();
        self.child.wait().unwrap();
        self.seen + &rest
    }
}

/// What stty says at the end is that the terminal shows what is typed, and Ctrl-C works.
fn assert_as_it_was(shown: &str) {
    for mode in ["echo", "isig", "icanon"] {
        assert!(
            shown.split_whitespace().any(|word| word == mode),
            "not {mode}: {shown}"
        );
    }
}

fn paired() -> Scratch {
    let scratch = Scratch::new();
    scratch.write("tokens.csv", HOTP.csv());
    scratch.done(&["import", "tokens.csv"]);
    scratch.done(&["user", "pair", "root", HOTP.serial]);
    scratch
}

#[test]
fn a_passcode_is_not_shown_as_it_is_typed() {
    let scratch = paired();
    let mut terminal = Terminal::run(&scratch, "sign-on root", "stty -a");
    terminal.wait_for("Passcode: ");
    terminal.send(&format!("{}\n", HOTP.at(0)));
    let shown = terminal.end();
    assert!(
        shown.contains("Signed on.") && !shown.contains(&HOTP.at(0)),
        "{shown}"
    );
    assert_as_it_was(&shown);
}

#[test]
fn ctrl_c_at_a_hidden_prompt_ends_the_sign_on_and_leaves_the_terminal_as_it_was() {
    let scratch = paired();
    let mut terminal = Terminal::run(&scratch, "sign-on root", "stty -a");
    terminal.wait_for("Passcode: ");
    terminal.send("12\x03");
    let shown = terminal.end();
    assert!(
        shown.contains("left before its end") && !shown.contains("12\r"),
        "{shown}"
    );
    assert_as_it_was(&shown);
    assert_eq!(scratch.json(&["user", "show", "root"])["failures"], 0);
}

#[test]
fn a_serial_number_is_shown_as_it_is_typed() {
    let scratch = Scratch::new();
    scratch.write("tokens.csv", HOTP.csv());
    scratch.done(&["import", "tokens.csv"]);
    let mut terminal = Terminal::run(&scratch, "sign-on root", "true");
    terminal.wait_for("Serial number: ");
    terminal.send("token ft0042\n");
    terminal.wait_for("Passcode: ");
    terminal.send(&format!("{}\n", HOTP.at(0)));
    let shown = terminal.end();
    assert!(
        shown.contains("token ft0042") && shown.contains("Signed on."),
        "{shown}"
    );
}

#[test]
fn a_token_is_added_at_the_terminal_without_showing_its_seed() {
    let scratch = Scratch::new();
    let mut terminal = Terminal::run(&scratch, "token add --type hotp --digits 6", "true");
    terminal.wait_for("Serial number: ");
    terminal.send("FT-0042\n");
    terminal.wait_for("Seed, in hexadecimal: ");
    terminal.send(&format!("{}\n", HOTP.seed));
    let shown = terminal.end();
    assert!(
        shown.contains("Token FT-0042 is added.") && !shown.contains(HOTP.seed),
        "{shown}"
    );
}
