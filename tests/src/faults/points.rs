//! A fault at each system call of a sign-on.

use crate::calls;
use crate::judge::{May, Times, judge};
use crate::kind::{Call, KINDS, Kind};
use crate::scenario::Scenario;
use crate::tally::{Name, Tally};
use crate::trace::Injection;
use crate::which::Which;

/// Tries them all; in a quick run one that applies at each call, and another kind at the next.
pub fn run(scenario: &Scenario, which: &Which, tally: &mut Tally) {
    scenario.world.restore();
    let clean = scenario
        .world
        .watch_from(scenario.from, &scenario.script, scenario.clock(), None);
    let calls = clean.1.calls;
    let mut tried = 0;
    for (place, call) in calls.iter().enumerate() {
        let number = place + 1;
        let mut chosen: Vec<_> = KINDS
            .iter()
            .filter(|(_, kind)| kind.at(call).is_some())
            .collect();
        if which.is_quick && which.only.is_none() {
            chosen = vec![chosen[place % chosen.len()]];
        }
        let mut is_tried = false;
        for (kind, fault) in chosen {
            let name = Name::new(scenario.name, kind, number);
            if which.wants(&name, 100) {
                is_tried = true;
                inject(scenario, &name, *fault, call, tally);
            }
        }
        tried += usize::from(is_tried);
    }
    tally.points(scenario.name, tried);
}

fn inject(scenario: &Scenario, name: &Name, kind: Kind, call: &Call, tally: &mut Tally) {
    scenario.world.restore();
    let injection = Injection {
        kind,
        at: name.number,
    };
    let (script, clock) = (&scenario.script, scenario.clock());
    let (reply, seen) = scenario
        .world
        .watch_from(scenario.from, script, clock, Some(injection));
    let times = Times::of(scenario);
    let judgement = judge(scenario, &reply, &seen, times, may(kind, call));
    tally.count(name, &calls::name(call.number), reply.outcome, &judgement);
}

fn may(kind: Kind, call: &Call) -> May {
    let kills = matches!(kind, Kind::KillBefore | Kind::KillAfter | Kind::Torn(_));
    May {
        tear: matches!(kind, Kind::Torn(_)),
        leave: kills || matches!(kind, Kind::Disk(_)) || calls::removes(call.number),
        refuse: false,
    }
}
