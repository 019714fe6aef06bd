//! `otpair import` of files that say who has a token: whom it pairs, and whom such a file can't name.

use crate::scratch::Scratch;
use crate::tokens::{HOTP, TOTP, now};
use serde_json::json as value;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::process::Command;

const BASE32: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
/// An account that every system has, beside root; `daemon` on Debian and on the Mac.
const DAEMON: u32 = 1;

fn users_oath(user: &str) -> String {
    format!("HOTP {user} - {} 4 {}\n", HOTP.seed, HOTP.at(4))
}

/// A folder of somebody's own, with what they put there.
fn home_of_daemon(scratch: &Scratch) -> String {
    let home = scratch.path("home");
    fs::create_dir(&home).unwrap();
    chown(&home, Some(DAEMON), Some(DAEMON)).expect("this test needs root");
    scratch
        .path("home/.google_authenticator")
        .display()
        .to_string()
}

fn put(file: &str, owner: u32, mode: u32, text: &str) {
    fs::write(file, text).unwrap();
    chown(file, Some(owner), Some(owner)).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
}

fn tokens(scratch: &Scratch) -> serde_json::Value {
    scratch.json(&["token", "list"])
}

#[test]
fn users_oath_pairs_its_people_and_a_second_time_nothing_changes() {
    let scratch = Scratch::new();
    let file = users_oath("root") + "HOTP nobody-here - 4142434445464748494a4142434445464748494a\n";
    scratch.write("users.oath", file);
    let dry = scratch.run(&["import", "users.oath", "--dry-run", "--json"]);
    let dry = crate::scratch::json(&dry.stdout);
    assert_eq!(tokens(&scratch), value!([]));
    let done = scratch.run(&["import", "users.oath", "--json"]);
    assert_eq!(done.status, 0, "{}{}", done.stdout, done.stderr);
    let report = crate::scratch::json(&done.stdout);
    for report in [&dry, &report] {
        assert_eq!(report["new"], 2);
        assert_eq!(
            report["paired"],
            value!([{"serial": "OATH-root", "user": "root"}])
        );
        assert_eq!(report["not_paired"][0]["serial"], "OATH-nobody-here");
    }
    assert_eq!(scratch.events_named("paired").len(), 1);
    let root = scratch.json(&["user", "show", "root"]);
    assert_eq!(root["serials"], value!(["OATH-root"]), "{root}");
    let spent = scratch.run_with(&["sign-on", "root"], &(HOTP.at(4) + "\n"));
    assert_eq!(spent.status, 1);
    let next = scratch.run_with(&["sign-on", "root"], &(HOTP.at(5) + "\n"));
    assert_eq!(next.status, 0, "{}", next.stdout);
    let again = scratch.run(&["import", "users.oath", "--json"]);
    let again = crate::scratch::json(&again.stdout);
    assert_eq!(
        (&again["new"], &again["unchanged"]),
        (&value!(0), &value!(2))
    );
    assert_eq!(again["paired"], value!(null));
    assert_eq!(scratch.events_named("paired").len(), 1);
}

#[test]
fn who_has_too_many_tokens_keeps_the_first_and_gets_the_other_when_there_is_room() {
    let scratch = Scratch::new();
    let second = "HOTP root - 4142434445464748494a4142434445464748494a\n";
    scratch.write("users.oath", users_oath("root") + second);
    for run in [
        &["import", "users.oath", "--dry-run"][..],
        &["import", "users.oath"],
    ] {
        let done = scratch.run(run);
        assert_eq!(done.status, 1, "{}", done.stdout);
        let why = "token OATH-root/2 is not paired with root: root has 1 already";
        assert!(done.stdout.contains(why), "{}", done.stdout);
    }
    scratch.config("[sign_on]\nmax_tokens_per_user = 2\n");
    let done = scratch.done(&["import", "users.oath"]);
    assert!(
        done.contains("token OATH-root/2 is now paired with root"),
        "{done}"
    );
}

#[test]
fn nothing_that_is_paired_with_somebody_else_is_overwritten() {
    let scratch = Scratch::new();
    scratch.write("users.oath", users_oath("root"));
    scratch.done(&["import", "users.oath"]);
    scratch.done(&["user", "unpair", "root"]);
    scratch.done(&["token", "reserve", "OATH-root", "daemon"]);
    scratch.done(&["user", "pair", "daemon", "OATH-root"]);
    let done = scratch.run(&["import", "users.oath"]);
    assert_eq!(done.status, 1);
    assert!(done.stdout.contains("is with daemon"), "{}", done.stdout);
    let daemon = scratch.json(&["user", "show", "daemon"]);
    assert_eq!(daemon["serials"], value!(["OATH-root"]));
}

#[test]
fn a_totp_token_goes_on_after_the_passcode_that_was_accepted_last() {
    let scratch = Scratch::new();
    let at = now();
    let line = format!("HOTP/T30 root - {} 0 {} x\n", TOTP.seed, TOTP.at(at));
    scratch.write("users.oath", line);
    scratch.done(&["import", "users.oath"]);
    let sign_on = |at| scratch.run_with(&["sign-on", "root"], &(TOTP.at(at) + "\n"));
    assert_eq!(sign_on(at).status, 1);
    assert_eq!(sign_on(at + 30).status, 0);
}

#[test]
fn a_users_oath_that_others_could_have_written_pairs_and_imports_nothing() {
    let scratch = Scratch::new();
    let home = scratch.path("home");
    home_of_daemon(&scratch);
    let theirs = home.join("users.oath").display().to_string();
    put(&theirs, DAEMON, 0o600, &users_oath("root"));
    put(
        &home.join("copied").display().to_string(),
        0,
        0o600,
        &users_oath("root"),
    );
    scratch.write("writable", users_oath("root"));
    fs::set_permissions(scratch.path("writable"), fs::Permissions::from_mode(0o660)).unwrap();
    scratch.write("owned", users_oath("root"));
    chown(scratch.path("owned"), Some(DAEMON), Some(DAEMON)).unwrap();
    for file in [&*theirs, "home/copied", "writable", "owned"] {
        let done = scratch.run(&["import", file]);
        assert_eq!(done.status, 1, "{file}");
        assert!(
            done.stdout.contains("who has which token"),
            "{file}: {}",
            done.stdout
        );
    }
    assert_eq!(tokens(&scratch), value!([]));
}

#[test]
fn a_google_authenticator_file_is_its_owners_and_nobody_elses() {
    let scratch = Scratch::new();
    let file = home_of_daemon(&scratch);
    put(
        &file,
        DAEMON,
        0o600,
        &format!("{BASE32}\n\" DISALLOW_REUSE\n\" TOTP_AUTH\n12345678\n"),
    );
    let said = scratch.done(&["import", &file]);
    assert!(
        said.contains("token GA-daemon is now paired with daemon"),
        "{said}"
    );
    assert!(said.contains("emergency codes"), "{said}");
    let others = scratch.run(&["import", &file, "--user", "root"]);
    assert_eq!(others.status, 1);
    assert!(others.stdout.contains("somebody else"), "{}", others.stdout);
}

#[test]
fn a_google_authenticator_file_of_roots_is_whose_the_admin_says() {
    let scratch = Scratch::new();
    scratch.write("alice", format!("{BASE32}\n\" HOTP_COUNTER 3\n"));
    let done = scratch.run(&["import", "alice"]);
    assert_eq!(done.status, 1);
    assert!(done.stdout.contains("--user"), "{}", done.stdout);
    let said = scratch.done(&["import", "--user", "daemon", "alice"]);
    assert!(
        said.contains("token GA-daemon is now paired with daemon"),
        "{said}"
    );
    assert_eq!(tokens(&scratch)[0]["last_accepted"], 2);
    let two = scratch.run(&["import", "--user", "daemon", "alice", "alice"]);
    assert_eq!(two.status, 2);
    scratch.write("tokens.csv", HOTP.csv());
    assert!(
        scratch
            .run(&["import", "--user", "daemon", "tokens.csv"])
            .status
            == 1
    );
}

#[test]
fn what_somebody_puts_in_the_place_of_their_file_is_nothing_but_their_own() {
    let scratch = Scratch::new();
    let file = home_of_daemon(&scratch);
    let secret = scratch.path("secret");
    let of_root = format!("{BASE32}\n\" TOTP_AUTH\n");
    scratch.write("secret", &of_root);
    let reset = || drop(fs::remove_file(&file));
    let refused = |why: &str| {
        let done = scratch.run(&["import", &file]);
        assert_eq!(done.status, 1, "{why}: {}", done.stdout);
        assert!(done.stdout.contains(why), "{why}: {}", done.stdout);
        let said = done.stdout + &done.stderr;
        assert!(!said.contains("GEZDG") && !said.contains("3132"), "{said}");
        assert_eq!(tokens(&scratch), value!([]), "{why}");
        reset();
    };
    symlink(&secret, &file).unwrap();
    refused("it is a link");
    symlink("/dev/zero", &file).unwrap();
    refused("it is a link");
    let made = Command::new("mkfifo").arg(&file).status().unwrap();
    assert!(made.success());
    refused("no plain file");
    fs::create_dir(&file).unwrap();
    let done = scratch.run(&["import", &file]);
    assert!(done.stdout.contains("no plain file"), "{}", done.stdout);
    fs::remove_dir(&file).unwrap();
    fs::hard_link(&secret, &file).unwrap();
    refused("not its owner");
    put(&file, DAEMON, 0o602, &of_root);
    refused("chmod 600");
    for other in [
        users_oath("root"),
        HOTP.csv(),
        format!("# version: 2\nroot, -, -, {}", HOTP.csv()),
    ] {
        put(&file, DAEMON, 0o600, &other);
        refused("base32");
    }
    put(&file, DAEMON, 0o600, &of_root);
    fs::OpenOptions::new()
        .write(true)
        .open(&file)
        .unwrap()
        .set_len(1 << 40)
        .unwrap();
    refused("longer than");
}

#[test]
fn a_vendors_file_in_an_ordinary_folder_reserves_and_pairs_nobody() {
    let scratch = Scratch::new();
    home_of_daemon(&scratch);
    let file = scratch.path("home/tokens.csv").display().to_string();
    put(
        &file,
        DAEMON,
        0o644,
        &format!("# version: 2\nroot, -, -, {}", HOTP.csv()),
    );
    let said = scratch.done(&["import", &file]);
    assert!(said.contains("others may read "), "{said}");
    let token = &tokens(&scratch)[0];
    assert_eq!(
        (&token["reserved_for"], &token["user"]),
        (&value!("root"), &value!(null))
    );
}

#[test]
fn a_pipe_in_somebody_elses_folder_keeps_no_command_that_wants_a_key_waiting() {
    let scratch = Scratch::new();
    home_of_daemon(&scratch);
    let pipe = scratch.path("home/pipe").display().to_string();
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    scratch.write("tokens.csv", HOTP.csv());
    for arguments in [
        &["import", "tokens.csv", "--passphrase-file", &pipe][..],
        &["import", "tokens.csv", "--key-file", &pipe],
        &["import", "tokens.csv", "--private-key", &pipe],
        &["restore", &pipe],
    ] {
        let why = scratch.refused(arguments);
        assert!(why.contains("no plain file"), "{arguments:?}: {why}");
    }
}
