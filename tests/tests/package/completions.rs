//! The completions, typed in the shells themselves.

use crate::unpacked::{Unpacked, run};
use otpair_tests::terminal::Terminal;
use std::process::Command;

const BASH: &str = "/usr/share/bash-completion/completions/otpair";
const ZSH: &str = "/usr/share/zsh/vendor-completions/_otpair";
const FISH: &str = "/usr/share/fish/vendor_completions.d/otpair.fish";

#[test]
fn bash_completes_a_command_and_a_switch() {
    let deb = Unpacked::new();
    let script = deb.path(BASH);
    let complete = "set -u; . \"$0\"; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); \
        _otpair otpair \"${!#}\" \"${COMP_WORDS[COMP_CWORD - 1]}\"; echo \"${COMPREPLY[*]}\"";
    let offered = |words: &[&str]| {
        let mut arguments = vec!["--norc", "-c", complete, script.to_str().unwrap(), "otpair"];
        arguments.extend(words);
        run("bash", &arguments)
    };
    assert_eq!(offered(&["doct"]).trim(), "doctor");
    assert_eq!(offered(&["unprotect", "--a"]).trim(), "--all");
}

#[test]
fn zsh_completes_a_command() {
    let deb = Unpacked::new();
    let script = deb.path(ZSH);
    run("zsh", &["-n".as_ref(), script.as_os_str()]);
    let home = tempfile::tempdir().unwrap();
    let mut shell = Command::new("setsid");
    shell
        .args(["-c", "zsh", "-f", "-i"])
        .env("HOME", home.path())
        .env("TERM", "dumb")
        .env("PS1", "ready> ");
    let mut terminal = Terminal::start(shell);
    terminal.expect("ready> ");
    let folder = script.parent().unwrap().display();
    terminal.send_line(&format!(
        "fpath=({folder} $fpath); autoload -U compinit; compinit -D -u; echo can complete"
    ));
    terminal.expect("\ncan complete");
    terminal.send(b"otpair doct\t");
    terminal.expect("otpair doctor ");
}

#[test]
fn fish_completes_a_command_and_says_what_it_does() {
    let deb = Unpacked::new();
    let script = deb.path(FISH);
    run("fish", &["--no-execute".as_ref(), script.as_os_str()]);
    let home = tempfile::tempdir().unwrap();
    let output = Command::new("fish")
        .args([
            "--no-config",
            "--command",
            "source $argv[1]; complete --do-complete 'otpair doct'",
        ])
        .arg(script)
        .env("HOME", home.path())
        .output()
        .expect("fish is missing: install the Debian package fish");
    let offered = String::from_utf8(output.stdout).unwrap();
    assert!(
        offered.starts_with("doctor\tSay what would stop"),
        "{offered:?}"
    );
}
