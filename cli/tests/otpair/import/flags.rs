//! What an admin says of a file's tokens.

use crate::scratch::{Scratch, json};
use crate::tokens::TOTP;

/// A flag, what the list of tokens says by it, and lines of OATH CSV that say the same and something else.
const FLAGS: [(&str, &str, &str, &str); 4] = [
    (
        "--type=hotp",
        "\"type\":\"HOTP\"",
        "hotp,6,0",
        "totp,6,30,sha1",
    ),
    (
        "--digits=8",
        "\"digits\":8",
        "totp,8,30,sha1",
        "totp,6,30,sha1",
    ),
    (
        "--time-interval=60",
        "\"time_interval\":60",
        "totp,6,60,sha1",
        "totp,6,30,sha1",
    ),
    (
        "--algorithm=sha256",
        "\"algorithm\":\"SHA256\"",
        "totp,6,30,sha256",
        "totp,6,30,sha1",
    ),
];

#[test]
fn every_flag_fills_what_a_file_does_not_say_and_rejects_what_says_otherwise() {
    for (flag, listed, same, other) in FLAGS {
        let scratch = Scratch::new();
        scratch.write("silent.csv", format!("SI-1,{}\n", TOTP.seed));
        scratch.write(
            "tokens.csv",
            format!("SA-1,{0},{same}\nOT-1,{0},{other}\n", TOTP.seed),
        );
        let done = scratch.run(&["import", "silent.csv", "tokens.csv", flag, "--json"]);
        let report = json(&done.stdout);
        assert_eq!(
            (done.status, report["new"].as_u64()),
            (1, Some(2)),
            "{flag}: {report}"
        );
        assert_eq!(
            report["rejected"][0]["where"], "tokens.csv: line 2",
            "{flag}"
        );
        let list = scratch.done(&["token", "list", "--json"]);
        assert_eq!(list.matches(listed).count(), 2, "{flag}: {list}");
    }
}

#[test]
fn a_flag_with_a_value_that_no_token_has_is_wrong_usage() {
    let scratch = Scratch::new();
    scratch.write("tokens.csv", TOTP.csv());
    for flag in [
        "--type=motp",
        "--digits=5",
        "--digits=9",
        "--time-interval=9",
        "--time-interval=301",
        "--algorithm=md5",
    ] {
        let done = scratch.run(&["import", "tokens.csv", flag]);
        assert_eq!((done.status, done.stdout.as_str()), (2, ""), "{flag}");
        assert_eq!(done.stderr.lines().count(), 1, "{}", done.stderr);
    }
    let done = scratch.run(&["import", "tokens.csv", "--key=00", "--passphrase-file=x"]);
    assert_eq!(done.status, 2, "two ways to open a file: {}", done.stderr);
    assert!(!scratch.path("cache").exists());
}
