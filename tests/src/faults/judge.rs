//! What must hold after a fault, whatever it was.

use crate::disk;
use crate::journal::Change;
use crate::scenario::{Scenario, USER};
use crate::subject::{From, Outcome, Reply};
use crate::trace::{Clock, Seen};
use crate::world::{Contents, contents};
use libc::c_int;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

/// After so few failures no lock is longer, in seconds.
const LONGEST_WAIT: i64 = 480;

/// What was found.
#[derive(Debug, Default)]
pub struct Judgement {
    /// What must never happen.
    pub violations: Vec<String>,
    /// The sign-on after it took two passcodes.
    pub took_two: bool,
    /// A panic was met, and caught.
    pub has_panicked: bool,
    /// A file was left that the next who makes one removes.
    pub left_a_file: bool,
}

/// What the fault may have done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum May {
    /// Part of a block was written: the record is in doubt, and takes two passcodes.
    Tear,
    /// The process could not clean up after itself.
    Leave,
    /// A good passcode is none by the clock, nor is a lock one.
    Refuse,
    /// The stack was too small.
    Overflow,
    /// There was no memory, or it was the beginning of a program: then Rust ends the process.
    Abort,
}

impl Judgement {
    /// Notes a violation unless something holds.
    pub fn must(&mut self, holds: bool, why: impl FnOnce() -> String) {
        if !holds {
            self.violations.push(why());
        }
    }
}

/// Judges a sign-on with a fault: what came of it, then what it left, by the sign-ons that follow.
pub fn judge(
    scenario: &Scenario,
    first: &Reply,
    seen: &Seen,
    times: Times,
    may: &[May],
) -> Judgement {
    let mut judgement = Judgement {
        has_panicked: seen.has_panicked(),
        ..Judgement::default()
    };
    judgement.end(seen.signal, may);
    judgement.code(scenario, first, seen, may);
    if first.is_granted() {
        judgement.durable(scenario, &seen.changes);
    }
    judgement.sequel(scenario, first.outcome, times, may);
    judgement
}

/// Judges what there is, by the sign-ons that follow: `first` is what the person had heard before.
pub fn judge_sequel(scenario: &Scenario, first: Outcome, times: Times, may: &[May]) -> Judgement {
    let mut judgement = Judgement::default();
    judgement.sequel(scenario, first, times, may);
    judgement
}

/// When the sign-ons that follow happen, in seconds since 1970 UTC.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// The same passcode again.
    pub retry: i64,
    /// A fresh one.
    pub fresh: i64,
}

impl Times {
    /// As the scenario has it.
    pub const fn of(scenario: &Scenario) -> Self {
        Self {
            retry: scenario.time,
            fresh: scenario.time + scenario.fresh.1,
        }
    }
}

impl Judgement {
    /// It came to its end, or to one that the fault explains.
    fn end(&mut self, signal: Option<c_int>, may: &[May]) {
        let is_explained = match signal {
            None | Some(libc::SIGKILL) => true,
            Some(libc::SIGABRT) => may.contains(&May::Abort),
            Some(signal) => signal == libc::SIGSEGV && may.contains(&May::Overflow),
        };
        self.must(is_explained, || {
            format!(
                "ended by signal {signal:?}; {} would be a hang",
                libc::SIGALRM
            )
        });
    }

    /// No code but those of the contract, and no good passcode called wrong.
    fn code(&mut self, scenario: &Scenario, first: &Reply, seen: &Seen, may: &[May]) {
        const SYSTEM_ERR: i32 = 4;
        const BUF_ERR: i32 = 5;
        const USER_UNKNOWN: i32 = 10;
        const IGNORE: i32 = 25;
        let is_allowed = match first.outcome {
            Outcome::Granted => scenario.is_good,
            Outcome::Refused if may.contains(&May::Refuse) => true,
            // Without the service's file libpam asks nothing, and denies by itself.
            Outcome::Refused => {
                !scenario.is_good || scenario.from == From::Start && first.told.is_empty()
            }
            Outcome::Unavailable | Outcome::NoConversation | Outcome::Died => true,
            // What libpam itself says: without memory of its own, if it can't audit what was decided, if it can't load
            // the module.
            Outcome::Other(BUF_ERR) if first.told.is_empty() => true,
            Outcome::Other(SYSTEM_ERR) if seen.is_of_audit() => true,
            Outcome::Other(code) => {
                scenario.from == From::Start && code != USER_UNKNOWN && code != IGNORE
            }
        };
        self.must(is_allowed, || {
            format!("it ended with {:?}: {:?}", first.outcome, first.told)
        });
    }

    /// Nothing was granted before the record was flushed. The inventory may be behind: the next who opens it mends it.
    fn durable(&mut self, scenario: &Scenario, changes: &[Change]) {
        let users = scenario.world.cache().join("users");
        let record = fs::metadata(users.join(USER))
            .map(|found| found.ino())
            .unwrap_or_default();
        let is_of_record = |change: &Change| match change {
            Change::Bytes { file, .. } | Change::Length { file, .. } => *file == record,
            Change::File { path, .. } | Change::Folder { path } | Change::Remove { path } => {
                path.starts_with(&users)
            }
            Change::Rename { to, .. } => to.starts_with(&users),
            Change::FileFlushed { .. } | Change::FolderFlushed { .. } => false,
        };
        let is_written = changes.iter().any(is_of_record);
        self.must(is_written, || "granted, and nothing was written".to_owned());
        let pending = disk::pending(changes)
            .into_iter()
            .filter(|change| is_of_record(change))
            .count();
        self.must(pending == 0, || {
            format!("granted, and {pending} changes were not flushed")
        });
    }

    fn sequel(&mut self, scenario: &Scenario, first: Outcome, times: Times, may: &[May]) {
        let world = &scenario.world;
        self.files(scenario, may);
        let clock = Clock::at(times.retry);
        let retry = world.sign_on(&scenario.retry, clock);
        self.retry(scenario, first, &retry, may);
        if retry.is_granted() {
            let again = world.sign_on(&scenario.retry, clock);
            self.must(!again.is_granted(), || {
                "a passcode counted twice after it".to_owned()
            });
        }
        let mut fresh = world.sign_on(&scenario.fresh.0, Clock::at(times.fresh));
        if may.contains(&May::Tear) && fresh.is_locked() {
            // The first of two passcodes is a failure, and so may be one too many: the second has to wait.
            self.took_two = true;
            fresh = world.sign_on(&scenario.second(), Clock::at(times.fresh + LONGEST_WAIT));
        }
        self.must(fresh.is_granted(), || {
            format!("a fresh passcode after it: {fresh:?}")
        });
        self.two(scenario, &fresh, may);
        if let Some(stranger) = &scenario.stranger {
            let reply = world.sign_on(stranger, Clock::at(times.fresh));
            self.must(!reply.is_granted(), || {
                "a token is with two people".to_owned()
            });
        }
        self.mended(scenario);
        self.seeds(scenario, &contents(&world.cache()));
    }

    /// Nothing is left for good: what those who came after did not remove, `otpair doctor --mend` does.
    fn mended(&mut self, scenario: &Scenario) {
        let world = &scenario.world;
        if unfinished(&contents(&world.cache())).is_empty() {
            return;
        }
        // It exits with 1 as long as it finds anything, on this machine too.
        let _ = world.scratch().otpair(&["doctor", "--mend"]).output();
        let left = unfinished(&contents(&world.cache()));
        self.must(left.is_empty(), || format!("left {left:?} for good"));
    }

    fn retry(&mut self, scenario: &Scenario, first: Outcome, retry: &Reply, may: &[May]) {
        let was_granted = first == Outcome::Granted;
        let was_counted =
            first == Outcome::Refused && !scenario.is_good && !may.contains(&May::Refuse);
        let is_allowed = match retry.outcome {
            Outcome::Granted => scenario.is_retry_good && !was_granted && !was_counted,
            Outcome::Refused => true,
            // Asked for a second passcode, which nobody had.
            Outcome::NoConversation if retry.took_two() => {
                may.contains(&May::Tear) || scenario.takes_two()
            }
            Outcome::NoConversation => retry.has_nothing_more(),
            _ => false,
        };
        self.must(is_allowed, || {
            format!("{first:?}, and tried again: {retry:?}")
        });
        self.two(scenario, retry, may);
    }

    fn two(&mut self, scenario: &Scenario, reply: &Reply, may: &[May]) {
        if reply.took_two() && !scenario.takes_two() {
            self.took_two = true;
            self.must(may.contains(&May::Tear), || {
                format!("in doubt, and nothing was torn: {reply:?}")
            });
        }
    }

    /// What lies there right after the fault.
    fn files(&mut self, scenario: &Scenario, may: &[May]) {
        let there = contents(&scenario.world.cache());
        self.seeds(scenario, &there);
        let left = unfinished(&there);
        self.left_a_file = !left.is_empty();
        self.must(left.is_empty() || may.contains(&May::Leave), || {
            format!("left {left:?}")
        });
    }

    fn seeds(&mut self, scenario: &Scenario, there: &Contents) {
        let seed = &scenario.seed;
        let holds = |content: &[u8]| content.windows(seed.len()).any(|part| part == seed);
        for (path, content) in there {
            let is_plain = content.as_deref().is_some_and(holds);
            self.must(!is_plain, || format!("{} holds the seed", path.display()));
        }
    }
}

/// The files that are being made, or SQLite's while it changes something.
fn unfinished(there: &Contents) -> Vec<PathBuf> {
    let is_one = |path: &&PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(".new") || name.ends_with("-journal")
    };
    there.keys().filter(is_one).cloned().collect()
}
