//! One session in a process of its own: it reads requests, a line each, signs on through libpam, and answers with a
//! line. Sessions meet at an instant of the monotonic clock, which all processes read alike.

use crate::clock::Clock;
use crate::scratch::{SERVICE, Scratch};
use otpair_tests::libpam::{self, Answer, PAM_SILENT, PAM_SUCCESS, Person, Request, Style};
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write, stdin, stdout};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// How long before the instant a process stops sleeping and watches the clock.
const WATCH: u64 = 200_000;

/// The monotonic clock, in nanoseconds.
pub fn monotonic() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    let part = |n: i64| u64::try_from(n).expect("the monotonic clock is not negative");
    part(time.tv_sec) * 1_000_000_000 + part(time.tv_nsec)
}

/// Waits for an instant of the monotonic clock.
pub fn wait_until(instant: u64) {
    if let Some(long) = instant
        .checked_sub(WATCH)
        .and_then(|end| end.checked_sub(monotonic()))
    {
        std::thread::sleep(Duration::from_nanos(long));
    }
    while monotonic() < instant {
        std::hint::spin_loop();
    }
}

/// Where in a sign-on sessions meet, and when.
#[derive(Debug, Clone, Copy)]
pub enum Meet {
    /// Nowhere.
    Never,
    /// Before `pam_start`, at this instant.
    AtStart(u64),
    /// At the prompt for the passcode, at this instant.
    AtPasscode(u64),
}

/// A sign-on that is to be held.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The folder of the PAM service's file.
    pub confdir: PathBuf,
    /// The PAM service.
    pub service: &'static str,
    /// The user.
    pub user: String,
    /// The answer where a serial number is asked for.
    pub serial: String,
    /// The answer where a passcode is asked for, once; nothing where the person presses Ctrl-C.
    pub passcode: Option<String>,
    /// Whether the program asks for silence (`PAM_SILENT`).
    pub silent: bool,
    /// Whether the program has a conversation function.
    pub conversation: bool,
}

impl Visit {
    /// A user at the service of a scratch folder, with a passcode.
    pub fn new(scratch: &Scratch, user: &str, passcode: &str) -> Self {
        Self {
            confdir: scratch.confdir(),
            service: SERVICE,
            user: user.to_owned(),
            serial: String::new(),
            passcode: Some(passcode.to_owned()),
            silent: false,
            conversation: true,
        }
    }
}

/// What came of a sign-on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// PAM's code.
    pub code: i64,
    /// Every message, one after the other.
    pub told: String,
    /// How many prompts there were.
    pub prompts: u64,
    /// The delay that PAM was to keep, in microseconds.
    pub delay: u64,
    /// How long it took from `pam_start` to `pam_end`, in nanoseconds.
    pub whole: u64,
    /// How long it took from the last answer on, in nanoseconds.
    pub decision: u64,
}

impl Reply {
    /// Whether the person was let in.
    pub fn is_granted(&self) -> bool {
        self.code == i64::from(PAM_SUCCESS)
    }

    /// Whether the passcode was refused as one that was used before.
    pub fn is_spent(&self) -> bool {
        !self.is_granted() && self.told.contains("already used")
    }

    /// Whether nothing was checked because of too many failures.
    pub fn is_locked(&self) -> bool {
        !self.is_granted() && self.told.contains("Locked")
    }
}

/// A session's process.
#[derive(Debug)]
pub struct Worker {
    child: Child,
    requests: ChildStdin,
    replies: BufReader<ChildStdout>,
}

impl Worker {
    /// Starts one and waits until it listens.
    pub fn start() -> Self {
        Self::start_by(None)
    }

    /// The same, by another clock than this machine's.
    pub fn start_by(clock: Option<&Clock>) -> Self {
        let exe = std::env::current_exe().expect("the program's own path can't be found");
        let mut command = Command::new(exe);
        if let Some(clock) = clock {
            clock.rule(&mut command);
        }
        let mut child = command
            .arg("worker")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a session's process can't be started");
        let requests = child.stdin.take().expect("stdin is a pipe");
        let mut replies = BufReader::new(child.stdout.take().expect("stdout is a pipe"));
        let mut ready = String::new();
        replies
            .read_line(&mut ready)
            .expect("a session's process says that it is ready");
        Self {
            child,
            requests,
            replies,
        }
    }

    /// Asks for a sign-on.
    pub fn begin(&mut self, visit: &Visit, meet: Meet) {
        let (start, prompt) = match meet {
            Meet::Never => (0, 0),
            Meet::AtStart(instant) => (instant, 0),
            Meet::AtPasscode(instant) => (0, instant),
        };
        let request = json!({
            "confdir": visit.confdir, "service": visit.service, "user": visit.user,
            "serial": visit.serial, "passcode": visit.passcode, "silent": visit.silent,
            "conversation": visit.conversation, "start": start, "prompt": prompt,
        });
        writeln!(self.requests, "{request}").expect("a session's process listens");
    }

    /// What came of it; `None` if the process died before it could say so.
    pub fn reply(&mut self) -> Option<Reply> {
        let mut line = String::new();
        self.replies.read_line(&mut line).ok()?;
        let value: Value = serde_json::from_str(&line).ok()?;
        Some(Reply {
            code: value["code"].as_i64()?,
            told: value["told"].as_str()?.to_owned(),
            prompts: value["prompts"].as_u64()?,
            delay: value["delay"].as_u64()?,
            whole: value["whole"].as_u64()?,
            decision: value["decision"].as_u64()?,
        })
    }

    /// One sign-on by itself.
    ///
    /// # Panics
    /// If the session's process dies.
    pub fn hold(&mut self, visit: &Visit) -> Reply {
        self.begin(visit, Meet::Never);
        self.reply().expect("a session's process died")
    }

    /// Kills it with SIGKILL at an instant; whatever it said before can still be read.
    pub fn kill_at(&mut self, instant: u64) {
        wait_until(instant);
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The person of one sign-on.
struct Scripted<'a> {
    serial: &'a str,
    passcode: Option<&'a str>,
    prompt: u64,
    told: String,
    prompts: u64,
    delay: u32,
    answered: u64,
}

impl Person for Scripted<'_> {
    fn asked(&mut self, _style: Style, text: &str) -> Answer {
        self.prompts += 1;
        if text.contains("Serial") {
            return Answer::Text(self.serial.into());
        }
        if text.contains("Next") {
            self.told.push_str("asked for the next passcode\n");
            return Answer::Fail;
        }
        let Some(passcode) = self.passcode.take() else {
            return Answer::Fail;
        };
        wait_until(self.prompt);
        self.answered = monotonic();
        Answer::Text(passcode.into())
    }

    fn told(&mut self, _style: Style, text: &str) {
        self.told.push_str(text);
        self.told.push('\n');
    }

    fn delayed(&mut self, microseconds: u32) {
        self.delay = microseconds;
    }
}

/// The session's process: serves requests until there are no more.
pub fn run() {
    let say = |line: &str| {
        let mut out = stdout().lock();
        // One write, so that a killed process says all or nothing.
        let _ = out
            .write_all(format!("{line}\n").as_bytes())
            .and_then(|()| out.flush());
    };
    say("ready");
    for request in stdin().lock().lines().map_while(Result::ok) {
        say(&serve(&request).to_string());
    }
}

fn serve(request: &str) -> Value {
    let request: Value = serde_json::from_str(request).expect("a request is a JSON object");
    let text = |name: &str| request[name].as_str().expect("a text");
    let visit = Request {
        flags: if request["silent"] == true {
            PAM_SILENT
        } else {
            0
        },
        conversation: request["conversation"] == true,
        ..Request::new(text("service"), Some(text("user"))).in_folder(text("confdir"))
    };
    let mut person = Scripted {
        serial: text("serial"),
        passcode: request["passcode"].as_str(),
        prompt: request["prompt"].as_u64().unwrap_or(0),
        told: String::new(),
        prompts: 0,
        delay: 0,
        answered: 0,
    };
    wait_until(request["start"].as_u64().unwrap_or(0));
    let start = monotonic();
    let code = libpam::authenticate(&visit, &mut person);
    let end = monotonic();
    let decision = if person.answered == 0 {
        0
    } else {
        end - person.answered
    };
    json!({
        "code": code, "told": person.told, "prompts": person.prompts, "delay": person.delay,
        "whole": end - start, "decision": decision,
    })
}
