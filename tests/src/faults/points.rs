//! A fault at each system call of a sign-on.

use crate::calls;
use crate::judge::{May, judge};
use crate::kind::{Call, KINDS, Kind};
use crate::scenario::Scenario;
use crate::tally::{Name, Tally};
use crate::trace::Injection;

/// Which faults of those that there are.
#[derive(Debug, Clone)]
pub enum Which {
    /// All.
    All,
    /// At each call one that applies, another kind at the next.
    One,
    /// This one.
    Only(Name),
}

/// Tries them.
pub fn run(scenario: &Scenario, which: &Which, tally: &mut Tally) {
    scenario.world.restore();
    let clean = scenario
        .world
        .watch_from(scenario.from, &scenario.script, scenario.clock(), None);
    let calls = clean.1.calls;
    let mut tried = 0;
    for (place, call) in calls.iter().enumerate() {
        let number = place + 1;
        let applicable = KINDS.iter().filter(|(_, kind)| kind.at(call).is_some());
        let chosen: Vec<_> = match which {
            Which::All => applicable.collect(),
            Which::One => {
                let all: Vec<_> = applicable.collect();
                vec![all[place % all.len()]]
            }
            Which::Only(name) => applicable
                .filter(|(kind, _)| name.is(scenario.name, kind, number))
                .collect(),
        };
        tried += usize::from(!chosen.is_empty());
        for (kind, fault) in chosen {
            let name = Name {
                scenario: scenario.name.to_owned(),
                kind: (*kind).to_owned(),
                number,
            };
            inject(scenario, &name, *fault, call, tally);
        }
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
    let judgement = judge(scenario, &reply, &seen, may(kind, call));
    tally.count(name, &calls::name(call.number), reply.outcome, &judgement);
}

fn may(kind: Kind, call: &Call) -> May {
    let kills = matches!(kind, Kind::KillBefore | Kind::KillAfter | Kind::Torn(_));
    May {
        tear: matches!(kind, Kind::Torn(_) | Kind::Short),
        leave: kills || matches!(kind, Kind::Disk(_)) || calls::removes(call.number),
    }
}
