//! The module loaded more than once, next to others with the same names in them, and called with odd arguments.

use super::{SUCCESS, UNAVAILABLE, compiled, host, machine};
use otpair_tests::machine::{MODULE, Machine};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt;

const COPY: &str = "/run/machine/another_otpair.so";
const OTHERS: &str = "/run/machine/others.so";
const CONFIG: [&str; 2] = ["argument", "config=/etc/otpair/otpair.toml"];

fn copy_module(machine: &Machine) {
    machine.write(COPY, machine.read(MODULE));
    machine.write(OTHERS, compiled("others.c", &["-shared", "-fPIC"]));
}

#[test]
fn two_copies_in_one_process_are_in_nobodys_way() {
    let (machine, hers, _) = machine();
    copy_module(&machine);
    let passcodes = hers.presses(6);
    let mut words = [
        &CONFIG[..],
        &["load", MODULE, "usual", "load", COPY, "deep"],
    ]
    .concat();
    for (which, passcode) in ["0", "1", "1", "0", "1"].iter().zip(&passcodes) {
        words.extend(["answer", passcode, "directly", which]);
    }
    words.extend(sign_on_by_libpam(&passcodes[5]));
    host(&machine, &words).assert(&[SUCCESS; 6]);
}

fn sign_on_by_libpam(passcode: &str) -> [&str; 3] {
    ["answer", passcode, "sign-on"]
}

#[test]
fn what_another_library_in_the_process_calls_its_own_functions_changes_nothing() {
    let (machine, hers, _) = machine();
    copy_module(&machine);
    let passcodes = hers.presses(3);
    let new = otpair_tests::token::Token::hotp("33333333");
    machine.import(&[&new]);
    let first = new.press(0);
    // Whoever calls one of these ends the process.
    let words = [
        &CONFIG[..],
        &[
            "load-globally",
            OTHERS,
            "load",
            MODULE,
            "usual",
            "load",
            COPY,
            "deep",
        ],
        &[
            "answer",
            &passcodes[0],
            "directly",
            "1",
            "answer",
            &passcodes[1],
            "directly",
            "2",
        ],
        &sign_on_by_libpam(&passcodes[2]),
        &[
            "user", "carol", "answer", "33333333", "answer", &first, "sign-on",
        ],
    ]
    .concat();
    host(&machine, &words).assert(&[SUCCESS; 4]);
}

#[test]
fn thousands_of_arguments_are_read_and_odd_ones_are_refused() {
    let (machine, hers, _) = machine();
    let passcode = hers.press(0);
    let load = ["load", MODULE, "usual"];
    let words = [
        &load[..],
        &CONFIG,
        &["arguments", "10000", "answer", &passcode, "directly", "0"],
    ]
    .concat();
    host(&machine, &words).assert(&[SUCCESS]);
    let odd = [
        OsString::from_vec(b"config=/etc/\xff\xfe".to_vec()),
        OsString::from_vec(b"\xff\xfe\xfd".to_vec()),
        OsString::from("x".repeat(65_536)),
        OsString::from(format!("config=/{}", "x".repeat(65_536))),
        OsString::from(""),
        OsString::from("config=/etc/otpair/../otpair/otpair.toml\n"),
    ];
    for argument in &odd {
        let words = load.map(OsStr::new);
        let rest = [
            OsStr::new("argument"),
            argument,
            OsStr::new("answer"),
            OsStr::new("1"),
        ];
        let words = [&words[..], &rest, &["directly", "0"].map(OsStr::new)].concat();
        host(&machine, &words).assert(&[UNAVAILABLE]);
    }
    let log = machine.syslog();
    assert!(
        log.iter().all(|line| line.len() < 2048),
        "a line without end"
    );
}
