//! A clean Debian server, as `tests/clean-root` has made it: nothing of otpair's is on it but the package, in `/root`.
//! Alice and Bob are in the group `sudo`. Everybody's password is as in [`crate::machine`], root's is `root-pw`.

use crate::container::{Container, ENVIRONMENT, Outer};
use crate::door::{SIGNED_ON, Visit, follow};
use crate::machine::{User, run_with_stdin, told};
use crate::terminal::Terminal;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const SCRIPT: &str = include_str!("cleanroot.sh");
/// A file that only a clean root has. A command that finds it is in there, and not on the machine that runs the tests.
const MARK: &str = "/clean-root";

/// Boots a clean Debian with packages in its `/root`.
///
/// # Panics
/// If something is missing, with a sentence that says what, or if it does not boot.
pub fn boot(packages: &[&Path]) -> Container {
    let root = found();
    let arguments = [&[&*root], packages].concat();
    let container = Container::boot_root(SCRIPT, &arguments);
    container.done("test", &["-e", MARK]);
    container
}

/// What somebody of the container's types at a shell of their own, on a new terminal.
pub fn typed(container: &Container, user: User, commands: &str) -> Terminal {
    let mut command = container.command("setsid");
    let home = format!("HOME=/home/{}", user.name);
    command
        .args(["-c", "setpriv", "--reuid", user.name, "--regid", user.name])
        .args(["--init-groups", "env", &home, "sh", "-euc", commands]);
    Terminal::start(command)
}

/// Signs on through the container's sshd: each prompt of the script must come, in order, and no other.
pub fn ssh(container: &Container, user: User, script: &[(&str, &str)]) -> Visit {
    let options = "-Fnone -tt -oStrictHostKeyChecking=no -oUserKnownHostsFile=/dev/null -oLogLevel=ERROR \
        -oNumberOfPasswordPrompts=1 -oPreferredAuthentications=keyboard-interactive";
    let greeting = format!("echo {SIGNED_ON}$(id -un)");
    let commands = format!("ssh {options} {}@127.0.0.1 '{greeting}'", user.name);
    follow(
        typed(container, user, &commands),
        script,
        &["Permission denied"],
    )
}

/// Becomes root by the container's sudo, likewise.
pub fn sudo(container: &Container, user: User, script: &[(&str, &str)]) -> Visit {
    let commands = format!("sudo -k sh -c 'echo {SIGNED_ON}$(id -un)'");
    follow(
        typed(container, user, &commands),
        script,
        &["Sorry, try again"],
    )
}

/// A clean Debian that nobody has booted: no systemd runs in it, as in an image that is being made.
#[derive(Debug)]
pub struct Unbooted(Outer);

impl Unbooted {
    /// Lays one with packages in its `/root`.
    ///
    /// # Panics
    /// As [`boot`].
    pub fn lay(packages: &[&Path]) -> Self {
        let root = found();
        let arguments = [&[&*root], packages].concat();
        let unbooted = Self(Outer::lay(SCRIPT, &arguments));
        let is_inside = unbooted.run("test", &["-e", MARK]).status.success();
        assert!(is_inside, "the clean root can't be entered");
        unbooted
    }

    /// Runs a command in it as root.
    pub fn run(&self, program: &str, arguments: &[&str]) -> Output {
        let mut command: Command = self.0.command("chroot");
        command
            .args(["/run/container/root", program])
            .args(arguments);
        command.env_clear().envs(ENVIRONMENT);
        run_with_stdin(command, "")
    }

    /// Runs a command that must succeed, and gives its stdout.
    pub fn done(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.run(program, arguments);
        let said = told(&output);
        assert!(output.status.success(), "{program} {arguments:?}: {said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

fn found() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/debian-root");
    let root = root.canonicalize().ok();
    root.filter(|root| root.join("clean-root").exists())
        .expect("there is no clean Debian to install the package on: run tests/clean-root first")
}
