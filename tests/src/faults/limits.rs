//! A process that may not have all it wants: memory, descriptors, the size of files, from nothing to enough.

use crate::judge::{May, Times, judge};
use crate::scenario::Scenario;
use crate::subject::Limit;
use crate::tally::{Name, Tally};
use crate::which::Which;
use rustix::process::Resource;

/// A limit's name, how many steps it has, and what it is at a step counted from 0.
type Steps = (&'static str, usize, fn(usize) -> Limit);

const LIMITS: [Steps; 9] = [
    ("little-memory", 256, |step| Limit::Memory(step * 256)),
    ("more-memory", 64, |step| Limit::Memory((step + 16) << 12)),
    ("rlimit-as", 48, |step| most(Resource::As, step << 20)),
    ("rlimit-data", 24, |step| most(Resource::Data, step << 18)),
    ("rlimit-nofile", 24, |step| most(Resource::Nofile, step)),
    ("rlimit-fsize", 128, |step| {
        most(Resource::Fsize, step << 10)
    }),
    ("rlimit-stack", 48, |step| Limit::Stack((step as u64) << 12)),
    ("rlimit-nproc", 3, |step| most(Resource::Nproc, step)),
    ("rlimit-core", 2, |step| most(Resource::Core, step)),
];

const fn most(resource: Resource, most: usize) -> Limit {
    Limit::Resource(resource, most as u64)
}

/// Sets each limit to each of its steps.
pub fn run(scenario: &Scenario, which: &Which, tally: &mut Tally) {
    for (kind, steps, limit) in LIMITS {
        for step in 0..steps {
            let name = Name::new(scenario.name, kind, step + 1);
            if which.wants(&name, 6) {
                limited(scenario, &name, limit(step), tally);
            }
        }
    }
}

fn limited(scenario: &Scenario, name: &Name, limit: Limit, tally: &mut Tally) {
    scenario.world.restore();
    let (reply, seen) =
        scenario
            .world
            .watch_limited(scenario.from, &scenario.script, scenario.clock(), limit);
    let may: &[May] = match limit {
        Limit::Memory(_) | Limit::Resource(Resource::As | Resource::Data, _) => {
            &[May::Abort, May::Leave]
        }
        Limit::Stack(_) => &[May::Overflow, May::Leave],
        Limit::Resource(..) => &[],
    };
    let judgement = judge(scenario, &reply, &seen, Times::of(scenario), may);
    tally.count(name, &format!("{limit:?}"), reply.outcome, &judgement);
}
