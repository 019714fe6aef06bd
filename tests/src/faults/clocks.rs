//! A clock that jumps: both ways, by seconds and by millennia.

use crate::judge::{May, Times, judge};
use crate::scenario::Scenario;
use crate::tally::{Name, Tally};
use crate::trace::Clock;
use crate::which::Which;

const HOUR: i64 = 3600;
const YEAR: i64 = 365 * 24 * HOUR;

/// How far, both ways, in seconds.
const JUMPS: [i64; 11] = [
    1,
    29,
    30,
    60,
    300,
    HOUR,
    9 * HOUR,
    24 * HOUR,
    YEAR,
    10 * YEAR,
    50 * YEAR,
];

/// Where to: the first seconds of 1970 (the kernel sets no clock to an earlier one), the ends of 31 and 32 bits, and the
/// last second that has four digits for its year.
const MOMENTS: [i64; 7] = [
    0,
    1,
    i32::MAX as i64,
    i32::MAX as i64 + 1,
    u32::MAX as i64,
    u32::MAX as i64 + 1,
    253_402_300_799,
];

/// When it jumps.
#[derive(Debug, Clone, Copy)]
enum When {
    /// Before the sign-on, and back after it.
    Before,
    /// Between two readings in it, and back after it.
    Within(usize),
    /// After it, and not back.
    After,
}

/// Jumps to every moment, at every reading of the clock.
pub fn run(scenario: &Scenario, which: &Which, tally: &mut Tally) {
    scenario.world.restore();
    let clean = scenario
        .world
        .watch(&scenario.script, scenario.clock(), None)
        .1;
    let jumps = JUMPS.iter().flat_map(|jump| [*jump, -jump]);
    let moments: Vec<_> = jumps
        .map(|jump| scenario.time + jump)
        .chain(MOMENTS)
        .collect();
    let whens = [When::Before, When::After]
        .into_iter()
        .chain((1..clean.readings).map(When::Within));
    let mut number = 0;
    for when in whens {
        let kind = match when {
            When::Before => "clock-before",
            When::Within(_) => "clock-within",
            When::After => "clock-after",
        };
        for moment in &moments {
            number += 1;
            let name = Name::new(scenario.name, kind, number);
            if which.wants(&name, 15) {
                jump(scenario, &name, when, *moment, tally);
            }
        }
    }
}

fn jump(scenario: &Scenario, name: &Name, when: When, moment: i64, tally: &mut Tally) {
    scenario.world.restore();
    let clock = match when {
        When::Before => Clock::at(moment),
        When::Within(reading) => Clock {
            then: Some((reading, moment)),
            ..scenario.clock()
        },
        When::After => scenario.clock(),
    };
    let (reply, seen) = scenario.world.watch(&scenario.script, clock, None);
    let times = match when {
        When::After => Times {
            retry: moment,
            fresh: scenario.fresh_at(moment),
        },
        _ => Times::of(scenario),
    };
    let may = &[May::Tear, May::Refuse];
    let judgement = judge(scenario, &reply, &seen, times, may);
    tally.count(name, &format!("{moment}"), reply.outcome, &judgement);
}
