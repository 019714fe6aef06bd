//! What a person is told: one plain sentence that says what to do, in the person's language.

use crate::calendar;
use crate::language::Language;
use crate::throttle::Lock;
use crate::token::Serial;
use crate::wording::Wording;

/// Something a person is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The passcode is wrong.
    WrongPasscode,
    /// In pairing: any of serial number and passcode is not accepted. One message for every reason.
    NotPaired,
    /// The passcode was used before.
    AlreadyUsed,
    /// The token is out of step: the next passcode is needed.
    OutOfStep,
    /// The answer was no passcode by its form.
    NoPasscode,
    /// The answer was no serial number by its form.
    NoSerial,
    /// Too many failures. With the lock and the time at which it is told, in seconds since 1970 UTC.
    Locked(Lock, u64),
    /// Nothing can be checked: a fault of this machine.
    Unavailable,
    /// There is no token with this account, and it can't be paired here.
    NoToken,
    /// There is no token with this account yet, and it takes more to pair one than was typed into the one field.
    PairInOneField,
    /// There is no token with this account yet; from this time on (seconds since 1970 UTC) it needs one.
    NoTokenYet(u64),
    /// The token has been paired with the account.
    Paired(Serial),
    /// The admin's own line: whom to call.
    Help(String),
}

impl Notice {
    /// The sentence. The admin's own line is as the admin wrote it.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let wording = Wording::of(language);
        let text = match self {
            Self::WrongPasscode => wording.wrong_passcode,
            Self::NotPaired => wording.not_paired,
            Self::AlreadyUsed => wording.already_used,
            Self::OutOfStep => wording.out_of_step,
            Self::NoPasscode => wording.no_passcode,
            Self::NoSerial => wording.no_serial,
            Self::Locked(Lock::Until(until), now) => {
                let wait = format_wait(until.saturating_sub(*now), wording);
                return (wording.locked_until)(&format_utc(*until), &wait);
            }
            Self::Locked(..) => wording.locked_until_unlocked,
            Self::Unavailable => wording.unavailable,
            Self::NoToken => wording.no_token,
            Self::PairInOneField => wording.pair_in_one_field,
            Self::NoTokenYet(until) => return (wording.no_token_yet)(&format_utc(*until)),
            Self::Paired(serial) => return (wording.paired)(&serial.to_string()),
            Self::Help(line) => line,
        };
        text.to_owned()
    }

    /// Whether it says that something was refused, rather than that all is well.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        !matches!(self, Self::Paired(_) | Self::NoTokenYet(_))
    }

    /// Whether the person must know it: it finds its way into a prompt at doors that show no messages.
    #[must_use]
    pub fn must_be_known(&self) -> bool {
        !matches!(self, Self::Paired(_))
    }
}

/// A time as `2026-11-23 14:05:30 UTC`. `seconds` since 1970 UTC.
fn format_utc(seconds: u64) -> String {
    let (date, time) = calendar::date_and_time(seconds);
    format!("{date} {time} UTC")
}

/// A waiting time in the unit that reads best, rounded up.
fn format_wait(seconds: u64, wording: &Wording) -> String {
    match seconds {
        0..=119 => (wording.seconds)(seconds),
        120..=7199 => (wording.minutes)(seconds.div_ceil(60)),
        _ => (wording.hours)(seconds.div_ceil(3600)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_says_until_when_and_how_long() {
        let locked =
            Notice::Locked(Lock::Until(1_800_000_060), 1_800_000_000).text(Language::English);
        assert_eq!(
            locked,
            "Locked after too many wrong passcodes until 2027-01-15 08:01:00 UTC. Try again in 60 seconds."
        );
    }

    #[test]
    fn waits_are_told_in_the_unit_that_reads_best() {
        for (seconds, text) in [
            (1, "1 second"),
            (119, "119 seconds"),
            (121, "3 minutes"),
            (3600, "60 minutes"),
            (7201, "3 hours"),
        ] {
            assert_eq!(format_wait(seconds, Wording::of(Language::English)), text);
        }
    }
}
