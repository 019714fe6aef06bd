//! The sign-ons to which faults are done, and those that follow.

use crate::scratch::Programs;
use crate::subject::{Door, From, Script};
use crate::trace::Clock;
use crate::world::World;
use otpair_tests::token::{Token, now};
use serde_json::Value;

/// Whose sign-ons they are: a user has to be one that the system knows.
pub const USER: &str = "daemon";
/// Somebody else.
const OTHER: &str = "bin";
/// Nobody's name.
const UNKNOWN: &str = "nobody-has-this-name";
const SERIAL: &str = "10000071";

/// The names of all scenarios.
pub const NAMES: [&str; 11] = [
    "hotp",
    "totp",
    "wrong",
    "resync",
    "pairing",
    "bypass",
    "unknown",
    "group",
    "one-field",
    "helper",
    "loading",
];

/// Rules by groups: the user's own has to sign on, and another's need not.
const BY_GROUP: &str = "required_for = [\"@daemon\"]\nexempt = [\"@bin\"]";

/// One of them, prepared.
pub struct Scenario {
    /// Its name.
    pub name: &'static str,
    /// Where it happens.
    pub world: World,
    /// When, in seconds since 1970 UTC.
    pub time: i64,
    /// From where on it is watched.
    pub from: From,
    /// The sign-on to which faults are done.
    pub script: Script,
    /// Whether it may be granted: once, with all that follows of the same passcodes.
    pub is_good: bool,
    /// What is tried after it: the same again; after a wrong passcode, a right one.
    pub retry: Script,
    /// Whether that may be granted, if the first was not.
    pub is_retry_good: bool,
    /// A sign-on that has to be granted in the end, and how many seconds later.
    pub fresh: (Script, i64),
    /// A sign-on that must never be granted, after all that.
    pub stranger: Option<Script>,
    /// What must not stand in any file.
    pub seed: Vec<u8>,
}

/// Passcodes in the order in which they are given; the last two are for whoever is asked for a second.
struct Passcodes<'a> {
    first: &'a str,
    fresh: &'a str,
    next: &'a str,
}

impl Scenario {
    /// Prepares the one of this name; nothing if there is none.
    pub fn prepare(name: &str, programs: &Programs) -> Option<Self> {
        let name = NAMES.into_iter().find(|known| *known == name)?;
        // A little after all that the admin does, whose clock is the machine's.
        let time = (now() + 300).next_multiple_of(30) + 5;
        let token = if name == "totp" {
            Token::totp(SERIAL).digits(8)
        } else {
            Token::hotp(SERIAL).digits(8)
        };
        let world = World::new(programs, if name == "group" { BY_GROUP } else { "" });
        world.scratch().import([token.clone()]);
        let mut scenario = match name {
            "totp" => totp(world, &token, time),
            "wrong" => wrong(world, &token, time),
            "resync" => resync(world, &token, time),
            "pairing" => pairing(world, &token, time),
            "bypass" => bypass(world, &token, time),
            "unknown" => unknown(world, &token, time),
            "one-field" => one_field(world, &token, time),
            _ => hotp(world, &token, time),
        };
        scenario.name = name;
        match name {
            "loading" => scenario.from = From::Start,
            "helper" => {
                scenario.from = From::Helper;
                scenario.world.have_helper();
            }
            _ => {}
        }
        scenario.world.keep();
        Some(scenario)
    }

    /// The clock at the sign-on to which faults are done.
    pub const fn clock(&self) -> Clock {
        Clock::at(self.time)
    }

    /// The second of the fresh passcodes alone.
    pub fn second(&self) -> Script {
        Script {
            passcodes: self.fresh.0.nexts.clone(),
            ..self.fresh.0.clone()
        }
    }

    /// When the fresh passcode is given if the clock has jumped to a moment: what a TOTP token shows depends on the time,
    /// and its own is right.
    pub fn fresh_at(&self, moment: i64) -> i64 {
        let from = if self.name == "totp" {
            self.time
        } else {
            moment
        };
        from + self.fresh.1
    }

    /// Whether one passcode may not be enough by its nature.
    pub fn takes_two(&self) -> bool {
        self.name == "resync"
    }
}

fn signed(time: u64) -> i64 {
    i64::try_from(time).expect("a time of this century")
}

fn script(passcode: &str) -> Script {
    Script {
        door: Door::Prompts,
        user: USER,
        serial: SERIAL,
        passcodes: vec![passcode.to_owned()],
        nexts: Vec::new(),
    }
}

fn two(passcode: &str, next: &str) -> Script {
    Script {
        door: Door::TwoPrompts,
        nexts: vec![next.to_owned()],
        ..script(passcode)
    }
}

fn must_be_granted(world: &World, script: &Script, time: u64) {
    let reply = world.sign_on(script, Clock::at(signed(time)));
    assert!(
        reply.is_granted(),
        "this sign-on prepares for others: {reply:?}"
    );
}

/// A good passcode, as most of the others have it with something changed.
fn good(world: World, token: &Token, time: u64, passcodes: &Passcodes<'_>) -> Scenario {
    Scenario {
        name: "",
        world,
        time: signed(time),
        from: From::Loaded,
        script: script(passcodes.first),
        is_good: true,
        retry: script(passcodes.first),
        is_retry_good: true,
        // Any lock is over by then.
        fresh: (two(passcodes.fresh, passcodes.next), 90),
        stranger: None,
        seed: token.seed().to_owned(),
    }
}

/// One with a token that is paired: counter 0 is spent.
fn hotp(world: World, token: &Token, time: u64) -> Scenario {
    let shown = token.presses(4);
    must_be_granted(&world, &script(&shown[0]), time - 120);
    let passcodes = Passcodes {
        first: &shown[1],
        fresh: &shown[2],
        next: &shown[3],
    };
    good(world, token, time, &passcodes)
}

fn totp(world: World, token: &Token, time: u64) -> Scenario {
    must_be_granted(&world, &script(&token.at(time - 120)), time - 120);
    let passcodes = Passcodes {
        first: &token.at(time),
        fresh: &token.at(time + 90),
        next: &token.at(time + 120),
    };
    let both = two(&token.at(time), &token.at(time + 30));
    Scenario {
        script: both.clone(),
        retry: both,
        ..good(world, token, time, &passcodes)
    }
}

/// The wrong passcode that locks. The right one after it is granted only if that was not counted.
fn wrong(world: World, token: &Token, time: u64) -> Scenario {
    const BEFORE: usize = 4;
    let prepared = hotp(world, token, time);
    let wrong = token.wrong_passcodes_around(0, BEFORE + 1);
    for passcode in &wrong[1..] {
        let clock = Clock::at(prepared.time - 60);
        let reply = prepared.world.sign_on(&script(passcode), clock);
        assert!(!reply.is_granted(), "this passcode is wrong: {reply:?}");
    }
    Scenario {
        script: script(&wrong[0]),
        is_good: false,
        // Longer than any lock.
        fresh: (prepared.fresh.0, 3700),
        ..prepared
    }
}

/// A token that was pressed in a pocket.
fn resync(world: World, token: &Token, time: u64) -> Scenario {
    let shown = token.presses(54);
    let prepared = hotp(world, token, time);
    Scenario {
        script: two(&shown[50], &shown[51]),
        retry: two(&shown[50], &shown[51]),
        fresh: (two(&shown[52], &shown[53]), 90),
        ..prepared
    }
}

/// A first sign-on.
fn pairing(world: World, token: &Token, time: u64) -> Scenario {
    let shown = token.presses(6);
    let passcodes = Passcodes {
        first: &shown[0],
        fresh: &shown[1],
        next: &shown[2],
    };
    let stranger = Script {
        user: OTHER,
        ..script(&shown[4])
    };
    Scenario {
        stranger: Some(stranger),
        ..good(world, token, time, &passcodes)
    }
}

fn bypass(world: World, token: &Token, time: u64) -> Scenario {
    let prepared = hotp(world, token, time);
    let issued = prepared
        .world
        .scratch()
        .admin(&["user", "bypass", USER, "--json"]);
    let issued: Value = serde_json::from_str(&issued).expect("user bypass --json prints JSON");
    let code = issued["code"].as_str().expect("it gives the code");
    Scenario {
        script: script(code),
        retry: script(code),
        ..prepared
    }
}

/// Somebody whom the system does not know.
fn unknown(world: World, token: &Token, time: u64) -> Scenario {
    let prepared = hotp(world, token, time);
    let theirs = Script {
        user: UNKNOWN,
        ..script("123456")
    };
    Scenario {
        script: theirs.clone(),
        is_good: false,
        retry: theirs,
        is_retry_good: false,
        ..prepared
    }
}

/// A good passcode behind a password, in one field.
fn one_field(world: World, token: &Token, time: u64) -> Scenario {
    let prepared = hotp(world, token, time);
    let typed = format!("a password,{}", prepared.script.passcodes[0]);
    let script = Script {
        door: Door::OneField,
        ..script(&typed)
    };
    Scenario {
        script: script.clone(),
        retry: script,
        ..prepared
    }
}
