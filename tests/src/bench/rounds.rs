//! The rounds: everything by turns, in another order each time, each sign-on between two bare flushes that tell whether the
//! disk was quiet.
//!
//! A disk that others use, or that is held to a rate, flushes in two speeds, tens of times apart. A sign-on counts only
//! if both flushes beside it were quick, or quicker than beside four of five others of its kind; this looks at the flushes
//! alone, never at the sign-on. A contender that keeps the disk busy by itself, with megabytes at each sign-on, would hardly
//! ever count: all of its sign-ons do.

use crate::contender::Contender;
use crate::figure::{as_f64, percentile};
use crate::probe::InPlace;
use std::ops::Range;

/// One of so many sign-ons counts, and as many in any case, however busy the disk was.
const LEAST: usize = 5;

/// What was measured.
pub struct Rounds<T> {
    /// One before each sign-on, and one at the end, in nanoseconds.
    flushes: Vec<u64>,
    /// Whose, and what came of it.
    sign_ons: Vec<(usize, T)>,
    limit: f64,
}

impl<T: Copy> Rounds<T> {
    /// Lets everybody sign on once a round that they take part in.
    pub fn run(
        contenders: &mut [Contender],
        in_place: &InPlace,
        rounds: Range<usize>,
        takes_part: impl Fn(&Contender, usize) -> bool,
        sign_on: impl Fn(&mut Contender) -> T,
    ) -> Self {
        let (mut flushes, mut sign_ons) = (Vec::new(), Vec::new());
        let mut order: Vec<_> = (0..contenders.len()).collect();
        for round in rounds {
            shuffle(&mut order, round);
            for place in &order {
                let contender = &mut contenders[*place];
                if takes_part(contender, round) {
                    flushes.push(in_place.flush().time);
                    sign_ons.push((*place, sign_on(contender)));
                }
            }
        }
        flushes.push(in_place.flush().time);
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

    /// What came of one contender's sign-ons: on a quiet disk, unless it is none with itself.
    pub fn of(&self, place: usize, anyway: bool) -> Vec<T> {
        let around = self.flushes.windows(2).zip(&self.sign_ons);
        let mut sign_ons: Vec<_> = around
            .filter(|(_, (whose, _))| *whose == place)
            .map(|(around, (_, done))| (around.iter().copied().max().unwrap_or_default(), *done))
            .collect();
        sign_ons.sort_by_key(|(slower, _)| *slower);
        let quiet = sign_ons.partition_point(|(slower, _)| self.is_quiet(*slower));
        let least = if anyway {
            sign_ons.len()
        } else {
            sign_ons.len().div_ceil(LEAST).max(LEAST)
        };
        sign_ons.truncate(quiet.max(least));
        sign_ons.into_iter().map(|(_, done)| done).collect()
    }

    fn is_quiet(&self, time: u64) -> bool {
        as_f64(time) <= self.limit
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
