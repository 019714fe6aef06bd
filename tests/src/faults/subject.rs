//! A sign-on in a process of its own, which may come to an end at any moment.

use crate::memory::{self, Shared};
use crate::traced::{self, Traced};
use otpair_tests::libpam::{self, Answer, PAM_SUCCESS, Person, Request, Style};
use rustix::process::{Resource, Rlimit, setrlimit};
use std::collections::VecDeque;
use std::fs;
use std::hint::black_box;

/// Where a person signs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// One that puts each prompt, with one attempt.
    Prompts,
    /// The same with two attempts, for whoever may be asked for a second passcode.
    TwoPrompts,
    /// One with one field: a line that splits what was typed, and one that decides.
    OneField,
}

/// What a person does.
#[derive(Debug, Clone)]
pub struct Script {
    /// Where.
    pub door: Door,
    /// Who.
    pub user: &'static str,
    /// The number on their token.
    pub serial: &'static str,
    /// What they answer to prompts for a passcode; then they go away.
    pub passcodes: Vec<String>,
    /// The same, for the next passcode.
    pub nexts: Vec<String>,
}

/// How PAM's codes are called in the figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// `PAM_SUCCESS`.
    Granted,
    /// `PAM_AUTH_ERR` and `PAM_MAXTRIES`: told that it was wrong, spent or locked.
    Refused,
    /// `PAM_AUTHINFO_UNAVAIL`: told that it can't be checked.
    Unavailable,
    /// `PAM_CONV_ERR`: nobody answered.
    NoConversation,
    /// Any other code.
    Other(i32),
    /// There was no answer: the process was no more.
    Died,
}

/// What came of a sign-on.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Its end.
    pub outcome: Outcome,
    /// Every prompt and message, a line each.
    pub told: String,
}

impl Reply {
    fn read(shared: &Shared) -> Self {
        let (code, told) = shared.read();
        let outcome = match code {
            None => Outcome::Died,
            Some(PAM_SUCCESS) => Outcome::Granted,
            Some(7 | 11) => Outcome::Refused,
            Some(9) => Outcome::Unavailable,
            Some(19) => Outcome::NoConversation,
            Some(code) => Outcome::Other(code),
        };
        Self { outcome, told }
    }

    /// Whether the person was let in.
    pub fn is_granted(&self) -> bool {
        self.outcome == Outcome::Granted
    }

    /// Whether the person heard that their passcode was none, and had no other.
    pub fn has_nothing_more(&self) -> bool {
        let is_told = ["already used", "Wrong passcode", "not accepted"];
        self.outcome == Outcome::NoConversation
            && is_told.iter().any(|told| self.told.contains(told))
    }

    /// Whether nothing was checked, or nothing more, because of too many failures.
    pub fn is_locked(&self) -> bool {
        !self.is_granted() && self.told.contains("Locked")
    }

    /// Whether one passcode was not enough.
    pub fn took_two(&self) -> bool {
        self.told.contains("Next passcode") || self.told.contains("out of step")
    }
}

/// What a process may not have.
#[derive(Debug, Clone, Copy)]
pub enum Limit {
    /// More than this of a resource (`getrlimit(2)`).
    Resource(Resource, u64),
    /// More memory than it has and so many bytes.
    Memory(usize),
    /// More of the stack than it has used and so many bytes.
    Stack(u64),
}

impl Limit {
    fn set(self) {
        match self {
            Self::Resource(resource, most) => limit(resource, most),
            Self::Memory(but) => memory::take_memory(but, || limit(Resource::As, 0)),
            Self::Stack(more) => limit(Resource::Stack, used_stack() + more),
        }
    }
}

/// How much of the stack has been used, in bytes.
fn used_stack() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("/proc is there");
    let used = status.lines().find_map(|line| line.strip_prefix("VmStk:"));
    let kilobytes = used.and_then(|used| used.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.expect("the kernel tells what is used of the stack") * 1024
}

/// Does the work so many pages deeper in the stack.
fn deeper(pages: usize, work: &mut dyn FnMut()) {
    let page = black_box([0_u8; 4096]);
    if pages == 0 {
        work();
    } else {
        deeper(pages - 1, work);
    }
    black_box(page);
}

fn limit(resource: Resource, most: u64) {
    let limit = Rlimit {
        current: Some(most),
        maximum: Some(most),
    };
    setrlimit(resource, limit).expect("a limit can be lowered");
}

/// From where on a sign-on is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// From `pam_start` on: libpam reads the service's file and loads the modules.
    Start,
    /// Once the modules are loaded, and before they are asked for anything.
    Loaded,
    /// In the helper, from its first instruction on.
    Helper,
}

/// Starts a process that signs on; it is stopped where the watching begins.
pub fn start(
    shared: &Shared,
    request: &Request,
    script: &Script,
    from: From,
    limits: Option<Limit>,
) -> Traced {
    shared.clear();
    Traced::fork(|| {
        let ready = || {
            memory::silence();
            memory::fill_up();
            if let Some(limits) = limits {
                limits.set();
            }
            traced::stop_here();
        };
        let loaded: Option<&dyn Fn()> = if from == From::Start {
            ready();
            None
        } else {
            Some(&ready)
        };
        // Deeper than this program has ever been: what is used of the stack is what this sign-on uses.
        let pages = if matches!(limits, Some(Limit::Stack(_))) {
            256
        } else {
            0
        };
        deeper(pages, &mut || sign_on(shared, request, script, loaded));
    })
}

/// Signs on, and leaves for the parent what came of it. `loaded` is called when the modules are.
pub fn sign_on(shared: &Shared, request: &Request, script: &Script, loaded: Option<&dyn Fn()>) {
    let mut person = Scripted {
        shared,
        serial: script.serial,
        passcodes: script.passcodes.iter().cloned().collect(),
        nexts: script.nexts.iter().cloned().collect(),
    };
    libpam::watched(request, &mut person, loaded, &|code| shared.set_code(code));
}

/// What came of it, when the process has ended.
pub fn reply(shared: &Shared) -> Reply {
    Reply::read(shared)
}

struct Scripted<'a> {
    shared: &'a Shared,
    serial: &'static str,
    passcodes: VecDeque<String>,
    nexts: VecDeque<String>,
}

impl Person for Scripted<'_> {
    fn asked(&mut self, style: Style, text: &str) -> Answer {
        self.told(style, text);
        let answer = if text.contains("Serial") {
            Some(self.serial.to_owned())
        } else if text.contains("Next") {
            self.nexts.pop_front()
        } else {
            self.passcodes.pop_front()
        };
        answer.map_or(Answer::Fail, |text| Answer::Text(text.into_bytes()))
    }

    fn told(&mut self, _style: Style, text: &str) {
        self.shared.append(text);
        self.shared.append("\n");
    }
}
