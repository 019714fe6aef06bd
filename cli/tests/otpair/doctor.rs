use crate::scratch::{Scratch, json};
use crate::tokens::{HOTP, TOTP, now};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;

fn used() -> Scratch {
    let scratch = Scratch::new();
    scratch.write("tokens.csv", TOTP.csv() + &HOTP.csv());
    scratch.done(&["import", "tokens.csv"]);
    scratch.done(&["user", "pair", "root", HOTP.serial]);
    scratch
}

/// The status and the findings.
fn findings(scratch: &Scratch) -> (i32, Vec<Value>) {
    let done = scratch.run(&["doctor", "--json"]);
    (done.status, json(&done.stdout).as_array().unwrap().clone())
}

fn only(scratch: &Scratch, status: i32, severity: &str) -> Value {
    let (given, findings) = findings(scratch);
    assert_eq!((given, findings.len()), (status, 1), "{findings:#?}");
    assert_eq!(findings[0]["severity"], severity);
    assert!(findings[0]["mend"].is_string());
    findings[0].clone()
}

#[test]
fn where_nothing_is_wrong_it_says_so() {
    let scratch = used();
    assert_eq!(scratch.done(&["doctor"]), "Nothing here stops a sign-on.\n");
    assert_eq!(scratch.done(&["doctor", "--json"]), "[]\n");
}

#[test]
fn where_nothing_was_imported_it_says_that_nobody_can_pair() {
    let found = only(&Scratch::new(), 1, "warning");
    assert!(
        found["what"]
            .as_str()
            .unwrap()
            .contains("no token has been imported")
    );
}

#[test]
fn a_wrong_config_is_named_with_its_line() {
    let scratch = used();
    scratch.config("[nonsense]\n");
    let found = only(&scratch, 1, "stops");
    assert!(
        found["what"].as_str().unwrap().contains("otpair.toml:6:"),
        "{found}"
    );
}

#[test]
fn a_cache_that_others_may_write_stops_sign_ons() {
    let scratch = used();
    fs::set_permissions(scratch.path("cache"), fs::Permissions::from_mode(0o777)).unwrap();
    only(&scratch, 1, "stops");
    assert_eq!(
        scratch
            .run_with(&["sign-on", "root"], &(HOTP.at(0) + "\n"))
            .status,
        1
    );
}

#[test]
fn a_lost_key_and_a_damaged_record_stop_sign_ons() {
    let scratch = used();
    fs::rename(scratch.path("cache/cache.key"), scratch.path("aside")).unwrap();
    only(&scratch, 1, "stops");
    fs::rename(scratch.path("aside"), scratch.path("cache/cache.key")).unwrap();
    fs::write(scratch.path("cache/users/root"), "garbage").unwrap();
    let (status, found) = findings(&scratch);
    assert_eq!(status, 1);
    assert!(
        found
            .iter()
            .any(|one| one["what"].as_str().unwrap().contains("users/root")),
        "{found:#?}"
    );
}

#[test]
fn a_lost_inventory_is_made_anew_from_the_records() {
    let scratch = used();
    fs::remove_file(scratch.path("cache/inventory.db")).unwrap();
    assert_eq!(only(&scratch, 1, "warning")["about"], "inventory");
    assert!(
        scratch
            .refused(&["token", "list"])
            .contains("doctor --mend")
    );
    assert_eq!(
        scratch
            .run_with(&["sign-on", "root"], &(HOTP.at(0) + "\n"))
            .status,
        0
    );
    assert!(scratch.done(&["doctor", "--mend"]).contains("mended"));
    let shown = scratch.json(&["token", "show", HOTP.serial]);
    assert_eq!(
        (shown["user"].as_str(), shown["last_accepted"].as_u64()),
        (Some("root"), Some(0))
    );
    assert_eq!(scratch.done(&["doctor", "--json"]), "[]\n");
}

#[test]
fn the_advice_for_a_damaged_inventory_leaves_people_paired() {
    let scratch = used();
    let inventory = scratch.path("cache/inventory.db");
    fs::write(&inventory, "garbage").unwrap();
    let found = only(&scratch, 1, "warning");
    assert_eq!(found["about"], "inventory");
    let what = found["what"].as_str().unwrap();
    assert!(what.contains("pairing or import"), "{what}");
    let mend = found["mend"].as_str().unwrap();
    for step in ["move inventory.db away", "doctor --mend", "import the seed"] {
        assert!(mend.contains(step), "{mend}");
    }
    let answer = HOTP.at(0) + "\n";
    assert_eq!(
        scratch.run_with(&["sign-on", "root"], &answer).status,
        0,
        "nobody who is paired is stopped"
    );
    fs::rename(&inventory, scratch.path("aside")).unwrap();
    scratch.done(&["doctor", "--mend"]);
    scratch.done(&["import", "tokens.csv"]);
    assert_eq!(scratch.done(&["doctor", "--json"]), "[]\n");
    let shown = scratch.json(&["token", "show", HOTP.serial]);
    assert_eq!(
        (shown["user"].as_str(), shown["last_accepted"].as_u64()),
        (Some("root"), Some(0))
    );
    let shown = scratch.json(&["token", "show", TOTP.serial]);
    assert_eq!(shown["state"], "available");
}

#[test]
fn somebody_who_is_locked_is_a_warning_with_the_command_that_unlocks() {
    let scratch = used();
    scratch.config("[throttle]\nmax_failures = 1\n[sign_on]\nattempts = 1\n");
    scratch.run_with(&["sign-on", "root"], &(HOTP.wrong() + "\n"));
    assert_eq!(
        only(&scratch, 0, "warning")["mend"],
        "otpair user unlock root"
    );
}

#[test]
fn a_clock_that_was_set_back_is_told_by_the_tokens() {
    let scratch = used();
    scratch.config("[sign_on]\nmax_tokens_per_user = 2\n");
    scratch.done(&["user", "pair", "root", TOTP.serial]);
    let start = now();
    scratch.done(&[
        "token",
        "resync",
        TOTP.serial,
        &TOTP.at(start),
        &TOTP.at(start + 30),
    ]);
    assert_eq!(scratch.done(&["doctor", "--json"]), "[]\n");
    let command = scratch.command(&["doctor", "--json"]);
    let faked = std::process::Command::new("faketime")
        .arg("-f")
        .arg("-2h")
        .arg(command.get_program())
        .args(command.get_args())
        .output()
        .expect("faketime can't be started: install the Debian package faketime");
    let found = json(&String::from_utf8(faked.stdout).unwrap());
    assert!(
        found[0]["what"].as_str().unwrap().contains("set back"),
        "{found}"
    );
    assert_eq!(faked.status.code(), Some(1));
}

#[test]
fn a_half_damaged_record_is_mended_and_still_takes_two_passcodes() {
    let scratch = used();
    let record = scratch.path("cache/users/root");
    let mut bytes = fs::read(&record).unwrap();
    let half = bytes.len() / 2;
    bytes[half..].fill(0xa5);
    fs::write(&record, bytes).unwrap();
    assert!(
        scratch.json(&["user", "show", "root"])["in_doubt"]
            .as_bool()
            .unwrap()
    );
    let (status, found) = findings(&scratch);
    assert_eq!(status, 0, "{found:#?}");
    assert!(
        found
            .iter()
            .all(|one| one["severity"] == "warning" && one["about"] == "user root")
    );
    assert!(
        scratch
            .done(&["doctor", "--mend"])
            .contains("mended: user root")
    );
    assert!(
        scratch.events_named("mended")[0]["reason"]
            .as_str()
            .unwrap()
            .starts_with("user root")
    );
    let two = format!("{}\n{}\n", HOTP.at(0), HOTP.at(1));
    let done = scratch.run_with(&["sign-on", "root"], &two);
    assert_eq!(done.status, 0, "{}", done.stdout);
    assert!(done.stdout.contains("Next passcode: "), "{}", done.stdout);
    assert_eq!(scratch.done(&["doctor", "--json"]), "[]\n");
}
