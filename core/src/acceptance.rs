//! Which passcode is accepted: windows, drift, replay, resynchronization (contract section 3).
//!
//! All arithmetic on moving factors is done in `i128`, where neither a clock before T0 nor a counter at the end of
//! its 64 bits can overflow.

use crate::otp::{Comparison, Otp};
use crate::seed::Seed;
use crate::token::{Parameters, TokenState, TokenType};
use std::ops::RangeInclusive;

/// How far a passcode may be off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windows {
    /// TOTP: time steps accepted either side of now, corrected by the drift.
    pub drift_window: u32,
    /// HOTP: counters accepted after the expected one.
    pub look_ahead_window: u32,
    /// How far the search for a token that is out of step goes, in time steps either side or counters ahead.
    pub resync_window: u32,
}

impl Default for Windows {
    fn default() -> Self {
        Self {
            drift_window: 1,
            look_ahead_window: 10,
            resync_window: 1000,
        }
    }
}

/// How far back a resynchronization searches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// At a sign-on TOTP searches back two hours at most, so that passcodes noted from an unattended token die.
    SignOn,
    /// In pairing and at `token resync` it searches the whole window.
    Pairing,
}

/// How far back a TOTP search goes at a sign-on, in seconds.
const LOOK_BACK: u64 = 2 * 60 * 60;

/// What a passcode turned out to be, near where the token is expected. Each but the last carries the moving factor it
/// matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// Good: inside the window and above everything accepted.
    Acceptable(u64),
    /// Right, but accepted before, or passed over.
    Spent(u64),
    /// Neither: wrong, or further off than the window.
    Unknown,
}

/// Where a passcode is looked for: ranges of moving factors, empty where start is above end.
struct Search {
    center: i128,
    normal: RangeInclusive<i128>,
    wide: RangeInclusive<i128>,
    spent: RangeInclusive<i128>,
}

impl Search {
    fn new(
        token_type: TokenType,
        state: &TokenState,
        now: u64,
        windows: &Windows,
        reach: Reach,
    ) -> Self {
        let window = |n: u32| i128::from(n);
        match token_type {
            TokenType::Hotp => {
                let expected = floor(state);
                let look_ahead = window(windows.look_ahead_window);
                Self {
                    center: expected,
                    normal: expected..=expected + look_ahead,
                    wide: expected..=expected + window(windows.resync_window).max(look_ahead),
                    spent: expected - look_ahead..=expected - 1,
                }
            }
            TokenType::Totp { time_interval, .. } => {
                let center = time_step(token_type, now) + i128::from(state.drift);
                let drift_window = window(windows.drift_window);
                let resync = window(windows.resync_window).max(drift_window);
                let back = match reach {
                    Reach::Pairing => resync,
                    Reach::SignOn => resync
                        .min(i128::from(LOOK_BACK / time_interval.seconds()))
                        .max(drift_window),
                };
                let normal = center - drift_window..=center + drift_window;
                Self {
                    center,
                    spent: normal.clone(),
                    normal,
                    wide: center - back..=center + resync,
                }
            }
        }
    }
}

/// The number of the time step at `now` (RFC 6238 section 4.2); negative before T0. 0 for HOTP.
pub(crate) fn time_step(token_type: TokenType, now: u64) -> i128 {
    match token_type {
        TokenType::Hotp => 0,
        TokenType::Totp { time_interval, t0 } => {
            (i128::from(now) - i128::from(t0)).div_euclid(i128::from(time_interval.seconds()))
        }
    }
}

/// The part of a range that lies within `lowest..=u64::MAX`, or nothing.
fn clamp(range: &RangeInclusive<i128>, lowest: i128, highest: i128) -> Option<RangeInclusive<u64>> {
    let start = u64::try_from((*range.start()).max(lowest).max(0)).ok()?;
    let end = u64::try_from((*range.end()).min(highest).min(i128::from(u64::MAX))).ok()?;
    (start <= end).then_some(start..=end)
}

/// Finds out what a passcode is near where the token is expected at `now` (seconds since 1970 UTC). Changes nothing.
///
/// It computes as much for a right passcode as for a wrong one: whoever keeps the verdict from being committed, by
/// stopping or killing the process, must not learn it from the time that it took.
#[must_use]
pub fn examine(
    parameters: &Parameters,
    seed: &Seed,
    state: &TokenState,
    otp: &Otp,
    now: u64,
    windows: &Windows,
) -> Finding {
    let Some(comparison) = Comparison::new(parameters, seed, otp) else {
        return Finding::Unknown;
    };
    let search = Search::new(parameters.token_type, state, now, windows, Reach::SignOn);
    let (floor, top) = (floor(state), i128::from(u64::MAX));
    let first = |range| comparison.first(clamp(range, floor, top));
    let spent = comparison.first(clamp(&search.spent, 0, floor - 1));
    match (first(&search.normal), spent) {
        (Some(found), _) => Finding::Acceptable(found),
        (None, Some(found)) => Finding::Spent(found),
        (None, None) => Finding::Unknown,
    }
}

/// Looks for a passcode that [`examine`] did not know in the whole resynchronization window: the moving factor nearest
/// to where the token is expected. This is the long search, for after the failure was committed.
#[must_use]
pub fn find_out_of_step(
    parameters: &Parameters,
    seed: &Seed,
    state: &TokenState,
    otp: &Otp,
    now: u64,
    windows: &Windows,
    reach: Reach,
) -> Option<u64> {
    let comparison = Comparison::new(parameters, seed, otp)?;
    let search = Search::new(parameters.token_type, state, now, windows, reach);
    let top = i128::from(u64::MAX);
    let center = u64::try_from(search.center.clamp(0, top)).unwrap_or(u64::MAX);
    clamp(&search.wide, floor(state), top).and_then(|range| comparison.nearest(range, center))
}

/// The lowest moving factor that may still count.
fn floor(state: &TokenState) -> i128 {
    state.last_accepted.map_or(0, |last| i128::from(last) + 1)
}

/// Whether a passcode is the one right after a moving factor, and may still count.
#[must_use]
pub fn follows(
    parameters: &Parameters,
    seed: &Seed,
    state: &TokenState,
    moving_factor: u64,
    otp: &Otp,
) -> Option<u64> {
    let next = moving_factor.checked_add(1)?;
    let unspent = state.floor().is_some_and(|floor| next >= floor);
    let comparison = Comparison::new(parameters, seed, otp)?;
    (unspent && comparison.matches(next)).then_some(next)
}

/// The token's state after a passcode of a moving factor was accepted inside the window.
///
/// The drift moves by one step at most, and down only when two accepts running were below it: people type late, so a
/// passcode of the step before is no sign that the token's clock is slow.
#[must_use]
pub fn accept(
    parameters: &Parameters,
    state: &TokenState,
    moving_factor: u64,
    now: u64,
) -> TokenState {
    let accepted = TokenState {
        last_accepted: Some(moving_factor),
        below_drift: false,
        ..*state
    };
    if parameters.token_type == TokenType::Hotp {
        return accepted;
    }
    let center = time_step(parameters.token_type, now) + i128::from(state.drift);
    match (i128::from(moving_factor).cmp(&center), state.below_drift) {
        (std::cmp::Ordering::Equal, _) => accepted,
        (std::cmp::Ordering::Greater, _) => TokenState {
            drift: state.drift.saturating_add(1),
            ..accepted
        },
        (std::cmp::Ordering::Less, false) => TokenState {
            below_drift: true,
            ..accepted
        },
        (std::cmp::Ordering::Less, true) => TokenState {
            drift: state.drift.saturating_sub(1),
            ..accepted
        },
    }
}

/// The token's state after two consecutive passcodes, or in pairing: the drift is set outright.
#[must_use]
pub fn resynchronize(
    parameters: &Parameters,
    state: &TokenState,
    moving_factor: u64,
    now: u64,
) -> TokenState {
    let drift = match parameters.token_type {
        TokenType::Hotp => 0,
        TokenType::Totp { .. } => i128::from(moving_factor) - time_step(parameters.token_type, now),
    };
    TokenState {
        last_accepted: Some(moving_factor),
        drift: i32::try_from(drift).unwrap_or(state.drift),
        below_drift: false,
        ..*state
    }
}

/// Why two passcodes do not bring a token back in step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotInStep {
    /// The first was accepted before, or passed over.
    FirstSpent,
    /// The first is not of this token, or further off than the resynchronization window.
    FirstWrong,
    /// The second is not the one right after the first.
    NextWrong,
}

/// The token's state after two consecutive passcodes that an admin was given, however far back the first is within the
/// resynchronization window.
///
/// # Errors
/// Why they are not such passcodes.
pub fn resynchronize_by_two(
    parameters: &Parameters,
    seed: &Seed,
    state: &TokenState,
    [first, next]: [&Otp; 2],
    now: u64,
    windows: &Windows,
) -> Result<TokenState, NotInStep> {
    let found = match examine(parameters, seed, state, first, now, windows) {
        Finding::Acceptable(found) => found,
        Finding::Spent(_) => return Err(NotInStep::FirstSpent),
        Finding::Unknown => {
            find_out_of_step(parameters, seed, state, first, now, windows, Reach::Pairing)
                .ok_or(NotInStep::FirstWrong)?
        }
    };
    let next = follows(parameters, seed, state, found, next).ok_or(NotInStep::NextWrong)?;
    Ok(resynchronize(parameters, state, next, now))
}

/// How far a token's clock may have gone ahead unseen, in time steps: some years of drift.
const UNSEEN_DRIFT: i128 = 20;

/// The latest time step that a token's passcode could be accepted at by now; nothing for HOTP.
fn latest(
    parameters: &Parameters,
    state: &TokenState,
    now: u64,
    windows: &Windows,
) -> Option<i128> {
    let step = time_step(parameters.token_type, now);
    let ahead = i128::from(state.drift) + i128::from(windows.drift_window);
    (parameters.token_type != TokenType::Hotp).then_some(step + ahead)
}

/// Whether everything that a token can show now was spent by a clock that ran ahead: nothing it shows will count
/// before the clock has caught up.
#[must_use]
pub fn is_ahead(parameters: &Parameters, state: &TokenState, now: u64, windows: &Windows) -> bool {
    // One more: the passcode of the window's last step may just have been used, which moved the drift.
    latest(parameters, state, now, windows)
        .zip(state.last_accepted)
        .is_some_and(|(latest, last)| i128::from(last) > latest + 1)
}

/// The token's state where what it has spent was lost: every time step that could have been accepted by now is taken as
/// spent, with room for the drift that was followed since and lost too. A HOTP token's counter can't be known, and
/// stays.
#[must_use]
pub fn assume_spent(
    parameters: &Parameters,
    state: &TokenState,
    now: u64,
    windows: &Windows,
) -> TokenState {
    let reached = latest(parameters, state, now, windows)
        .and_then(|latest| u64::try_from(latest + UNSEEN_DRIFT).ok());
    TokenState {
        last_accepted: state.last_accepted.max(reached),
        ..*state
    }
}

/// The token's state where what it has spent since `state` is not known, as after a restore: every time step up to now,
/// by this machine's clock and by the token's, is taken as spent. A HOTP token's counter can't be known, and stays.
#[must_use]
pub fn from_now_on(parameters: &Parameters, state: &TokenState, now: u64) -> TokenState {
    let step = time_step(parameters.token_type, now) + i128::from(state.drift.max(0));
    let has_clock = parameters.token_type != TokenType::Hotp;
    let reached = has_clock.then(|| u64::try_from(step).ok()).flatten();
    TokenState {
        last_accepted: state.last_accepted.max(reached),
        ..*state
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::otp::tests::shown;
    use crate::token::{Digits, HashAlgorithm, TimeInterval};
    use proptest::prelude::*;

    const NOW: u64 = 1_800_000_000;
    const STEP: u64 = NOW / 30;

    fn totp(interval: u64) -> Parameters {
        let token_type = TokenType::Totp {
            time_interval: TimeInterval::new(interval).unwrap(),
            t0: 0,
        };
        let digits = Digits::new(8).unwrap();
        Parameters {
            token_type,
            algorithm: HashAlgorithm::Sha1,
            digits,
            not_before: None,
            not_after: None,
        }
    }

    fn hotp() -> Parameters {
        Parameters {
            token_type: TokenType::Hotp,
            ..totp(30)
        }
    }

    fn seed() -> Seed {
        Seed::new(b"a seed for the tests".to_vec()).unwrap()
    }

    fn after(last_accepted: u64) -> TokenState {
        TokenState {
            last_accepted: Some(last_accepted),
            ..TokenState::default()
        }
    }

    /// Both searches, as a sign-on makes them one after the other.
    #[derive(Debug, PartialEq, Eq)]
    enum Found {
        Acceptable(u64),
        Spent(u64),
        OutOfStep(u64),
        Wrong,
    }

    fn find(
        parameters: &Parameters,
        state: &TokenState,
        moving_factor: u64,
        reach: Reach,
    ) -> Found {
        let otp = Otp::parse(&shown(parameters, &seed(), moving_factor)).unwrap();
        look(parameters, state, &otp, NOW, reach)
    }

    fn look(
        parameters: &Parameters,
        state: &TokenState,
        otp: &Otp,
        now: u64,
        reach: Reach,
    ) -> Found {
        let windows = Windows::default();
        match examine(parameters, &seed(), state, otp, now, &windows) {
            Finding::Acceptable(found) => Found::Acceptable(found),
            Finding::Spent(found) => Found::Spent(found),
            Finding::Unknown => {
                find_out_of_step(parameters, &seed(), state, otp, now, &windows, reach)
                    .map_or(Found::Wrong, Found::OutOfStep)
            }
        }
    }

    #[test]
    fn totp_accepts_the_drift_window_either_side_of_now() {
        let state = TokenState::default();
        for moving_factor in STEP - 1..=STEP + 1 {
            assert_eq!(
                find(&totp(30), &state, moving_factor, Reach::SignOn),
                Found::Acceptable(moving_factor)
            );
        }
        for moving_factor in [STEP - 2, STEP + 2] {
            assert_eq!(
                find(&totp(30), &state, moving_factor, Reach::SignOn),
                Found::OutOfStep(moving_factor)
            );
        }
    }

    #[test]
    fn the_drift_window_lies_around_now_corrected_by_the_remembered_drift() {
        let state = TokenState {
            drift: -7,
            ..TokenState::default()
        };
        for moving_factor in STEP - 8..=STEP - 6 {
            assert_eq!(
                find(&totp(30), &state, moving_factor, Reach::SignOn),
                Found::Acceptable(moving_factor)
            );
        }
        assert_eq!(
            find(&totp(30), &state, STEP, Reach::SignOn),
            Found::OutOfStep(STEP)
        );
    }

    #[test]
    fn hotp_accepts_from_the_expected_counter_to_the_look_ahead_window_after_it() {
        for moving_factor in 42..=52 {
            assert_eq!(
                find(&hotp(), &after(41), moving_factor, Reach::SignOn),
                Found::Acceptable(moving_factor)
            );
        }
        assert_eq!(
            find(&hotp(), &after(41), 53, Reach::SignOn),
            Found::OutOfStep(53)
        );
        assert_eq!(
            find(&hotp(), &after(41), 1042, Reach::SignOn),
            Found::OutOfStep(1042)
        );
        assert_eq!(find(&hotp(), &after(41), 1043, Reach::SignOn), Found::Wrong);
        assert_eq!(
            find(&hotp(), &TokenState::default(), 0, Reach::SignOn),
            Found::Acceptable(0)
        );
    }

    #[test]
    fn what_was_accepted_is_spent_inside_the_drift_window_and_wrong_outside_it() {
        assert_eq!(
            find(&totp(30), &after(STEP), STEP, Reach::SignOn),
            Found::Spent(STEP)
        );
        assert_eq!(
            find(&totp(30), &after(STEP), STEP - 1, Reach::SignOn),
            Found::Spent(STEP - 1)
        );
        assert_eq!(
            find(&totp(30), &after(STEP), STEP - 2, Reach::SignOn),
            Found::Wrong
        );
        assert_eq!(
            find(&totp(30), &after(STEP), STEP + 1, Reach::SignOn),
            Found::Acceptable(STEP + 1)
        );
    }

    #[test]
    fn the_look_ahead_window_of_counters_below_the_expected_one_is_spent() {
        for moving_factor in 32..=41 {
            assert_eq!(
                find(&hotp(), &after(41), moving_factor, Reach::SignOn),
                Found::Spent(moving_factor)
            );
        }
        assert_eq!(find(&hotp(), &after(41), 31, Reach::SignOn), Found::Wrong);
    }

    #[test]
    fn a_sign_on_searches_back_two_hours_at_most_and_pairing_the_whole_window() {
        let state = TokenState::default();
        for (interval, steps) in [(30, 240), (60, 120), (300, 24)] {
            let (parameters, center) = (totp(interval), NOW / interval);
            assert_eq!(
                find(&parameters, &state, center - steps, Reach::SignOn),
                Found::OutOfStep(center - steps)
            );
            assert_eq!(
                find(&parameters, &state, center - steps - 1, Reach::SignOn),
                Found::Wrong
            );
            assert_eq!(
                find(&parameters, &state, center - 1000, Reach::Pairing),
                Found::OutOfStep(center - 1000)
            );
            assert_eq!(
                find(&parameters, &state, center - 1001, Reach::Pairing),
                Found::Wrong
            );
            assert_eq!(
                find(&parameters, &state, center + 1000, Reach::SignOn),
                Found::OutOfStep(center + 1000)
            );
            assert_eq!(
                find(&parameters, &state, center + 1001, Reach::Pairing),
                Found::Wrong
            );
        }
    }

    #[test]
    fn a_resynchronization_never_reaches_below_what_was_accepted() {
        assert_eq!(
            find(&totp(30), &after(STEP + 50), STEP + 50, Reach::SignOn),
            Found::Wrong
        );
        assert_eq!(
            find(&totp(30), &after(STEP + 50), STEP + 51, Reach::SignOn),
            Found::OutOfStep(STEP + 51)
        );
    }

    #[test]
    fn only_the_very_next_passcode_follows() {
        let next = |m| {
            let otp = Otp::parse(&shown(&hotp(), &seed(), m)).unwrap();
            follows(&hotp(), &seed(), &after(41), 100, &otp)
        };
        assert_eq!(next(101), Some(101));
        for other in [99, 100, 102] {
            assert_eq!(next(other), None);
        }
        let spent = Otp::parse(&shown(&hotp(), &seed(), 101)).unwrap();
        assert_eq!(follows(&hotp(), &seed(), &after(101), 100, &spent), None);
        assert_eq!(
            follows(&hotp(), &seed(), &after(41), u64::MAX, &spent),
            None
        );
    }

    #[test]
    fn the_ends_of_time_and_of_the_counter_neither_overflow_nor_accept() {
        let last = after(u64::MAX);
        assert_eq!(
            find(&hotp(), &last, u64::MAX, Reach::SignOn),
            Found::Spent(u64::MAX)
        );
        assert_eq!(
            find(&hotp(), &after(u64::MAX - 1), u64::MAX, Reach::SignOn),
            Found::Acceptable(u64::MAX)
        );
        let late = TokenType::Totp {
            time_interval: TimeInterval::new(10).unwrap(),
            t0: u64::MAX,
        };
        let parameters = Parameters {
            token_type: late,
            ..totp(30)
        };
        assert_eq!(
            find(&parameters, &TokenState::default(), 5, Reach::Pairing),
            Found::Wrong
        );
    }

    #[test]
    fn a_token_with_another_epoch_counts_from_it() {
        // SafeWord tokens count from 2000-01-01 (FORMATS: .dat files).
        let token_type = TokenType::Totp {
            time_interval: TimeInterval::new(30).unwrap(),
            t0: 946_684_800,
        };
        let step = (NOW - 946_684_800) / 30;
        let parameters = Parameters {
            token_type,
            ..totp(30)
        };
        assert_eq!(
            find(&parameters, &TokenState::default(), step, Reach::SignOn),
            Found::Acceptable(step)
        );
    }

    #[test]
    fn where_what_was_spent_is_lost_every_step_up_to_now_is_spent() {
        let spent = assume_spent(&totp(30), &after(5), NOW, &Windows::default());
        assert_eq!(spent.last_accepted, Some(STEP + 21));
        let wide = Windows {
            drift_window: 5,
            ..Windows::default()
        };
        let spent = assume_spent(&totp(30), &after(5), NOW, &wide);
        assert_eq!(spent.last_accepted, Some(STEP + 25));
        let ahead = assume_spent(&totp(30), &after(STEP + 99), NOW, &Windows::default());
        assert_eq!(ahead.last_accepted, Some(STEP + 99));
        let hotp = assume_spent(&hotp(), &after(5), NOW, &Windows::default());
        assert_eq!(hotp.last_accepted, Some(5));
    }

    #[test]
    fn an_admin_resynchronizes_with_two_consecutive_passcodes_over_the_whole_window() {
        let give = |first, next| {
            let [first, next] =
                [first, next].map(|m| Otp::parse(&shown(&totp(30), &seed(), m)).unwrap());
            let windows = Windows::default();
            resynchronize_by_two(
                &totp(30),
                &seed(),
                &after(STEP),
                [&first, &next],
                NOW,
                &windows,
            )
        };
        assert_eq!(give(STEP + 900, STEP + 901).unwrap().drift, 901);
        assert_eq!(give(STEP, STEP + 1), Err(NotInStep::FirstSpent));
        assert_eq!(give(STEP + 1001, STEP + 1002), Err(NotInStep::FirstWrong));
        assert_eq!(give(STEP + 900, STEP + 902), Err(NotInStep::NextWrong));
        assert_eq!(
            give(STEP - 900, STEP - 899),
            Err(NotInStep::FirstWrong),
            "below what was accepted"
        );
    }

    #[test]
    fn a_token_is_ahead_when_the_clock_was_set_back_below_what_it_has_spent() {
        let ahead = |parameters: &Parameters, last| {
            is_ahead(parameters, &after(last), NOW, &Windows::default())
        };
        assert!(!ahead(&totp(30), STEP + 2));
        assert!(ahead(&totp(30), STEP + 3));
        assert!(!ahead(&hotp(), u64::MAX));
    }

    #[test]
    fn two_consecutive_passcodes_set_the_drift_outright() {
        let state = resynchronize(&totp(30), &after(5), STEP + 120, NOW);
        assert_eq!((state.drift, state.last_accepted), (120, Some(STEP + 120)));
        assert_eq!(resynchronize(&hotp(), &after(5), 90, NOW).drift, 0);
    }

    proptest! {
        #[test]
        fn the_drift_moves_one_step_at_most_and_down_only_after_two_accepts_below(
            offsets in prop::collection::vec(-1_i64..=1, 1..40)
        ) {
            let parameters = totp(30);
            let (mut state, mut now, mut below) = (TokenState::default(), NOW, 0);
            for offset in offsets {
                now += 90; // three steps: always above what was accepted before
                let center = i64::try_from(now / 30).unwrap() + i64::from(state.drift);
                let before = state.drift;
                state = accept(&parameters, &state, u64::try_from(center + offset).unwrap(), now);
                below = if offset < 0 { below + 1 } else { 0 };
                let expected = match (offset, below) { (1, _) => 1, (-1, 2) => -1, _ => 0 };
                prop_assert_eq!(state.drift - before, expected);
                if expected == -1 { below = 0; }
            }
        }

        #[test]
        fn a_moving_factor_is_never_accepted_twice_in_any_order(
            tries in prop::collection::vec((0_u64..40, 0_u64..20), 1..80), hotp_token: bool
        ) {
            let parameters = if hotp_token { hotp() } else { totp(30) };
            let (mut state, mut now, mut seen) = (TokenState::default(), 600, std::collections::HashSet::new());
            for (moving_factor, pause) in tries {
                now += pause;
                let otp = Otp::parse(&shown(&parameters, &seed(), moving_factor)).unwrap();
                match look(&parameters, &state, &otp, now, Reach::SignOn) {
                    Found::Acceptable(found) => {
                        prop_assert!(seen.insert(found), "{found} was accepted twice");
                        state = accept(&parameters, &state, found, now);
                    }
                    Found::OutOfStep(found) => {
                        let next = Otp::parse(&shown(&parameters, &seed(), found + 1)).unwrap();
                        if let Some(next) = follows(&parameters, &seed(), &state, found, &next) {
                            prop_assert!(seen.insert(next), "{next} was accepted twice");
                            state = resynchronize(&parameters, &state, next, now);
                        }
                    }
                    Found::Spent(found) => prop_assert!(state.floor().is_none_or(|floor| found < floor)),
                    Found::Wrong => {}
                }
            }
        }
    }
}
