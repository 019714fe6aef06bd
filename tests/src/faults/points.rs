//! A fault at each system call of a sign-on.

use crate::calls;
use crate::judge::{May, Times, judge};
use crate::kind::{Call, KINDS, Kind};
use crate::scenario::Scenario;
use crate::subject::{From, Reply};
use crate::tally::{Name, Tally};
use crate::trace::{Injection, Seen};
use crate::which::Which;

/// Tries them all; in a quick run one or some of those that apply at a call, and others at the next.
pub fn run(scenario: &Scenario, which: &Which, tally: &mut Tally) {
    let (world, from) = (&scenario.world, scenario.from);
    world.restore();
    let (reply, seen) = world.watch_from(from, &scenario.script, scenario.clock(), None);
    assert_eq!(
        reply.is_granted(),
        scenario.is_good,
        "without a fault: {reply:?}"
    );
    let bounds = Bounds::of(scenario, &seen);
    let mut tried = 0;
    for (place, call) in seen.calls.iter().enumerate() {
        let mut is_tried = false;
        for (kind, fault) in chosen(call, place, which) {
            let name = Name::new(scenario.name, kind, place + 1);
            if which.wants(&name, 100) {
                is_tried |= inject(scenario, &name, fault, call, &bounds, tally);
            }
        }
        tried += usize::from(is_tried);
    }
    tally.points(scenario.name, tried);
}

/// Which of a sign-on's calls are not otpair's.
struct Bounds {
    /// So many are of a process of its own, before it looks who has called.
    begin: usize,
    /// From this one on libpam tells the kernel's audit log.
    end: usize,
}

impl Bounds {
    fn of(scenario: &Scenario, seen: &Seen) -> Self {
        let begins = || seen.calls.iter().position(Call::asks_for_the_caller);
        let begin = match scenario.from {
            From::Helper => begins().expect("the helper asks who has called"),
            _ => 0,
        };
        Self {
            begin,
            end: seen
                .calls
                .iter()
                .position(Call::audits)
                .unwrap_or(usize::MAX),
        }
    }
}

/// The faults for a call.
fn chosen(call: &Call, place: usize, which: &Which) -> Vec<(&'static str, Kind)> {
    let all: Vec<_> = KINDS
        .into_iter()
        .filter(|(_, kind)| kind.at(call).is_some())
        .collect();
    let every = match () {
        () if !which.is_quick || which.only.is_some() => 1,
        // Where the disk is changed or flushed, more depends on it.
        () if calls::needs_disk(call.number) => 3,
        () => all.len(),
    };
    let numbered = all.into_iter().enumerate();
    let kept = numbered.filter(|(number, _)| (number + place).is_multiple_of(every));
    kept.map(|(_, kind)| kind).collect()
}

/// Whether it was done.
fn inject(
    scenario: &Scenario,
    name: &Name,
    kind: Kind,
    call: &Call,
    bounds: &Bounds,
    tally: &mut Tally,
) -> bool {
    let (reply, seen) = faulted(scenario, name, kind);
    let is_done = seen.last_fault >= name.number;
    let mut judgement = judge(
        scenario,
        &reply,
        &seen,
        Times::of(scenario),
        may(kind, call, name.number <= bounds.begin),
    );
    // How often libpam asks the kernel's audit log for its answer is not the same each time.
    let is_over = name.number > bounds.end;
    judgement.must(is_done || is_over, || {
        "this fault could not be done: the calls were others".to_owned()
    });
    if is_done || !judgement.violations.is_empty() {
        tally.count(name, &calls::name(call.number), reply.outcome, &judgement);
    }
    is_done
}

/// The sign-on with a fault; another one where there was no such call to do it to.
fn faulted(scenario: &Scenario, name: &Name, kind: Kind) -> (Reply, Seen) {
    const TRIES: usize = 4;
    let injection = Injection {
        kind,
        at: name.number,
    };
    let once = || {
        scenario.world.restore();
        let (script, clock) = (&scenario.script, scenario.clock());
        scenario
            .world
            .watch_from(scenario.from, script, clock, Some(injection))
    };
    let mut tried = (1..TRIES).map(|_| once());
    tried
        .find(|(_, seen)| seen.last_fault >= name.number)
        .unwrap_or_else(once)
}

fn may(kind: Kind, call: &Call, is_before_main: bool) -> &'static [May] {
    match kind {
        Kind::Torn(_) => &[May::Tear, May::Leave],
        Kind::KillBefore | Kind::KillAfter | Kind::Disk(_) => &[May::Leave],
        // A process of its own, which Rust ends where it can't set it up.
        _ if is_before_main => &[May::Abort],
        _ if calls::removes(call.number) => &[May::Leave],
        _ => &[],
    }
}
