//! sshd on the machine's loopback: interactively on a terminal, with a key first, a remote command, sftp.

use super::terminal_doors::greet_at_home;
use super::{Door, SIGNED_ON, Visit, follow};
use crate::machine::{Machine, OTPAIR_ALONE, User, run_with_stdin, told};
use crate::terminal::Terminal;

const SSHD_CONFIG: &str = "Port 22
ListenAddress 127.0.0.1
HostKey /run/machine/hostkey
PidFile none
UseDNS no
UsePAM yes
PrintMotd no
PrintLastLog no
PasswordAuthentication no
KbdInteractiveAuthentication yes
AuthorizedKeysFile /run/machine/authorized_keys
Subsystem sftp internal-sftp
Include /etc/ssh/sshd_config.d/*.conf
";

/// `PreferredAuthentications`: when PAM says that the attempts are used up, sshd 9.2 offers no method at all any more,
/// and a client then tries `password`, in vain.
const CLIENT_OPTIONS: [&str; 8] = [
    "-Fnone",
    "-oStrictHostKeyChecking=no",
    "-oUserKnownHostsFile=/dev/null",
    "-oLogLevel=ERROR",
    "-oNumberOfPasswordPrompts=1",
    "-oIdentityFile=/run/machine/key",
    "-oIdentitiesOnly=yes",
    "-oPreferredAuthentications=publickey,keyboard-interactive",
];

/// Answers each prompt with the next line of a file, and notes what was asked.
const ASKPASS: &str = r#"#!/bin/sh
printf '%s\0' "$1" >>/run/machine/asked
read -r answer </run/machine/answers || exit 1
sed -i 1d /run/machine/answers
printf '%s\n' "$answer"
"#;

/// Starts a real sshd in the machine, and returns when it listens. It ends with the machine.
pub fn start_sshd(machine: &Machine, methods: &str) {
    machine.write(
        "/etc/ssh/sshd_config",
        format!("{SSHD_CONFIG}AuthenticationMethods {methods}\n"),
    );
    machine.done(
        "ssh-keygen",
        &[
            "-q",
            "-t",
            "ed25519",
            "-N",
            "",
            "-f",
            "/run/machine/hostkey",
        ],
    );
    machine.done(
        "ssh-keygen",
        &["-q", "-t", "ed25519", "-N", "", "-f", "/run/machine/key"],
    );
    machine.write(
        "/run/machine/authorized_keys",
        machine.read("/run/machine/key.pub"),
    );
    machine.write("/run/machine/askpass", ASKPASS);
    machine.chmod("/run/machine/askpass", 0o755);
    machine.serve(&["/usr/sbin/sshd", "-D", "-e"], "Server listening");
}

struct Interactive;

/// `ssh` on a terminal, to a login shell; sshd asks for the password and the passcode.
pub fn ssh_asking(machine: &Machine) -> Box<dyn Door> {
    greet_at_home(machine);
    start_sshd(machine, "keyboard-interactive");
    Box::new(Interactive)
}

impl Door for Interactive {
    fn sign_on(&self, machine: &Machine, user: User, script: &[(&str, &str)]) -> Visit {
        follow(at_a_terminal(machine, user), script, &[])
    }

    fn service(&self) -> &'static str {
        "sshd"
    }

    fn asks_strangers(&self) -> bool {
        true
    }

    fn shows_last_messages(&self) -> bool {
        false
    }
}

fn at_a_terminal(machine: &Machine, user: User) -> Terminal {
    let mut command = machine.command("setsid");
    command
        .args(["-c", "ssh"])
        .args(CLIENT_OPTIONS)
        .args(["-tt", &format!("{}@127.0.0.1", user.name)]);
    Terminal::start(command)
}

struct WithKey;

/// `ssh` with a key on a terminal: `AuthenticationMethods publickey,keyboard-interactive`, and otpair alone in PAM.
pub fn ssh_with_key(machine: &Machine) -> Box<dyn Door> {
    machine.pam_service("sshd", &OTPAIR_ALONE);
    greet_at_home(machine);
    start_sshd(machine, "publickey,keyboard-interactive");
    Box::new(WithKey)
}

impl Door for WithKey {
    fn sign_on(&self, machine: &Machine, user: User, script: &[(&str, &str)]) -> Visit {
        follow(at_a_terminal(machine, user), script, &[])
    }

    fn password_prompt(&self) -> Option<&'static str> {
        None
    }

    fn service(&self) -> &'static str {
        "sshd"
    }

    fn shows_last_messages(&self) -> bool {
        false
    }
}

/// Copies a file to the user's home with `scp`, through an sshd that is started for it.
pub fn scp(machine: &Machine, user: User, script: &[(&str, &str)]) -> Visit {
    start_sshd(machine, "keyboard-interactive");
    machine.write("/root/letter", "Dear reader");
    let mut visit = Asked { client: "scp" }.sign_on(machine, user, script);
    let copy = machine.path(format!("/home/{}/letter", user.name));
    visit.granted = visit.granted && std::fs::read(copy).is_ok_and(|text| text == b"Dear reader");
    visit
}

/// A client without a terminal, whose prompts go to a program (`SSH_ASKPASS`).
struct Asked {
    client: &'static str,
}

/// `ssh HOST COMMAND`.
pub fn ssh_command(machine: &Machine) -> Box<dyn Door> {
    start_sshd(machine, "keyboard-interactive");
    Box::new(Asked { client: "ssh" })
}

/// `sftp HOST`.
pub fn sftp(machine: &Machine) -> Box<dyn Door> {
    start_sshd(machine, "keyboard-interactive");
    Box::new(Asked { client: "sftp" })
}

impl Asked {
    /// Runs the client, and says whether it got in.
    fn run(&self, machine: &Machine, user: User) -> (bool, String) {
        let host = format!("{}@127.0.0.1", user.name);
        let greeting = format!("echo {SIGNED_ON}$(id -un)");
        let mut command = machine.command(self.client);
        command
            .env("SSH_ASKPASS", "/run/machine/askpass")
            .env("SSH_ASKPASS_REQUIRE", "force")
            .args(CLIENT_OPTIONS);
        match self.client {
            "ssh" => command.args([host, greeting]),
            "scp" => command.args(["/root/letter".to_owned(), format!("{host}:letter")]),
            _ => command.arg(host),
        };
        let output = run_with_stdin(command, "pwd\n");
        let said = told(&output);
        let proof = match self.client {
            "ssh" => format!("{SIGNED_ON}{}", user.name),
            "sftp" => format!("Remote working directory: /home/{}", user.name),
            _ => String::new(),
        };
        let in_now = said.contains(&proof);
        (output.status.success() && in_now, said)
    }
}

impl Door for Asked {
    fn sign_on(&self, machine: &Machine, user: User, script: &[(&str, &str)]) -> Visit {
        let answers: String = script
            .iter()
            .map(|(_, answer)| format!("{answer}\n"))
            .collect();
        machine.write("/run/machine/answers", answers);
        machine.write("/run/machine/asked", "");
        let (granted, said) = self.run(machine, user);
        let asked = String::from_utf8_lossy(&machine.read("/run/machine/asked")).into_owned();
        let asked: Vec<&str> = asked.split_terminator('\0').collect();
        let fits = asked.len() == script.len()
            && asked
                .iter()
                .zip(script)
                .all(|(asked, (prompt, _))| asked.ends_with(prompt));
        assert!(
            fits,
            "asked was {asked:#?}, which is not the script {script:#?}. {said}"
        );
        Visit {
            granted,
            transcript: format!("{}\n{said}", asked.join("\n")),
        }
    }

    fn service(&self) -> &'static str {
        "sshd"
    }

    fn asks_strangers(&self) -> bool {
        true
    }

    fn shows_last_messages(&self) -> bool {
        false
    }
}
