//! What a person is told, in English: one plain sentence that says what to do.

use crate::calendar;
use crate::throttle::Lock;
use crate::token::Serial;

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
    /// The sentence.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::WrongPasscode => "Wrong passcode.".to_owned(),
            Self::NotPaired => "This serial number and passcode were not accepted.".to_owned(),
            Self::AlreadyUsed => "That passcode was already used. Wait for the next one.".to_owned(),
            Self::OutOfStep => "Your token is out of step. Wait for its next passcode and type that.".to_owned(),
            Self::NoPasscode => "That is not a passcode. Type the digits that your token shows.".to_owned(),
            Self::NoSerial => "That is not a serial number. Type the number on the back of your token.".to_owned(),
            Self::Locked(Lock::Until(until), now) => format!(
                "Locked after too many wrong passcodes until {}. Try again in {}.",
                format_utc(*until),
                format_wait(until.saturating_sub(*now))
            ),
            Self::Locked(..) => {
                "Locked after too many wrong passcodes until an administrator unlocks you.".to_owned()
            }
            Self::Unavailable => {
                "Passcodes can't be checked right now. This is a fault of this machine, not yours: call its administrator."
                    .to_owned()
            }
            Self::NoToken => "No token is paired with your account. Ask your administrator for one.".to_owned(),
            Self::PairInOneField => {
                "No token is paired with your account yet. Type your password, a comma, and: token SERIAL PASSCODE.".to_owned()
            }
            Self::NoTokenYet(until) => {
                format!("No token is paired with your account. You need one from {} on.", format_utc(*until))
            }
            Self::Paired(serial) => format!("Token {serial} is now paired with your account."),
            Self::Help(line) => line.clone(),
        }
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
fn format_wait(seconds: u64) -> String {
    let (count, unit) = match seconds {
        0..=119 => (seconds, "second"),
        120..=7199 => (seconds.div_ceil(60), "minute"),
        _ => (seconds.div_ceil(3600), "hour"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_says_until_when_and_how_long() {
        let locked = Notice::Locked(Lock::Until(1_800_000_060), 1_800_000_000).text();
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
            assert_eq!(format_wait(seconds), text);
        }
    }
}
