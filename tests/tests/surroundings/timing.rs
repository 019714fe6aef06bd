//! What the work done for an answer tells of whom it was done for: whether there is such a user, and whether they have a
//! token. Instructions and system calls are counted; `timing` prints times.

use super::{MAXTRIES, machine, under};
use otpair_tests::machine::{DAVE, Machine};
use otpair_tests::token::Token;
use std::collections::BTreeMap;

/// A machine on which one answer is one sign-on. Dave has a TOTP token as the decoy is one.
fn stage() -> (Machine, Token) {
    let (machine, _, _) = machine();
    let token = Token::totp("44444444");
    machine.pair(DAVE, &token);
    machine.config("[sign_on]\nattempts = 1\n[throttle]\nmax_failures = 50\n");
    (machine, token)
}

/// The instructions of a sign-on, but for libc's when it looks through the users' file.
fn instructions(machine: &Machine, words: &[&str]) -> u64 {
    let callgrind = [
        "valgrind",
        "--tool=callgrind",
        "--toggle-collect=pam_sm_authenticate",
        "--toggle-collect=getpwnam_r*",
        "--toggle-collect=getpwuid_r*",
        "--callgrind-out-file=/run/callgrind",
    ];
    let came = under(machine, &callgrind, words);
    assert_eq!(came.codes, [MAXTRIES], "{came:#?}");
    let counted = String::from_utf8(machine.read("/run/callgrind")).unwrap();
    let total = counted
        .lines()
        .find_map(|line| line.strip_prefix("totals: "));
    total.and_then(|total| total.parse().ok()).unwrap()
}

/// How often each system call is made, but for those by which libc looks through the users' file: for somebody whom it
/// does not find it does so again, and to the end, as every program on the way to here has.
fn calls(machine: &Machine, words: &[&str]) -> BTreeMap<String, u32> {
    let strace = ["strace", "-f", "-o", "/run/trace"];
    under(machine, &strace, words);
    let trace = String::from_utf8(machine.read("/run/trace")).unwrap();
    let mut calls = BTreeMap::new();
    let mut looks_up = false;
    for line in trace.lines() {
        looks_up |= line.contains("\"/etc/passwd\"");
        let looks_where =
            line.contains("(AT_FDCWD, \"/etc/nsswitch.conf\"") || line.contains("(AT_FDCWD, \"/\"");
        if looks_up || looks_where {
            looks_up &= !line.contains(" close(");
            continue;
        }
        let name = line
            .split_whitespace()
            .nth(1)
            .and_then(|call| call.split('(').next());
        *calls.entry(name.unwrap().to_owned()).or_default() += 1;
    }
    calls
}

/// What is wrong, in every form that an answer can have.
fn answers(token: &Token) -> [String; 5] {
    [
        token.wrong(),
        // Longer than the token's.
        "12345678".to_owned(),
        "abcd-efgh-jkmn".to_owned(),
        "token 99999999 123456".to_owned(),
        "no passcode".to_owned(),
    ]
}

#[test]
fn for_somebody_unknown_the_kernel_is_asked_for_as_much_as_for_somebody_paired() {
    let (machine, token) = stage();
    for answer in answers(&token) {
        let [mut unknown, mut paired] = ["ghost", "dave"]
            .map(|user| calls(&machine, &["user", user, "answer", &answer, "sign-on"]));
        // The decoy's seed is made anew each time.
        let [more, less] =
            [&mut unknown, &mut paired].map(|calls| calls.remove("getrandom").unwrap_or_default());
        assert!(
            more <= less + 3,
            "{answer}: {more} of getrandom, and {less} for somebody paired"
        );
        assert_eq!(unknown, paired, "{answer}");
        let flushes = unknown.get("fdatasync").copied().unwrap_or(0);
        assert_eq!(flushes, u32::from(answer != "no passcode"), "{answer}");
    }
}

#[test]
fn for_somebody_unknown_as_much_is_computed_as_for_somebody_paired() {
    let (machine, token) = stage();
    for answer in &answers(&token)[..2] {
        let [unknown, paired] = ["ghost", "dave"]
            .map(|user| instructions(&machine, &["user", user, "answer", answer, "sign-on"]));
        assert!(
            unknown.abs_diff(paired) * 50 < paired,
            "{answer}: {unknown} instructions for somebody unknown, {paired} for somebody paired"
        );
    }
}

#[test]
fn as_much_is_computed_whichever_digits_of_a_passcode_are_wrong() {
    let (machine, _) = stage();
    let token = Token::hotp("12345678");
    let (right, near) = (token.press(0), token.presses(1200));
    let wrong_at = |place: usize| {
        let others = (b'0'..=b'9').map(|digit| {
            let mut digits = right.clone().into_bytes();
            digits[place] = digit;
            String::from_utf8(digits).unwrap()
        });
        others
            .into_iter()
            .find(|other| !near.contains(other))
            .unwrap()
    };
    // Records have two blocks, which are read and written by turns.
    let [_, first, _, last] = [0, 0, 5, 5]
        .map(wrong_at)
        .map(|wrong| instructions(&machine, &["answer", &wrong, "sign-on"]));
    // Some dozens may differ: memory lies elsewhere each time.
    assert!(
        first.abs_diff(last) < 500,
        "{first} with the first digit wrong, {last} with the last"
    );
}
