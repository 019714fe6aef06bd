//! Many processes at once: each signs on again and again, or flushes a file of its own, for as long as it is told.

use crate::contender::sign_on;
use crate::probe::{InPlace, this_program};
use otpair_tests::libpam::{self, PAM_SUCCESS};
use otpair_tests::token::Token;
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::io::{BufRead, BufReader, Lines, StdinLock, Write, stdin, stdout};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// How a wrong passcode is refused.
const REFUSALS: [&str; 2] = ["PAM_AUTH_ERR", "PAM_MAXTRIES"];

/// What a process does.
#[derive(Debug, Clone)]
pub enum Job {
    /// Writes 96 bytes in place and flushes them, in a file of its own.
    Flush,
    /// Signs on where nothing is asked.
    Unasked {
        /// The PAM service.
        service: String,
    },
    /// Signs on with the next passcode of a HOTP token.
    Good {
        /// The PAM service.
        service: String,
        /// The user.
        user: String,
        /// The token's serial number.
        serial: String,
    },
    /// Signs on with the same wrong passcode each time.
    Wrong {
        /// The PAM service.
        service: String,
        /// The user.
        user: String,
        /// The passcode.
        passcode: String,
    },
}

/// What a crew did while it was on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Done {
    /// How much of what it was to do, a second.
    pub rate: f64,
    /// How many came out as they have to.
    pub right: u64,
    /// How many did not.
    pub otherwise: u64,
}

/// The processes.
pub struct Crew(Vec<Member>);

struct Member {
    child: Child,
    /// Closed when it is to end.
    orders: Option<ChildStdin>,
    replies: Lines<BufReader<ChildStdout>>,
}

impl Crew {
    /// Starts so many processes, which flush files in this folder.
    pub fn start(count: usize, folder: &Path) -> Self {
        Self((0..count).map(|_| Member::start(folder)).collect())
    }

    /// Has as many of them as there are jobs do these, at once, for so many milliseconds.
    pub fn work(&mut self, jobs: &[Job], milliseconds: u64) -> Done {
        let members = &mut self.0[..jobs.len()];
        // More passcodes than a process can use up.
        let enough = usize::try_from(milliseconds).expect("a short time") * 20 / jobs.len() + 20;
        for (member, job) in members.iter_mut().zip(jobs) {
            member.order(&job.order(enough));
        }
        for member in &mut *members {
            member.reply();
        }
        for member in &mut *members {
            member.order(&json!({"milliseconds": milliseconds}));
        }
        let mut done = Done::default();
        for member in members {
            let reply = member.reply();
            let number = |name: &str| reply[name].as_u64().expect("a number");
            let (right, otherwise) = (number("right"), number("otherwise"));
            done.right += right;
            done.otherwise += otherwise;
            done.rate += crate::figure::as_f64(right) * 1e9 / crate::figure::as_f64(number("time"));
        }
        done
    }
}

impl Member {
    fn start(folder: &Path) -> Self {
        let mut child = Command::new(this_program())
            .arg("worker")
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process can't be started");
        let orders = child.stdin.take();
        let stdout = child.stdout.take().expect("stdout is a pipe");
        let replies = BufReader::new(stdout).lines();
        Self {
            child,
            orders,
            replies,
        }
    }

    fn order(&mut self, order: &Value) {
        let orders = self.orders.as_mut().expect("stdin is a pipe");
        writeln!(orders, "{order}").expect("a worker listens");
    }

    fn reply(&mut self) -> Value {
        let line = self.replies.next().and_then(Result::ok);
        let line = line.expect("a worker replies");
        serde_json::from_str(&line).expect("a worker replies with JSON")
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        // It ends by itself, and removes its file.
        drop(self.orders.take());
        let _ = self.child.wait();
    }
}

impl Job {
    fn order(&self, enough: usize) -> Value {
        match self {
            Self::Flush => json!({"job": "flush"}),
            Self::Unasked { service } => {
                json!({"job": "unasked", "service": service, "user": "root"})
            }
            Self::Good {
                service,
                user,
                serial,
            } => {
                json!({"job": "good", "service": service, "user": user, "serial": serial, "enough": enough})
            }
            Self::Wrong {
                service,
                user,
                passcode,
            } => {
                json!({"job": "wrong", "service": service, "user": user, "passcode": passcode})
            }
        }
    }
}

/// What one token shows next.
#[derive(Default)]
struct Shown {
    counter: u64,
    passcodes: VecDeque<String>,
}

impl Shown {
    fn prepare(&mut self, serial: &str, enough: usize) {
        if self.passcodes.len() < enough {
            // The next slices want some too. Counter 0 is taken by pairing, or is not known.
            let first = self.counter + 1;
            let more = Token::hotp(serial).presses_from(first, 2 * enough);
            self.counter += more.len() as u64;
            self.passcodes.extend(more);
        }
    }
}

/// The process: takes orders until there are no more.
pub fn run(folder: &str) {
    let in_place = InPlace::new(Path::new(folder));
    let mut shown: HashMap<String, Shown> = HashMap::new();
    let mut orders = stdin().lock().lines();
    while let Some(order) = next(&mut orders) {
        let text = |name: &str| order[name].as_str().unwrap_or_default();
        let shown = shown.entry(text("service").to_owned()).or_default();
        if let Some(enough) = order["enough"].as_u64() {
            let enough = usize::try_from(enough).expect("a number of passcodes");
            shown.prepare(text("serial"), enough);
        }
        say(&json!("ready"));
        let Some(start) = next(&mut orders) else {
            break;
        };
        let time = Duration::from_millis(start["milliseconds"].as_u64().expect("a time"));
        let sign_on = |passcode: &[String]| sign_on(text("service"), text("user"), passcode);
        let wrong = [text("passcode").to_owned()];
        say(&repeat(time, || match text("job") {
            "flush" => {
                in_place.flush();
                Some(true)
            }
            "unasked" => Some(sign_on(&[]) == PAM_SUCCESS),
            "good" => Some(sign_on(&[shown.passcodes.pop_front()?]) == PAM_SUCCESS),
            _ => Some(REFUSALS.contains(&libpam::name(sign_on(&wrong)).as_str())),
        }));
    }
}

/// Does it until the time is over, or there is nothing left to do it with.
fn repeat(time: Duration, mut once: impl FnMut() -> Option<bool>) -> Value {
    let (mut right, mut otherwise) = (0_u64, 0_u64);
    let start = Instant::now();
    while start.elapsed() < time {
        match once() {
            Some(true) => right += 1,
            Some(false) => otherwise += 1,
            None => break,
        }
    }
    let time = u64::try_from(start.elapsed().as_nanos()).expect("less than centuries");
    json!({"right": right, "otherwise": otherwise, "time": time})
}

fn next(orders: &mut Lines<StdinLock<'_>>) -> Option<Value> {
    let line = orders.next()?.ok()?;
    serde_json::from_str(&line).ok()
}

fn say(reply: &Value) {
    let mut out = stdout().lock();
    // Whoever no longer listens has failed already.
    let _ = writeln!(out, "{reply}").and_then(|()| out.flush());
}
