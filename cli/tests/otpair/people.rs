use crate::scratch::Scratch;
use crate::tokens::{HOTP, OTHER_HOTP, SAFEWORD_TOTP, TOTP, now};
use serde_json::{Value, json as value};

fn imported() -> Scratch {
    let scratch = Scratch::new();
    scratch.write("tokens.csv", TOTP.csv() + &HOTP.csv() + &OTHER_HOTP.csv());
    scratch.done(&["import", "tokens.csv"]);
    scratch
}

fn user(scratch: &Scratch, name: &str) -> Value {
    let users = scratch.json(&["user", "list"]);
    let found = users
        .as_array()
        .unwrap()
        .iter()
        .find(|user| user["user"] == name);
    found.cloned().unwrap_or_default()
}

#[test]
fn a_token_is_paired_without_a_passcode() {
    let scratch = imported();
    let shown = scratch.json(&["user", "pair", "root", "ft0042"]);
    let expected =
        value!({"user": "root", "serials": ["FT-0042"], "failures": 0, "locked_until": null});
    assert_eq!(shown, expected);
    assert_eq!(scratch.json(&["user", "list"]), value!([expected]));
    assert_eq!(
        scratch.json(&["token", "show", HOTP.serial])["user"],
        "root"
    );
    let paired = &scratch.events_named("paired")[0];
    assert_eq!(
        (&paired["user"], &paired["serial"], &paired["service"]),
        (&value!("root"), &value!("FT-0042"), &value!("otpair"))
    );
}

#[test]
fn a_passcode_given_with_the_pairing_must_be_right_and_is_spent() {
    let scratch = imported();
    let wrong = scratch.refused(&[
        "user",
        "pair",
        "root",
        HOTP.serial,
        "--passcode",
        &HOTP.wrong(),
    ]);
    assert!(
        wrong.contains("passcode") && !wrong.contains(&HOTP.wrong()),
        "{wrong}"
    );
    assert_eq!(user(&scratch, "root"), Value::Null);
    let done = scratch.run_with(
        &["user", "pair", "root", HOTP.serial, "--passcode", "-"],
        &(HOTP.at(2) + "\n"),
    );
    assert_eq!(done.status, 0, "{}", done.stderr);
    assert_eq!(
        scratch.json(&["token", "show", HOTP.serial])["last_accepted"],
        2
    );
    assert_eq!(
        scratch
            .run_with(&["sign-on", "root"], &(HOTP.at(2) + "\n"))
            .status,
        1
    );
}

#[test]
fn a_time_token_of_safeword_shows_what_oathtool_shows_since_2000() {
    let scratch = Scratch::new();
    let file = include_str!("../../../tests/data/seed-files/safeword.dat");
    scratch.write("tokens.dat", file);
    scratch.done(&["import", "tokens.dat"]);
    let pair = ["user", "pair", "root", SAFEWORD_TOTP.serial, "--passcode"];
    scratch.refused(&[&pair[..], &[&SAFEWORD_TOTP.at(now())]].concat());
    let since_2000 = now() - 946_684_800;
    scratch.done(&[&pair[..], &[&SAFEWORD_TOTP.at(since_2000)]].concat());
}

#[test]
fn a_token_out_of_step_is_to_be_resynchronized_before_it_is_paired() {
    let scratch = imported();
    let said = scratch.refused(&[
        "user",
        "pair",
        "root",
        HOTP.serial,
        "--passcode",
        &HOTP.at(300),
    ]);
    assert!(said.contains("otpair token resync FT-0042"), "{said}");
    scratch.done(&["token", "resync", HOTP.serial, &HOTP.at(300), &HOTP.at(301)]);
    scratch.done(&[
        "user",
        "pair",
        "root",
        HOTP.serial,
        "--passcode",
        &HOTP.at(302),
    ]);
}

#[test]
fn a_user_that_the_system_does_not_know_gets_no_token() {
    let scratch = imported();
    let said = scratch.refused(&["user", "pair", "no-such-user", HOTP.serial]);
    assert!(said.contains("no-such-user"), "{said}");
    assert!(
        scratch
            .refused(&["user", "bypass", "no-such-user"])
            .contains("no-such-user")
    );
    assert!(
        scratch
            .refused(&["user", "unlock", "no-such-user"])
            .contains("no-such-user")
    );
    assert!(
        scratch
            .refused(&["user", "show", "no-such-user"])
            .contains("no-such-user")
    );
    assert!(scratch.events_named("paired").is_empty());
}

#[test]
fn one_person_holds_as_many_tokens_as_the_config_allows() {
    let scratch = imported();
    scratch.done(&["user", "pair", "root", HOTP.serial]);
    let said = scratch.refused(&["user", "pair", "root", TOTP.serial]);
    assert!(said.contains("max_tokens_per_user"), "{said}");
    scratch.config("[sign_on]\nmax_tokens_per_user = 2\n");
    assert_eq!(
        scratch.json(&["user", "pair", "root", TOTP.serial])["serials"],
        value!(["FT-0042", "12345678"])
    );
    assert_eq!(
        scratch
            .run_with(&["sign-on", "root"], &(TOTP.at(now()) + "\n"))
            .status,
        0
    );
}

#[test]
fn a_token_of_somebody_is_not_paired_with_somebody_else() {
    let scratch = imported();
    scratch.done(&["user", "pair", "root", HOTP.serial]);
    let said = scratch.refused(&["user", "pair", "daemon", HOTP.serial]);
    assert!(said.contains("otpair user unpair root FT-0042"), "{said}");
}

#[test]
fn an_unpaired_token_can_go_to_somebody_else_and_what_was_spent_stays_spent() {
    let scratch = imported();
    scratch.done(&[
        "user",
        "pair",
        "root",
        HOTP.serial,
        "--passcode",
        &HOTP.at(5),
    ]);
    assert_eq!(
        scratch.json(&["user", "unpair", "root"])["serials"],
        value!([])
    );
    assert_eq!(scratch.events_named("unpaired")[0]["serial"], "FT-0042");
    assert_eq!(
        scratch.json(&["token", "show", HOTP.serial])["last_accepted"],
        5
    );
    scratch.refused(&[
        "user",
        "pair",
        "daemon",
        HOTP.serial,
        "--passcode",
        &HOTP.at(5),
    ]);
    scratch.done(&[
        "user",
        "pair",
        "daemon",
        HOTP.serial,
        "--passcode",
        &HOTP.at(6),
    ]);
    assert!(
        scratch
            .refused(&["user", "unpair", "root"])
            .contains("no token")
    );
    assert!(
        scratch
            .refused(&["user", "unpair", "root", HOTP.serial])
            .contains("not paired")
    );
}

#[test]
fn a_token_that_a_damaged_inventory_cannot_take_back_counts_no_more() {
    let scratch = imported();
    scratch.done(&["user", "pair", "root", HOTP.serial]);
    let inventory = scratch.path("cache/inventory.db");
    std::fs::write(&inventory, "garbage").unwrap();
    let told = scratch.refused(&["user", "unpair", "root"]);
    assert!(told.contains("is disabled in the record of root"), "{told}");
    assert_eq!(scratch.events_named("disabled")[0]["user"], "root");
    let done = scratch.run_with(&["sign-on", "root"], &(HOTP.at(0) + "\n"));
    assert_eq!(done.status, 1, "{}", done.stdout);
    std::fs::remove_file(&inventory).unwrap();
    scratch.done(&["user", "unpair", "root"]);
    let shown = scratch.json(&["token", "show", HOTP.serial]);
    assert_eq!(
        (shown["user"].as_str(), shown["state"].as_str()),
        (None, Some("disabled"))
    );
}

#[test]
fn a_locked_user_is_listed_with_the_end_of_the_lock_and_unlocked() {
    let scratch = imported();
    scratch.config("[throttle]\nmax_failures = 2\nfirst_wait = \"30m\"\n[sign_on]\nattempts = 2\n");
    scratch.done(&["user", "pair", "root", HOTP.serial]);
    let wrong = format!("{}\n{}\n", HOTP.wrong(), HOTP.wrong());
    assert_eq!(scratch.run_with(&["sign-on", "root"], &wrong).status, 1);
    let locked = user(&scratch, "root");
    assert_eq!(locked["failures"], 2);
    let until = locked["locked_until"].as_str().unwrap();
    assert!(until.ends_with('Z') && until.contains('T'), "{until}");
    assert_eq!(
        scratch
            .run_with(&["sign-on", "root"], &(HOTP.at(0) + "\n"))
            .status,
        1
    );
    let unlocked = scratch.json(&["user", "unlock", "root"]);
    assert_eq!(
        (&unlocked["failures"], &unlocked["locked_until"]),
        (&value!(0), &value!(null))
    );
    assert_eq!(scratch.events_named("unlocked").len(), 1);
    assert_eq!(
        scratch
            .run_with(&["sign-on", "root"], &(HOTP.at(0) + "\n"))
            .status,
        0
    );
    scratch.done(&["user", "unlock", "root"]);
    assert_eq!(
        scratch.events_named("unlocked").len(),
        1,
        "nothing was changed the second time"
    );
}

#[test]
fn somebody_locked_for_good_is_listed_as_until_unlocked() {
    let scratch = imported();
    scratch.config("[throttle]\nmax_failures = 2\nmax_total = 2\n[sign_on]\nattempts = 2\n");
    scratch.done(&["user", "pair", "root", HOTP.serial]);
    let wrong = format!("{}\n{}\n", HOTP.wrong(), HOTP.wrong());
    assert_eq!(scratch.run_with(&["sign-on", "root"], &wrong).status, 1);
    assert_eq!(user(&scratch, "root")["locked_until"], "until unlocked");
}

#[test]
fn a_bypass_code_is_printed_once_unlocks_and_signs_on_as_often_as_it_says() {
    let scratch = imported();
    scratch.config("[throttle]\nmax_failures = 2\nfirst_wait = \"30m\"\n[sign_on]\nattempts = 2\n");
    scratch.done(&["user", "pair", "root", HOTP.serial]);
    let wrong = format!("{}\n{}\n", HOTP.wrong(), HOTP.wrong());
    scratch.run_with(&["sign-on", "root"], &wrong);
    let issued = scratch.json(&["user", "bypass", "root", "--for", "2h", "--uses", "2"]);
    let code = issued["code"].as_str().unwrap();
    assert_eq!(
        issued.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["code", "expires", "user"]
    );
    assert_eq!((code.len(), issued["user"].as_str()), (14, Some("root")));
    let shown = scratch.json(&["user", "show", "root"]);
    assert_eq!(
        (&shown["failures"], &shown["bypass"][0]["uses_left"]),
        (&value!(0), &value!(2))
    );
    assert_eq!(shown["bypass"][0]["expires"], issued["expires"]);
    let status = |_| {
        scratch
            .run_with(&["sign-on", "root"], &format!("{code}\n"))
            .status
    };
    assert_eq!([0, 1, 2].map(status), [0, 0, 1]);
    let log = std::fs::read_to_string(scratch.path("audit.jsonl")).unwrap();
    assert!(
        !log.contains(code) && log.contains("bypass_issued"),
        "{log}"
    );
}

#[test]
fn a_bypass_code_is_for_people_without_a_token_too_before_anything_was_imported() {
    let scratch = Scratch::new();
    let shown = scratch.done(&["user", "bypass", "root"]);
    let code = shown.lines().next().unwrap().to_owned();
    assert_eq!(
        scratch
            .run_with(&["sign-on", "root"], &format!("{code}\n"))
            .status,
        0
    );
}

#[test]
fn show_has_all_that_is_known_of_somebody() {
    let scratch = imported();
    scratch.done(&["user", "pair", "root", HOTP.serial]);
    let shown = scratch.json(&["user", "show", "root"]);
    let expected = value!({
        "user": "root", "serials": ["FT-0042"], "failures": 0, "locked_until": null, "uid": 0,
        "tokens": [{"serial": "FT-0042", "manufacturer": null, "type": "HOTP", "algorithm": "SHA1", "digits": 6,
                    "time_interval": null, "state": "paired", "user": "root", "reserved_for": null, "drift": null,
                    "last_accepted": null}],
        "pending": null, "in_doubt": false, "bypass": [],
    });
    assert_eq!(shown, expected);
    assert!(
        scratch
            .done(&["user", "show", "root"])
            .contains("FT-0042 (HOTP, paired, last accepted -)")
    );
    assert!(scratch.done(&["user", "show", "daemon"]).contains("none"));
}
