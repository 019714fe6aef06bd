//! polkit: pkexec, and an agent that asks on a terminal. polkit's own setuid helper is what talks to PAM.

use super::watch::Watch;
use super::{assert_installed, furnish, serve, start_dbus};
use crate::door::{Door, SIGNED_ON, Visit};
use crate::machine::{Machine, User};
use crate::terminal::Terminal;
use std::time::{Duration, Instant};

/// Everybody may do everything once they have proved who they are.
const RULE: &str = r#"polkit.addAdminRule(function(action, subject) {
    return ["unix-user:" + subject.user];
});
"#;

/// The agent in the background, and pkexec once the agent is there; both on one terminal, whose name is noted.
const ASK: &str = r#"cd
tty >terminal
rm -f ready
mkfifo ready
pkttyagent --process $$ --notify-fd 3 3>ready &
read -r _ <ready
pkexec --disable-internal-agent /run/machine/greet
echo "ended with $?"
kill $!
"#;

/// All that can come after an answer, the end first.
const NEXT: [&str; 5] = [
    "ended with ",
    "Password: ",
    "Serial number: ",
    "Next passcode: ",
    "Passcode: ",
];

/// polkit on a machine.
#[derive(Debug)]
pub struct Polkit {
    /// What polkitd writes has to be read.
    _log: Watch,
}

impl Polkit {
    /// Starts D-Bus and polkitd. They end with the machine.
    pub fn start(machine: &Machine) -> Self {
        for program in ["/usr/bin/pkexec", "/usr/bin/pkttyagent"] {
            assert_installed(program, "polkitd and pkexec");
        }
        furnish(machine);
        start_dbus(machine);
        machine.write(
            "/run/machine/greet",
            format!("#!/bin/sh\necho {SIGNED_ON}$(id -un)\n"),
        );
        machine.chmod("/run/machine/greet", 0o755);
        machine.write("/etc/polkit-1/rules.d/10-everybody.rules", RULE);
        machine.done("chown", &["-R", "polkitd", "/etc/polkit-1/rules.d"]);
        let mut log = serve(machine.command("/usr/lib/polkit-1/polkitd"));
        log.wait_for("Acquired the name org.freedesktop.PolicyKit1");
        Self { _log: log }
    }
}

impl Door for Polkit {
    fn sign_on(&self, machine: &Machine, user: User, script: &[(&str, &str)]) -> Visit {
        let mut command = machine.command("setsid");
        command
            .args(["-c", "setpriv", "--reuid", user.name, "--regid", user.name])
            .args(["--init-groups", "sh", "-c", ASK])
            .env("HOME", format!("/home/{}", user.name));
        let mut terminal = Terminal::start(command);
        for (prompt, answer) in script {
            terminal.expect(prompt);
            wait_until_it_reads(machine, user);
            terminal.send_line(answer);
        }
        let next = terminal.wait_for(&NEXT);
        let transcript = terminal.transcript();
        assert_eq!(next, Some(0), "it was to end:\n{transcript}");
        Visit {
            granted: transcript.contains(SIGNED_ON),
            transcript,
        }
    }

    fn service(&self) -> &'static str {
        "polkit-1"
    }
}

/// Waits until the agent on a user's terminal has turned the echo off: it throws away what was typed before.
fn wait_until_it_reads(machine: &Machine, user: User) {
    let noted = machine.read(&format!("/home/{}/terminal", user.name));
    let terminal = String::from_utf8(noted).unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while !machine
        .done("stty", &["-a", "-F", terminal.trim()])
        .contains(" -echo ")
    {
        assert!(Instant::now() < deadline, "the agent reads nothing");
    }
}
