//! One sign-on, system call by system call.

use crate::calls;
use crate::journal::{Change, Journal};
use crate::kind::{Act, Call, Kind};
use crate::traced::{Stop, Traced};
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// What the machine's clock says, in seconds since 1970 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// At first.
    pub at: i64,
    /// From this reading on, counted from 0, another time.
    pub then: Option<(usize, i64)>,
}

impl Clock {
    /// A clock that stands.
    pub const fn at(at: i64) -> Self {
        Self { at, then: None }
    }

    fn reading(self, count: usize) -> i64 {
        match self.then {
            Some((from, time)) if count >= from => time,
            _ => self.at,
        }
    }
}

/// A fault, and the call at which it begins, counted from 1.
#[derive(Debug, Clone, Copy)]
pub struct Injection {
    /// Which one.
    pub kind: Kind,
    /// Where.
    pub at: usize,
}

/// What was seen of a sign-on.
#[derive(Debug, Default)]
pub struct Seen {
    /// Its calls, in order.
    pub calls: Vec<Call>,
    /// What they have changed in the seed cache, and flushed there.
    pub changes: Vec<Change>,
    /// The last call to which something was done, or for which libpam got no socket; counted from 1.
    pub last_fault: usize,
    /// How often the clock was read.
    pub readings: usize,
    /// The signal with which the process ended, if it did not exit.
    pub signal: Option<i32>,
}

impl Seen {
    /// Whether a panic was met and caught.
    pub fn has_panicked(&self) -> bool {
        self.calls.iter().any(Call::complains)
    }

    /// Whether something was done to a call that libpam made for itself, after the modules had decided.
    pub fn is_of_audit(&self) -> bool {
        let begins = self.calls.iter().position(Call::audits);
        begins.is_some_and(|place| self.last_fault > place)
    }
}

/// Lets a process go on to its end.
pub fn follow(
    mut traced: Traced,
    clock: Clock,
    injection: Option<Injection>,
    cache: &Path,
) -> Seen {
    let mut watch = Watch {
        memory: traced.memory(),
        journal: Journal::new(traced.pid(), cache),
        seen: Seen::default(),
        clock,
        injection,
        leaves: false,
    };
    let mut signal = 0;
    loop {
        match traced.resume(std::mem::take(&mut signal)) {
            Stop::Ended(signal) => {
                watch.seen.signal = signal;
                watch.seen.changes = watch.journal.changes;
                return watch.seen;
            }
            Stop::Signal(sent) => signal = sent,
            // The result of a call that was made before the tracing began.
            Stop::Exit(_) => {}
            Stop::Entry { number, arguments } => {
                watch.call(&mut traced, Call { number, arguments });
            }
        }
    }
}

struct Watch {
    memory: File,
    journal: Journal,
    seen: Seen,
    clock: Clock,
    injection: Option<Injection>,
    /// It has begun to end.
    leaves: bool,
}

impl Watch {
    fn act(&mut self, call: &Call) -> Act {
        self.leaves |= call.number == libc::SYS_exit_group;
        if self.leaves {
            return Act::Make;
        }
        self.seen.calls.push(*call);
        let count = self.seen.calls.len();
        let act = match self.injection {
            Some(Injection { kind, at }) if count == at => kind.at(call).unwrap_or(Act::Make),
            Some(Injection { kind, at }) if count > at => kind.after(call),
            _ => Act::Make,
        };
        if act != Act::Make {
            self.seen.last_fault = count;
        }
        act
    }

    fn call(&mut self, traced: &mut Traced, call: Call) {
        let act = self.act(&call);
        // The helper makes guesses slow by a pause at the end, which is not waited for here.
        let sleeps = act == Act::Make && &*calls::name(call.number) == "clock_nanosleep";
        let mut made = call;
        let changed = match act {
            Act::KillBefore => return traced.kill(),
            // It fails by telling the present end of the heap, for which this asks.
            Act::Fail(_) if call.number == libc::SYS_brk => Some((0, 0)),
            Act::Shorten(place, length, _) => Some((place, length)),
            Act::Fail(_) | Act::Make | Act::KillAfter => None,
        };
        match changed {
            Some((place, value)) => {
                made.arguments[place] = value;
                traced.set_argument(place, value);
            }
            None if matches!(act, Act::Fail(_)) || sleeps => traced.skip(),
            None => {}
        }
        self.journal.before(&made, &self.memory);
        let Stop::Exit(result) = traced.resume(0) else {
            return;
        };
        match (act, changed) {
            (Act::Fail(error), None) => traced.answer(-i64::from(error)),
            _ if sleeps => traced.answer(0),
            _ => self.made(&made, result),
        }
        if let Some((place, _)) = changed {
            traced.restore_argument(place, call.arguments[place]);
        }
        if matches!(act, Act::KillAfter | Act::Shorten(_, _, true)) {
            traced.kill();
        }
    }

    fn made(&mut self, call: &Call, result: i64) {
        if call.audits() && result < 0 {
            self.seen.last_fault = self.seen.calls.len();
        }
        self.journal.after(result);
        self.tell_time(call, result);
    }

    /// Sets what a reading of the clock has given.
    fn tell_time(&mut self, call: &Call, result: i64) {
        const OF_THE_WALL: [u64; 2] = [
            libc::CLOCK_REALTIME as u64,
            libc::CLOCK_REALTIME_COARSE as u64,
        ];
        let place = match &*calls::name(call.number) {
            "clock_gettime" if OF_THE_WALL.contains(&call.arguments[0]) => call.arguments[1],
            "gettimeofday" => call.arguments[0],
            _ => return,
        };
        if result == 0 {
            let time = self.clock.reading(self.seen.readings);
            self.seen.readings += 1;
            let written = self.memory.write_all_at(&time.to_ne_bytes(), place);
            written.expect("a stopped process's memory can be written");
        }
    }
}
