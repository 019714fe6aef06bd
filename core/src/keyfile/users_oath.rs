//! `users.oath` of `pam_oath` (liboath): `TYPE user pin seedhex [counter [last-passcode [time]]]`, blanks between. The
//! types are `HOTP`, `HOTP/E`, `HOTP/T30`, `HOTP/T60`, each with `/6`, `/7` or `/8` behind it if need be (`HOTP/E/8`).
//!
//! The counter is that of the passcode which was accepted last, where there is one, else the first that counts.

use super::assumption::Notes;
use super::column;
use super::decode;
use super::lines::{LineEntries, LineFormat, number};
use super::settle::Said;
use super::{Assumption, Entries, Kind, Names, Opening, Options, SeedFile, Unreadable};
use crate::otp::Otp;
use crate::records::UserRecord;
use crate::seed::Seed;
use crate::token::{Digits, HashAlgorithm, Serial, TimeInterval};
use std::collections::HashMap;

/// The most users of one file: who has how many tokens is kept in memory.
const MOST_USERS: usize = 8_192;

/// The most tokens of one user, as many as a person can hold: each is looked up and told.
#[allow(clippy::cast_possible_truncation, reason = "it is a small number")]
const MOST_TOKENS: u32 = UserRecord::MAX_TOKENS as u32;

/// `users.oath`.
pub(super) struct UsersOath;

impl SeedFile for UsersOath {
    fn name(&self) -> &'static str {
        "users-oath"
    }

    fn names(&self) -> Names {
        Names::Anybody
    }

    fn is_line(&self, line: &str) -> bool {
        let mut words = line.split_ascii_whitespace();
        words.next().is_some_and(|name| Type::parse(name).is_some()) && words.count() >= 3
    }

    fn entries<'a>(
        &self,
        opening: Opening<'a>,
        _: &mut Notes,
    ) -> Result<Box<dyn Entries + 'a>, Unreadable> {
        let users = Users(HashMap::new());
        Ok(Box::new(LineEntries::new(opening.input, users)))
    }
}

/// What the first column says.
struct Type {
    kind: Kind,
    time_interval: Option<TimeInterval>,
    digits: Digits,
}

impl Type {
    fn parse(name: &str) -> Option<Self> {
        let rest = name.strip_prefix("HOTP")?;
        let mut parts = rest.split('/').skip(1);
        if !rest.is_empty() && !rest.starts_with('/') {
            return None;
        }
        let (kind, time_interval) = match parts.next() {
            None | Some("E") => (Kind::Hotp, None),
            Some(time) => {
                let seconds = number(time.strip_prefix('T')?, "").ok()??;
                (Kind::Totp, Some(TimeInterval::new(seconds).ok()?))
            }
        };
        let digits = match parts.next() {
            None => u64::from(Digits::USUAL),
            Some(digits) => number(digits, "").ok()??,
        };
        let digits = Digits::new(digits).ok()?;
        parts.next().is_none().then_some(Self {
            kind,
            time_interval,
            digits,
        })
    }
}

/// How many tokens each user has so far, by the serial number that is made up from the name: one that the same file
/// gets again whenever it is read.
struct Users(HashMap<String, u32>);

impl LineFormat for Users {
    fn line(
        &mut self,
        text: &str,
        _: bool,
        _: &Options,
        notes: &mut Notes,
    ) -> Result<Option<Said>, String> {
        let words: Vec<&str> = text.split_ascii_whitespace().take(8).collect();
        let [name, user, pin, seed, rest @ ..] = words.as_slice() else {
            return Err("not the columns type, user, password, seed".to_owned());
        };
        let of = Type::parse(name).ok_or("the type is none that pam_oath knows")?;
        let seed = decode::hex(seed).ok_or("the seed is not hexadecimal")?;
        let seed = Seed::new(seed).map_err(|fault| fault.to_string())?;
        let mut said = Said::new(self.serial(user)?, seed);
        said.algorithm = Some(HashAlgorithm::Sha1);
        said.digits = Some(of.digits);
        said.time_interval = of.time_interval;
        said.kind = Some(of.kind);
        used(&mut said, rest)?;
        said.reserved_for = Some((*user).to_owned());
        said.paired_with = Some((*user).to_owned());
        notes.add(Assumption::SerialFromUser);
        if !["-", "+"].contains(pin) {
            notes.add(Assumption::Pin);
        }
        Ok(Some(said))
    }
}

impl Users {
    /// `OATH-alice`, and `OATH-alice/2` for her second token: no name has a slash in it, so it is nobody else's.
    fn serial(&mut self, user: &str) -> Result<Serial, String> {
        let name = is_name(user).then(|| Serial::new(&format!("OATH-{user}")));
        let first = name.and_then(Result::ok).ok_or("the user's name is none")?;
        let room = self.0.len() < MOST_USERS || self.0.contains_key(first.canonical());
        if !room {
            return Err(format!(
                "more than {MOST_USERS} users in one file: split it"
            ));
        }
        let count = self.0.entry(first.canonical().to_owned()).or_default();
        if *count == MOST_TOKENS {
            return Err(format!(
                "more than {MOST_TOKENS} tokens of one user: nobody can have more"
            ));
        }
        *count += 1;
        if *count == 1 {
            return Ok(first);
        }
        Serial::new(&format!("{first}/{count}")).map_err(|fault| fault.to_string())
    }
}

/// Whether this can be a user's name. What could be a seed in the wrong column is none: names are shown.
pub(super) fn is_name(text: &str) -> bool {
    let printable = text.bytes().all(|byte| byte.is_ascii_graphic());
    printable
        && !column::could_be_a_seed(text)
        && !text.contains('/')
        && !["", "-", "+"].contains(&text)
}

/// What was used: the columns behind the seed.
fn used(said: &mut Said, columns: &[&str]) -> Result<(), String> {
    let (counter, last) = match columns {
        [] => (None, None),
        [counter] => (number(counter, "counter")?, None),
        [counter, last] | [counter, last, _] => (number(counter, "counter")?, Some(*last)),
        _ => return Err("too many columns".to_owned()),
    };
    let last = last.map(|last| Otp::parse(last).ok_or("the last passcode is none"));
    let last = last.transpose()?;
    if said.kind == Some(Kind::Totp) {
        // The fifth column has no meaning for these.
        said.spent.passcode = last;
        return Ok(());
    }
    let counter = counter.unwrap_or(0);
    let next = counter.checked_add(u64::from(last.is_some()));
    said.counter = Some(next.ok_or("the counter has run out")?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_liboath_is_read_and_no_other() {
        for (name, kind, seconds, digits) in [
            ("HOTP", Kind::Hotp, None, 6),
            ("HOTP/E", Kind::Hotp, None, 6),
            ("HOTP/E/6", Kind::Hotp, None, 6),
            ("HOTP/E/7", Kind::Hotp, None, 7),
            ("HOTP/E/8", Kind::Hotp, None, 8),
            ("HOTP/T30", Kind::Totp, Some(30), 6),
            ("HOTP/T30/8", Kind::Totp, Some(30), 8),
            ("HOTP/T60/7", Kind::Totp, Some(60), 7),
        ] {
            let read = Type::parse(name).unwrap();
            assert_eq!(
                (
                    read.kind,
                    read.time_interval.map(TimeInterval::seconds),
                    read.digits.count()
                ),
                (kind, seconds, digits),
                "{name}"
            );
        }
        for name in [
            "hotp",
            "TOTP",
            "MOTP",
            "HOTP/",
            "HOTP/6",
            "HOTP/T",
            "HOTP/T5",
            "HOTP/E/5",
            "HOTP/E/9",
            "HOTP/E/6/6",
            "HOTPE",
            "HOTP/T30X",
        ] {
            assert!(Type::parse(name).is_none(), "{name}");
        }
    }

    #[test]
    fn a_user_has_as_many_tokens_as_a_person_can_hold_and_a_file_so_many_users() {
        let mut users = Users(HashMap::new());
        for _ in 0..MOST_TOKENS {
            users.serial("alice").unwrap();
        }
        let more = users.serial("alice").unwrap_err();
        assert!(more.contains("more than 8 tokens"), "{more}");
        for number in 1..MOST_USERS {
            users.serial(&format!("user{number}")).unwrap();
        }
        let more = users.serial("bob").unwrap_err();
        assert!(more.contains("more than 8192 users"), "{more}");
        assert_eq!(users.serial("user1").unwrap().to_string(), "OATH-user1/2");
    }

    #[test]
    fn what_could_be_a_seed_is_no_name() {
        for name in ["alice", "web-admin", "a", "deadbeef", "EXAMPLE\\alice"] {
            assert!(is_name(name), "{name}");
        }
        for name in [
            "",
            "-",
            "+",
            "a/b",
            "../x",
            "J\u{fc}rgen",
            "3132333435363738",
        ] {
            assert!(!is_name(name), "{name}");
        }
    }
}
