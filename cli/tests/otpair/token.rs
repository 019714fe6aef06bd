use crate::scratch::{Scratch, json};
use crate::tokens::{HOTP, OTHER_HOTP, TOTP, now};
use serde_json::json as value;

fn imported() -> Scratch {
    let scratch = Scratch::new();
    scratch.write("tokens.csv", TOTP.csv() + &HOTP.csv() + &OTHER_HOTP.csv());
    scratch.done(&["import", "tokens.csv"]);
    scratch
}

fn serials(scratch: &Scratch, filter: &str) -> Vec<String> {
    let tokens = scratch.json(&["token", "list", filter]);
    tokens
        .as_array()
        .unwrap()
        .iter()
        .map(|token| token["serial"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn the_list_is_a_table_for_people() {
    let scratch = imported();
    let shown = scratch.done(&["token", "list"]);
    let lines: Vec<_> = shown.lines().collect();
    assert_eq!(
        lines[0],
        "SERIAL    TYPE  DIGITS  INTERVAL  HASH  STATE      USER  RESERVED FOR  MANUFACTURER"
    );
    assert_eq!(
        lines[1],
        "12345678  TOTP  6       30 s      SHA1  available  -     -             -"
    );
    assert_eq!(lines.len(), 4);
}

#[test]
fn the_list_can_be_filtered_by_state() {
    let scratch = imported();
    scratch.done(&["user", "pair", "root", HOTP.serial]);
    scratch.done(&["token", "disable", OTHER_HOTP.serial]);
    assert_eq!(serials(&scratch, "--available"), [TOTP.serial]);
    assert_eq!(serials(&scratch, "--paired"), [HOTP.serial]);
    assert_eq!(serials(&scratch, "--disabled"), [OTHER_HOTP.serial]);
}

#[test]
fn show_knows_a_token_by_any_writing_of_its_serial_number() {
    let scratch = imported();
    assert_eq!(
        scratch.json(&["token", "show", "ft 0042"])["serial"],
        "FT-0042"
    );
    let shown = scratch.done(&["token", "show", "FT0042"]);
    assert!(
        shown.contains("HOTP") && shown.contains("tokens.csv"),
        "{shown}"
    );
    assert!(!shown.to_lowercase().contains(&HOTP.seed[..8]));
    assert!(
        scratch
            .refused(&["token", "show", "nobody"])
            .contains("nobody")
    );
}

#[test]
fn a_disabled_token_of_somebody_is_disabled_in_their_record() {
    let scratch = imported();
    scratch.done(&["user", "pair", "root", HOTP.serial]);
    let shown = scratch.json(&["token", "disable", HOTP.serial]);
    assert_eq!(
        (&shown["state"], &shown["user"]),
        (&value!("disabled"), &value!("root"))
    );
    let passcode = HOTP.at(0) + "\n";
    assert_eq!(scratch.run_with(&["sign-on", "root"], &passcode).status, 1);
    assert_eq!(
        scratch.json(&["token", "enable", HOTP.serial])["state"],
        "paired"
    );
    assert_eq!(scratch.run_with(&["sign-on", "root"], &passcode).status, 0);
    assert_eq!(scratch.events_named("disabled")[0]["user"], "root");
    assert_eq!(scratch.events_named("enabled").len(), 1);
}

#[test]
fn a_token_is_disabled_in_its_holders_record_though_the_inventory_is_damaged_or_missing() {
    for damaged in [true, false] {
        let scratch = imported();
        scratch.done(&["user", "pair", "root", HOTP.serial]);
        let inventory = scratch.path("cache/inventory.db");
        if damaged {
            std::fs::write(&inventory, "garbage").unwrap();
        } else {
            std::fs::remove_file(&inventory).unwrap();
        }
        let told = scratch.refused(&["token", "disable", HOTP.serial]);
        assert!(told.contains("done in the record of root"), "{told}");
        assert_eq!(scratch.events_named("disabled")[0]["user"], "root");
        let done = scratch.run_with(&["sign-on", "root"], &(HOTP.at(0) + "\n"));
        assert_eq!(done.status, 1, "{}", done.stdout);
        let told = scratch.refused(&["token", "disable", TOTP.serial]);
        assert!(!told.contains("done"), "{told}");
    }
}

#[test]
fn a_reserved_token_is_for_its_user_only() {
    let scratch = imported();
    let reserved = scratch.json(&["token", "reserve", HOTP.serial, "daemon"]);
    assert_eq!(
        (&reserved["state"], &reserved["reserved_for"]),
        (&value!("available"), &value!("daemon"))
    );
    assert!(
        scratch
            .refused(&["user", "pair", "root", HOTP.serial])
            .contains("reserved")
    );
    assert_eq!(
        scratch.json(&["token", "reserve", HOTP.serial, "--nobody"])["reserved_for"],
        value!(null)
    );
    scratch.done(&["user", "pair", "root", HOTP.serial]);
    assert!(
        scratch
            .refused(&["token", "reserve", HOTP.serial, "daemon"])
            .contains("unpair")
    );
}

#[test]
fn a_paired_token_is_not_removed_and_a_free_one_is() {
    let scratch = imported();
    scratch.done(&["user", "pair", "root", HOTP.serial]);
    assert!(
        scratch
            .refused(&["token", "remove", HOTP.serial])
            .contains("unpair")
    );
    scratch.done(&["token", "remove", OTHER_HOTP.serial]);
    assert!(
        scratch
            .refused(&["token", "show", OTHER_HOTP.serial])
            .contains("FT-0043")
    );
}

#[test]
fn a_token_in_stock_is_resynchronized_and_keeps_that_when_it_is_paired() {
    let scratch = imported();
    let shown = scratch.json(&["token", "resync", HOTP.serial, &HOTP.at(500), &HOTP.at(501)]);
    assert_eq!(shown["last_accepted"], 501);
    scratch.done(&["user", "pair", "root", HOTP.serial]);
    assert_eq!(
        scratch
            .run_with(&["sign-on", "root"], &(HOTP.at(502) + "\n"))
            .status,
        0
    );
    assert_eq!(scratch.events_named("resynchronized").len(), 1);
}

#[test]
fn a_paired_totp_token_is_resynchronized_in_its_users_record() {
    let scratch = imported();
    scratch.done(&["user", "pair", "root", TOTP.serial]);
    let slow = now() - 4 * 3600;
    let shown = scratch.json(&[
        "token",
        "resync",
        TOTP.serial,
        &TOTP.at(slow),
        &TOTP.at(slow + 30),
    ]);
    let drift = shown["drift"].as_i64().unwrap();
    assert!((-480..=-478).contains(&drift), "{drift}");
    assert_eq!(scratch.events_named("resynchronized")[0]["user"], "root");
    assert_eq!(
        scratch
            .run_with(&["sign-on", "root"], &(TOTP.at(slow + 60) + "\n"))
            .status,
        0
    );
}

#[test]
fn resync_takes_the_next_passcode_only_and_each_pair_once() {
    let scratch = imported();
    let resync = |first: u64, second: u64| {
        scratch.run(&[
            "token",
            "resync",
            HOTP.serial,
            &HOTP.at(first),
            &HOTP.at(second),
        ])
    };
    assert_eq!(resync(20, 22).status, 1);
    assert_eq!(resync(20, 21).status, 0);
    assert_eq!(resync(20, 21).status, 1);
    let far = resync(5000, 5001);
    assert!(far.stderr.contains("resync_window"), "{}", far.stderr);
}

#[test]
fn resync_reads_passcodes_from_stdin_and_repeats_none() {
    let scratch = imported();
    let stdin = format!("{}\n{}\n", HOTP.at(50), HOTP.at(51));
    let done = scratch.run_with(&["token", "resync", HOTP.serial, "-", "-"], &stdin);
    assert_eq!(done.status, 0, "{}", done.stderr);
    let said = scratch.refused_with(
        &["token", "resync", HOTP.serial, "-", "-"],
        "12345678901\n1\n",
    );
    assert!(!said.contains("123456"), "{said}");
}

#[test]
fn a_token_is_added_by_hand_with_options() {
    let scratch = Scratch::new();
    let all = [
        "--type",
        "hotp",
        "--digits",
        "6",
        "--counter",
        "3",
        "--manufacturer",
        "Example",
    ];
    let add = [
        "token",
        "add",
        "--serial",
        HOTP.serial,
        "--seed-file",
        "-",
        "--json",
    ];
    let done = scratch.run_with(&[&add[..], &all].concat(), &format!("{}\n", HOTP.seed));
    assert_eq!((done.status, done.stderr.as_str()), (0, ""));
    let shown = json(&done.stdout);
    assert_eq!(
        (
            &shown["type"],
            &shown["last_accepted"],
            &shown["manufacturer"]
        ),
        (&value!("HOTP"), &value!(2), &value!("Example"))
    );
    scratch.done(&[
        "user",
        "pair",
        "root",
        HOTP.serial,
        "--passcode",
        &HOTP.at(3),
    ]);
    assert!(
        scratch
            .refused_with(&[&add[..], &all].concat(), &format!("{}\n", HOTP.seed))
            .contains("already")
    );
}

#[test]
fn a_seed_in_base32_is_read_as_such_only_when_told() {
    let scratch = Scratch::new();
    scratch.write("seed", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n");
    let add = [
        "token",
        "add",
        "--serial",
        "A B",
        "--seed-file",
        "seed",
        "--digits",
        "6",
        "--time-interval",
        "30",
    ];
    let said = scratch.refused(&[&add[..], &["--algorithm", "SHA1", "--type", "totp"]].concat());
    assert!(
        said.contains("hexadecimal") && !said.contains("GEZDG"),
        "{said}"
    );
    scratch.done(
        &[
            &add[..],
            &["--algorithm", "SHA1", "--type", "totp", "--base32"],
        ]
        .concat(),
    );
    scratch.done(&["user", "pair", "root", "ab", "--passcode", &TOTP.at(now())]);
}

#[test]
fn what_is_assumed_of_a_token_added_by_hand_is_told() {
    let scratch = Scratch::new();
    scratch.write("seed", TOTP.seed);
    let done = scratch.run(&["token", "add", "--serial", "1", "--seed-file", "seed"]);
    assert_eq!(done.status, 0, "{}", done.stderr);
    for assumed in [
        "the type: TOTP",
        "digits: 6",
        "interval: 30 s",
        "algorithm: SHA1",
    ] {
        assert!(done.stderr.contains(assumed), "{}", done.stderr);
    }
    let done = scratch.run(&["token", "add", "--seed-file", "seed"]);
    assert_eq!(done.status, 2, "{}", done.stderr);
}
