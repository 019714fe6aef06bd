//! A private little machine for a test: its own users, PAM files, network, `/dev/log`, home folders and seed cache, in
//! namespaces of its own. Nothing of the real machine's sign-on is read or touched.

use crate::artefacts::{Artefacts, assert_equipped};
use crate::syslog::Syslog;
use crate::token::Token;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::thread;

/// The config that every machine starts with.
pub const CONFIG: &str = "[audit]\nfile = \"/var/log/otpair.jsonl\"\n";
/// Where the config lies, in the machine.
pub const CONFIG_FILE: &str = "/etc/otpair/otpair.toml";
/// Where the audit log lies, in the machine.
pub const AUDIT_FILE: &str = "/var/log/otpair.jsonl";
/// Where the seed cache lies, in the machine.
pub const CACHE: &str = "/var/lib/otpair";
/// Where the helper listens, in the machine.
pub const HELPER_SOCKET: &str = "/run/otpair/helper.sock";
/// The module, in the machine.
pub const MODULE: &str = "/run/machine/pam_otpair.so";

/// A user of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct User {
    /// The name.
    pub name: &'static str,
    /// The password.
    pub password: &'static str,
}

/// A user with an account.
pub const ALICE: User = User {
    name: "alice",
    password: "alice-pw",
};
/// Another one.
pub const BOB: User = User {
    name: "bob",
    password: "bob-pw",
};
/// A member of the group `staff`, whom tests exempt.
pub const CAROL: User = User {
    name: "carol",
    password: "carol-pw",
};
/// One who never has a token.
pub const DAVE: User = User {
    name: "dave",
    password: "dave-pw",
};
/// One that the machine does not know.
pub const GHOST: User = User {
    name: "ghost",
    password: "ghost-pw",
};

/// A private little machine. It is gone when this is dropped, or when the test's process ends in any way.
#[derive(Debug)]
pub struct Machine {
    unshare: Child,
    /// Its end is what tells the machine to go.
    lifeline: Option<ChildStdin>,
    syslog: Syslog,
}

impl Machine {
    /// A machine with otpair.
    pub fn new() -> Self {
        assert_equipped();
        Self::with(&Artefacts::find())
    }

    /// A machine with otpair that also knows some of the real machine's system users: those of packages whose servers a
    /// test starts.
    pub fn with_system_users(names: &[&str]) -> Self {
        let machine = Self::new();
        for (file, program) in [("/etc/passwd", "passwd"), ("/etc/group", "group")] {
            let mut text = String::from_utf8(machine.read(file)).unwrap();
            for name in names {
                let found = Command::new("getent")
                    .args([program, name])
                    .output()
                    .unwrap();
                assert!(
                    found.status.success(),
                    "there is no {program} entry {name} here"
                );
                text.push_str(&String::from_utf8(found.stdout).unwrap());
            }
            machine.write(file, text);
        }
        machine
    }

    fn with(artefacts: &Artefacts) -> Self {
        let mut unshare = Command::new("unshare")
            .args([
                "--mount",
                "--net",
                "--pid",
                "--fork",
                "--kill-child",
                "--mount-proc",
                "--propagation",
                "private",
            ])
            .args(["sh", "-c", include_str!("machine.sh"), "machine.sh"])
            .args([
                &artefacts.module,
                &artefacts.otpair,
                &artefacts.pamloop,
                &artefacts.helper,
            ])
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("unshare can't be started");
        let lifeline = unshare.stdin.take();
        let mut line = String::new();
        BufReader::new(unshare.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        if line != "ready\n" {
            let output = unshare.wait_with_output().unwrap();
            panic!(
                "the machine could not be made: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        let socket = PathBuf::from(format!("/proc/{}/root/dev/log", unshare.id()));
        let syslog = Syslog::listen(&socket);
        fs::set_permissions(&socket, fs::Permissions::from_mode(0o666)).unwrap();
        let machine = Self {
            unshare,
            lifeline,
            syslog,
        };
        machine.config("");
        for service in ["sshd", "sudo", "su", "login", "otptest"] {
            machine.pam_service(service, &PASSWORD_THEN_OTPAIR);
        }
        machine.pam_service("otpcodes", &OTPAIR_CODES);
        machine
    }

    /// Where a path of the machine is seen from outside.
    pub fn path(&self, inside: impl AsRef<Path>) -> PathBuf {
        let inside = inside.as_ref();
        let relative = inside
            .strip_prefix("/")
            .expect("a path inside the machine begins with /");
        Path::new(&format!("/proc/{}/root", self.unshare.id())).join(relative)
    }

    /// Writes a file of the machine, with mode 0644.
    pub fn write(&self, inside: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(inside), content)
            .unwrap_or_else(|e| panic!("{inside} can't be written: {e}"));
    }

    /// Adds to a file of the machine, which must be there.
    pub fn append(&self, inside: &str, text: &str) {
        let mut whole = self.read(inside);
        whole.extend_from_slice(text.as_bytes());
        fs::write(self.path(inside), whole)
            .unwrap_or_else(|e| panic!("{inside} can't be written: {e}"));
    }

    /// Reads a file of the machine.
    pub fn read(&self, inside: &str) -> Vec<u8> {
        fs::read(self.path(inside)).unwrap_or_else(|e| panic!("{inside} can't be read: {e}"))
    }

    /// Sets the mode of a file of the machine.
    pub fn chmod(&self, inside: &str, mode: u32) {
        fs::set_permissions(self.path(inside), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Writes the config: [`CONFIG`] and what is given. (A table `[audit]` may not be given again.)
    pub fn config(&self, toml: &str) {
        self.write(CONFIG_FILE, format!("{toml}\n{CONFIG}"));
    }

    /// Writes the `auth` lines of a PAM service; everything else is permitted.
    pub fn pam_service(&self, name: &str, auth: &[&str]) {
        let mut text: String = auth.iter().map(|line| format!("auth {line}\n")).collect();
        text.push_str("account required pam_permit.so\nsession required pam_permit.so\n");
        self.write(&format!("/etc/pam.d/{name}"), text);
    }

    /// A command in the machine, as root.
    pub fn command(&self, program: &str) -> Command {
        let id = self.unshare.id();
        let mut command = Command::new("nsenter");
        command
            .args([
                format!("--mount=/proc/{id}/ns/mnt"),
                format!("--net=/proc/{id}/ns/net"),
                // In a chroot the namespace's own root is the real machine's.
                format!("--root=/proc/{id}/root"),
            ])
            .arg(format!("--pid=/proc/{id}/ns/pid_for_children"))
            .args(["--", program])
            .env_clear()
            .envs([
                ("PATH", "/run/machine:/usr/sbin:/usr/bin:/sbin:/bin"),
                ("TERM", "dumb"),
                ("LANG", "C.UTF-8"),
            ]);
        command
    }

    /// A command in the machine whose clock starts at another time, in seconds since 1970. Programs that are setuid
    /// can't be told another time.
    pub fn command_at(&self, time: u64, program: &str) -> Command {
        let mut command = self.command("faketime");
        command.envs([
            ("TZ", "UTC0"),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
            ("DONT_FAKE_MONOTONIC", "1"),
        ]);
        command.args([format!("@{time}"), program.to_owned()]);
        command
    }

    /// Runs a command in the machine as root, with what it reads on stdin.
    pub fn run_with(&self, program: &str, arguments: &[&str], stdin: &str) -> Output {
        let mut command = self.command(program);
        command.args(arguments);
        run_with_stdin(command, stdin)
    }

    /// Runs a command in the machine as root.
    pub fn run(&self, program: &str, arguments: &[&str]) -> Output {
        self.run_with(program, arguments, "")
    }

    /// Runs a command that must succeed, and gives its stdout.
    pub fn done(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.run(program, arguments);
        assert!(
            output.status.success(),
            "{program} {arguments:?}: {}",
            told(&output)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Runs the admin's command.
    pub fn otpair(&self, arguments: &[&str]) -> Output {
        self.run("otpair", arguments)
    }

    /// Runs the admin's command, which must succeed, and gives its stdout.
    pub fn admin(&self, arguments: &[&str]) -> String {
        self.done("otpair", arguments)
    }

    /// Runs the admin's command with `--json`, which must succeed, and gives what it printed.
    pub fn admin_json(&self, arguments: &[&str]) -> serde_json::Value {
        let text = self.admin(&[arguments, &["--json"]].concat());
        serde_json::from_str(&text)
            .unwrap_or_else(|e| panic!("otpair {arguments:?} printed no JSON ({e}): {text}"))
    }

    /// As [`Machine::admin`], at another time.
    pub fn admin_at(&self, time: u64, arguments: &[&str]) -> String {
        let output = self
            .command_at(time, "otpair")
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "otpair {arguments:?}: {}",
            told(&output)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// As [`Machine::admin_json`], at another time.
    pub fn admin_json_at(&self, time: u64, arguments: &[&str]) -> serde_json::Value {
        let text = self.admin_at(time, &[arguments, &["--json"]].concat());
        serde_json::from_str(&text)
            .unwrap_or_else(|e| panic!("otpair {arguments:?} printed no JSON ({e}): {text}"))
    }

    /// Imports tokens, as a seed file of otpauth URIs.
    pub fn import(&self, tokens: &[&Token]) {
        let file: String = tokens.iter().map(|token| token.uri()).collect();
        self.write("/root/tokens.txt", file);
        self.chmod("/root/tokens.txt", 0o600);
        let counts = self.admin_json(&["import", "/root/tokens.txt"]);
        assert_eq!(counts["new"], tokens.len(), "import: {counts}");
    }

    /// Imports a token and pairs it with a user, by the admin's command.
    pub fn pair(&self, user: User, token: &Token) {
        self.import(&[token]);
        self.admin(&["user", "pair", user.name, &token.serial]);
    }

    /// What `user list` says of a user, or null.
    pub fn user(&self, user: User) -> serde_json::Value {
        let users = self.admin_json(&["user", "list"]);
        let mut found = users
            .as_array()
            .into_iter()
            .flatten()
            .filter(|entry| entry["user"] == user.name);
        found.next().cloned().unwrap_or_default()
    }

    /// What `token list` says of a token, or null.
    pub fn token(&self, token: &Token) -> serde_json::Value {
        let tokens = self.admin_json(&["token", "list"]);
        let mut found = tokens
            .as_array()
            .into_iter()
            .flatten()
            .filter(|entry| entry["serial"] == *token.serial);
        found.next().cloned().unwrap_or_default()
    }

    /// The serial numbers that a user holds.
    pub fn serials(&self, user: User) -> Vec<String> {
        let user = self.user(user);
        user["serials"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|s| Some(s.as_str()?.to_owned()))
            .collect()
    }

    /// Every event in the audit file.
    pub fn audit(&self) -> Vec<serde_json::Value> {
        let text = fs::read_to_string(self.path(AUDIT_FILE)).unwrap_or_default();
        text.lines()
            .map(|line| {
                serde_json::from_str(line)
                    .unwrap_or_else(|e| panic!("{e} in the audit line {line}"))
            })
            .collect()
    }

    /// The events in the audit file with a name.
    pub fn events(&self, name: &str) -> Vec<serde_json::Value> {
        self.audit()
            .into_iter()
            .filter(|event| event["event"] == name)
            .collect()
    }

    /// What the machine's programs wrote to syslog so far.
    pub fn syslog(&self) -> Vec<String> {
        self.syslog.lines()
    }

    /// Waits for a line in syslog that holds this text; whether it came.
    pub fn syslog_tells(&self, text: &str) -> bool {
        self.syslog.tells(text)
    }

    /// Has the helper serve its socket, as its systemd units say.
    pub fn serve_helper(&self) {
        self.serve_socket("root", &["/usr/libexec/otpair/otpair-helper"]);
    }

    /// Has a user start a program for each connection to the helper's socket, by systemd's own `systemd-socket-activate`.
    /// It ends with the machine.
    pub fn serve_socket(&self, user: &str, program: &[&str]) {
        self.done("mkdir", &["-p", "/run/otpair"]);
        self.done("chown", &[user, "/run/otpair"]);
        let who = ["setpriv", "--reuid", user, "--regid", user, "--init-groups"];
        let listen = format!("--listen={HELPER_SOCKET}");
        let listener = ["systemd-socket-activate", "--accept", "--inetd", &listen];
        self.serve(&[&who[..], &listener, program].concat(), "Listening on");
        self.chmod(HELPER_SOCKET, 0o666);
    }

    /// Starts a server in the machine, and returns when it has said that it is ready. It ends with the machine.
    pub fn serve(&self, words: &[&str], ready: &str) {
        let mut child = self
            .command("sh")
            .args(["-c", "exec \"$@\" 2>&1", "sh"])
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("nsenter can't be started");
        let mut log = BufReader::new(child.stdout.take().unwrap());
        let mut said = String::new();
        while !said.contains(ready) {
            let length = log.read_line(&mut said).unwrap();
            assert!(length > 0, "{words:?} did not start: {said}");
        }
        // Both live as long as the machine: the log must be read on, and the child be waited for.
        thread::spawn(move || {
            let _ = log.read_to_end(&mut Vec::new());
            let _ = child.wait();
        });
    }

    /// What was asked of `systemctl` so far, a request a line. Nothing is started by it: a test does that.
    pub fn systemctl(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path("/run/machine/systemctl.log")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// The path of a user's record.
    pub fn record(user: User) -> String {
        format!("{CACHE}/users/{}", user.name)
    }
}

impl Default for Machine {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.lifeline.take();
        let _ = self.unshare.wait();
    }
}

/// The stack that the docs tell people to use: the password first, then otpair, then a line that decides when otpair
/// has nothing to say.
pub const PASSWORD_THEN_OTPAIR: [&str; 2] = [
    "requisite pam_unix.so",
    "required /run/machine/pam_otpair.so config=/etc/otpair/otpair.toml",
];

/// otpair alone, behind a door that has already asked for a key.
pub const OTPAIR_ALONE: [&str; 2] = [
    "required /run/machine/pam_otpair.so config=/etc/otpair/otpair.toml",
    "required pam_permit.so",
];

/// otpair alone, whose every return code reaches the caller: `PAM_IGNORE` as [`IGNORED`], by a line that is only reached
/// then.
pub const OTPAIR_CODES: [&str; 2] = [
    "[success=done ignore=ignore default=die] /run/machine/pam_otpair.so config=/etc/otpair/otpair.toml",
    "required pam_listfile.so",
];

/// What `PAM_IGNORE` becomes in [`OTPAIR_CODES`]: what `pam_listfile` says, in silence, when it is told nothing.
pub const IGNORED: &str = "PAM_SERVICE_ERR";

/// Runs a command to its end, with what it reads on stdin.
pub fn run_with_stdin(mut command: Command, stdin: &str) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program can't be started");
    // A program that does not read to the end closes the pipe: that is its right.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

/// What a command said, for a failed test's message.
pub fn told(output: &Output) -> String {
    format!(
        "{}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
