//! What a program can answer, and say of who signs on and where.

use super::{AUTH_ERR, CONV_ERR, MAXTRIES, SUCCESS, UNAVAILABLE, host, machine};
use otpair_tests::machine::MODULE;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt;

fn bytes(text: &[u8]) -> OsString {
    OsString::from_vec(text.to_vec())
}

#[test]
fn answers_of_a_megabyte_and_of_bytes_that_are_no_text_are_refused_and_count_as_no_failure() {
    let (machine, hers, _) = machine();
    let million = "1000000";
    let right = hers.press(0);
    let words = [
        "huge",
        million,
        "huge-bytes",
        million,
        "answer",
        &right,
        "sign-on",
    ];
    host(&machine, &words).assert(&[SUCCESS]);
    let latin = bytes(b"\xe9\xff\xfe\x80");
    let words = [
        OsStr::new("answer"),
        &latin,
        OsStr::new("huge"),
        OsStr::new("65536"),
    ];
    let words = [&words[..], &["fail", "sign-on"].map(OsStr::new)].concat();
    host(&machine, &words).assert(&[CONV_ERR]);
    assert_eq!(machine.user(otpair_tests::machine::ALICE)["failures"], 0);
}

#[test]
fn a_passcode_with_a_megabyte_behind_it_is_none() {
    let (machine, hers, _) = machine();
    let long = hers.press(0) + &"0".repeat(100_000);
    let padded = hers.press(0) + &" ".repeat(100_000) + "1";
    let words = ["answer", &long, "answer", &padded, "answer", "", "sign-on"];
    host(&machine, &words).assert(&[MAXTRIES]);
    host(&machine, &["answer", &hers.press(0), "sign-on"]).assert(&[SUCCESS]);
}

#[test]
fn a_response_without_text_or_none_at_all_lets_nobody_in() {
    let (machine, hers, _) = machine();
    for (words, code) in [
        (["null-text", "sign-on"], AUTH_ERR),
        (["null-array", "sign-on"], CONV_ERR),
        (["fail", "sign-on"], CONV_ERR),
    ] {
        host(&machine, &words).assert(&[code]);
    }
    host(&machine, &["answer", &hers.press(0), "sign-on"]).assert(&[SUCCESS]);
}

#[test]
fn a_program_that_jumps_out_of_the_conversation_keeps_nobody_out() {
    let (machine, hers, _) = machine();
    let words = ["jump", "sign-on", "answer", &hers.press(0), "sign-on"];
    let came = host(&machine, &words);
    assert_eq!(came.codes, [-1, SUCCESS], "{came:#?}");
    host(&machine, &["answer", &hers.press(1), "sign-on"]).assert(&[SUCCESS]);
}

#[test]
fn odd_names_are_nobodys_and_make_no_file() {
    let (machine, _, _) = machine();
    let long = "a".repeat(65_536);
    let names: [&[u8]; 16] = [
        b"",
        b".",
        b"..",
        b"../alice",
        b"users/alice",
        b"/var/lib/otpair/users/alice",
        b"alice/",
        b"alice\n",
        b"alice\talice",
        b"ali\xff\xfece",
        b"\xed\xa0\x80",
        b"%2e%2e%2falice",
        b"alice%00",
        b"-schallenge",
        b"-f root",
        long.as_bytes(),
    ];
    for name in names {
        let words = [
            bytes(b"user"),
            bytes(name),
            bytes(b"answer"),
            bytes(b"123456"),
            bytes(b"answer"),
            bytes(b"123456"),
            bytes(b"answer"),
            bytes(b"123456"),
            bytes(b"sign-on"),
        ];
        let came = host(&machine, &words);
        assert!(came.changed.is_empty(), "{came:#?}");
        // libpam itself refuses a name that is none, and asks for another one.
        assert!(
            matches!(
                came.codes[..],
                [MAXTRIES | CONV_ERR | UNAVAILABLE | AUTH_ERR]
            ),
            "{name:?}: {came:#?}"
        );
    }
    let users = std::fs::read_dir(machine.path("/var/lib/otpair/users")).unwrap();
    assert_eq!(users.count(), 2);
    assert!(machine.events("granted").is_empty());
}

#[test]
fn a_program_that_says_nothing_of_where_it_is_or_all_too_much_changes_no_verdict() {
    let (machine, hers, _) = machine();
    let passcodes = hers.presses(4);
    let long = "x".repeat(65_536);
    let lines = "192.0.2.1\nevent=granted user=root\r\u{1b}[2J";
    let odd = [
        bytes(b""),
        bytes(b"\xff\xfe\xc0\x80"),
        bytes(long.as_bytes()),
        bytes(lines.as_bytes()),
    ];
    // Not through libpam, which tells the kernel's audit what is too long for that, and refuses everybody then.
    let module = [
        "load",
        MODULE,
        "usual",
        "argument",
        "config=/etc/otpair/otpair.toml",
    ];
    for (text, passcode) in odd.iter().zip(&passcodes) {
        let mut words = module.map(OsStr::new).to_vec();
        for item in ["rhost", "tty", "ruser"] {
            words.extend([OsStr::new(item), text]);
        }
        words.extend(["answer", passcode, "directly", "0"].map(OsStr::new));
        // It also forgets to close its way to the audit.
        let came = host(&machine, &words);
        assert_eq!(came.codes, [SUCCESS], "{came:#?}");
    }
    let granted = machine.events("granted");
    assert_eq!(granted.len(), 4, "{granted:#?}");
    let told = machine.syslog();
    assert!(
        told.iter().all(|line| line.len() < 2048),
        "a line without end"
    );
    assert!(
        told.iter()
            .all(|line| !line.trim_end().contains(['\n', '\r', '\u{1b}'])),
        "{told:#?}"
    );
}

#[test]
fn a_service_name_of_sixty_four_kilobytes_or_of_no_text_is_a_service_like_any_other() {
    let (machine, hers, _) = machine();
    // A service that has no file of its own goes by this one.
    let stack = machine.read("/etc/pam.d/otpcodes");
    machine.write("/etc/pam.d/other", stack);
    let names = [
        bytes("s".repeat(65_536).as_bytes()),
        bytes(b"\xff\xfe"),
        bytes(b"a b\n\"c\""),
    ];
    for (name, passcode) in names.iter().zip(hers.presses(3)) {
        let words = [
            &[OsStr::new("service"), name][..],
            &["answer", &passcode, "sign-on"].map(OsStr::new),
        ]
        .concat();
        host(&machine, &words).assert(&[SUCCESS]);
    }
    for event in machine.events("granted") {
        assert!(event["service"].as_str().unwrap().len() < 1024, "{event}");
    }
}

#[test]
fn command_lines_of_megabytes_change_nothing() {
    let (machine, hers, _) = machine();
    let filler = "0".repeat(100_000);
    let mut words = Vec::new();
    for _ in 0..15 {
        words.extend(["tty", &filler]);
    }
    let passcode = hers.press(0);
    words.extend(["tty", "pts/0", "answer", &passcode, "sign-on"]);
    host(&machine, &words).assert(&[SUCCESS]);
}
