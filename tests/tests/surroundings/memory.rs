//! Valgrind looks at every byte that the module reads and at what it leaves behind.

use super::{MAXTRIES, SUCCESS, host, machine, under};
use otpair_tests::token::Token;

#[test]
fn nothing_is_read_that_was_not_written_and_no_sign_on_leaves_memory_behind() {
    let (machine, hers, _) = machine();
    let new = Token::hotp("33333333");
    machine.import(&[&new]);
    let (wrong, right, first) = (hers.wrong(), hers.press(0), new.press(0));
    let again = hers.press(1);
    let words = [
        &[
            "answer", &wrong, "answer", &right, "sign-on", "answer", &again, "sign-on",
        ][..],
        &[
            "user", "carol", "answer", "33333333", "answer", &first, "sign-on",
        ],
        &[
            "user", "ghost", "answer", "x", "answer", "x", "answer", "123456", "sign-on",
        ],
        &[
            "user",
            "alice",
            "rhost",
            "192.0.2.1",
            "silent",
            "null-text",
            "sign-on",
        ],
    ]
    .concat();
    let memcheck = [
        "valgrind",
        "--leak-check=full",
        "--errors-for-leak-kinds=definite",
        "--error-exitcode=99",
    ];
    let came = under(&machine, &memcheck, &words);
    came.assert(&[SUCCESS, SUCCESS, SUCCESS, MAXTRIES, super::AUTH_ERR]);
}

/// Every bit turned, in hexadecimal.
fn turned(secret: &[u8]) -> String {
    secret.iter().map(|byte| format!("{:02x}", !byte)).collect()
}

fn bytes_of(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.map(byte).collect()
}

#[test]
fn no_seed_and_no_key_stays_in_the_memory_of_the_program() {
    let (machine, hers, _) = machine();
    let new = Token::hotp("33333333");
    machine.import(&[&new]);
    let text = String::from_utf8(machine.read("/var/lib/otpair/cache.key")).unwrap();
    let key = text
        .split_whitespace()
        .find(|word| word.len() == 64)
        .unwrap();
    let secrets = [
        turned(key.as_bytes()),
        turned(&bytes_of(key)),
        turned(&bytes_of(&hers.hex())),
        turned(&bytes_of(&new.hex())),
    ];
    let (wrong, right, first) = (hers.wrong(), hers.press(0), new.press(0));
    let (far, next) = (hers.press(60), hers.press(61));
    let mut words = vec!["answer", &wrong, "answer", &right, "sign-on"];
    words.extend(["answer", &far, "answer", &next, "sign-on"]);
    words.extend([
        "user", "carol", "answer", "33333333", "answer", &first, "sign-on",
    ]);
    // What is surely there, so that it is known to look.
    let there = turned(b"/run/machine/host");
    for secret in secrets.iter().chain([&there]) {
        words.extend(["search", secret]);
    }
    let came = host(&machine, &words);
    came.assert(&[SUCCESS; 3]);
    let (found, left) = came.said.split_last().unwrap();
    assert_ne!(found, "0 places");
    assert_eq!(
        left, ["0 places"; 4],
        "key as text, key, seed, seed of the pairing"
    );
}

#[test]
fn no_copy_of_a_passcode_stays_in_the_memory_of_the_program() {
    let (machine, hers, _) = machine();
    let (wrong, right) = (hers.wrong(), hers.press(0));
    let [seek_wrong, seek_right] = [&wrong, &right].map(|passcode| turned(passcode.as_bytes()));
    let search = ["search", &seek_wrong, "search", &seek_right];
    let sign_on = ["answer", &wrong, "answer", &right, "sign-on"];
    let came = host(&machine, &[&search[..], &sign_on, &search].concat());
    came.assert(&[SUCCESS]);
    let (before, after) = came.said.split_at(2);
    assert_eq!(before, after, "the program's own are in its command line");
}
