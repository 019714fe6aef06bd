//! Power cuts: the states that a disk may hold when the power goes, one after the other.

use crate::disk::{Disk, Unit, pending, units};
use crate::journal::Change;
use crate::judge::{May, Times, judge_sequel};
use crate::scenario::Scenario;
use crate::subject::Outcome;
use crate::tally::{Name, Tally};
use crate::which::Which;
use crate::world::Contents;
use otpair_tests::chance::Chance;
use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::MetadataExt as _;

/// The kind's name.
const POWER: &str = "power-cut";

/// The power goes before the first change, after each, and after the last one has been told.
pub fn run(scenario: &Scenario, which: &Which, tally: &mut Tally) {
    let world = &scenario.world;
    world.restore();
    let cache = world.cache();
    let inode = |path: &_| fs::metadata(path).map_or(0, |found| found.ino());
    let before = Disk::new(&cache, world.before(), inode);
    let (reply, seen) = world.watch(&scenario.script, scenario.clock(), None);
    let mut cuts = Cuts {
        scenario,
        chance: Chance::seeded(which.seed),
        all_subsets: which.samples(10, 3),
        samples: which.samples(32, 2),
        number: 0,
        met: HashSet::new(),
    };
    for cut in 0..=seen.changes.len() {
        let heard = if cut == seen.changes.len() {
            reply.outcome
        } else {
            Outcome::Died
        };
        for state in cuts.states(&before, &seen.changes[..cut]) {
            cuts.number += 1;
            let name = Name::new(scenario.name, POWER, cuts.number);
            if which.wants(&name, 100) {
                cuts.judge(&name, &state, cut, heard, tally);
            }
        }
    }
}

struct Cuts<'a> {
    scenario: &'a Scenario,
    chance: Chance,
    /// Up to so many parts, every subset of them is tried,
    all_subsets: usize,
    /// and of more of them so many.
    samples: usize,
    number: usize,
    /// What was on the disk in the states that nobody had heard anything at.
    met: HashSet<Contents>,
}

impl Cuts<'_> {
    /// What may be on the disk after these changes.
    fn states(&mut self, before: &Disk, changes: &[Change]) -> Vec<Contents> {
        let waiting = pending(changes);
        let mut durable = before.clone();
        for change in changes.iter().filter(|change| !waiting.contains(change)) {
            for unit in units(change) {
                durable.put(&unit);
            }
        }
        let parts: Vec<_> = waiting.into_iter().flat_map(units).collect();
        let cache = self.scenario.world.cache();
        let mut states = Vec::new();
        for subset in self.subsets(parts.len()) {
            let mut disk = durable.clone();
            let is_there = |(_, there): &(&Unit, bool)| *there;
            for (part, _) in parts.iter().zip(subset).filter(is_there) {
                disk.put(part);
            }
            let state = disk.contents(&cache);
            if !states.contains(&state) {
                states.push(state);
            }
        }
        states
    }

    /// Which of so many parts got to the disk.
    fn subsets(&mut self, parts: usize) -> Vec<Vec<bool>> {
        if parts <= self.all_subsets {
            let all = 0..1_u32 << parts;
            return all
                .map(|bits| (0..parts).map(|part| bits >> part & 1 == 1).collect())
                .collect();
        }
        let mut subsets = vec![vec![false; parts], vec![true; parts]];
        for _ in 0..self.samples {
            let alone = self.place(parts);
            // One alone, all but one, and any.
            subsets.push((0..parts).map(|part| part == alone).collect());
            subsets.push((0..parts).map(|part| part != alone).collect());
            subsets.push((0..parts).map(|_| self.chance.below(2) == 1).collect());
        }
        subsets
    }

    fn place(&mut self, parts: usize) -> usize {
        usize::try_from(self.chance.below(parts as u64)).expect("a place among the parts")
    }

    fn judge(
        &mut self,
        name: &Name,
        state: &Contents,
        cut: usize,
        heard: Outcome,
        tally: &mut Tally,
    ) {
        // What was judged when nobody had heard anything holds for it however it came about.
        if heard == Outcome::Died && !self.met.insert(state.clone()) {
            return;
        }
        self.scenario.world.lay_out(state);
        let may = &[May::Tear, May::Leave];
        let judgement = judge_sequel(self.scenario, heard, Times::of(self.scenario), may);
        tally.count(name, &format!("change {cut}"), heard, &judgement);
    }
}
