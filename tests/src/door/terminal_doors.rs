//! su, login, sudo and pamtester on a terminal.

use super::{Door, SIGNED_ON, Visit, follow};
use crate::machine::{Machine, User};
use crate::terminal::Terminal;
use std::process::Command;

/// A program on a terminal of its own, run by somebody of the machine.
fn at_a_terminal(machine: &Machine, runs_as: &str, words: &[&str]) -> Terminal {
    let mut command: Command = machine.command("setsid");
    command
        .args([
            "-c",
            "setpriv",
            "--reuid",
            runs_as,
            "--regid",
            runs_as,
            "--init-groups",
        ])
        .args(words);
    Terminal::start(command)
}

struct Su;

/// `su USER`, run by somebody who is not root.
pub fn su(_: &Machine) -> Box<dyn Door> {
    Box::new(Su)
}

impl Door for Su {
    fn sign_on(&self, machine: &Machine, user: User, script: &[(&str, &str)]) -> Visit {
        let greeting = format!("echo {SIGNED_ON}$(id -un)");
        follow(
            at_a_terminal(machine, "dave", &["su", user.name, "-c", &greeting]),
            script,
            &[],
        )
    }

    fn service(&self) -> &'static str {
        "su"
    }
}

struct Login;

/// `login USER` on a console.
pub fn login(machine: &Machine) -> Box<dyn Door> {
    greet_at_home(machine);
    Box::new(Login)
}

/// Makes every user's login shell say who they are, and end.
pub(super) fn greet_at_home(machine: &Machine) {
    for user in ["alice", "bob", "carol", "dave"] {
        machine.write(
            &format!("/home/{user}/.profile"),
            format!("echo {SIGNED_ON}$(id -un)\nexit\n"),
        );
    }
}

impl Door for Login {
    fn sign_on(&self, machine: &Machine, user: User, script: &[(&str, &str)]) -> Visit {
        let mut command = machine.command("setsid");
        command.args(["-c", "login", user.name]);
        follow(
            Terminal::start(command),
            script,
            &["Login incorrect", "login: "],
        )
    }

    fn service(&self) -> &'static str {
        "login"
    }

    fn asks_strangers(&self) -> bool {
        true
    }
}

struct Sudo;

/// `sudo` on a terminal.
pub fn sudo_on_a_terminal(_: &Machine) -> Box<dyn Door> {
    Box::new(Sudo)
}

impl Door for Sudo {
    fn sign_on(&self, machine: &Machine, user: User, script: &[(&str, &str)]) -> Visit {
        let greeting = format!("echo {SIGNED_ON}$(id -un)");
        follow(
            at_a_terminal(machine, user.name, &["sudo", "sh", "-c", &greeting]),
            script,
            &[],
        )
    }

    fn service(&self) -> &'static str {
        "sudo"
    }

    fn password_prompt(&self) -> Option<&'static str> {
        Some("[sudo] password for ")
    }
}

struct Pamtester;

/// `pamtester SERVICE USER authenticate`.
pub fn pamtester(_: &Machine) -> Box<dyn Door> {
    Box::new(Pamtester)
}

impl Door for Pamtester {
    fn sign_on(&self, machine: &Machine, user: User, script: &[(&str, &str)]) -> Visit {
        let mut command = machine.command("setsid");
        command.args(["-c", "pamtester", self.service(), user.name, "authenticate"]);
        let mut visit = follow(Terminal::start(command), script, &[]);
        visit.granted = visit.says("successfully authenticated");
        visit
    }

    fn service(&self) -> &'static str {
        "otptest"
    }

    fn asks_strangers(&self) -> bool {
        true
    }
}
