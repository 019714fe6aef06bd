//! Word of a sign-on that was granted, from the program that held the dialog to the one that decides at the door.

/// What stands for the PAM service at the Mac's login window, the one door with grants.
pub const LOGIN_WINDOW: &str = "login-window";

/// How long a grant counts, in seconds: two mechanisms of the same sign-on follow each other at once.
pub const LIFE: u64 = 60;

/// A moment on a clock that is never set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// Which run of the machine it was: another one after each boot.
    pub boot: String,
    /// Seconds since that boot, those of sleep among them.
    pub seconds: u64,
}

/// Whether a grant from a moment still counts now.
#[must_use]
pub fn counts(granted: &Moment, now: &Moment) -> bool {
    let age = now.seconds.checked_sub(granted.seconds);
    granted.boot == now.boot && age.is_some_and(|age| age < LIFE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(boot: &str, seconds: u64) -> Moment {
        Moment {
            boot: boot.to_owned(),
            seconds,
        }
    }

    #[test]
    fn a_grant_counts_for_a_minute() {
        let granted = at("a", 1000);
        let counts = [1000, 1059, 1060, u64::MAX].map(|now| counts(&granted, &at("a", now)));
        assert_eq!(counts, [true, true, false, false]);
    }

    #[test]
    fn a_grant_from_the_future_or_of_another_boot_counts_for_nothing() {
        assert!(!counts(&at("a", 1001), &at("a", 1000)));
        assert!(!counts(&at("a", 1000), &at("b", 1000)));
    }
}
