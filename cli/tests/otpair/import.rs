mod flags;
mod hostile;
mod in_force;
mod interrupted;
mod report;
mod secrecy;
mod unlock;

use crate::scratch::{Scratch, json};
use crate::tokens::{HOTP, OTHER_HOTP, TOTP};
use serde_json::json as value;
use std::process::{Command, Stdio};

/// A PSKC file made by pskctool's rules (RFC 6030 figure 2 and 10), with the two tokens.
fn pskc() -> String {
    let package = |serial: &str, algorithm: &str, base64: &str, moving: &str| {
        format!(
            "<KeyPackage><DeviceInfo><Manufacturer>Example &amp; Co</Manufacturer><SerialNo>{serial}</SerialNo></DeviceInfo>\
             <Key Id=\"{serial}\" Algorithm=\"urn:ietf:params:xml:ns:keyprov:pskc:{algorithm}\">\
             <AlgorithmParameters><ResponseFormat Length=\"6\" Encoding=\"DECIMAL\"/></AlgorithmParameters>\
             <Data><Secret><PlainValue>{base64}</PlainValue></Secret>{moving}</Data></Key></KeyPackage>"
        )
    };
    let totp = package(
        TOTP.serial,
        "totp",
        "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=",
        "<Time><PlainValue>0</PlainValue></Time><TimeInterval><PlainValue>30</PlainValue></TimeInterval>",
    );
    let hotp = package(
        HOTP.serial,
        "hotp",
        "ABEiM0RVZneImaq7zN3u/wARIjM=",
        "<Counter><PlainValue>7</PlainValue></Counter>",
    );
    format!(
        "<?xml version=\"1.0\"?>\n<KeyContainer Version=\"1.0\" xmlns=\"urn:ietf:params:xml:ns:keyprov:pskc\">{totp}{hotp}</KeyContainer>\n"
    )
}

#[test]
fn an_oath_csv_file_is_imported_and_the_second_time_unchanged() {
    let scratch = Scratch::new();
    scratch.write("tokens.csv", TOTP.csv() + &HOTP.csv());
    assert_eq!(
        scratch.done(&["import", "tokens.csv"]),
        "new 2, unchanged 0, conflict 0, rejected 0\n"
    );
    assert_eq!(
        scratch.json(&["import", "tokens.csv"]),
        value!({"new": 0, "unchanged": 2, "conflict": 0, "rejected": []})
    );
    let logged = scratch.events_named("imported");
    assert_eq!(logged.len(), 1);
    assert_eq!(logged[0]["reason"], "2 tokens from tokens.csv");
}

#[test]
fn a_pskc_file_is_imported_with_all_that_it_says() {
    let scratch = Scratch::new();
    scratch.write("tokens.xml", pskc());
    let checked = Command::new("pskctool")
        .args(["--info"])
        .arg(scratch.path("tokens.xml"))
        .output();
    let checked = checked.expect("pskctool can't be started: install the Debian package pskctool");
    assert!(
        checked.status.success(),
        "{}",
        String::from_utf8_lossy(&checked.stderr)
    );
    let counts = scratch.run(&["import", "tokens.xml", "--json"]);
    assert_eq!(
        json(&counts.stdout)["new"],
        2,
        "{}{}",
        counts.stdout,
        counts.stderr
    );
    assert_eq!(
        scratch.json(&["token", "list"]),
        value!([
            {"serial": "12345678", "manufacturer": "Example & Co", "type": "TOTP", "algorithm": "SHA1", "digits": 6,
             "time_interval": 30, "state": "available", "user": null, "reserved_for": null, "drift": 0,
             "last_accepted": null},
            {"serial": "FT-0042", "manufacturer": "Example & Co", "type": "HOTP", "algorithm": "SHA1", "digits": 6,
             "time_interval": null, "state": "available", "user": null, "reserved_for": null, "drift": null,
             "last_accepted": 6},
        ])
    );
}

#[test]
fn the_same_serial_number_with_another_seed_is_a_conflict_and_left_as_it_was() {
    let scratch = Scratch::new();
    scratch.write("tokens.csv", TOTP.csv());
    scratch.done(&["import", "tokens.csv"]);
    scratch.write(
        "other.csv",
        format!("{},{},totp,6,30,sha1\n", TOTP.serial, HOTP.seed),
    );
    let done = scratch.run(&["import", "other.csv"]);
    assert_eq!(done.status, 1);
    assert_eq!(
        done.stdout,
        "conflict: token 12345678 is there with another seed, from tokens.csv: left as it was\n\
         new 0, unchanged 0, conflict 1, rejected 0\n"
    );
    assert_eq!(done.stderr.lines().count(), 1, "{}", done.stderr);
    let done = scratch.run(&["import", "other.csv", "--json"]);
    assert_eq!(done.status, 1);
    assert_eq!(
        json(&done.stdout),
        value!({"new": 0, "unchanged": 0, "conflict": 1, "rejected": []})
    );
}

#[test]
fn a_rejection_has_its_line_and_reason_and_the_rest_is_imported() {
    let scratch = Scratch::new();
    scratch.write(
        "tokens.csv",
        TOTP.csv() + "FT-1,nonsense,totp,6,30\n" + &HOTP.csv(),
    );
    let done = scratch.run(&["import", "tokens.csv", "--json"]);
    assert_eq!(done.status, 1);
    let report = json(&done.stdout);
    assert_eq!(report["new"], 2);
    assert_eq!(
        report["rejected"],
        value!([{"where": "line 2", "why": "the seed is not hexadecimal (it may be base32, which entra-csv has)"}])
    );
    assert!(!done.stdout.contains("nonsense") && !done.stderr.contains("nonsense"));
}

#[test]
fn what_is_rejected_is_told_where_it_is_met_and_the_counts_at_the_end() {
    let scratch = Scratch::new();
    let other = format!("{},{},totp,6,30,sha1\n", TOTP.serial, HOTP.seed);
    scratch.write("tokens.csv", TOTP.csv() + "FT-1,\nFT-2,\n" + &other);
    let done = scratch.run(&["import", "tokens.csv"]);
    let said: Vec<_> = done.stdout.lines().collect();
    assert!(said[0].starts_with("rejected: line 2: "), "{said:?}");
    assert!(said[1].starts_with("rejected: line 3: "), "{said:?}");
    assert!(said[2].starts_with("conflict: token 12345678 "), "{said:?}");
    assert_eq!(said[3], "new 1, unchanged 0, conflict 1, rejected 2");
    let report = json(&scratch.run(&["import", "tokens.csv", "--json"]).stdout);
    assert_eq!(report["rejected"].as_array().map(Vec::len), Some(2));
    assert_eq!(report["unchanged"], 1);
}

#[test]
fn whoever_stops_reading_the_report_does_not_stop_the_import() {
    let scratch = Scratch::new();
    scratch.write("tokens.csv", "FT-1,\nFT-2,\n".to_owned() + &HOTP.csv());
    let mut import = scratch.command(&["import", "tokens.csv"]);
    let mut child = import.stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert_eq!(scratch.json(&["token", "list"])[0]["serial"], HOTP.serial);
}

#[test]
fn what_was_told_before_a_fault_is_whole_all_the_same() {
    let scratch = Scratch::new();
    scratch.write("tokens.csv", TOTP.csv());
    scratch.done(&["import", "tokens.csv"]);
    scratch.write("cache/inventory.db", "no database");
    let done = scratch.run(&["import", "--json", "missing.csv", "tokens.csv"]);
    assert_eq!(done.status, 1);
    assert_eq!(json(&done.stdout)["rejected"][0]["where"], "missing.csv");
    assert_eq!(done.stderr.lines().count(), 1, "{}", done.stderr);
    let done = scratch.run(&["import", "--json", "tokens.csv"]);
    assert_eq!((done.status, done.stdout.as_str()), (1, ""));
}

#[test]
fn with_several_files_each_place_begins_with_its_file() {
    let scratch = Scratch::new();
    scratch.write("one.csv", "FT-1,nonsense,totp,6,30\n");
    scratch.write("two.csv", HOTP.csv());
    let done = scratch.run(&["import", "one.csv", "two.csv", "missing.csv", "--json"]);
    assert_eq!(done.status, 1);
    let report = json(&done.stdout);
    assert_eq!(report["new"], 1);
    assert_eq!(report["rejected"][0]["where"], "one.csv: line 1");
    assert_eq!(report["rejected"][1]["where"], "missing.csv");
}

#[test]
fn what_neither_the_file_nor_an_option_says_is_told() {
    let scratch = Scratch::new();
    let line = format!("{},{}\n", TOTP.serial, TOTP.seed);
    scratch.write("tokens.csv", &line);
    let said = scratch.done(&["import", "tokens.csv", "--dry-run"]);
    for assumed in [
        "the type: TOTP",
        "digits: 6",
        "interval: 30 s",
        "algorithm: SHA1",
    ] {
        assert!(said.contains(assumed), "{said}");
    }
    let flags = [
        "--type",
        "totp",
        "--digits",
        "6",
        "--time-interval",
        "30",
        "--algorithm",
        "SHA1",
    ];
    let said = scratch.done(&[&["import", "tokens.csv"][..], &flags].concat());
    assert_eq!(said, "new 1, unchanged 0, conflict 0, rejected 0\n");
}

#[test]
fn a_dry_run_changes_nothing() {
    let scratch = Scratch::new();
    scratch.write("tokens.csv", TOTP.csv());
    assert_eq!(
        scratch.json(&["import", "--dry-run", "tokens.csv"])["new"],
        1
    );
    assert_eq!(scratch.done(&["token", "list", "--json"]), "[]\n");
    assert!(!scratch.path("cache").exists());
    assert!(scratch.events().is_empty());
}

#[test]
fn a_seed_file_may_come_on_stdin() {
    let scratch = Scratch::new();
    let done = scratch.run_with(&["import", "-", "--json"], &HOTP.csv());
    assert_eq!(
        (done.status, json(&done.stdout)["new"].as_u64()),
        (0, Some(1)),
        "{}",
        done.stderr
    );
}

#[test]
fn an_encrypted_pskc_file_is_opened_by_the_right_key_only() {
    let scratch = Scratch::new();
    // RFC 6030 section 6.1.1, figure 6.
    scratch.write("tokens.xml", include_str!("rfc6030-figure6.xml"));
    let key = "12345678901234567890123456789012";
    scratch.write("key", format!("{key}\n"));
    assert_eq!(scratch.run(&["import", "tokens.xml"]).status, 1);
    let wrong = scratch.run(&["import", "tokens.xml", "--key", &key.replace('1', "2")]);
    assert_eq!(wrong.status, 1);
    assert!(!wrong.stderr.contains("2234") && !wrong.stdout.contains("2234"));
    let dry = |arguments: &[&str], stdin: &str| {
        let done = scratch.run_with(
            &[&["import", "tokens.xml", "--dry-run", "--json"], arguments].concat(),
            stdin,
        );
        assert_eq!(done.status, 0, "{}", done.stderr);
        json(&done.stdout)["new"].clone()
    };
    assert_eq!(dry(&["--key", key], ""), 1);
    assert_eq!(dry(&["--key-file", "key"], ""), 1);
    assert_eq!(dry(&["--key", "-"], &format!("{key}\n")), 1);
}

#[test]
fn a_key_that_is_no_hexadecimal_is_not_repeated() {
    let scratch = Scratch::new();
    scratch.write("tokens.csv", OTHER_HOTP.csv());
    let said = scratch.refused(&["import", "tokens.csv", "--key", "secretkey"]);
    assert!(
        said.contains("hexadecimal") && !said.contains("secretkey"),
        "{said}"
    );
}

#[test]
fn a_file_that_reserves_a_token_that_is_there_already_says_that_it_did_not() {
    let scratch = Scratch::new();
    scratch.write("tokens.csv", HOTP.csv());
    scratch.done(&["import", "tokens.csv"]);
    let file = format!("# version: 2\nroot, -, -, {}", HOTP.csv());
    scratch.write("people.csv", file);
    let serial = HOTP.serial;
    for (arguments, reserved_for) in [
        (&["import", "people.csv", "--dry-run"][..], "nobody"),
        (&["import", "people.csv"], "nobody"),
        (&["token", "reserve", serial, "daemon"], ""),
        (&["import", "people.csv"], "daemon"),
    ] {
        let done = scratch.run(arguments);
        if reserved_for.is_empty() {
            continue;
        }
        assert_eq!(done.status, 1, "{}", done.stdout);
        let why = format!(
            "token {serial} is there, reserved for {reserved_for}; the file says root: otpair token reserve {serial} root\n"
        );
        assert!(done.stdout.contains(&why), "{}", done.stdout);
        assert!(
            done.stdout.contains("new 0, unchanged 0, conflict 1"),
            "{}",
            done.stdout
        );
    }
    scratch.done(&["token", "reserve", serial, "--nobody"]);
    scratch.done(&["user", "pair", "root", serial]);
    let again = scratch.done(&["import", "people.csv"]);
    assert!(again.contains("unchanged 1"), "{again}");
}
