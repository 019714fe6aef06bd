//! Faults of the machine: each denies with `PAM_AUTHINFO_UNAVAIL` and a reason in the audit log, or stops nobody, as
//! the contract says; and what a good sign-on costs.

use otpair_tests::dialog::{PASSCODE, SERIAL, SignOn};
use otpair_tests::machine::{ALICE, AUDIT_FILE, BOB, CACHE, CONFIG_FILE, GHOST, Machine};
use otpair_tests::scenario::{alice, paired};
use otpair_tests::token::Token;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{chown, symlink};
use std::process::{Child, Stdio};

const UNAVAILABLE: &str = "PAM_AUTHINFO_UNAVAIL";
const INVENTORY: &str = "/var/lib/otpair/inventory.db";

/// The fault is told as one of the machine, and its reason stands in the audit log.
fn assert_fault(machine: &Machine) {
    let before = machine.events("fault").len();
    let done = alice().hold(machine, &[], UNAVAILABLE);
    assert!(done.says("fault of this machine"), "{}", done.transcript());
    let faults = machine.events("fault");
    assert!(faults.len() > before, "nothing was logged");
    assert!(
        faults.iter().all(|fault| fault["reason"]
            .as_str()
            .is_some_and(|reason| !reason.is_empty())),
        "{faults:#?}"
    );
}

// The config.

#[test]
fn an_unknown_key_in_the_config_denies_and_is_logged_with_line_and_column() {
    let (machine, _) = paired();
    machine.write(CONFIG_FILE, "[sign_on]\nattempts = 3\nnullok = true\n");
    alice().hold(&machine, &[], UNAVAILABLE);
    let log = machine.syslog();
    assert!(
        log.iter().any(|line| line.contains("nullok")
            && line.contains("line 3")
            && line.contains("column 1")
            || line.contains(":3:1")),
        "{log:#?}"
    );
    let check = machine.otpair(&["config", "check"]);
    assert_eq!(check.status.code(), Some(1));
}

#[test]
fn an_empty_config_is_valid() {
    let (machine, token) = paired();
    machine.write(CONFIG_FILE, "");
    alice().granted(&machine, &[(PASSCODE, &token.press(0))]);
}

#[test]
fn a_config_that_somebody_else_owns_or_may_write_is_refused() {
    let (machine, token) = paired();
    chown(machine.path(CONFIG_FILE), Some(2001), None).unwrap();
    alice().hold(&machine, &[], UNAVAILABLE);
    chown(machine.path(CONFIG_FILE), Some(0), None).unwrap();
    machine.chmod(CONFIG_FILE, 0o666);
    alice().hold(&machine, &[], UNAVAILABLE);
    machine.chmod(CONFIG_FILE, 0o664);
    chown(machine.path(CONFIG_FILE), Some(0), Some(2001)).unwrap();
    alice().hold(&machine, &[], UNAVAILABLE);
    machine.chmod(CONFIG_FILE, 0o644);
    alice().granted(&machine, &[(PASSCODE, &token.press(0))]);
}

// The record.

#[test]
fn a_damaged_record_denies_and_is_never_user_unknown() {
    let (machine, _) = paired();
    let good = machine.read(&Machine::record(ALICE));
    let mut newer = good.clone();
    for block in newer.chunks_mut(4096) {
        block[..64].fill(0xff);
    }
    let damaged: [&[u8]; 6] = [
        b"",
        b"\0",
        b"garbage",
        &good[..good.len() / 2],
        &vec![0; good.len()],
        &newer,
    ];
    for content in damaged {
        machine.write(&Machine::record(ALICE), content);
        assert_fault(&machine);
    }
}

#[test]
fn a_damaged_record_of_one_user_stops_nobody_else() {
    let (machine, _) = paired();
    let his = Token::hotp("22222222");
    machine.pair(BOB, &his);
    machine.write(&Machine::record(ALICE), "garbage");
    SignOn::of(BOB).granted(&machine, &[(PASSCODE, &his.press(0))]);
}

#[test]
fn a_record_with_any_one_byte_changed_never_makes_a_spent_passcode_good() {
    let (machine, token) = paired();
    alice().granted(&machine, &[(PASSCODE, &token.press(0))]);
    alice().granted(&machine, &[(PASSCODE, &token.press(1))]);
    let path = Machine::record(ALICE);
    let good = machine.read(&path);
    // A full walk belongs to the cache's own tests: here a byte of each part.
    for place in (0..good.len()).step_by(good.len().div_ceil(48)) {
        let mut changed = good.clone();
        changed[place] ^= 1;
        machine.write(&path, &changed);
        let mut dialog = alice().begin(&machine);
        let mut prompts = 0;
        while let Some((_, prompt)) = dialog.next_prompt() {
            prompts += 1;
            assert!(prompts < 6 && prompt.ends_with("asscode: "), "{prompt}");
            dialog.answer(&token.press(1));
        }
        assert_ne!(dialog.into_done().code, "PAM_SUCCESS", "byte {place}");
        machine.write(&path, &good);
    }
}

#[test]
fn a_record_that_lost_one_of_its_states_takes_two_passcodes() {
    let (machine, token) = paired();
    for counter in 0..2 {
        alice().granted(&machine, &[(PASSCODE, &token.press(counter))]);
    }
    let path = Machine::record(ALICE);
    let good = machine.read(&path);
    let pages = good.len() / 4096;
    let lost = (0..pages).filter(|page| {
        let mut changed = good.clone();
        changed[page * 4096..(page + 1) * 4096].fill(0);
        machine.write(&path, &changed);
        let mut dialog = alice().begin(&machine);
        let Some((_, prompt)) = dialog.next_prompt() else {
            assert_eq!(dialog.into_done().code, UNAVAILABLE);
            return false;
        };
        assert_eq!(prompt, PASSCODE);
        dialog.answer(&token.press(2));
        dialog.expect("Next passcode: ");
        dialog.answer(&token.press(3));
        assert_eq!(dialog.finish().code, "PAM_SUCCESS");
        true
    });
    assert_eq!(
        lost.count(),
        2,
        "a record has two state blocks, each in a page of its own"
    );
}

#[test]
fn a_record_that_somebody_else_owns_or_may_write_is_refused() {
    let (machine, token) = paired();
    let path = Machine::record(ALICE);
    chown(machine.path(&path), Some(2001), None).unwrap();
    assert_fault(&machine);
    chown(machine.path(&path), Some(0), None).unwrap();
    machine.chmod(&path, 0o666);
    assert_fault(&machine);
    machine.chmod(&path, 0o600);
    alice().granted(&machine, &[(PASSCODE, &token.press(0))]);
}

#[test]
fn a_record_that_is_a_link_or_a_pipe_or_a_folder_is_refused() {
    let (machine, _) = paired();
    let path = machine.path(Machine::record(ALICE));
    let aside = machine.path("/var/lib/otpair/aside");
    fs::rename(&path, &aside).unwrap();
    symlink("../aside", &path).unwrap();
    assert_fault(&machine);
    fs::remove_file(&path).unwrap();
    fs::hard_link(&aside, &path).unwrap();
    assert_fault(&machine);
    fs::remove_file(&path).unwrap();
    machine.done("mkfifo", &[&Machine::record(ALICE)]);
    assert_fault(&machine);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert_fault(&machine);
}

#[test]
fn a_record_copied_to_another_user_is_refused() {
    let (machine, _) = paired();
    fs::copy(
        machine.path(Machine::record(ALICE)),
        machine.path(Machine::record(BOB)),
    )
    .unwrap();
    SignOn::of(BOB).hold(&machine, &[], UNAVAILABLE);
}

#[test]
fn a_lost_record_of_a_paired_user_pairs_the_token_with_nobody() {
    let (machine, token) = paired();
    fs::remove_file(machine.path(Machine::record(ALICE))).unwrap();
    for user in [ALICE, BOB] {
        let once = [(SERIAL, "12345678"), (PASSCODE, &*token.press(0))];
        SignOn::of(user).hold(&machine, &[once, once, once].concat(), "PAM_MAXTRIES");
    }
    machine.admin(&["user", "unpair", "alice"]);
    machine.admin(&["user", "unlock", "alice"]);
    alice().granted(
        &machine,
        &[(SERIAL, "12345678"), (PASSCODE, &token.press(5))],
    );
}

// The limits of the caller.

/// What a caller may do before it starts a program that is setuid: limit the size of files, ignore SIGXFSZ; and in a
/// container root may not lift the limit.
fn limited(limit: u32, ignored: bool, contained: bool) -> Vec<String> {
    let fsize = format!("--fsize={limit}");
    let ignore = ["sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh"];
    let contain = ["setpriv", "--bounding-set=-sys_resource"];
    let words = ["prlimit", &fsize]
        .into_iter()
        .chain(ignore.into_iter().filter(|_| ignored))
        .chain(contain.into_iter().filter(|_| contained));
    words.map(str::to_owned).collect()
}

/// One guess under a limit: granted, or refused and counted, or nothing at all has changed.
fn guess_under_limit(machine: &Machine, wrapper: &[&str], passcode: &str) -> Option<String> {
    let before = machine.read(&Machine::record(ALICE));
    let mut dialog = alice().under(wrapper).begin(machine);
    dialog.expect(PASSCODE);
    dialog.answer(passcode);
    let code = dialog.finish_or_die().map(|done| done.code);
    let user = machine.admin_json(&["user", "show", "alice"]);
    assert_eq!(user["in_doubt"], false, "{wrapper:?}: {user}");
    assert_eq!(user["bypass"].as_array().map(Vec::len), Some(1), "{user}");
    let granted = code.as_deref() == Some("PAM_SUCCESS");
    let counted = code.as_deref() == Some("PAM_MAXTRIES") && user["failures"] == 1;
    let unchanged = machine.read(&Machine::record(ALICE)) == before;
    assert!(
        granted || counted || unchanged,
        "{wrapper:?}: {code:?}, {user}"
    );
    code
}

fn a_file_size_limit_leaves_the_record_as_it_was_or_counts(contained: bool) {
    let (machine, token) = paired();
    machine.config("[sign_on]\nattempts = 1\n");
    let code = machine.admin_json(&["user", "bypass", "alice"])["code"].clone();
    let wrong = token.wrong();
    let limits = [0, 1, 100, 4096, 5000, 8191].map(|limit| [(limit, false), (limit, true)]);
    let mut counter = 0;
    for (limit, ignored) in limits.into_iter().flatten() {
        let wrapper = limited(limit, ignored, contained);
        let wrapper: Vec<_> = wrapper.iter().map(String::as_str).collect();
        let refused = guess_under_limit(&machine, &wrapper, &wrong);
        assert_ne!(refused.as_deref(), Some("PAM_SUCCESS"), "{wrapper:?}");
        machine.admin(&["user", "unlock", "alice"]);
        let right = guess_under_limit(&machine, &wrapper, &token.press(counter));
        let counts = refused.as_deref() == Some("PAM_MAXTRIES");
        if counts || right.as_deref() == Some("PAM_SUCCESS") {
            assert!(
                counts,
                "{wrapper:?} tells a right guess and counts no wrong one"
            );
            assert_eq!(right.as_deref(), Some("PAM_SUCCESS"), "{wrapper:?}");
        } else {
            assert_eq!(
                right, refused,
                "{wrapper:?} tells whether a guess was right"
            );
        }
        alice().granted(&machine, &[(PASSCODE, &token.press(counter + 1))]);
        counter += 2;
    }
    alice().granted(&machine, &[(PASSCODE, code.as_str().unwrap())]);
}

#[test]
fn a_file_size_limit_of_the_caller_leaves_the_record_as_it_was_or_counts() {
    a_file_size_limit_leaves_the_record_as_it_was_or_counts(false);
}

#[test]
fn a_file_size_limit_that_root_may_not_lift_leaves_the_record_as_it_was_or_counts() {
    a_file_size_limit_leaves_the_record_as_it_was_or_counts(true);
}

#[test]
fn a_file_size_limit_of_the_caller_hides_no_audit_line() {
    let (machine, token) = paired();
    let earlier = "{\"event\":\"imported\"}\n".repeat(500);
    assert!(earlier.len() > 8192);
    machine.write(AUDIT_FILE, earlier);
    let script = [(PASSCODE, &*token.wrong()), (PASSCODE, &token.press(0))];
    alice()
        .under(&["prlimit", "--fsize=8192"])
        .granted(&machine, &script);
    let log = machine.syslog();
    for event in ["denied", "granted"] {
        let told = format!("event={event}");
        assert!(log.iter().any(|line| line.contains(&told)), "{log:#?}");
        if may_lift_limits() {
            assert_eq!(machine.events(event).len(), 1, "{event}");
        }
    }
}

/// Whether root has `CAP_SYS_RESOURCE` here (`capabilities(7)`): in many a container it has not, and then a line that the
/// caller's limit keeps out of the file stands in syslog alone.
fn may_lift_limits() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let effective = status
        .lines()
        .find_map(|line| line.strip_prefix("CapEff:"))
        .unwrap();
    u64::from_str_radix(effective.trim(), 16).unwrap() >> 24 & 1 == 1
}

// The record's lock.

/// A process that has Alice's record locked, until it is released.
fn hold_record(machine: &Machine) -> Child {
    let mut holder = machine
        .command("flock")
        .args(["--exclusive", &Machine::record(ALICE)])
        .args(["sh", "-c", "echo locked; cat >/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut said = BufReader::new(holder.stdout.as_mut().unwrap());
    said.read_line(&mut line).unwrap();
    assert_eq!(line, "locked\n");
    holder
}

fn release(mut holder: Child) {
    drop(holder.stdin.take());
    holder.wait().unwrap();
}

#[test]
fn a_record_locked_by_a_stuck_process_fails_after_five_seconds() {
    let (machine, token) = paired();
    let stuck = hold_record(&machine);
    let mut dialog = alice().begin(&machine);
    while dialog.next_prompt().is_some() {
        dialog.answer(&token.press(0));
    }
    assert_eq!(dialog.into_done().code, UNAVAILABLE);
    release(stuck);
    alice().granted(&machine, &[(PASSCODE, &token.press(0))]);
}

#[test]
fn a_stopped_process_that_holds_the_lock_is_named_in_the_log() {
    let (machine, token) = paired();
    // In the background of a shell: nsenter would stop with its child.
    let stop = "flock --exclusive --no-fork \"$1\" sh -c 'echo $$; kill -STOP $$' & wait";
    let mut stopped = machine
        .command("sh")
        .args(["-c", stop, "sh", &Machine::record(ALICE)])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut said = BufReader::new(stopped.stdout.as_mut().unwrap());
    said.read_line(&mut line).unwrap();
    let pid = line.trim_end();
    let mut dialog = alice().begin(&machine);
    while dialog.next_prompt().is_some() {
        dialog.answer(&token.press(0));
    }
    assert_eq!(dialog.into_done().code, UNAVAILABLE);
    machine.done("kill", &["-KILL", pid]);
    stopped.wait().unwrap();
    let faults = machine.events("fault");
    let names_it = |fault: &serde_json::Value| {
        let reason = fault["reason"].as_str().unwrap_or_default();
        reason
            .split(|c: char| !c.is_ascii_digit())
            .any(|number| number == pid)
    };
    assert!(faults.iter().any(names_it), "{pid} is not in {faults:#?}");
    alice().granted(&machine, &[(PASSCODE, &token.press(0))]);
}

#[test]
fn a_sign_on_waits_for_the_record_while_another_process_has_it() {
    let (machine, token) = paired();
    let mut dialog = alice().begin(&machine);
    dialog.expect(PASSCODE);
    let busy = hold_record(&machine);
    dialog.answer(&token.press(0));
    release(busy);
    assert_eq!(dialog.finish().code, "PAM_SUCCESS");
}

#[test]
fn no_lock_is_held_while_a_person_types() {
    let (machine, token) = paired();
    let mut slow = alice().begin(&machine);
    slow.expect(PASSCODE);
    alice().granted(&machine, &[(PASSCODE, &token.press(0))]);
    machine.done(
        "flock",
        &["--exclusive", "--nonblock", &Machine::record(ALICE), "true"],
    );
    slow.answer(&token.press(1));
    assert_eq!(slow.finish().code, "PAM_SUCCESS");
}

#[test]
fn a_session_killed_at_its_prompt_stops_nobody() {
    let (machine, token) = paired();
    let mut dialog = alice().begin(&machine);
    dialog.expect(PASSCODE);
    dialog.kill();
    alice().granted(&machine, &[(PASSCODE, &token.press(0))]);
}

// The inventory.

#[test]
fn a_damaged_or_missing_inventory_stops_pairing_and_import_and_nobody_who_is_paired() {
    let (machine, token) = paired();
    for (counter, damage) in (0..).zip([Some(""), Some("garbage"), None]) {
        match damage {
            Some(content) => machine.write(INVENTORY, content),
            None => fs::remove_file(machine.path(INVENTORY)).unwrap(),
        }
        alice().granted(&machine, &[(PASSCODE, &token.press(counter))]);
        assert_pairing_fails(&machine);
    }
    machine.write(INVENTORY, "garbage");
    machine.write("/root/more.txt", Token::hotp("22222222").uri());
    assert_eq!(
        machine.otpair(&["import", "/root/more.txt"]).status.code(),
        Some(1)
    );
}

fn assert_pairing_fails(machine: &Machine) {
    let mut dialog = SignOn::of(BOB).begin(machine);
    while let Some((_, prompt)) = dialog.next_prompt() {
        dialog.answer(if prompt == SERIAL {
            "22222222"
        } else {
            "123456"
        });
    }
    let done = dialog.into_done();
    assert_ne!(done.code, "PAM_SUCCESS", "{}", done.transcript());
    assert_ne!(done.code, "PAM_USER_UNKNOWN", "{}", done.transcript());
}

#[test]
fn a_lost_inventory_is_rebuilt_from_the_records_so_that_no_token_is_with_two_people() {
    let (machine, token) = paired();
    alice().granted(&machine, &[(PASSCODE, &token.press(7))]);
    fs::remove_file(machine.path(INVENTORY)).unwrap();
    machine.write("/root/again.txt", token.uri());
    machine.otpair(&["import", "/root/again.txt"]);
    let once = [(SERIAL, "12345678"), (PASSCODE, &*token.press(8))];
    SignOn::of(BOB).hold(&machine, &[once, once, once].concat(), "PAM_MAXTRIES");
    alice().granted(&machine, &[(PASSCODE, &token.press(8))]);
}

// The key and the folder.

#[test]
fn a_missing_or_wrong_key_beside_records_is_a_fault_and_no_new_one_is_made() {
    let (machine, token) = paired();
    let path = format!("{CACHE}/cache.key");
    let key = machine.read(&path);
    fs::remove_file(machine.path(&path)).unwrap();
    assert_fault(&machine);
    assert!(!machine.path(&path).exists());
    machine.write(&path, vec![b'7'; key.len()]);
    machine.chmod(&path, 0o600);
    assert_fault(&machine);
    machine.write(&path, &key);
    alice().granted(&machine, &[(PASSCODE, &token.press(0))]);
    machine.chmod(&path, 0o644);
    assert_fault(&machine);
}

#[test]
fn a_cache_folder_that_others_may_write_is_refused() {
    let (machine, _) = paired();
    machine.chmod(CACHE, 0o777);
    assert_fault(&machine);
    machine.chmod(CACHE, 0o700);
    chown(machine.path(CACHE), Some(2001), None).unwrap();
    assert_fault(&machine);
}

// The disk.

#[test]
fn a_full_disk_stops_nobody_who_is_paired() {
    let (machine, token) = paired();
    alice().granted(&machine, &[(PASSCODE, &token.press(0))]);
    // Until nothing more fits: dd ends with "No space left on device".
    machine.run(
        "dd",
        &["if=/dev/zero", "of=/var/lib/otpair/filler", "bs=4096"],
    );
    machine.run(
        "dd",
        &["if=/dev/zero", "of=/var/lib/otpair/filler2", "bs=1"],
    );
    let more = machine.run("sh", &["-c", "echo more >/var/lib/otpair/more"]);
    assert!(!more.status.success(), "the disk is not full");
    for counter in 1..4 {
        alice().granted(&machine, &[(PASSCODE, &token.press(counter))]);
    }
    let script = [
        (PASSCODE, &*token.press(60)),
        ("Next passcode: ", &token.press(61)),
    ];
    alice().granted(&machine, &script);
    alice().granted(
        &machine,
        &[(PASSCODE, &token.wrong()), (PASSCODE, &token.press(62))],
    );
}

#[test]
fn a_read_only_disk_denies_with_a_reason_and_grants_nothing() {
    let (machine, token) = paired();
    machine.done("mount", &["-o", "remount,ro", CACHE]);
    let mut dialog = alice().begin(&machine);
    while dialog.next_prompt().is_some() {
        dialog.answer(&token.press(0));
    }
    assert_eq!(dialog.into_done().code, UNAVAILABLE);
    assert!(!machine.events("fault").is_empty());
    machine.done("mount", &["-o", "remount,rw", CACHE]);
    alice().granted(&machine, &[(PASSCODE, &token.press(0))]);
}

// The audit log.

#[test]
fn an_audit_line_that_cannot_be_written_denies_nobody() {
    let (machine, token) = paired();
    let _ = fs::remove_file(machine.path(AUDIT_FILE));
    symlink("/dev/full", machine.path(AUDIT_FILE)).unwrap();
    alice().granted(&machine, &[(PASSCODE, &token.press(0))]);
    fs::remove_file(machine.path(AUDIT_FILE)).unwrap();
    fs::create_dir(machine.path(AUDIT_FILE)).unwrap();
    alice().granted(&machine, &[(PASSCODE, &token.press(1))]);
    machine.config("");
    machine.write(
        CONFIG_FILE,
        "[audit]\nfile = \"/nonexistent/folder/file\"\n",
    );
    alice().granted(&machine, &[(PASSCODE, &token.press(2))]);
    fs::remove_file(machine.path("/dev/log")).unwrap();
    alice().granted(&machine, &[(PASSCODE, &token.press(3))]);
}

#[test]
fn events_are_key_value_in_syslog_and_json_in_the_file() {
    let (machine, token) = paired();
    let script = [(PASSCODE, &*token.wrong()), (PASSCODE, &token.press(0))];
    alice().from("192.0.2.7").granted(&machine, &script);
    let granted = machine.events("granted");
    let expected = [
        ("user", "alice"),
        ("service", "otpcodes"),
        ("rhost", "192.0.2.7"),
        ("serial", "12345678"),
    ];
    for (field, value) in expected {
        assert_eq!(granted[0][field], value, "{granted:?}");
    }
    let log = machine.syslog();
    let has = |event: &str| {
        let words = [event, "user=alice", "service=otpcodes", "rhost=192.0.2.7"];
        log.iter()
            .any(|line| words.iter().all(|word| line.contains(word)))
    };
    assert!(has("event=granted") && has("event=denied"), "{log:#?}");
}

#[test]
fn what_a_door_says_of_where_somebody_is_forges_no_line_in_the_log() {
    let (machine, token) = paired();
    let forged = "192.0.2.7\nevent=granted user=root\r\n\"},{\"event\":\"granted\"} event=granted";
    let wrong = token.wrong();
    let script = [(PASSCODE, &*wrong); 3];
    alice().from(forged).hold(&machine, &script, "PAM_MAXTRIES");
    assert!(machine.events("granted").is_empty());
    let log = machine.syslog();
    assert!(log.iter().any(|line| line.contains("event=denied")));
    for line in &log {
        assert!(!line.trim_end().contains(['\n', '\r']), "{line:?}");
        assert!(!line.contains(": event=granted"), "{line:?}");
    }
}

#[test]
fn no_log_holds_a_passcode_a_seed_or_what_a_stranger_typed() {
    let (machine, token) = paired();
    let wrong = token.wrong();
    let code = machine.admin_json(&["user", "bypass", "alice"])["code"]
        .as_str()
        .unwrap()
        .to_owned();
    let passcodes = [token.press(0), token.press(50), token.press(51)];
    alice().granted(&machine, &[(PASSCODE, &wrong), (PASSCODE, &passcodes[0])]);
    alice().granted(
        &machine,
        &[
            (PASSCODE, &passcodes[1]),
            ("Next passcode: ", &passcodes[2]),
        ],
    );
    alice().granted(&machine, &[(PASSCODE, "open sesame"), (PASSCODE, &code)]);
    let strange = [
        (PASSCODE, "open sesame"),
        (PASSCODE, "123321"),
        (PASSCODE, "123321"),
    ];
    SignOn::of(GHOST)
        .named("swordfish")
        .hold(&machine, &strange, "PAM_MAXTRIES");
    let all = String::from_utf8(machine.read(AUDIT_FILE)).unwrap() + &machine.syslog().join("\n");
    let base32 = token.base32();
    let hex = token.hex();
    let plain_code = code.replace('-', "");
    let secrets = [
        &wrong,
        &passcodes[0],
        &passcodes[1],
        &passcodes[2],
        &code,
        &plain_code,
        &hex,
        &base32,
    ];
    for secret in
        secrets
            .into_iter()
            .map(String::as_str)
            .chain(["open sesame", "123321", "swordfish"])
    {
        assert!(
            !all.to_lowercase().contains(&secret.to_lowercase()),
            "{secret} stands in the log:\n{all}"
        );
    }
    assert!(
        machine
            .events("granted")
            .iter()
            .all(|event| event["user"] == "alice" && event["service"] == "otpcodes"),
        "{all}"
    );
}

// What a good sign-on costs.

/// The system calls of a good sign-on by their names, from where the module is opened to its line in the log.
fn calls_of_a_sign_on(machine: &Machine, passcode: &str) -> Vec<String> {
    let strace = ["strace", "-f", "-o", "/run/calls"];
    alice()
        .under(&strace)
        .granted(machine, &[(PASSCODE, passcode)]);
    let trace = String::from_utf8(machine.read("/run/calls")).unwrap();
    let from_the_module = trace
        .lines()
        .skip_while(|line| !line.contains("pam_otpair.so\", O_RDONLY"));
    let mut calls = Vec::new();
    for line in from_the_module {
        let call = line.split_whitespace().nth(1).unwrap_or_default();
        let name = call.split('(').next().unwrap_or_default();
        // How the heap grows is the C library's, and in how many pieces the answer comes the pipe's.
        if name != "brk" && !call.starts_with("read(0,") {
            calls.push(name.to_owned());
        }
        if line.contains("event=granted") {
            return calls;
        }
    }
    panic!("no line was logged: {trace}");
}

#[test]
fn a_good_sign_on_takes_the_same_few_system_calls_whether_one_token_is_imported_or_ten_thousand() {
    let (machine, token) = paired();
    // Once more, so that what only the first one does is done.
    alice().granted(&machine, &[(PASSCODE, &token.press(0))]);
    let with_one = calls_of_a_sign_on(&machine, &token.press(1));
    let seeds: String = (0..10_000)
        .map(|n| format!("otpauth://hotp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&serial=5{n:07}&counter=0\n"))
        .collect();
    machine.write("/root/seeds.txt", seeds);
    machine.chmod("/root/seeds.txt", 0o600);
    let counts = machine.admin_json(&["import", "/root/seeds.txt"]);
    assert_eq!(counts["new"], 10_000, "{counts}");
    let with_many = calls_of_a_sign_on(&machine, &token.press(2));
    assert_eq!(with_one, with_many);
    assert!(with_one.len() <= 112, "{}: {with_one:#?}", with_one.len());
}

#[test]
fn a_good_sign_on_flushes_once_opens_no_inventory_and_writes_nothing_else_durable() {
    let (machine, token) = paired();
    alice().granted(&machine, &[(PASSCODE, &token.press(0))]);
    let calls = "trace=open,openat,openat2,creat,fsync,fdatasync,sync,syncfs,msync,sync_file_range,rename,renameat,renameat2,unlink,unlinkat,link,linkat,mkdir,mkdirat,write,pwrite64,pwritev,writev,ftruncate,fallocate";
    let strace = ["strace", "-f", "-y", "-o", "/run/trace", "-e", calls];
    alice()
        .under(&strace)
        .granted(&machine, &[(PASSCODE, &token.press(1))]);
    let trace = String::from_utf8(machine.read("/run/trace")).unwrap();
    let lines = |part: &str| {
        trace
            .lines()
            .filter(|line| line.contains(part))
            .collect::<Vec<_>>()
    };
    let flushes = trace.lines().filter(|line| {
        ["fdatasync(", "fsync(", "syncfs(", "msync(", " sync("]
            .iter()
            .any(|call| line.contains(call))
    });
    let flushes: Vec<_> = flushes.collect();
    assert!(
        flushes.len() == 1 && flushes[0].contains("fdatasync("),
        "{flushes:#?}"
    );
    assert!(
        flushes[0].contains("/var/lib/otpair/users/alice"),
        "{flushes:#?}"
    );
    assert!(
        lines("inventory.db").is_empty(),
        "{:#?}",
        lines("inventory.db")
    );
    let changes = trace.lines().filter(|line| {
        line.contains(CACHE)
            && ["rename", "unlink", "link", "mkdir", "O_CREAT", "truncate"]
                .iter()
                .any(|call| line.contains(call))
    });
    assert_eq!(changes.collect::<Vec<_>>(), Vec::<&str>::new());
    let written: Vec<_> = trace
        .lines()
        .filter(|line| line.contains("write") && line.contains(CACHE))
        .collect();
    assert!(
        written.len() == 1 && written[0].contains("users/alice"),
        "{written:#?}"
    );
}
