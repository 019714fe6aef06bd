use super::keep::{Keep, Seen};
use super::testing::{MARKER, Mac, PLUGIN, SECONDS, SHELLS, Spoil};
use super::*;
use crate::files;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;

/// Nothing of it is left, and the window is as it was.
fn assert_untouched(mac: &Mac, before: &str, what: &str) {
    assert_eq!(mac.right(), before, "{what}");
    assert!(!mac.window.journal.exists(), "{what}: the journal is left");
    assert!(!mac.window.job().exists(), "{what}: the job's file is left");
    assert!(
        !mac.is_loaded("io.otpair.revert"),
        "{what}: the job is left"
    );
}

fn said(failed: Result<impl std::fmt::Debug, Failure>) -> String {
    failed.expect_err("it was done").message().to_owned()
}

fn reasons(mac: &Mac, event: &str) -> Vec<String> {
    let events = mac.events().into_iter();
    let events = events.filter(|(name, _)| name == event);
    events.map(|(_, reason)| reason).collect()
}

#[test]
fn it_is_tried_then_put_in_then_confirmed_and_taken_out_again() {
    let mac = Mac::new();
    let before = mac.right();
    let now = mac.switch_on().unwrap();
    assert!(now.contains("otpair protect --confirm"), "{now}");
    assert!(mac.window.is_protected().unwrap());
    assert!(mac.is_loaded("io.otpair.revert"));
    assert!(!mac.window.is_confirmed());
    let calls = mac.calls();
    let tried = calls.find("authorize io.otpair.test").unwrap();
    let written = calls.find("write system.login.console").unwrap();
    assert!(tried < written, "{calls}");

    assert_eq!(mac.window.confirm().unwrap(), "It stays: login-window.");
    assert!(mac.window.is_protected().unwrap() && mac.window.is_confirmed());
    assert!(!mac.window.journal.exists() && !mac.window.job().exists());
    assert!(said(mac.window.confirm()).contains("nothing waits"));
    assert!(mac.switch_on().unwrap().starts_with("Nothing to do"));

    let config = mac.config();
    let off = mac.window.switch_off(Some(&config)).unwrap();
    assert_eq!(off, "otpair is not asked any more.");
    assert_untouched(&mac, &before, "unprotect");
    assert!(!mac.window.is_confirmed());
    assert!(loginright::is_trial(&mac.window.right(TRIAL).unwrap()));
    let off = mac.window.switch_off(Some(&config)).unwrap();
    assert!(off.starts_with("Nothing to do"), "{off}");
    let events: Vec<_> = mac.events().into_iter().map(|(event, _)| event).collect();
    assert_eq!(events, ["protected", "unprotected"]);
}

#[test]
fn what_fails_at_any_step_leaves_the_window_as_it_was() {
    let calls = [
        "read system.login.console",
        "write io.otpair.test",
        "authorize io.otpair.test",
        "bootstrap",
        "write system.login.console",
    ];
    for call in calls {
        let mac = Mac::new();
        let before = mac.right();
        mac.fail(call);
        let why = said(mac.switch_on());
        assert!(
            why.contains("-60005") || why.contains("Bootstrap failed"),
            "{call}: {why}"
        );
        mac.fail("");
        assert_untouched(&mac, &before, call);
        assert_eq!(mac.events(), [], "{call}");
        mac.switch_on().unwrap();
    }
}

#[test]
fn files_that_cannot_be_written_leave_the_window_as_it_was() {
    let spoils: [Spoil; 4] = [
        ("the journal", |mac| {
            fs::create_dir_all(&mac.window.journal).unwrap();
        }),
        ("the data folder", |mac| mac.write("data", "")),
        ("launchd's folder", |mac| {
            fs::remove_dir_all(mac.path("daemons")).unwrap();
            mac.write("daemons", "");
        }),
        ("the boot's number", |mac| mac.write("boot", "")),
    ];
    for (what, spoil) in spoils {
        let mac = Mac::new();
        let before = mac.right();
        spoil(&mac);
        said(mac.switch_on());
        assert_eq!(mac.right(), before, "{what}");
        assert!(!mac.is_loaded("io.otpair.revert"), "{what}");
    }
}

#[test]
fn half_of_what_was_written_is_taken_out() {
    let mac = Mac::new();
    let before = mac.right();
    mac.write("lose", "");
    let why = said(mac.switch_on());
    assert!(why.contains("did not keep"), "{why}");
    assert_untouched(&mac, &before, "half");
}

#[test]
fn what_somebody_put_in_by_hand_stays_when_the_wait_cannot_begin() {
    let mac = Mac::new();
    mac.add_by_hand();
    let before = mac.right();
    mac.fail("bootstrap");
    said(mac.switch_on());
    assert_untouched(&mac, &before, "by hand");
}

#[test]
fn a_wait_that_cannot_begin_anew_is_over() {
    let mac = Mac::new();
    let before = mac.right();
    mac.switch_on().unwrap();
    mac.fail("bootstrap");
    said(mac.switch_on());
    assert_untouched(&mac, &before, "anew");
}

#[test]
fn with_a_part_missing_or_open_to_others_nothing_is_switched_on() {
    let spoils: [Spoil; 8] = [
        ("Info.plist is missing", |mac| {
            mac.delete("otpair.bundle/Contents/Info.plist");
        }),
        ("MacOS/otpair is missing", |mac| {
            mac.delete(PLUGIN);
        }),
        ("MacOS/otpair is missing", |mac| {
            mac.delete(PLUGIN);
            symlink(mac.path("otpair-helper"), mac.path(PLUGIN)).unwrap();
        }),
        ("otpair-helper is missing", |mac| {
            mac.delete("otpair-helper");
        }),
        ("not root's alone", |mac| {
            let folder = mac.path("otpair.bundle/Contents/MacOS");
            fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).unwrap();
        }),
        ("no job io.otpair.helper", |mac| {
            mac.unload("io.otpair.helper");
        }),
        ("is no socket", |mac| mac.delete("otpair.sock")),
        ("is no socket", |mac| {
            mac.delete("otpair.sock");
            mac.write("otpair.sock", "");
        }),
    ];
    for (what, spoil) in spoils {
        let mac = Mac::new();
        let before = mac.right();
        spoil(&mac);
        let why = said(mac.switch_on());
        assert!(
            why.contains(what) && why.contains("nothing was switched on"),
            "{what}: {why}"
        );
        assert_untouched(&mac, &before, what);
        assert!(!mac.calls().contains("authorize"), "{what}");
    }
}

#[test]
fn a_right_without_a_place_is_refused_before_anybody_is_asked_for_anything() {
    let mac = Mac::new();
    mac.cut("builtin:authenticate,privileged");
    let before = mac.right();
    let why = said(mac.switch_on());
    assert!(why.contains("does not check the password"), "{why}");
    assert_untouched(&mac, &before, "no place");
    assert!(!mac.calls().contains("authorize"));
}

#[test]
fn untested_asks_nobody_but_leaves_the_right_to_try_it_on() {
    let mac = Mac::new();
    mac.fail("authorize io.otpair.test");
    assert!(said(mac.switch_on()).contains("--untested"));
    mac.switch_on_with(true).unwrap();
    assert!(mac.window.is_protected().unwrap());
    let trial = mac.window.right(TRIAL).unwrap();
    assert!(loginright::examine(&trial).unwrap().placement == Placement::InForce);
}

#[test]
fn other_services_are_refused_by_name_and_so_is_a_config_of_ones_own() {
    let why = said(check_names(&["login-window".to_owned(), "sudo".to_owned()]));
    assert!(
        why.starts_with("sudo: ") && why.contains("login-window only"),
        "{why}"
    );
    check_names(&["login-window".to_owned()]).unwrap();
    check_config(None).unwrap();
    assert!(said(check_config(Some(Path::new("/x")))).contains("own config"));
}

#[test]
fn the_script_of_the_job_passes_shellcheck() {
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/src/protect/login_window/revert.sh"
    );
    let checked = Command::new("shellcheck")
        .args(["--norc", "-s", "sh", script])
        .output();
    let checked = checked.expect("shellcheck, of Debian's package of that name");
    let said = String::from_utf8_lossy(&checked.stdout);
    assert!(checked.status.success(), "{said}");
}

#[test]
fn the_job_takes_it_back_without_otpair() {
    for shell in SHELLS {
        let mac = Mac::new();
        let before = mac.right();
        // There is no program otpair.
        mac.switch_on().unwrap();
        assert!(mac.run_job(shell).success());
        assert_untouched(&mac, &before, "no otpair");
        assert!(!mac.window.is_confirmed());
    }
}

#[test]
fn the_job_takes_it_back_when_otpair_fails_or_lies() {
    for shell in SHELLS {
        for broken in [
            "#!/bin/sh\nexit 1\n",
            "#!/bin/sh\nexit 0\n",
            "no program at all",
        ] {
            let mac = Mac::new();
            let before = mac.right();
            mac.switch_on().unwrap();
            mac.write_program("otpair", broken);
            assert!(mac.run_job(shell).success());
            assert_untouched(&mac, &before, broken);
        }
    }
}

#[test]
fn the_job_does_not_wait_for_an_otpair_that_hangs() {
    for shell in SHELLS {
        let mac = Mac::new();
        let before = mac.right();
        mac.switch_on().unwrap();
        mac.write("hangs", "");
        mac.write_program("otpair", "#!/bin/sh\nexec /bin/sleep 604800\n");
        assert!(mac.run_job(shell).success());
        assert_untouched(&mac, &before, "hangs");
    }
}

#[test]
fn the_job_ends_with_success_only_when_otpair_is_out() {
    for shell in SHELLS {
        for call in ["read system.login.console", "write system.login.console"] {
            let mac = Mac::new();
            let before = mac.right();
            mac.switch_on().unwrap();
            mac.fail(call);
            assert_eq!(mac.run_job(shell).code(), Some(1), "{call}");
            assert!(
                mac.window.journal.exists() && mac.window.job().exists(),
                "{call}"
            );
            mac.fail("");
            assert!(mac.run_job(shell).success(), "{call}");
            assert_untouched(&mac, &before, call);
        }
    }
}

#[test]
fn the_job_leaves_what_was_confirmed_and_what_others_have_changed() {
    for shell in SHELLS {
        let mac = Mac::new();
        mac.switch_on().unwrap();
        let job = fs::read_to_string(mac.window.job()).unwrap();
        mac.window.confirm().unwrap();
        // It is still asleep, and wakes up now.
        fs::write(mac.window.job(), job).unwrap();
        mac.load("io.otpair.revert");
        assert!(mac.run_job(shell).success());
        assert!(mac.window.is_protected().unwrap() && mac.window.is_confirmed());

        let mac = Mac::new();
        mac.switch_on().unwrap();
        mac.replace_window("JamfConnectLogin:LoginUI");
        let left = mac.right();
        assert!(mac.run_job(shell).success());
        let without = loginright::remove(left.as_bytes()).unwrap();
        let now = loginright::examine(mac.right().as_bytes()).unwrap();
        assert_eq!(now, loginright::examine(&without).unwrap());
    }
}

#[test]
fn in_another_boot_the_job_does_not_wait() {
    for shell in SHELLS {
        let waits = format!("sleep {SECONDS}\n");
        for (boot, is_waited) in [("ONE\n", true), ("TWO\n", false), ("", false)] {
            let mac = Mac::new();
            let before = mac.right();
            mac.switch_on().unwrap();
            mac.write("boot", boot);
            assert!(mac.run_job(shell).success());
            assert_untouched(&mac, &before, boot);
            assert_eq!(mac.calls().contains(&waits), is_waited, "{boot}");
        }
    }
}

/// What a process of its own does in `killed_at_any_moment…` and as the job's otpair: nothing, when it is run as a test.
#[test]
fn as_a_process_of_its_own() {
    let (Ok(root), Ok(what)) = (
        std::env::var("OTPAIR_TEST_MAC"),
        std::env::var("OTPAIR_TEST_DO"),
    ) else {
        return;
    };
    let mac = Mac::at(Path::new(&root));
    if what == "switch on" {
        mac.switch_on().unwrap();
    } else {
        assert!(mac.window.revert(None).unwrap());
    }
}

/// This test program, to run [`as_a_process_of_its_own`].
fn this_program() -> std::path::PathBuf {
    std::env::current_exe().unwrap()
}

const AS_A_PROCESS: [&str; 2] = [
    "--exact",
    "protect::login_window::tests::as_a_process_of_its_own",
];

#[test]
fn killed_at_any_moment_it_is_taken_back_by_the_job_or_was_never_put_in() {
    for shell in SHELLS {
        for moment in [
            "write io.otpair.test",
            "authorize io.otpair.test",
            "write system.login.console",
            "after write system.login.console",
        ] {
            let mac = Mac::new();
            let before = mac.right();
            mac.write("kill", moment);
            let output = Command::new(this_program())
                .args(AS_A_PROCESS)
                .env("OTPAIR_TEST_MAC", mac.path(""))
                .env("OTPAIR_TEST_DO", "switch on")
                .output()
                .unwrap();
            assert_eq!(output.status.signal(), Some(9), "{moment}: {output:?}");
            mac.write("kill", "");
            assert_eq!(
                mac.window.is_protected().unwrap(),
                moment.starts_with("after"),
                "{moment}"
            );
            if mac.is_loaded("io.otpair.revert") {
                assert!(mac.run_job(shell).success(), "{moment}");
            }
            assert_untouched(&mac, &before, moment);
        }
    }
}

#[test]
fn the_job_has_otpair_take_it_back_and_log_it() {
    for shell in SHELLS {
        let mac = Mac::new();
        let before = mac.right();
        mac.switch_on().unwrap();
        let otpair = format!(
            "#!/bin/sh\n[ \"$*\" = 'protect --revert' ] || exit 1\nOTPAIR_TEST_MAC='{}' OTPAIR_TEST_DO=revert exec '{}' {}\n",
            mac.path("").display(),
            this_program().display(),
            AS_A_PROCESS.join(" ")
        );
        mac.write_program("otpair", &otpair);
        assert!(mac.run_job(shell).success());
        assert_untouched(&mac, &before, "otpair");
        assert_eq!(reasons(&mac, "unprotected"), ["not confirmed"]);
    }
}

#[test]
fn what_cannot_be_taken_back_now_is_tried_again() {
    let mac = Mac::new();
    let before = mac.right();
    mac.switch_on().unwrap();
    mac.fail("write system.login.console");
    said(mac.window.revert(None));
    assert!(mac.window.journal.exists() && mac.window.job().exists());
    mac.fail("");
    assert!(mac.window.revert(None).unwrap());
    assert_untouched(&mac, &before, "again");
    assert!(!mac.window.revert(None).unwrap());
}

#[test]
fn a_journal_that_cannot_be_read_is_one_that_nobody_confirmed() {
    let mac = Mac::new();
    let before = mac.right();
    mac.switch_on().unwrap();
    fs::write(&mac.window.journal, "nonsense").unwrap();
    said(mac.window.confirm());
    assert!(mac.window.revert(Some(&mac.config())).unwrap());
    assert_untouched(&mac, &before, "nonsense");
}

#[test]
fn what_is_gone_in_the_meantime_is_not_confirmed() {
    let mac = Mac::new();
    mac.switch_on().unwrap();
    mac.upgrade();
    let why = said(mac.window.confirm());
    assert!(why.contains("otpair is not in it"), "{why}");
    assert!(!mac.window.is_confirmed());
}

#[test]
fn a_right_that_something_else_has_replaced_is_left_alone_and_done_with() {
    let mac = Mac::new();
    mac.switch_on().unwrap();
    mac.set_right("<plist><dict><key>class</key><string>rule</string></dict></plist>\n");
    let before = mac.right();
    assert!(mac.window.revert(None).unwrap());
    assert_untouched(&mac, &before, "replaced");
    // One that names otpair and can't be edited is told.
    mac.set_right("<string>otpair:prompt</string>");
    assert!(said(mac.window.switch_off(None)).contains("no property list"));
}

fn confirmed() -> Mac {
    let mac = Mac::new();
    mac.switch_on().unwrap();
    mac.window.confirm().unwrap();
    mac
}

#[test]
fn what_an_upgrade_dropped_is_put_back_and_logged() {
    let mac = confirmed();
    let config = mac.config();
    mac.window.keep(Some(&config)).unwrap();
    mac.upgrade();
    assert!(!mac.window.is_protected().unwrap());
    let said = mac.window.keep(Some(&config)).unwrap();
    assert!(said.contains("again"), "{said}");
    assert!(mac.window.is_protected().unwrap());
    mac.cut("otpair:prompt");
    mac.window.keep(Some(&config)).unwrap();
    assert!(mac.window.is_protected().unwrap());
    let reasons = reasons(&mac, "protected");
    assert_eq!(reasons.len(), 3, "{reasons:?}");
    assert_eq!(reasons[1], "put back: otpair is not in it");
    assert!(
        reasons[2].contains("otpair:prompt is missing"),
        "{reasons:?}"
    );
}

#[test]
fn what_was_never_confirmed_or_was_taken_out_is_not_put_back() {
    let mac = Mac::new();
    let config = mac.config();
    let before = mac.right();
    mac.window.keep(Some(&config)).unwrap();
    assert_untouched(&mac, &before, "never");
    mac.switch_on().unwrap();
    mac.upgrade();
    mac.window.keep(Some(&config)).unwrap();
    assert_eq!(mac.right(), before, "pending");
    mac.window.revert(Some(&config)).unwrap();
    mac.window.keep(Some(&config)).unwrap();
    assert_untouched(&mac, &before, "reverted");

    let mac = confirmed();
    mac.window.switch_off(Some(&config)).unwrap();
    mac.window.keep(Some(&config)).unwrap();
    assert_untouched(&mac, &before, "unprotected");
}

#[test]
fn a_plugin_that_is_gone_is_taken_out_and_comes_back_with_it() {
    for part in [
        "otpair.bundle/Contents/MacOS/otpair",
        "otpair.bundle/Contents/Info.plist",
        "otpair-helper",
    ] {
        let mac = confirmed();
        let config = mac.config();
        mac.delete(part);
        mac.window.keep(Some(&config)).unwrap();
        assert!(!mac.right().contains("otpair"), "{part}");
        let reasons = reasons(&mac, "unprotected");
        assert!(
            reasons.len() == 1 && reasons[0].contains("is missing"),
            "{reasons:?}"
        );
        let why = said(mac.window.keep(Some(&config)));
        assert!(
            why.contains("is not put back") && why.contains("is missing"),
            "{why}"
        );
        mac.write(part, "");
        mac.window.keep(Some(&config)).unwrap();
        assert!(mac.window.is_protected().unwrap(), "{part}");
    }
}

#[test]
fn a_helper_that_was_switched_off_is_loaded_before_the_window_asks_for_it() {
    let mac = confirmed();
    let config = mac.config();
    mac.upgrade();
    mac.switch_helper_off();
    mac.window.keep(Some(&config)).unwrap();
    assert!(mac.is_loaded("io.otpair.helper"));
    assert_eq!(mac.window.lack(), None);
    assert!(mac.window.is_protected().unwrap());
    assert_eq!(reasons(&mac, "fault"), [""; 0]);
}

#[test]
fn where_nobody_would_get_in_it_is_not_put_back_and_that_is_told() {
    type Change = (&'static str, fn(&mut Mac));
    let changes: [Change; 6] = [
        ("otpair is missing", |mac| mac.delete(PLUGIN)),
        ("not root's alone", |mac| mac.window.owner += 1),
        ("not root's alone", |mac| {
            let folder = mac.path("otpair.bundle/Contents/MacOS");
            fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).unwrap();
        }),
        ("not root's alone", |mac| {
            mac.window.owner += 1;
            mac.switch_helper_off();
        }),
        ("no job io.otpair.helper", |mac| {
            mac.switch_helper_off();
            mac.fail("bootstrap");
        }),
        ("is no socket", |mac| mac.delete("otpair.sock")),
    ];
    for (what, change) in changes {
        let mut mac = confirmed();
        let config = mac.config();
        mac.upgrade();
        let open = mac.right();
        change(&mut mac);
        let was_loaded = mac.is_loaded("io.otpair.helper");
        let why = said(mac.window.keep(Some(&config)));
        assert_eq!(mac.right(), open, "{what}");
        assert_eq!(mac.is_loaded("io.otpair.helper"), was_loaded, "{what}");
        assert!(mac.window.is_confirmed(), "{what}");
        let mend = mac.window.lack().unwrap().mend;
        assert!(why.contains(what) && why.contains(&mend), "{what}: {why}");
        assert_eq!(
            reasons(&mac, "fault"),
            [format!("could not be kept: {why}")]
        );
        assert_eq!(reasons(&mac, "protected").len(), 1, "{what}");
    }
}

#[test]
fn what_was_not_put_back_is_once_that_works() {
    let mac = confirmed();
    let config = mac.config();
    mac.upgrade();
    mac.switch_helper_off();
    mac.fail("bootstrap");
    said(mac.window.keep(Some(&config)));
    mac.fail("");
    mac.window.keep(Some(&config)).unwrap();
    assert!(mac.window.is_protected().unwrap());
}

#[test]
fn what_cannot_be_kept_is_a_fault_in_the_log() {
    let mac = confirmed();
    let config = mac.config();
    mac.upgrade();
    mac.fail("write system.login.console");
    said(mac.window.keep(Some(&config)));
    let reasons = reasons(&mac, "fault");
    assert!(
        reasons.len() == 1 && reasons[0].contains("-60005"),
        "{reasons:?}"
    );
}

#[test]
fn while_another_protect_is_at_work_nothing_is_kept_and_that_is_no_fault() {
    let spoils: [Spoil; 3] = [
        ("never confirmed", |mac| mac.delete(MARKER)),
        ("dropped", Mac::upgrade),
        ("a part is missing", |mac| mac.delete(PLUGIN)),
    ];
    for (what, spoil) in spoils {
        let mac = confirmed();
        spoil(&mac);
        let before = mac.right();
        let events = mac.events();
        let lock = files::lock(&mac.window.lock, "otpair protect").unwrap();
        let said = mac.window.keep(Some(&mac.config())).unwrap();
        assert!(said.starts_with("Nothing to do"), "{what}: {said}");
        assert_eq!(mac.right(), before, "{what}");
        assert_eq!(mac.events(), events, "{what}");
        drop(lock);
    }
}

#[test]
fn it_is_put_back_only_where_it_was_confirmed_and_taken_out_only_where_it_cannot_work() {
    use Placement::{Absent, InForce, Misplaced, WithoutPrompt};
    for (placement, is_missing, is_confirmed, is_pending, expected) in [
        (Absent, false, true, false, Keep::PutBack),
        (Misplaced, false, true, false, Keep::PutBack),
        (InForce, false, true, false, Keep::Nothing),
        (Absent, false, true, true, Keep::Nothing),
        (Absent, false, false, false, Keep::Nothing),
        (WithoutPrompt, false, false, false, Keep::Nothing),
        (Absent, true, true, false, Keep::PutBack),
        (Absent, true, false, false, Keep::Nothing),
        (InForce, true, true, false, Keep::TakeOut),
        (InForce, true, false, true, Keep::TakeOut),
        (WithoutPrompt, true, false, false, Keep::TakeOut),
    ] {
        let seen = Seen {
            placement,
            is_missing,
            is_confirmed,
            is_pending,
        };
        assert_eq!(seen.decide(), expected, "{seen:?}");
    }
}

fn words(job: &plist::Dictionary, key: &str) -> Vec<String> {
    let array = job[key].as_array().unwrap().iter();
    array
        .map(|word| word.as_string().unwrap().to_owned())
        .collect()
}

#[test]
fn launchd_is_told_to_run_what_the_command_line_has() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/macos/launchd");
    let job = plist::Value::from_file(folder.join("io.otpair.keep.plist")).unwrap();
    let job = job.into_dictionary().unwrap();
    let expected = [
        "Label",
        "ProgramArguments",
        "RunAtLoad",
        "StandardErrorPath",
        "StandardOutPath",
        "StartInterval",
        "ThrottleInterval",
        "WatchPaths",
    ];
    let mut keys: Vec<_> = job.keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, expected);
    assert_eq!(job["Label"].as_string(), Some("io.otpair.keep"));
    let arguments = words(&job, "ProgramArguments");
    assert_eq!(arguments[0], "/Library/PrivilegedHelperTools/otpair");
    crate::args::parse(arguments.into_iter().map(Into::into)).unwrap();
    assert_eq!(job["RunAtLoad"].as_boolean(), Some(true));
    let paths = words(&job, "WatchPaths");
    assert!(paths.iter().all(|path| path.starts_with('/')), "{paths:?}");
}

#[test]
fn keep_sees_that_the_right_to_try_it_on_is_otpairs_own() {
    let mac = Mac::new();
    let own = mac
        .window
        .keep(None)
        .map(|_| mac.window.right(TRIAL).unwrap());
    let own = own.unwrap();
    assert!(loginright::is_trial(&own));
    // Somebody's, without a password's check.
    let text = String::from_utf8(own).unwrap();
    let without = text.replace("<string>builtin:authenticate,privileged</string>", "");
    assert_ne!(text, without);
    mac.window.write_right(TRIAL, without.as_bytes()).unwrap();
    mac.window.keep(None).unwrap();
    assert!(loginright::is_trial(&mac.window.right(TRIAL).unwrap()));
}
