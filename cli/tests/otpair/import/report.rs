//! What an import says, and what it leaves alone.

use crate::scratch::{Scratch, json};
use crate::tokens::{HOTP, OTHER_HOTP, TOTP};
use serde_json::json as value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Every file below a folder, with its bytes.
fn content(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(content(&path));
        } else {
            found.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    found
}

/// A file of which one token is new, one unchanged, one a conflict and one line rejected, where TOTP and HOTP are there.
fn mixed() -> String {
    let conflict = HOTP.csv().replace(HOTP.seed, TOTP.seed);
    TOTP.csv() + "FT-1,nonsense,totp,6,30\n" + &conflict + &OTHER_HOTP.csv()
}

#[test]
fn four_counts_and_the_status_say_what_came_of_a_file() {
    let scratch = Scratch::new();
    scratch.write("first.csv", TOTP.csv() + &HOTP.csv());
    scratch.done(&["import", "first.csv"]);
    scratch.write("tokens.csv", mixed());
    let done = scratch.run(&["import", "tokens.csv", "--json"]);
    assert_eq!(done.status, 1);
    assert_eq!(
        json(&done.stdout),
        value!({
            "new": 1, "unchanged": 1, "conflict": 1,
            "rejected": [{"where": "line 2", "why": "the seed is not hexadecimal (it may be base32, which entra-csv has)"}],
        })
    );
    let conflict =
        "conflict: token FT-0042 is there with another seed, from first.csv: left as it was";
    assert!(done.stderr.contains(conflict), "{}", done.stderr);
    let last = done.stderr.lines().last().unwrap();
    assert!(last.contains("1 conflict, 1 rejected; "), "{last}");
}

#[test]
fn a_dry_run_says_the_same_as_the_import_and_leaves_the_cache_as_it_was_to_the_byte() {
    let scratch = Scratch::new();
    scratch.write("first.csv", TOTP.csv() + &HOTP.csv());
    scratch.done(&["import", "first.csv"]);
    scratch.write("tokens.csv", mixed() + &OTHER_HOTP.csv());
    let before = content(&scratch.path("cache"));
    let events = scratch.events().len();
    let dry = scratch.run(&["import", "tokens.csv", "--dry-run"]);
    let dry_json = scratch.run(&["import", "tokens.csv", "--dry-run", "--json"]);
    assert!(before == content(&scratch.path("cache")), "it was written");
    assert_eq!(scratch.events().len(), events);
    let wet = scratch.run(&["import", "tokens.csv"]);
    assert_eq!((dry.status, dry_json.status, wet.status), (1, 1, 1));
    assert_eq!(
        dry.stdout,
        wet.stdout + "Nothing was imported: this was a dry run.\n"
    );
    assert_eq!(json(&dry_json.stdout)["new"], 1);
    assert_eq!(json(&dry_json.stdout)["unchanged"], 2);
}

#[test]
fn a_serial_number_twice_in_a_file_is_unchanged_or_a_conflict() {
    let scratch = Scratch::new();
    let written_otherwise = TOTP.csv().replace("12345678", "1234-5678");
    scratch.write("same.csv", TOTP.csv() + &written_otherwise);
    assert_eq!(
        scratch.json(&["import", "same.csv"]),
        value!({"new": 1, "unchanged": 1, "conflict": 0, "rejected": []})
    );
    let other = HOTP.csv().replace(HOTP.seed, TOTP.seed);
    scratch.write("other.csv", HOTP.csv() + &other);
    let done = scratch.run(&["import", "other.csv", "--json"]);
    assert_eq!(
        json(&done.stdout),
        value!({"new": 1, "unchanged": 0, "conflict": 1, "rejected": []})
    );
    // The first is the one that is kept.
    let passcode = HOTP.at(0);
    scratch.done(&["user", "pair", "root", HOTP.serial, "--passcode", &passcode]);
}

#[test]
fn a_paired_token_keeps_its_seed_whatever_a_file_says() {
    let scratch = Scratch::new();
    scratch.write("tokens.csv", HOTP.csv());
    scratch.done(&["import", "tokens.csv"]);
    scratch.done(&["user", "pair", "root", HOTP.serial]);
    let held = fs::read(scratch.path("cache/users/root")).unwrap();
    for (seed, rest) in [
        (OTHER_HOTP.seed, "hotp,6,0"),
        (HOTP.seed, "hotp,8,0"),
        (HOTP.seed, "totp,6,30,sha1"),
    ] {
        scratch.write("other.csv", format!("ft 0042,{seed},{rest}\n"));
        let done = scratch.run(&["import", "other.csv", "--json"]);
        assert_eq!(json(&done.stdout)["conflict"], 1, "{rest}");
    }
    // Its counter is no part of what it is: a file never sets it back or forward.
    scratch.write("other.csv", HOTP.csv().replace("hotp,6,0", "hotp,6,900"));
    assert_eq!(scratch.json(&["import", "other.csv"])["unchanged"], 1);
    assert_eq!(held, fs::read(scratch.path("cache/users/root")).unwrap());
    let passcode = format!("{}\n", OTHER_HOTP.at(0));
    assert_eq!(scratch.run_with(&["sign-on", "root"], &passcode).status, 1);
    let passcode = format!("{}\n", HOTP.at(0));
    assert_eq!(scratch.run_with(&["sign-on", "root"], &passcode).status, 0);
}

#[test]
fn a_rejected_key_of_a_pskc_file_is_named_by_its_id() {
    let scratch = Scratch::new();
    let key = |id: &str, digits: u8| {
        format!(
            "<KeyPackage><Key Id=\"{id}\" Algorithm=\"urn:ietf:params:xml:ns:keyprov:pskc:hotp\"><AlgorithmParameters>\
             <ResponseFormat Length=\"{digits}\" Encoding=\"DECIMAL\"/></AlgorithmParameters><Data><Secret><PlainValue>\
             MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</PlainValue></Secret></Data></Key></KeyPackage>\n"
        )
    };
    scratch.write(
        "tokens.xml",
        format!(
            "<KeyContainer Version=\"1.0\" xmlns=\"urn:ietf:params:xml:ns:keyprov:pskc\">\n{}{}</KeyContainer>",
            key("K-1", 9),
            key("K-2", 8)
        ),
    );
    let done = scratch.run(&["import", "tokens.xml", "--json"]);
    let report = json(&done.stdout);
    assert_eq!((done.status, &report["new"]), (1, &value!(1)));
    assert_eq!(report["rejected"][0]["where"], "line 2, key K-1");
    let why = report["rejected"][0]["why"].as_str().unwrap();
    assert!(why.contains("digits"), "{why}");
}

#[test]
fn what_is_assumed_is_said_once_a_file_and_not_on_the_jsons_stream() {
    let scratch = Scratch::new();
    for (file, first) in [("one.csv", 2000), ("two.csv", 3000)] {
        let lines = (first..first + 50).map(|serial| format!("{serial},{}\n", TOTP.seed));
        scratch.write(file, lines.collect::<String>());
    }
    let done = scratch.run(&["import", "one.csv", "two.csv", "--json"]);
    assert_eq!(
        (done.status, json(&done.stdout)["new"].as_u64()),
        (0, Some(100))
    );
    for assumed in ["the type: TOTP", "digits: 6", "interval: 30 s", "SHA1"] {
        let times = done.stderr.matches(assumed).count();
        assert_eq!(times, 2, "{assumed}: {}", done.stderr);
    }
    for file in ["one.csv", "two.csv"] {
        let said = format!("otpair: note: {file}: the file does not say the type: TOTP taken\n");
        assert!(done.stderr.contains(&said), "{}", done.stderr);
    }
}

#[test]
fn files_and_stdin_are_imported_in_one_go() {
    let scratch = Scratch::new();
    scratch.write("one.csv", TOTP.csv());
    let words = ["import", "one.csv", "-", "one.csv", "--json"];
    let done = scratch.run_with(&words, &(HOTP.csv() + "FT-1,nonsense,totp,6,30\n"));
    assert_eq!(
        json(&done.stdout),
        value!({
            "new": 2, "unchanged": 1, "conflict": 0,
            "rejected": [{"where": "stdin: line 2", "why": "the seed is not hexadecimal (it may be base32, which entra-csv has)"}],
        })
    );
    let logged = scratch.events_named("imported");
    let reasons: Vec<_> = logged.iter().map(|event| &event["reason"]).collect();
    assert_eq!(reasons, ["1 tokens from one.csv", "1 tokens from stdin"]);
}

#[test]
fn a_format_that_is_told_is_not_doubted() {
    let scratch = Scratch::new();
    // It looks like a Ping file, and the name says nothing either.
    scratch.write("tokens.xml", format!("{},{}\n", TOTP.serial, TOTP.seed));
    let done = scratch.run(&["import", "tokens.xml", "--format", "OATH-CSV", "--json"]);
    assert_eq!(json(&done.stdout)["new"], 1, "{}", done.stderr);
    let done = scratch.run(&["import", "tokens.xml", "--format", "otpauth", "--json"]);
    assert_eq!(done.status, 1);
    assert_eq!(json(&done.stdout)["rejected"][0]["where"], "line 1");
    let done = scratch.run(&["import", "tokens.xml", "--format", "pskc", "--json"]);
    assert_eq!(
        (done.status, json(&done.stdout)["new"].as_u64()),
        (1, Some(0))
    );
    let done = scratch.run(&["import", "tokens.xml", "--format", "excel"]);
    assert_eq!(done.status, 2);
    assert!(
        done.stderr.contains("the formats are pskc, "),
        "{}",
        done.stderr
    );
}

#[test]
fn tokens_reserved_for_people_who_are_unknown_here_are_told_of_by_import_and_doctor() {
    let scratch = Scratch::new();
    let people = format!(
        "# version: 2\nroot, -, -, {}nobody-here@example.com, -, -, {}",
        HOTP.csv(),
        TOTP.csv()
    );
    scratch.write("people.csv", people);
    let told = "1 token is reserved for people whom this machine does not know, so nobody can pair it here: \"nobody-here@example.com\"";
    for arguments in [
        &["import", "people.csv", "--dry-run"][..],
        &["import", "people.csv"],
    ] {
        let said = scratch.done(arguments);
        assert!(said.contains(told), "{said}");
    }
    let said = scratch.done(&["doctor"]);
    assert!(said.contains(told), "{said}");
    scratch.done(&["token", "reserve", TOTP.serial, "daemon"]);
    assert_eq!(scratch.done(&["doctor"]), "Nothing here stops a sign-on.\n");
}
