//! Encrypted files and the wrong ways to open them. They are the figures of RFC 6030.

use crate::scratch::{Scratch, json};
use crate::tokens::HOTP;

/// Section 6.1, figure 6.
const BY_KEY: &str = include_str!("../rfc6030-figure6.xml");
const KEY: &str = "12345678901234567890123456789012";
/// Section 6.2, figure 7.
const BY_PASSPHRASE: &str =
    include_str!("../../../../tests/data/seed-files/pskc-rfc6030-figure7-passphrase.xml");

fn scratch() -> Scratch {
    let scratch = Scratch::new();
    scratch.write("key.xml", BY_KEY);
    scratch.write("passphrase.xml", BY_PASSPHRASE);
    scratch.write("key", format!("{KEY}\n"));
    scratch.write("passphrase", "qwerty\n");
    scratch.write("other-passphrase", "qwertz\n");
    scratch.write("empty", "");
    scratch
}

#[test]
fn a_wrong_key_a_missing_one_and_one_of_another_kind_import_nothing() {
    let scratch = scratch();
    let other_key = KEY.replace('1', "2");
    for words in [
        &["key.xml"][..],
        &["key.xml", "--key", &other_key],
        &["key.xml", "--key", "00"],
        &["key.xml", "--passphrase-file", "passphrase"],
        &["passphrase.xml"],
        &["passphrase.xml", "--key", KEY],
        &["passphrase.xml", "--passphrase-file", "other-passphrase"],
        &["passphrase.xml", "--passphrase-file", "empty"],
    ] {
        let done = scratch.run(&[&["import", "--json"], words].concat());
        let report = json(&done.stdout);
        assert_eq!(
            (done.status, report["new"].as_u64()),
            (1, Some(0)),
            "{words:?}"
        );
        let rejected = report["rejected"].as_array().unwrap();
        assert_eq!(rejected.len(), 1, "{words:?}: {report}");
        let all = done.stdout + &done.stderr;
        for secret in [KEY, &other_key, "qwert"] {
            assert!(!all.contains(secret), "{words:?}: {all}");
        }
    }
    assert_eq!(scratch.done(&["token", "list", "--json"]), "[]\n");
}

#[test]
fn a_key_that_can_not_be_had_is_told_before_any_file_is_looked_at() {
    let scratch = scratch();
    for words in [
        &["--key-file", "missing"][..],
        &["--key-file", "passphrase"],
        &["--key-file", "empty"],
        &["--key", "xyz"],
        &["--key", ""],
        &["--passphrase-file", "missing"],
    ] {
        let said = scratch.refused(&[&["import", "key.xml"], words].concat());
        assert!(!said.contains("qwerty") && !said.contains("xyz"), "{said}");
    }
    assert!(!scratch.path("cache").exists());
}

#[test]
fn the_right_key_and_the_right_passphrase_open_their_files() {
    let scratch = scratch();
    let by_key = scratch.run_with(&["import", "key.xml", "--key-file", "-"], KEY);
    assert_eq!(by_key.status, 0, "{}{}", by_key.stdout, by_key.stderr);
    let words = [
        "import",
        "passphrase.xml",
        "--passphrase-file",
        "passphrase",
    ];
    let by_passphrase = scratch.run(&[&words[..], &["--json"]].concat());
    // Both figures are of one token.
    assert_eq!(
        json(&by_passphrase.stdout)["unchanged"],
        1,
        "{}",
        by_passphrase.stdout
    );
}

#[test]
fn a_key_that_was_not_needed_is_reported_and_does_no_harm() {
    let scratch = scratch();
    scratch.write("tokens.csv", HOTP.csv());
    let said = scratch.done(&["import", "tokens.csv", "--key", KEY]);
    assert!(
        said.contains("not encrypted") && said.contains("new 1"),
        "{said}"
    );
}
