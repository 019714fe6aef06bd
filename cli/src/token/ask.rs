//! The questions of `otpair token add`, for somebody at a terminal with a token in their hand.

use super::view;
use crate::failure::Failure;
use crate::import::{Said, options};
use crate::terminal::Terminal;
use otpair_core::acceptance::{self, Finding, Reach, Windows};
use otpair_core::keyfile::{KeyPackage, Kind};
use otpair_core::otp::Otp;
use otpair_core::token::{TokenState, TokenType};
use otpair_host::clock;
use std::io::{self, IsTerminal as _};
use zeroize::Zeroizing;

/// How many passcodes may be tried that do not fit.
const TRIES: u32 = 3;

/// Why a passcode does not fit, most often.
const CAUSES: &str = "the usual causes are a seed typed wrong, the wrong type, digits or hash; \
    for TOTP the wrong time interval, or a clock that is wrong, the token's or this machine's (see date -u)";

/// Somebody who is asked.
pub(super) struct Questions(Terminal);

impl Questions {
    /// The terminal to ask at; `flag` is what is missing where there is none.
    pub(super) fn open(flag: &str) -> Result<Self, Failure> {
        if io::stdin().is_terminal() {
            return Ok(Self(Terminal::open()));
        }
        Err(Failure::Usage(format!(
            "{flag} is missing, and there is no terminal to ask at"
        )))
    }

    /// Asks until the answer makes sense; Enter takes the default.
    pub(super) fn ask<T>(
        &mut self,
        question: &str,
        default: Option<&str>,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, Failure> {
        let shown = default.map_or(String::new(), |default| format!(" [{default}]"));
        loop {
            let typed = self.question(&format!("{question}{shown}: "), true)?;
            let text = str::from_utf8(&typed).unwrap_or_default().trim();
            let answer = if text.is_empty() {
                default.unwrap_or_default()
            } else {
                text
            };
            match parse(answer) {
                Ok(answer) => return Ok(answer),
                Err(why) => self.again(&why)?,
            }
        }
    }

    /// Asks without showing what is typed.
    pub(super) fn hidden(&mut self, question: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
        self.question(question, false)
    }

    /// Says why an answer was none.
    pub(super) fn again(&mut self, why: &str) -> Result<(), Failure> {
        Ok(self.0.say(&format!("That can't be: {why}.\n"))?)
    }

    fn question(&mut self, text: &str, echo: bool) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let answer = self.0.question(text, echo).ok().flatten();
        answer.ok_or_else(|| Failure::new("no answer: nothing is added"))
    }

    /// Asks for what no option says of the token.
    pub(super) fn fill(
        &mut self,
        said: &mut Said,
        counter: &mut Option<u64>,
    ) -> Result<(), Failure> {
        if said.kind.is_none() {
            said.kind = Some(self.ask("Type, totp or hotp", Some("totp"), options::kind)?);
        }
        if said.digits.is_none() {
            said.digits = Some(self.ask("Digits, 6 to 8", Some("6"), options::digits)?);
        }
        if said.kind == Some(Kind::Hotp) {
            if counter.is_none() {
                let number = |text: &str| text.parse().map_err(|_| "it is a number".to_owned());
                *counter = Some(self.ask("Counter", Some("0"), number)?);
            }
        } else if said.time_interval.is_none() {
            let question = "Time interval in seconds, 10 to 300";
            said.time_interval = Some(self.ask(question, Some("30"), options::time_interval)?);
        }
        if said.algorithm.is_none() {
            let question = "Hash, SHA1, SHA256 or SHA512";
            said.algorithm = Some(self.ask(question, Some("SHA1"), options::algorithm)?);
        }
        Ok(())
    }

    /// Shows the token and has a passcode of it checked, unless none is given. What was checked is spent.
    pub(super) fn check(
        &mut self,
        package: &mut KeyPackage,
        windows: &Windows,
    ) -> Result<(), Failure> {
        self.0.say(&view::of_package(package))?;
        let question = "A passcode that it shows now, to check all this (Enter skips): ";
        let mut typed = self.question(question, true)?;
        if typed.trim_ascii().is_empty() {
            return Ok(());
        }
        for _ in 1..TRIES {
            if fits(package, &typed, windows) {
                return Ok(self.0.say("It fits.\n")?);
            }
            self.0
                .say(&format!("It does not fit: {}.\n", why(package, &typed)))?;
            typed = self.question("The next passcode: ", true)?;
        }
        if fits(package, &typed, windows) {
            return Ok(self.0.say("It fits.\n")?);
        }
        Err(Failure::new(format!(
            "the passcode does not fit, so nothing is added: {}",
            why(package, &typed)
        )))
    }
}

fn passcode(typed: &[u8]) -> Option<Otp> {
    str::from_utf8(typed).ok().and_then(Otp::parse)
}

fn why(package: &KeyPackage, typed: &[u8]) -> String {
    let digits = package.parameters.digits;
    match passcode(typed) {
        None => "it is not 6 to 8 digits".to_owned(),
        Some(otp) if otp.digits() != digits => {
            let (typed, said) = (otp.digits().count(), digits.count());
            format!("it has {typed} digits, and the token was said to show {said}")
        }
        Some(_) => CAUSES.to_owned(),
    }
}

/// Whether the token shows this passcode, near its counter or the time. Then the package starts after it.
fn fits(package: &mut KeyPackage, typed: &[u8], windows: &Windows) -> bool {
    let Some(otp) = passcode(typed) else {
        return false;
    };
    let state = TokenState {
        last_accepted: package.counter.checked_sub(1),
        ..TokenState::default()
    };
    let (parameters, seed, now) = (&package.parameters, &package.seed, clock::now());
    let found = match acceptance::examine(parameters, seed, &state, &otp, now, windows) {
        Finding::Acceptable(found) => Some(found),
        // Of a token with a button that was pressed often. A clock that far off is what the check is to find.
        Finding::Unknown if parameters.token_type == TokenType::Hotp => {
            let reach = Reach::Pairing;
            acceptance::find_out_of_step(parameters, seed, &state, &otp, now, windows, reach)
        }
        Finding::Spent(_) | Finding::Unknown => None,
    };
    let next = found.and_then(|found| found.checked_add(1));
    package.counter = next.unwrap_or(package.counter);
    next.is_some()
}
