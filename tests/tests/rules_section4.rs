//! Section 4 of the contract, "The PAM module": each row of its table, and what stands below it, through libpam.

use otpair_tests::dialog::{NEXT, PASSCODE, SERIAL, SignOn};
use otpair_tests::machine::{CAROL, GHOST, IGNORED, MODULE, Machine, OTPAIR_ALONE};
use otpair_tests::scenario::{alice, paired};
use otpair_tests::token::Token;

// Arguments and services.

#[test]
fn an_unknown_argument_is_logged_and_denied() {
    let (machine, _) = paired();
    for argument in [
        "nullok",
        "config",
        "messages=loud",
        "passcode=none",
        "passcode=",
    ] {
        machine.pam_service(
            "otpcodes",
            &[&format!(
                "required {MODULE} config=/etc/otpair/otpair.toml {argument}"
            )],
        );
        let code = alice().hold(&machine, &[], "PAM_AUTHINFO_UNAVAIL").code;
        assert_eq!(code, "PAM_AUTHINFO_UNAVAIL", "{argument}");
    }
    assert!(
        machine.syslog().iter().any(|line| line.contains("nullok")),
        "{:#?}",
        machine.syslog()
    );
}

#[test]
fn debug_is_an_argument_and_logs_no_secret() {
    let (machine, token) = paired();
    machine.pam_service(
        "otpcodes",
        &[&format!(
            "required {MODULE} config=/etc/otpair/otpair.toml debug"
        )],
    );
    let passcode = token.press(0);
    alice().granted(&machine, &[(PASSCODE, &passcode)]);
    assert!(
        machine
            .syslog()
            .iter()
            .all(|line| !line.contains(&passcode)),
        "{:#?}",
        machine.syslog()
    );
}

#[test]
fn without_a_config_argument_the_default_file_is_read() {
    let (machine, _) = paired();
    machine.pam_service(
        "otpcodes",
        &[&format!("required {MODULE}"), "required pam_permit.so"],
    );
    machine.config("[sign_on]\nexempt = [\"alice\"]\n");
    alice().granted(&machine, &[]);
}

#[test]
fn account_says_ignore() {
    let (machine, token) = paired();
    let module = format!("{MODULE} config=/etc/otpair/otpair.toml");
    let auth = format!("auth required {module}\n");
    let account = format!("account [ignore=ignore default=die] {module}\n");
    let only_then = "account required pam_debug.so acct=cred_insufficient\n";
    machine.write("/etc/pam.d/otpcodes", auth + &account + only_then);
    let done = alice().granted(&machine, &[(PASSCODE, &token.press(0))]);
    assert_eq!(done.last["account"], "PAM_CRED_INSUFFICIENT");
}

#[test]
fn setcred_says_ignore_so_another_line_has_to_decide() {
    let (machine, token) = paired();
    // libpam denies credentials when every line of a stack ignores them.
    let lines = ["required /run/machine/pam_otpair.so config=/etc/otpair/otpair.toml"];
    machine.pam_service("otpcodes", &lines);
    let done = alice().granted(&machine, &[(PASSCODE, &token.press(0))]);
    assert_eq!(done.last["setcred"], "PAM_PERM_DENIED");
    machine.pam_service("otpcodes", &OTPAIR_ALONE);
    let done = alice().granted(&machine, &[(PASSCODE, &token.press(1))]);
    assert_eq!(done.last["setcred"], "PAM_SUCCESS");
}

#[test]
fn a_program_that_names_no_user_is_asked_for_the_name() {
    let (machine, token) = paired();
    let mut dialog = alice().nameless().begin(&machine);
    let (style, prompt) = dialog.next_prompt().expect("the question for the name");
    assert!(
        style == "echo_on" && prompt.contains("login"),
        "{style} {prompt}"
    );
    dialog.answer("alice");
    dialog.expect(PASSCODE);
    dialog.answer(&token.press(0));
    assert_eq!(dialog.finish().code, "PAM_SUCCESS");
}

// The table of outcomes.

#[test]
fn a_grant_is_success() {
    let (machine, token) = paired();
    alice().hold(&machine, &[(PASSCODE, &token.press(0))], "PAM_SUCCESS");
}

#[test]
fn an_answer_that_is_no_text_at_all_is_an_auth_error() {
    let (machine, _) = paired();
    let mut dialog = alice().begin(&machine);
    dialog.expect(PASSCODE);
    dialog.answer_null();
    assert_eq!(dialog.finish().code, "PAM_AUTH_ERR");
}

#[test]
fn unpaired_deny_is_an_auth_error() {
    let machine = Machine::new();
    machine.config("[sign_on]\nunpaired = \"deny\"\n");
    alice().hold(&machine, &[], "PAM_AUTH_ERR");
}

#[test]
fn attempts_used_up_is_maxtries_and_so_is_locked() {
    let (machine, token) = paired();
    machine.config("[throttle]\nmax_failures = 3\n");
    let wrong = token.wrong();
    alice().hold(
        &machine,
        &[(PASSCODE, &wrong), (PASSCODE, &wrong), (PASSCODE, &wrong)],
        "PAM_MAXTRIES",
    );
    alice().hold(&machine, &[], "PAM_MAXTRIES");
}

#[test]
fn out_of_scope_and_let_in_unpaired_are_ignore() {
    let machine = Machine::new();
    machine.config("[sign_on]\nexempt = [\"carol\"]\nunpaired = \"allow\"\nallow_unpaired_until = 2100-01-01\n");
    SignOn::of(CAROL).hold(&machine, &[], IGNORED);
    alice().hold(&machine, &[], IGNORED);
}

#[test]
fn where_otpair_is_the_only_line_ignore_does_not_let_in() {
    let machine = Machine::new();
    machine.config("[sign_on]\nexempt = [\"carol\"]\n");
    machine.pam_service(
        "otpcodes",
        &[&format!("required {MODULE} config=/etc/otpair/otpair.toml")],
    );
    let done = SignOn::of(CAROL).begin(&machine).finish();
    assert_ne!(done.code, "PAM_SUCCESS");
}

#[test]
fn a_config_fault_is_authinfo_unavail() {
    let (machine, _) = paired();
    machine.config("[sign_on]\nattempts = \"many\"\n");
    alice().hold(&machine, &[], "PAM_AUTHINFO_UNAVAIL");
}

#[test]
fn a_missing_config_that_was_named_is_a_fault_and_a_missing_default_one_is_none() {
    let (machine, token) = paired();
    std::fs::remove_file(machine.path("/etc/otpair/otpair.toml")).unwrap();
    alice().hold(&machine, &[], "PAM_AUTHINFO_UNAVAIL");
    machine.pam_service("otpcodes", &[&format!("required {MODULE}")]);
    alice().granted(&machine, &[(PASSCODE, &token.press(0))]);
}

#[test]
fn a_caller_that_is_not_root_is_let_in_nowhere_without_the_helper() {
    let (machine, token) = paired();
    let as_alice = ["setpriv", "--reuid=alice", "--regid=alice", "--init-groups"];
    alice()
        .under(&as_alice)
        .hold(&machine, &[], "PAM_AUTHINFO_UNAVAIL");
    alice().granted(&machine, &[(PASSCODE, &token.press(0))]);
}

#[test]
fn no_conversation_function_is_a_conversation_error() {
    let (machine, token) = paired();
    let code = alice().no_conversation().begin(&machine).finish().code;
    assert_eq!(code, "PAM_CONV_ERR");
    alice().granted(&machine, &[(PASSCODE, &token.press(0))]);
}

#[test]
fn a_conversation_that_fails_at_any_prompt_is_a_conversation_error() {
    let token = Token::hotp("12345678");
    let machine = Machine::new();
    machine.import(&[&token]);
    let answers = ["12345678", &token.press(50)];
    for (after, prompt) in [SERIAL, PASSCODE, NEXT].iter().enumerate() {
        let mut dialog = alice().begin(&machine);
        for (prompt, answer) in [SERIAL, PASSCODE].iter().zip(answers).take(after) {
            dialog.expect(prompt);
            dialog.answer(answer);
        }
        dialog.expect(prompt);
        dialog.hang_up();
        assert_eq!(dialog.finish().code, "PAM_CONV_ERR", "at {prompt:?}");
    }
}

#[test]
fn ctrl_c_three_times_opens_nothing() {
    let (machine, _) = paired();
    for _ in 0..3 {
        let mut dialog = alice().begin(&machine);
        dialog.expect(PASSCODE);
        dialog.hang_up();
        assert_eq!(dialog.finish().code, "PAM_CONV_ERR");
    }
}

// PAM_SILENT.

#[test]
fn silence_puts_messages_into_the_next_prompt() {
    let (machine, token) = paired();
    let mut dialog = alice().silent().begin(&machine);
    dialog.expect(PASSCODE);
    dialog.answer(&token.wrong());
    let carried = dialog.expect_carrying(PASSCODE);
    assert!(carried.contains("Wrong passcode"), "{carried}");
    dialog.answer(&token.press(0));
    let done = dialog.finish();
    assert_eq!(done.code, "PAM_SUCCESS");
    assert!(done.messages().is_empty(), "{}", done.transcript());
}

// A user whom the system does not know.

#[test]
fn an_unknown_user_is_asked_for_a_passcode_even_where_nobody_is_paired() {
    let machine = Machine::new();
    let script = [
        (PASSCODE, "123456"),
        (PASSCODE, "234567"),
        (PASSCODE, "345678"),
    ];
    SignOn::of(GHOST).hold(&machine, &script, "PAM_MAXTRIES");
}

#[test]
fn what_an_unknown_user_typed_as_a_name_is_in_no_log() {
    let (machine, _) = paired();
    let script = [
        (PASSCODE, "123456"),
        (PASSCODE, "234567"),
        (PASSCODE, "345678"),
    ];
    SignOn::of(GHOST)
        .named("hunter2-my-password")
        .hold(&machine, &script, "PAM_MAXTRIES");
    let file = String::from_utf8(machine.read(otpair_tests::machine::AUDIT_FILE)).unwrap();
    assert!(!file.contains("hunter2"), "{file}");
    assert!(
        machine
            .syslog()
            .iter()
            .all(|line| !line.contains("hunter2")),
        "{:#?}",
        machine.syslog()
    );
}

#[test]
fn names_that_are_paths_make_no_files() {
    let (machine, _) = paired();
    for name in [
        "../../etc/passwd",
        "/etc/shadow",
        "a/b",
        ".",
        "..",
        "",
        "alice\n",
        "alice ",
    ] {
        let mut dialog = alice().named(name).begin(&machine);
        while dialog.next_prompt().is_some() {
            dialog.answer("123456");
        }
        assert_ne!(dialog.into_done().code, "PAM_SUCCESS", "{name:?}");
    }
    let folder: Vec<_> = std::fs::read_dir(machine.path("/var/lib/otpair/users"))
        .unwrap()
        .collect();
    assert_eq!(folder.len(), 1, "{folder:?}");
}

// What the module leaves behind in the program that it is loaded into.

#[test]
fn nothing_survives_the_call() {
    let (machine, token) = paired();
    let done = alice().granted(
        &machine,
        &[(PASSCODE, &token.press(20)), (NEXT, &token.press(21))],
    );
    assert_eq!(
        done.last["before"], done.last["after"],
        "files, threads and caught signals"
    );
}

#[test]
fn the_module_exports_only_what_pam_needs() {
    let module = otpair_tests::artefacts::Artefacts::find().module;
    let output = std::process::Command::new("nm")
        .args(["-D", "--defined-only"])
        .arg(module)
        .output();
    let output = output.expect("nm is missing: install the Debian package binutils");
    let text = String::from_utf8(output.stdout).unwrap();
    let mut names: Vec<_> = text
        .lines()
        .filter_map(|line| line.split_whitespace().last())
        .collect();
    names.sort_unstable();
    let (needed, allowed) = (
        ["pam_sm_authenticate", "pam_sm_setcred"],
        [
            "pam_sm_acct_mgmt",
            "pam_sm_chauthtok",
            "pam_sm_close_session",
            "pam_sm_open_session",
        ],
    );
    for name in &names {
        assert!(
            needed.contains(name) || allowed.contains(name),
            "{name} is exported"
        );
    }
    assert!(needed.iter().all(|name| names.contains(name)), "{names:?}");
}
