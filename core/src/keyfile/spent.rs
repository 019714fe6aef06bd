//! What a token has spent where it was used before, as far as a file tells it.

use crate::acceptance;
use crate::otp::{Comparison, Otp};
use crate::seed::Seed;
use crate::token::{Parameters, TokenType};
use std::fmt;

/// How far ahead of the time a passcode is looked for that was used, in time steps: the clock of a token may be, and
/// the windows of others are wide.
const AHEAD: i128 = 20;

/// What a TOTP token has spent elsewhere. The default: nothing.
#[derive(Default)]
pub struct Spent {
    /// Nothing at or below this time step counts again.
    pub(super) time_step: Option<u64>,
    /// The passcode that was accepted last, at a time that the file does not tell for certain.
    pub(super) passcode: Option<Otp>,
    /// The file does not say; what is so many time steps ahead of the time could have been accepted.
    pub(super) unknown: Option<u16>,
}

impl Spent {
    /// The lowest time step that may count from `now` on (seconds since 1970 UTC), on this machine; 0 for HOTP, which
    /// has a counter. `drift` is the token's clock less this machine's, in time steps.
    #[must_use]
    pub fn first_time_step(
        &self,
        parameters: &Parameters,
        seed: &Seed,
        drift: i32,
        now: u64,
    ) -> u64 {
        if parameters.token_type == TokenType::Hotp {
            return 0;
        }
        let shown = acceptance::time_step(parameters.token_type, now) + i128::from(drift);
        let next = |step: i128| u64::try_from(step + 1).unwrap_or(0);
        let told = self.time_step.map(|step| step.saturating_add(1));
        let unknown = self.unknown.map(|ahead| next(shown + i128::from(ahead)));
        let last = self.passcode.as_ref().map(|otp| {
            // Whatever was used before now is spent, whether the file still tells it or not.
            let used = (1..=AHEAD).rev().map(|ahead| shown + ahead);
            let used = used
                .filter_map(|step| u64::try_from(step).ok())
                .find(|step| {
                    Comparison::new(parameters, seed, otp).is_some_and(|otp| otp.matches(*step))
                });
            used.map_or(next(shown), |step| step.saturating_add(1))
        });
        [told, unknown, last]
            .into_iter()
            .flatten()
            .max()
            .unwrap_or(0)
    }
}

impl fmt::Debug for Spent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Spent(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::otp::tests::shown;
    use crate::token::{Digits, HashAlgorithm, TimeInterval};

    const NOW: u64 = 1_800_000_000;
    const STEP: u64 = NOW / 30;

    fn totp() -> Parameters {
        Parameters {
            token_type: TokenType::Totp {
                time_interval: TimeInterval::new(30).unwrap(),
                t0: 0,
            },
            algorithm: HashAlgorithm::Sha1,
            digits: Digits::new(6).unwrap(),
            not_before: None,
            not_after: None,
        }
    }

    fn first(spent: &Spent, drift: i32) -> u64 {
        let seed = Seed::new(b"12345678901234567890".to_vec()).unwrap();
        spent.first_time_step(&totp(), &seed, drift, NOW)
    }

    fn used(step: u64) -> Spent {
        let seed = Seed::new(b"12345678901234567890".to_vec()).unwrap();
        Spent {
            passcode: Otp::parse(&shown(&totp(), &seed, step)),
            ..Spent::default()
        }
    }

    #[test]
    fn a_token_that_was_never_used_starts_at_once() {
        assert_eq!(first(&Spent::default(), 0), 0);
    }

    #[test]
    fn what_was_used_last_is_spent_and_everything_before_now() {
        assert_eq!(first(&used(STEP), 0), STEP + 1);
        assert_eq!(first(&used(STEP - 1000), 0), STEP + 1);
        assert_eq!(
            first(&used(STEP + 3), 0),
            STEP + 4,
            "by a clock that is ahead"
        );
        assert_eq!(first(&used(STEP + 3), 5), STEP + 6);
    }

    #[test]
    fn a_list_of_used_time_steps_is_taken_as_it_is_and_without_one_all_that_could_be() {
        let told = Spent {
            time_step: Some(STEP - 7),
            ..Spent::default()
        };
        assert_eq!(first(&told, 0), STEP - 6);
        let unknown = Spent {
            unknown: Some(2),
            ..told
        };
        assert_eq!(first(&unknown, -1), STEP + 2);
    }

    #[test]
    fn a_counter_is_told_elsewhere_and_the_last_time_step_does_not_overflow() {
        let last = Spent {
            time_step: Some(u64::MAX),
            ..Spent::default()
        };
        assert_eq!(first(&last, 0), u64::MAX);
        let hotp = Parameters {
            token_type: TokenType::Hotp,
            ..totp()
        };
        let seed = Seed::new(vec![1; 20]).unwrap();
        assert_eq!(last.first_time_step(&hotp, &seed, 0, NOW), 0);
    }
}
