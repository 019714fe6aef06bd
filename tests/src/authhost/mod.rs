//! An authorization host, as macOS has them: loads the plugin, gives it an engine for each mechanism, and carries values
//! from one to the next. It is told what to do by JSON, and says what it heard.

mod ffi;

use crate::artefacts;
use crate::machine::{HELPER_SOCKET, Machine, told};
use ffi::{Mechanism, Plugin};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::sync::{Arc, Mutex};

/// A value that an engine gives: so many bytes, said to be so long.
#[derive(Debug, Clone)]
struct Given {
    bytes: Vec<u8>,
    length: Option<usize>,
}

/// What a mechanism told its engine.
#[derive(Debug, Clone, Copy)]
enum Event {
    Result(u32),
    DidDeactivate,
}

/// What is carried from one mechanism to the next.
#[derive(Debug, Default)]
struct Carried {
    context: BTreeMap<String, Given>,
    hints: BTreeMap<String, Given>,
    heard: Vec<(String, Event)>,
    /// What the engine says to a result.
    says: i32,
}

/// The engine of one mechanism.
#[derive(Debug)]
struct Engine {
    name: String,
    carried: Arc<Mutex<Carried>>,
}

impl Engine {
    fn hear(&self, event: Event) -> i32 {
        let mut carried = self.carried.lock().unwrap();
        carried.heard.push((self.name.clone(), event));
        carried.says
    }

    fn context(&self, key: &str) -> Option<Given> {
        self.carried.lock().unwrap().context.get(key).cloned()
    }

    fn hint(&self, key: &str) -> Option<Given> {
        self.carried.lock().unwrap().hints.get(key).cloned()
    }

    fn set_hint(&self, key: &str, bytes: &[u8]) -> i32 {
        let given = Given {
            bytes: bytes.to_vec(),
            length: None,
        };
        let mut carried = self.carried.lock().unwrap();
        carried.hints.insert(key.to_owned(), given);
        0
    }
}

/// The host's program: does what the plan says, and gives what it heard at each step.
///
/// The plan is `{"plugin": PATH, "version": N, "without": [CALLBACK…], "steps": [STEP…]}`; a step is
/// `{"make": MECHANISM, "as": NAME}`, `{"invoke"|"deactivate"|"destroy": NAME}`, `{"unload": true}`, `{"says": STATUS}`, or
/// `{"context"|"hint": KEY, "text"|"number": VALUE, "length": N}`.
pub fn run(plan: &Value) -> Value {
    let carried = Arc::new(Mutex::new(Carried::default()));
    let without: Vec<String> = serde_json::from_value(plan["without"].clone()).unwrap_or_default();
    let version = u32::try_from(plan["version"].as_u64().unwrap_or(4)).unwrap();
    let path = plan["plugin"].as_str().expect("a plugin");
    let plugin = match Plugin::load(path, version, &without) {
        Ok(plugin) => plugin,
        Err(status) => return json!([{ "status": status, "heard": [] }]),
    };
    let mut mechanisms = BTreeMap::new();
    let steps = plan["steps"].as_array().expect("steps").iter();
    let heard = steps.map(|step| {
        let status = take_step(step, &plugin, &mut mechanisms, &carried);
        let heard = std::mem::take(&mut carried.lock().unwrap().heard);
        let heard: Vec<_> = heard
            .into_iter()
            .map(|(name, event)| match event {
                Event::Result(result) => json!([name, result]),
                Event::DidDeactivate => json!([name, "DidDeactivate"]),
            })
            .collect();
        json!({ "status": status, "heard": heard })
    });
    heard.collect()
}

fn take_step(
    step: &Value,
    plugin: &Plugin,
    mechanisms: &mut BTreeMap<String, Mechanism>,
    carried: &Arc<Mutex<Carried>>,
) -> i32 {
    let said = |key: &str| step[key].as_str();
    if let Some(kind) = said("make") {
        let name = said("as").unwrap_or(kind).to_owned();
        let engine = Engine {
            name: name.clone(),
            carried: carried.clone(),
        };
        let (status, mechanism) = plugin.make(Box::leak(Box::new(engine)), kind);
        mechanisms.insert(name, mechanism);
        return status;
    }
    if let Some(name) = said("invoke") {
        plugin.invoke(mechanisms[name])
    } else if let Some(name) = said("deactivate") {
        plugin.deactivate(mechanisms[name])
    } else if let Some(name) = said("destroy") {
        plugin.destroy(mechanisms[name])
    } else if step["unload"] == true {
        plugin.unload()
    } else {
        set(step, &mut carried.lock().unwrap());
        0
    }
}

fn set(step: &Value, carried: &mut Carried) {
    if let Some(says) = step["says"].as_i64() {
        carried.says = i32::try_from(says).unwrap();
        return;
    }
    let number = step["number"].as_u64().and_then(|n| u32::try_from(n).ok());
    let bytes = number.map_or_else(
        || step["text"].as_str().expect("a value").as_bytes().to_vec(),
        |number| number.to_ne_bytes().to_vec(),
    );
    let length = step["length"]
        .as_u64()
        .and_then(|n| usize::try_from(n).ok());
    let given = Given { bytes, length };
    if let Some(key) = step["context"].as_str() {
        carried.context.insert(key.to_owned(), given);
    } else {
        let key = step["hint"].as_str().expect("a step that is known");
        carried.hints.insert(key.to_owned(), given);
    }
}

/// The plugin in a machine, and the host that loads it there.
#[derive(Debug)]
pub struct AuthHost<'a>(&'a Machine);

/// Where the plugin lies in the machine.
const PLUGIN: &str = "/run/machine/libotpair_plugin.so";
/// Where the host lies in the machine.
const HOST: &str = "/run/machine/authhost";

impl<'a> AuthHost<'a> {
    /// Puts both there.
    pub fn new(machine: &'a Machine) -> Self {
        for (file, inside) in [(artefacts::plugin(), PLUGIN), (artefacts::authhost(), HOST)] {
            // Not copied by this process: another test's child could have it open for writing when it is to be run.
            machine.done("cp", &[file.to_str().expect("a path in UTF-8"), inside]);
            machine.chmod(inside, 0o755);
        }
        Self(machine)
    }

    /// Takes these steps, as root. What was heard at each.
    pub fn steps(&self, steps: &[Value]) -> Vec<Value> {
        self.plan(&json!({ "steps": steps }), &[])
    }

    /// Carries out a plan, perhaps under another program.
    pub fn plan(&self, plan: &Value, under: &[&str]) -> Vec<Value> {
        let mut plan = plan.clone();
        plan["plugin"] = json!(PLUGIN);
        let plan = plan.to_string();
        let words = [under, &[HOST, &plan]].concat();
        let mut command: Command = self.0.command(words[0]);
        let output = command.args(&words[1..]).output().unwrap();
        assert!(output.status.success(), "{}", told(&output));
        let heard: Value = serde_json::from_slice(&output.stdout).unwrap();
        heard.as_array().expect("a list").clone()
    }
}

/// Does what `prompt` does on a Mac: has the helper hold the sign-on of a user under a ticket, and gives the answers. The
/// outcome, by its number in the protocol.
///
/// # Panics
/// If the helper asks more often than there are answers, or less.
pub fn ask(machine: &Machine, user: &str, ticket: &str, answers: &[&str]) -> u8 {
    let mut helper = UnixStream::connect(machine.path(HELPER_SOCKET)).unwrap();
    let mut opening = vec![2, 16];
    for text in [user, "login-window", ticket] {
        opening.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
        opening.extend(text.as_bytes());
    }
    send(&mut helper, 1, &opening);
    let mut answers = answers.iter();
    loop {
        match receive(&mut helper) {
            (16, _) => send(&mut helper, 3, answers.next().unwrap().as_bytes()),
            (17 | 21, _) => {}
            (18, outcome) => {
                assert_eq!(answers.next(), None);
                return outcome[0];
            }
            other => panic!("the helper said {other:?}"),
        }
    }
}

fn send(helper: &mut UnixStream, kind: u8, payload: &[u8]) {
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    let frame = [&[kind], &length[..], payload].concat();
    helper.write_all(&frame).unwrap();
}

fn receive(helper: &mut UnixStream) -> (u8, Vec<u8>) {
    let mut head = [0; 3];
    helper.read_exact(&mut head).unwrap();
    let mut payload = vec![0; usize::from(u16::from_be_bytes([head[1], head[2]]))];
    helper.read_exact(&mut payload).unwrap();
    (head[0], payload)
}
