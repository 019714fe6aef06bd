use crate::scratch::Scratch;
use crate::tokens::{HOTP, TOTP, now};
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

/// What `token add` asks before the seed.
const ENCODING: &str = "Seed in hex or in base32 [hex]: ";

/// Answers the questions of `token add`, one after the other.
fn answer(terminal: &mut Terminal, answers: &[(&str, &str)]) {
    for (question, answer) in answers {
        terminal.wait_for(question);
        terminal.send(&format!("{answer}\n"));
    }
}

#[test]
fn a_token_is_added_at_the_terminal_without_showing_its_seed() {
    let scratch = Scratch::new();
    let mut terminal = Terminal::run(&scratch, "token add --type hotp --digits 6", "true");
    let answers = [
        ("Serial number: ", "FT-0042"),
        (ENCODING, ""),
        ("Seed, in hexadecimal: ", HOTP.seed),
        ("Counter [0]: ", "5"),
        ("SHA512 [SHA1]: ", ""),
        ("(Enter skips): ", ""),
    ];
    answer(&mut terminal, &answers);
    let shown = terminal.end();
    assert!(
        shown.contains("Token FT-0042 is added.") && !shown.contains(HOTP.seed),
        "{shown}"
    );
    let token = scratch.json(&["token", "show", "FT-0042"]);
    assert_eq!(
        (&token["type"], &token["last_accepted"]),
        (&"HOTP".into(), &4.into())
    );
}

#[test]
fn what_is_no_answer_is_asked_again_and_enter_takes_what_is_usual() {
    let scratch = Scratch::new();
    let mut terminal = Terminal::run(&scratch, "token add", "true");
    let answers = [
        ("Serial number: ", ""),
        ("characters.\r\nSerial number: ", TOTP.serial),
        (ENCODING, "decimal"),
        ("2 to 7.\r\nSeed in hex or in base32 [hex]: ", "HEX"),
        ("Seed, in hexadecimal: ", "12345678901234567890x"),
        ("not hexadecimal.\r\nSeed, in hexadecimal: ", TOTP.seed),
        ("hotp [totp]: ", "clock"),
        ("hotp.\r\nType, totp or hotp [totp]: ", ""),
        ("6 to 8 [6]: ", "9"),
        ("supported.\r\nDigits, 6 to 8 [6]: ", ""),
        ("10 to 300 [30]: ", ""),
        ("SHA512 [SHA1]: ", ""),
    ];
    answer(&mut terminal, &answers);
    let passcode = TOTP.at(now());
    answer(&mut terminal, &[("(Enter skips): ", &passcode)]);
    let shown = terminal.end();
    assert!(
        shown.contains("It fits.") && !shown.contains("890x"),
        "{shown}"
    );
    let token = scratch.json(&["token", "show", TOTP.serial]);
    assert_eq!(
        (
            &token["type"],
            &token["digits"],
            &token["time_interval"],
            &token["algorithm"]
        ),
        (&"TOTP".into(), &6.into(), &30.into(), &"SHA1".into())
    );
    let again = ["user", "pair", "root", TOTP.serial, "--passcode", &passcode];
    assert!(scratch.refused(&again).contains("used before"));
}

#[test]
fn a_seed_in_base32_is_added_where_the_answer_says_so() {
    let scratch = Scratch::new();
    let options = "token add --serial FT-0042 --type hotp --digits 6 --algorithm SHA1 --counter 0";
    let mut terminal = Terminal::run(&scratch, options, "true");
    // RFC 4226 appendix D's seed.
    let seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    let answers = [
        (ENCODING, "base32"),
        ("Seed, in base32: ", seed),
        ("(Enter skips): ", "755224"),
    ];
    answer(&mut terminal, &answers);
    let shown = terminal.end();
    assert!(shown.contains("It fits."), "{shown}");
}

#[test]
fn a_serial_number_that_is_there_is_told_before_the_seed_is_typed() {
    let scratch = Scratch::new();
    scratch.write("tokens.csv", TOTP.csv());
    scratch.done(&["import", "tokens.csv"]);
    let mut terminal = Terminal::run(&scratch, "token add", "true");
    answer(&mut terminal, &[("Serial number: ", TOTP.serial)]);
    let shown = terminal.end();
    assert!(
        shown.contains("there already") && !shown.contains("Seed"),
        "{shown}"
    );
}

#[test]
fn a_passcode_that_does_not_fit_adds_nothing_and_the_usual_causes_are_told() {
    let scratch = Scratch::new();
    let options = "token add --serial FT-0042 --type hotp --digits 6 --algorithm SHA1 --counter 0";
    let mut terminal = Terminal::run(&scratch, options, "true");
    let wrong = HOTP.wrong();
    let answers = [
        (ENCODING, ""),
        ("Seed, in hexadecimal: ", HOTP.seed),
        ("(Enter skips): ", "12345678"),
        (
            "it has 8 digits, and the token was said to show 6.\r\nThe next passcode: ",
            &wrong,
        ),
        ("(see date -u).\r\nThe next passcode: ", &wrong),
    ];
    answer(&mut terminal, &answers);
    let shown = terminal.end();
    assert!(
        shown.contains("nothing is added") && shown.contains("clock"),
        "{shown}"
    );
    assert_eq!(scratch.json(&["token", "list"]), serde_json::json!([]));
}

#[test]
fn a_token_with_a_button_that_was_pressed_often_fits_where_it_stands() {
    let scratch = Scratch::new();
    let options = "token add --serial FT-0042 --type hotp --digits 6 --algorithm SHA1 --counter 0";
    let mut terminal = Terminal::run(&scratch, options, "true");
    let passcode = HOTP.at(700);
    let answers = [
        (ENCODING, ""),
        ("Seed, in hexadecimal: ", HOTP.seed),
        ("(Enter skips): ", &passcode),
    ];
    answer(&mut terminal, &answers);
    let shown = terminal.end();
    assert!(shown.contains("It fits."), "{shown}");
    assert_eq!(
        scratch.json(&["token", "show", "FT-0042"])["last_accepted"],
        700
    );
}

#[test]
fn ctrl_c_at_the_seed_adds_nothing_and_leaves_the_terminal_as_it_was() {
    let scratch = Scratch::new();
    let mut terminal = Terminal::run(&scratch, "token add --serial FT-0042", "stty -a");
    answer(&mut terminal, &[(ENCODING, "")]);
    terminal.wait_for("Seed, in hexadecimal: ");
    terminal.send("3132\x03");
    let shown = terminal.end();
    assert!(
        shown.contains("nothing is added") && !shown.contains("3132"),
        "{shown}"
    );
    assert_as_it_was(&shown);
}
