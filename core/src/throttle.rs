//! Failures in a row and the waiting time that they cost.

/// How failures are made to wait (contract section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThrottlePolicy {
    /// From this many failures in a row on there is a wait.
    pub max_failures: u32,
    /// The first wait, in seconds; it doubles at each further failure.
    pub first_wait: u64,
    /// The longest wait, in seconds.
    pub max_wait: u64,
    /// From this many failures in a row on only an admin unlocks.
    pub max_total: u32,
}

impl Default for ThrottlePolicy {
    fn default() -> Self {
        Self {
            max_failures: 5,
            first_wait: 60,
            max_wait: 3600,
            max_total: 100,
        }
    }
}

/// Whether somebody may try a passcode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// They may.
    Open,
    /// Not before this time, in seconds since 1970 UTC.
    Until(u64),
    /// Not before an admin unlocks.
    UntilUnlocked,
}

/// Failures in a row, and when the last one was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Throttle {
    /// Failures since the last success.
    pub failures: u32,
    /// When the last one was, in seconds since 1970 UTC.
    pub last_failure: u64,
}

impl Throttle {
    /// Whether a passcode may be tried at `now`.
    #[must_use]
    pub fn lock(&self, policy: &ThrottlePolicy, now: u64) -> Lock {
        if self.failures >= policy.max_total {
            return Lock::UntilUnlocked;
        }
        // A clock that was set back must not lock for years: the wait counts from no later than now.
        let until = self.last_failure.min(now).saturating_add(self.wait(policy));
        if now < until {
            Lock::Until(until)
        } else {
            Lock::Open
        }
    }

    /// The wait after the last failure, in seconds.
    fn wait(&self, policy: &ThrottlePolicy) -> u64 {
        let Some(doublings) = self.failures.checked_sub(policy.max_failures) else {
            return 0;
        };
        let factor = 1_u64.checked_shl(doublings).unwrap_or(u64::MAX);
        policy
            .first_wait
            .saturating_mul(factor)
            .min(policy.max_wait)
    }

    /// The throttle after one more failure at `now`.
    #[must_use]
    pub fn fail(self, now: u64) -> Self {
        Self {
            failures: self.failures.saturating_add(1),
            last_failure: now,
        }
    }

    /// The throttle with its last failure at `now`, if the clock reads earlier than that failure. It has to be
    /// committed: otherwise the wait, counted from an ever later now, would not end before the old time is reached.
    #[must_use]
    pub fn settle(self, now: u64) -> Option<Self> {
        (self.failures > 0 && self.last_failure > now).then_some(Self {
            last_failure: now,
            ..self
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const POLICY: ThrottlePolicy = ThrottlePolicy {
        max_failures: 5,
        first_wait: 60,
        max_wait: 3600,
        max_total: 100,
    };

    fn after(failures: u32, last_failure: u64) -> Throttle {
        Throttle {
            failures,
            last_failure,
        }
    }

    #[test]
    fn the_fifth_failure_in_a_row_waits_a_minute_and_each_further_one_twice_as_long_up_to_an_hour()
    {
        let waits: Vec<_> = (0..14).map(|n| after(n, 1000).wait(&POLICY)).collect();
        assert_eq!(
            waits,
            [
                0, 0, 0, 0, 0, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600
            ]
        );
        assert_eq!(after(4, 1000).lock(&POLICY, 1000), Lock::Open);
        assert_eq!(after(5, 1000).lock(&POLICY, 1000), Lock::Until(1060));
        assert_eq!(after(5, 1000).lock(&POLICY, 1060), Lock::Open);
    }

    #[test]
    fn a_hundred_failures_in_a_row_lock_until_an_admin_unlocks() {
        assert_eq!(after(99, 1000).lock(&POLICY, 5000), Lock::Open);
        assert_eq!(
            after(100, 1000).lock(&POLICY, u64::MAX),
            Lock::UntilUnlocked
        );
    }

    #[test]
    fn a_clock_set_back_locks_for_no_longer_than_the_wait_and_settles() {
        let stuck = after(5, 2_000_000_000);
        assert_eq!(stuck.lock(&POLICY, 1000), Lock::Until(1060));
        let settled = stuck.settle(1000).unwrap();
        assert_eq!(settled.lock(&POLICY, 1059), Lock::Until(1060));
        assert_eq!(settled.lock(&POLICY, 1060), Lock::Open);
        assert_eq!(settled.settle(1000), None);
    }

    proptest! {
        #[test]
        fn the_throttle_never_shortens_while_the_clock_runs_forward(
            failures in 0_u32..120, start in 0_u64..1 << 40, steps in prop::collection::vec((0_u64..5000, any::<bool>()), 0..60)
        ) {
            let (mut throttle, mut now) = (after(failures, start), start);
            let mut ends = 0;
            for (pause, fails) in steps {
                now += pause;
                if fails && throttle.lock(&POLICY, now) == Lock::Open {
                    throttle = throttle.fail(now);
                }
                let end = match throttle.lock(&POLICY, now) {
                    Lock::Open => continue,
                    Lock::Until(until) => until,
                    Lock::UntilUnlocked => u64::MAX,
                };
                prop_assert!(end >= ends, "a lock until {ends} became one until {end}");
                prop_assert!(end == u64::MAX || end - now <= POLICY.max_wait);
                ends = end;
            }
        }
    }
}
