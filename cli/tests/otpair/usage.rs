use crate::scratch::Scratch;
use crate::tokens::HOTP;

#[test]
fn wrong_usage_is_one_line_on_stderr_and_status_2() {
    let scratch = Scratch::new();
    for arguments in [
        &["nonsense"][..],
        &["token"],
        &["import"],
        &["token", "show"],
        &["user", "list", "--nonsense"],
    ] {
        let done = scratch.run(arguments);
        assert_eq!(
            (done.status, done.stdout.as_str()),
            (2, ""),
            "{arguments:?}"
        );
        assert_eq!(done.stderr.lines().count(), 1, "{}", done.stderr);
        assert!(done.stderr.starts_with("otpair: "), "{}", done.stderr);
    }
}

#[test]
fn help_and_version_are_no_errors() {
    let scratch = Scratch::new();
    assert!(scratch.done(&["--help"]).contains("Usage: otpair"));
    assert!(
        scratch
            .done(&["token", "resync", "--help"])
            .contains("Usage: otpair token resync")
    );
    assert_eq!(
        scratch.done(&["--version"]),
        format!("otpair {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn completions_are_there_for_the_common_shells() {
    let scratch = Scratch::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(
            scratch.done(&["completions", shell]).contains("resync"),
            "{shell}"
        );
    }
}

#[test]
fn a_reader_who_goes_away_is_no_panic() {
    let scratch = Scratch::new();
    let mut command = scratch.command(&["completions", "bash"]);
    command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.status.code().is_some());
}

#[test]
fn before_the_first_import_lists_are_empty_and_nothing_is_made() {
    let scratch = Scratch::new();
    assert_eq!(scratch.done(&["token", "list", "--json"]), "[]\n");
    assert_eq!(scratch.done(&["user", "list", "--json"]), "[]\n");
    assert!(
        scratch
            .refused(&["token", "show", HOTP.serial])
            .contains("FT-0042")
    );
    assert!(!scratch.path("cache").exists());
}

#[test]
fn a_missing_config_and_a_wrong_one_stop_every_command() {
    let scratch = Scratch::new();
    scratch.config("[nonsense]\n");
    let said = scratch.refused(&["token", "list"]);
    assert!(said.contains("otpair.toml:6:"), "{said}");
    assert!(
        scratch
            .refused(&["sign-on", "root"])
            .contains("otpair.toml:6:")
    );
    std::fs::remove_file(scratch.path("otpair.toml")).unwrap();
    assert!(scratch.refused(&["user", "list"]).contains("otpair.toml"));
}
