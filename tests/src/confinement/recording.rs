//! Sign-ons of every kind, and all that the programs did meanwhile.

use super::access::{Access, CALLS, read_traces};
use crate::dialog::{PASSCODE, SERIAL, SignOn};
use crate::machine::{ALICE, BOB, CACHE, DAVE, GHOST, Machine, User};
use crate::scenario::paired;
use crate::token::Token;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

const TRACES: &str = "/run/traces";
const SERVICE: &str = "recorded";
/// Where systemd-creds puts the key at boot.
const UNSEALED: &str = "[cache]\nkey = \"file:/run/otpair-key/cache.key\"\n";

/// What each program did.
#[derive(Debug)]
pub struct Recording {
    /// The helper.
    pub helper: BTreeSet<Access>,
    /// The module, in a program of root's.
    pub module: BTreeSet<Access>,
    /// The module, in a program of an ordinary user's.
    pub caller: BTreeSet<Access>,
}

impl Recording {
    /// Holds the sign-ons in a machine of its own.
    pub fn make() -> Self {
        let (machine, token) = paired();
        machine.done("mkdir", &["-m", "0777", TRACES]);
        machine.pam_service(
            SERVICE,
            &[
                "[success=done ignore=ignore default=die] pam_otpair.so",
                "required pam_permit.so",
            ],
        );
        let helper = [
            &traced("helper")[..],
            &["/usr/libexec/otpair/otpair-helper"],
        ]
        .concat();
        machine.serve_socket("root", &helper);
        through_the_helper(&machine, &token);
        in_a_program_of_roots(&machine, &token);
        unsealed_key(&machine, &token);
        let read = |name| read_traces(&machine.path("/"), TRACES, name);
        Self {
            helper: read("helper"),
            module: read("module"),
            caller: read("caller"),
        }
    }
}

fn traced(name: &'static str) -> [&'static str; 7] {
    let file = match name {
        "helper" => "/run/traces/helper",
        "module" => "/run/traces/module",
        _ => "/run/traces/caller",
    };
    ["strace", "-ff", "-y", "-o", file, "-e", CALLS]
}

fn by_root(user: User) -> SignOn {
    SignOn::of(user)
        .at_service(SERVICE)
        .under(&traced("module"))
}

fn by(caller: User, user: User) -> SignOn {
    let traced = traced("caller");
    SignOn::of(user)
        .at_service(SERVICE)
        .under(&[&traced[..], &["-u", caller.name]].concat())
}

/// Right, wrong, spent, out of step, locked, kept waiting, unknown, a fault.
fn through_the_helper(machine: &Machine, token: &Token) {
    let (right, wrong) = (token.press(0), token.wrong());
    by(ALICE, ALICE).granted(machine, &[(PASSCODE, &wrong), (PASSCODE, &right)]);
    let late = [
        (PASSCODE, &*right),
        (PASSCODE, &*token.press(50)),
        ("Next passcode: ", &*token.press(51)),
    ];
    by(ALICE, ALICE).granted(machine, &late);
    kept_waiting(machine, token);
    let others = "[helper]\nmay_ask_for_others = [\"dave\"]\n[sign_on]\nrequired_for = [\"@staff\", \"*\"]\n";
    machine.config(&format!(
        "{others}[throttle]\nmax_failures = 2\nfirst_wait = \"30m\"\n"
    ));
    by(DAVE, GHOST).hold(machine, &[(PASSCODE, "123456"); 3], "PAM_MAXTRIES");
    by(ALICE, ALICE).hold(machine, &[(PASSCODE, &*wrong); 2], "PAM_MAXTRIES");
    by(ALICE, ALICE).hold(machine, &[], "PAM_MAXTRIES");
    machine.admin(&["user", "unlock", "alice"]);
    machine.chmod("/etc/otpair/otpair.toml", 0o666);
    by(ALICE, ALICE).hold(machine, &[], "PAM_AUTHINFO_UNAVAIL");
    machine.chmod("/etc/otpair/otpair.toml", 0o644);
    machine.config("");
}

/// A sign-on whose record another process has locked: the log names it.
fn kept_waiting(machine: &Machine, token: &Token) {
    let mut holder = machine
        .command("flock")
        .args([
            "--no-fork",
            &Machine::record(ALICE),
            "sh",
            "-c",
            "echo; read _",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(holder.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert_eq!(line, "\n", "the record could not be locked");
    by(ALICE, ALICE).hold(
        machine,
        &[(PASSCODE, &token.press(52))],
        "PAM_AUTHINFO_UNAVAIL",
    );
    drop(holder.stdin.take());
    holder.wait().unwrap();
}

/// Right and wrong; a pairing; a group in the config; a user whom nobody knows.
fn in_a_program_of_roots(machine: &Machine, token: &Token) {
    by_root(ALICE).granted(
        machine,
        &[(PASSCODE, &token.wrong()), (PASSCODE, &token.press(53))],
    );
    let other = Token::hotp("22222222");
    machine.import(&[&other]);
    by_root(BOB).granted(
        machine,
        &[(SERIAL, &other.serial), (PASSCODE, &other.press(0))],
    );
    machine.config("[sign_on]\nrequired_for = [\"@staff\", \"*\"]\n");
    by_root(GHOST).hold(machine, &[(PASSCODE, "123456"); 3], "PAM_MAXTRIES");
}

/// The key is where systemd-creds has unsealed it.
fn unsealed_key(machine: &Machine, token: &Token) {
    machine.done("mkdir", &["-m", "0700", "/run/otpair-key"]);
    machine.done("mv", &[&format!("{CACHE}/cache.key"), "/run/otpair-key/"]);
    machine.config(UNSEALED);
    by(ALICE, ALICE).granted(machine, &[(PASSCODE, &token.press(54))]);
    by_root(ALICE).granted(machine, &[(PASSCODE, &token.press(55))]);
}
