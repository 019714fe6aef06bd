//! What `otpair protect` says before it looks at any file of PAM's; the rest happens in a machine of its own, in the
//! end-to-end tests.

use crate::scratch::Scratch;

#[test]
fn wrong_usage_is_status_2() {
    let scratch = Scratch::new();
    for arguments in [
        &["protect"][..],
        &["unprotect"],
        &["unprotect", "--all", "sudo"],
        &["unprotect", "--dry-run", "sudo"],
        &["protect", "--confirm", "sudo"],
        &["protect", "--confirm", "--revert"],
        &["protect", "sudo", "--revert-in", "5"],
        &["protect", "sudo", "--revert-in", "0s"],
        &["protect", "sudo", "--revert-in", "8d"],
        &["protect", "--confirm", "--revert-in", "5m"],
    ] {
        let done = scratch.run(arguments);
        assert_eq!(done.status, 2, "{arguments:?}: {}", done.stderr);
        assert_eq!(done.stderr.lines().count(), 1, "{}", done.stderr);
    }
}

#[test]
fn with_a_wrong_config_nothing_is_switched_on() {
    let scratch = Scratch::new();
    scratch.config("[nonsense]\n");
    let said = scratch.refused(&["protect", "login-window"]);
    assert!(
        said.contains("nothing was switched on") && said.contains("otpair.toml:6:"),
        "{said}"
    );
}

#[test]
fn what_is_no_service_on_this_system_is_refused_with_what_to_do() {
    let scratch = Scratch::new();
    let said = scratch.refused(&["protect", "login-window"]);
    assert!(said.contains("macOS") && said.contains("lightdm"), "{said}");
    for name in ["", ".", "../passwd", "a/b"] {
        let said = scratch.refused(&["protect", name]);
        assert!(said.contains("/etc/pam.d"), "{said}");
        assert_eq!(scratch.refused(&["unprotect", name]), said);
    }
}
