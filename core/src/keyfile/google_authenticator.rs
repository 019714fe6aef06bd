//! `.google_authenticator` of `pam_google_authenticator`: the secret in base32, options such as `" TOTP_AUTH`, and
//! emergency codes. One file is one token, and its owner's; whose that is, is not in it.

use super::assumption::Notes;
use super::lines::{LineEntries, LineFormat, number};
use super::recognize::Head;
use super::settle::Said;
use super::users_oath::is_name;
use super::{Assumption, Entries, Kind, Names, Opening, Options, SeedFile, Unreadable, decode};
use crate::seed::Seed;
use crate::token::{Digits, HashAlgorithm, Serial, TimeInterval};
use zeroize::Zeroizing;

/// What is read of a file at most, in bytes. The module itself takes 64 KiB.
const LONGEST: usize = 1024 * 1024;
/// How many lines tell the format.
const LINES: usize = 20;
/// The shortest secret of the module's own program, in characters.
const SHORTEST_SECRET: usize = 16;

/// `.google_authenticator`.
pub(super) struct GoogleAuthenticator;

impl SeedFile for GoogleAuthenticator {
    fn name(&self) -> &'static str {
        "google-authenticator"
    }

    fn names(&self) -> Names {
        Names::Owner
    }

    fn is_whole(&self, head: &Head<'_>) -> bool {
        let lines = head.lines().map(<[u8]>::trim_ascii);
        let mut lines = lines.filter(|line| !line.is_empty()).take(LINES);
        let is_base32 = |byte: &u8| matches!(byte, b'A'..=b'Z' | b'2'..=b'7' | b'=');
        let first = lines.next().unwrap_or_default();
        first.len() >= SHORTEST_SECRET
            && first.iter().all(is_base32)
            && lines.all(|line| line.starts_with(b"\"") || line.iter().all(u8::is_ascii_digit))
    }

    fn entries<'a>(
        &self,
        mut opening: Opening<'a>,
        _: &mut Notes,
    ) -> Result<Box<dyn Entries + 'a>, Unreadable> {
        opening.input.allow(LONGEST);
        Ok(Box::new(LineEntries::new(opening.input, File::default())))
    }
}

/// What was read of the file so far.
#[derive(Default)]
struct File {
    secret: Option<Zeroizing<Vec<u8>>>,
    /// What is wrong was told.
    spoiled: bool,
    totp: bool,
    counter: Option<u64>,
    step_size: Option<TimeInterval>,
    time_skew: i32,
    window: Option<u64>,
    disallow_reuse: bool,
    used: Option<u64>,
}

impl LineFormat for File {
    fn line(
        &mut self,
        text: &str,
        _: bool,
        _: &Options,
        notes: &mut Notes,
    ) -> Result<Option<Said>, String> {
        if self.spoiled {
            return Ok(None);
        }
        let read = if self.secret.is_none() {
            self.secret(text)
        } else if let Some(option) = text.strip_prefix('"') {
            self.option(option)
        } else {
            notes.add(Assumption::EmergencyCodes);
            Ok(())
        };
        self.spoiled = read.is_err();
        read.map(|()| None)
    }

    fn end(&mut self, options: &Options, notes: &mut Notes) -> Result<Option<Said>, String> {
        match self.secret.take() {
            Some(secret) if !self.spoiled => self.said(secret, options, notes).map(Some),
            _ => Ok(None),
        }
    }
}

impl File {
    /// The first line. As the module reads it: with blanks and hyphens in it, and what is often mistyped.
    fn secret(&mut self, text: &str) -> Result<(), String> {
        let mut typed = Zeroizing::new(String::with_capacity(text.len()));
        for character in text.chars().filter(|c| !matches!(c, ' ' | '\t' | '-')) {
            typed.push(match character {
                '0' => 'O',
                '1' => 'L',
                '8' => 'B',
                other => other,
            });
        }
        let secret = decode::base32(&typed);
        self.secret = Some(secret.ok_or("the first line is no secret in base32")?);
        Ok(())
    }

    fn option(&mut self, text: &str) -> Result<(), String> {
        let mut words = text.split_ascii_whitespace();
        let name = words.next().unwrap_or_default();
        let mut value = || number(words.next().unwrap_or_default(), name_of(name));
        match name {
            "TOTP_AUTH" => self.totp = true,
            "HOTP_COUNTER" => self.counter = self.counter.max(value()?),
            "WINDOW_SIZE" => self.window = value()?,
            "STEP_SIZE" => {
                let seconds = value()?.map(TimeInterval::new).transpose();
                self.step_size = seconds.map_err(|fault| fault.to_string())?;
            }
            "TIME_SKEW" => {
                let skew = words.next().unwrap_or("0").parse();
                self.time_skew = skew.map_err(|_| "the TIME_SKEW is no whole number")?;
            }
            "DISALLOW_REUSE" => {
                self.disallow_reuse = true;
                for step in words {
                    self.used = self.used.max(number(step, "time step in DISALLOW_REUSE")?);
                }
            }
            // How often somebody tried, and what the module keeps for itself.
            _ => {}
        }
        Ok(())
    }

    fn said(
        &self,
        secret: Zeroizing<Vec<u8>>,
        options: &Options,
        notes: &mut Notes,
    ) -> Result<Said, String> {
        let user = options
            .owner
            .as_deref()
            .ok_or("nobody says whose file this is: give --user NAME, for one file at a time")?;
        let name = is_name(user).then(|| Serial::new(&format!("GA-{user}")));
        let serial = name.and_then(Result::ok);
        let serial = serial.ok_or("no serial number can be made of the owner's name")?;
        let seed = Seed::new(secret).map_err(|fault| fault.to_string())?;
        let mut said = Said::new(serial, seed);
        let button = self.counter.filter(|counter| *counter > 0);
        said.kind = match (button, self.totp) {
            (Some(_), _) => Some(Kind::Hotp),
            (None, true) => Some(Kind::Totp),
            (None, false) => None,
        };
        said.counter = button;
        said.digits = Digits::new(u64::from(Digits::USUAL)).ok();
        said.algorithm = Some(HashAlgorithm::Sha1);
        said.time_interval = match self.step_size {
            Some(step_size) => Some(step_size),
            None => TimeInterval::new(30).ok(),
        };
        said.drift = self.time_skew;
        said.spent.time_step = self.used;
        // A clock that is off is also followed by passcodes which the list does not have.
        if !self.disallow_reuse || self.time_skew != 0 {
            let ahead = self.window.unwrap_or(3).min(100) / 2;
            said.spent.unknown = u16::try_from(ahead).ok();
        }
        said.reserved_for = Some(user.to_owned());
        said.paired_with = Some(user.to_owned());
        notes.add(Assumption::SerialFromUser);
        Ok(said)
    }
}

/// The option's name if it is one whose value is read; never what else stands in a file.
fn name_of(name: &str) -> &'static str {
    ["HOTP_COUNTER", "WINDOW_SIZE", "STEP_SIZE"]
        .into_iter()
        .find(|known| *known == name)
        .unwrap_or("option")
}
