//! The rounds: everything by turns, in another order each time, each sign-on between two bare flushes that tell whether the disk was quiet.
//!
//! A disk that others use, or that is held to a rate, flushes in two speeds, tens of times apart. A sign-on counts only
//! if both flushes beside it were quick; this looks at the flushes alone, never at the sign-on.

use crate::contender::Contender;
use crate::probe::{InPlace, nanoseconds};
use crate::table::percentile;

/// What was measured, in nanoseconds.
pub struct Rounds {
    /// One before each sign-on, and one at the end.
    flushes: Vec<u64>,
    /// Whose, and how long.
    sign_ons: Vec<(usize, u64)>,
    limit: f64,
}

impl Rounds {
    /// Lets everybody sign on once a round; the first rounds do not count.
    pub fn run(
        contenders: &mut [Contender],
        in_place: &InPlace,
        warm_up: usize,
        rounds: usize,
    ) -> Self {
        let (mut flushes, mut sign_ons) = (Vec::new(), Vec::new());
        let mut order: Vec<_> = (0..contenders.len()).collect();
        for round in 0..warm_up + rounds {
            shuffle(&mut order, round);
            for place in &order {
                flushes.push(nanoseconds(in_place.flush()));
                sign_ons.push((*place, nanoseconds(contenders[*place].sign_on())));
            }
        }
        flushes.push(nanoseconds(in_place.flush()));
        let warm_up = warm_up * contenders.len();
        let (flushes, sign_ons) = (flushes.split_off(warm_up), sign_ons.split_off(warm_up));
        Self {
            limit: 2.0 * percentile(&flushes, 10),
            flushes,
            sign_ons,
        }
    }

    /// How many flushes there were.
    pub fn flush_count(&self) -> usize {
        self.flushes.len()
    }

    /// The flushes of a quiet disk: at most twice as long as the quickest tenth.
    pub fn quiet_flushes(&self) -> Vec<u64> {
        let quiet = |time: &&u64| self.is_quiet(**time);
        self.flushes.iter().filter(quiet).copied().collect()
    }

    /// One contender's sign-ons on a quiet disk.
    ///
    /// # Panics
    /// If there was none.
    pub fn quiet_times(&self, place: usize) -> Vec<u64> {
        let around = self.flushes.windows(2);
        let times: Vec<_> = around
            .zip(&self.sign_ons)
            .filter(|(around, (whose, _))| {
                *whose == place && around.iter().all(|time| self.is_quiet(*time))
            })
            .map(|(_, (_, time))| *time)
            .collect();
        assert!(
            !times.is_empty(),
            "the disk was never quiet: try again, or with more rounds"
        );
        times
    }

    fn is_quiet(&self, time: u64) -> bool {
        percentile(&[time], 0) <= self.limit
    }
}

/// Another order each round, the same at each run (Fisher and Yates, with Knuth's linear congruential generator): who
/// comes after whom decides what the processor's caches still hold.
fn shuffle(order: &mut [usize], round: usize) {
    let mut state = round as u64;
    for last in (1..order.len()).rev() {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let chosen = (state >> 33) % (last as u64 + 1);
        order.swap(last, usize::try_from(chosen).unwrap_or_default());
    }
}
