//! What `otpair doctor` finds at the doors of a machine, in a container.

use otpair_tests::container::Container;
use otpair_tests::token::Token;
use serde_json::Value;

/// A container with a token that is nobody's yet.
fn booted() -> Container {
    let container = Container::boot();
    container.write("/root/tokens.txt", Token::hotp("12345678").uri());
    container.done("otpair", &["import", "/root/tokens.txt"]);
    container
}

fn protect(container: &Container, service: &str) {
    container.done("otpair", &["protect", service]);
    container.done("otpair", &["protect", "--confirm"]);
}

/// What doctor says about something, and its status.
fn about(container: &Container, what: &str) -> (i32, Vec<Value>) {
    let output = container.run("otpair", &["doctor", "--json"]);
    let mut findings: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    findings.retain(|found| found["about"] == what);
    (output.status.code().unwrap(), findings)
}

/// The one thing that doctor says about something, and how to mend it.
#[track_caller]
fn only(container: &Container, what: &str, severity: &str) -> (String, String) {
    let (status, found) = about(container, what);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0]["severity"], severity, "{found:#?}");
    assert_eq!(status, i32::from(severity == "stops"), "{found:#?}");
    let text = |key: &str| found[0][key].as_str().unwrap().to_owned();
    (text("what"), text("mend"))
}

#[test]
fn doors_that_ask_for_no_passcode_are_named_with_the_command_that_changes_it() {
    let container = booted();
    for service in ["login", "sshd", "sudo", "su"] {
        let (_, mend) = only(&container, &format!("service {service}"), "warning");
        assert_eq!(mend, format!("otpair protect {service}"));
    }
    protect(&container, "sudo");
    assert!(about(&container, "service sudo").1.is_empty());
}

#[test]
fn a_first_factor_that_was_changed_behind_otpairs_back_is_named() {
    let container = booted();
    protect(&container, "sudo");
    let debians = container.read("/etc/pam.d/common-auth");
    for (line, told) in [
        ("auth required pam_unix.so", "would reach otpair"),
        ("auth [default=ok] pam_unix.so", "would reach otpair"),
        (
            "auth sufficient pam_unix.so",
            "lets people in before otpair",
        ),
    ] {
        container.write("/etc/pam.d/common-auth", format!("{line}\n"));
        let (what, _) = only(&container, "service sudo", "warning");
        assert!(
            what.contains(told) || what.contains("goes on"),
            "{line}: {what}"
        );
    }
    container.write("/etc/pam.d/common-auth", debians);
    assert!(about(&container, "service sudo").1.is_empty());
}

#[test]
fn nobody_left_who_could_sign_on_stops() {
    let container = booted();
    protect(&container, "sudo");
    container.done("otpair", &["token", "disable", "12345678"]);
    let (what, _) = only(&container, "service sudo", "stops");
    assert!(what.contains("nobody has a token"), "{what}");
    container.done("otpair", &["user", "bypass", "alice"]);
    assert!(about(&container, "service sudo").1.is_empty());
}

#[test]
fn a_module_that_is_missing_for_an_architecture_is_a_warning_once_something_is_protected() {
    let container = booted();
    container.done("mkdir", &["-p", "/usr/lib/other-linux-gnu/security"]);
    assert!(about(&container, "module").1.is_empty());
    protect(&container, "sudo");
    container.write("/usr/lib/other-linux-gnu/security/pam_unix.so", "");
    let (what, mend) = only(&container, "module", "warning");
    assert!(what.contains("/usr/lib/other-linux-gnu/security"), "{what}");
    assert!(mend.contains("for that architecture too"), "{mend}");
    // The one that this machine's own programs load is there.
    container.done("otpair", &["protect", "su", "--revert-in", "7d"]);
}

#[test]
fn a_helper_that_nobody_can_reach_is_a_warning_with_the_command_that_starts_it() {
    let container = booted();
    let (what, mend) = only(&container, "helper", "warning");
    assert!(what.contains("not root"), "{what}");
    container.done("sh", &["-euc", &mend]);
    assert!(about(&container, "helper").1.is_empty());
}

#[test]
fn settings_of_sshd_that_skip_pam_are_named_once_sshd_is_protected() {
    let container = booted();
    protect(&container, "sshd");
    let (what, _) = only(&container, "service sshd", "warning");
    assert!(what.contains("a key alone"), "{what}");
    let config = String::from_utf8(container.read("/etc/ssh/sshd_config")).unwrap();
    let methods = "AuthenticationMethods publickey,keyboard-interactive\n";
    container.write("/etc/ssh/sshd_config", format!("{methods}{config}"));
    assert!(about(&container, "service sshd").1.is_empty());
    let no_pam = config.replace("UsePAM yes", "UsePAM no");
    container.write(
        "/etc/ssh/sshd_config",
        format!("PubkeyAuthentication no\n{no_pam}"),
    );
    let (what, mend) = only(&container, "service sshd", "warning");
    assert!(
        what.contains("nobody is asked") && mend.contains("UsePAM yes"),
        "{what}"
    );
}

#[test]
fn what_waits_to_be_confirmed_is_told_and_so_is_a_wait_that_nobody_keeps() {
    let container = booted();
    container.done("otpair", &["protect", "sudo", "--revert-in", "7d"]);
    let (what, mend) = only(&container, "otpair protect", "warning");
    assert!(
        what.starts_with("sudo, sudo-i: is taken back at ") && mend.ends_with("--confirm"),
        "{what}"
    );
    container.write(
        "/etc/otpair/protect.pending",
        r#"{"id":"1","services":["sudo"],"deadline":1,"config":null}"#,
    );
    let (what, mend) = only(&container, "otpair protect", "warning");
    assert!(
        what.contains("should have been taken back at 1970"),
        "{what}"
    );
    container.done("sh", &["-euc", mend.split(',').next().unwrap()]);
    assert!(about(&container, "otpair protect").1.is_empty());
}

#[test]
fn a_clock_that_nobody_keeps_right_is_a_warning() {
    let container = booted();
    for (answer, found) in [("no", 1), ("yes", 0)] {
        container.done("rm", &["-f", "/usr/bin/timedatectl"]);
        container.write(
            "/usr/bin/timedatectl",
            format!("#!/bin/sh\necho {answer}\n"),
        );
        container.done("chmod", &["0755", "/usr/bin/timedatectl"]);
        assert_eq!(about(&container, "clock").1.len(), found, "{answer}");
    }
}

#[test]
fn who_switches_otpair_off_is_told_that_a_password_alone_would_do_at_sshd() {
    let container = booted();
    let config = String::from_utf8(container.read("/etc/ssh/sshd_config")).unwrap();
    let settings =
        "KbdInteractiveAuthentication yes\nPasswordAuthentication no\nAuthenticationMethods any\n";
    container.write("/etc/ssh/sshd_config", format!("{settings}{config}"));
    let note = "set KbdInteractiveAuthentication no";
    let is_told = |arguments: &[&str]| {
        let output = container.run("otpair", arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{said}");
        said.contains(note)
    };
    for off in [
        &["unprotect", "sshd"][..],
        &["unprotect", "--all"],
        &["protect", "--revert"],
    ] {
        container.done("otpair", &["protect", "sshd", "sudo", "--revert-in", "7d"]);
        assert!(!is_told(&["unprotect", "sudo"]));
        assert!(is_told(off), "{off:?}");
    }
    assert!(
        is_told(&["unprotect", "--all"]),
        "nothing asks there any more"
    );
    let taken_back = format!("KbdInteractiveAuthentication no\n{config}");
    container.write("/etc/ssh/sshd_config", taken_back);
    assert!(!is_told(&["unprotect", "--all"]));
}

#[test]
fn sshd_with_a_key_first_and_no_password_is_protected_only_with_the_methods_that_say_so() {
    let container = booted();
    let bare = "account required pam_unix.so\n@include common-session\n";
    container.write("/etc/pam.d/sshd", bare);
    let refused = container.run("otpair", &["protect", "sshd"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("checks a password"), "{said}");
    let config = String::from_utf8(container.read("/etc/ssh/sshd_config")).unwrap();
    let methods = "AuthenticationMethods publickey,keyboard-interactive\n";
    container.write("/etc/ssh/sshd_config", format!("{methods}{config}"));
    protect(&container, "sshd");
    let text = String::from_utf8(container.read("/etc/pam.d/sshd")).unwrap();
    let lines: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("auth"))
        .collect();
    assert!(
        lines.len() == 2
            && lines[0].starts_with("auth required pam_otpair.so")
            && lines[1].starts_with("auth required pam_permit.so"),
        "{text}"
    );
    assert!(about(&container, "service sshd").1.is_empty());
    container.done("otpair", &["unprotect", "sshd"]);
    assert_eq!(container.read("/etc/pam.d/sshd"), bare.as_bytes());
}
