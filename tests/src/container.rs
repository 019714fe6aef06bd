//! A private machine that is booted by systemd, for what only systemd does: units, timers, what happens at a boot.
//!
//! Its root is an overlay of another one, of which nothing is written; its network is a loopback of its own. It runs in
//! `systemd-nspawn`, inside a process namespace that ends with the test.

use crate::artefacts::{self, Artefacts, assert_booting, assert_tpm};
use crate::machine::{run_with_stdin, told};
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// How long a boot may take before the test is given up. Far above what it takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// The environment of root's commands.
pub(crate) const ENVIRONMENT: [(&str, &str); 4] = [
    ("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
    ("TERM", "dumb"),
    ("LANG", "C.UTF-8"),
    ("HOME", "/root"),
];

/// Starts systemd in control groups of its own, so that containers keep out of each other's way. The first argument is
/// the container's name, the others are the groups.
const START: &str = r#"
name=$1
shift
for group; do
    mkdir "$group"
    echo $$ >"$group/cgroup.procs"
done
exec systemd-nspawn --quiet --register=no --setenv="SYSTEMD_TPM2_DEVICE=$SYSTEMD_TPM2_DEVICE" --keep-unit --notify-ready=yes --private-network --console=pipe \
    --machine="$name" --directory=/run/container/root --boot </dev/null >>/run/container/console 2>&1
"#;

/// Where everything in a container looks for the TPM, which is there once [`Container::fit_tpm`] has put it in.
const TPM: (&str, &str) = ("SYSTEMD_TPM2_DEVICE", "swtpm:host=127.0.0.1,port=2321");

/// The TPM's unit. It is up before anything that may want it, as a real one is.
const TPM_UNIT: &str = "[Unit]\n\
DefaultDependencies=no\n\
After=local-fs.target\n\
Before=otpair-key.service\n\
[Service]\n\
Type=notify\n\
ExecStart=/srv/tpm/tpm /srv/tpm/state\n\
[Install]\n\
WantedBy=sysinit.target\n";

/// A booted machine. It is gone when this is dropped, or when the test's process ends in any way.
#[derive(Debug)]
pub struct Container {
    outer: Outer,
    nspawn: Option<Child>,
    /// systemd's process id, in the outer namespace.
    leader: u32,
    groups: Vec<PathBuf>,
}

impl Container {
    /// Boots a machine with otpair, its helper and its units (none enabled), sshd on the loopback, and the users `alice`
    /// (password `alice-pw`) and `root` (`root-pw`, with a key that sshd takes). Its root is an overlay of the real
    /// machine's own.
    ///
    /// # Panics
    /// If something is missing, with a sentence that says what, or if it does not boot.
    pub fn boot() -> Self {
        let artefacts = Artefacts::find();
        let units = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/systemd");
        let arguments = [
            &*artefacts.module,
            &*artefacts.otpair,
            &*artefacts.helper,
            &*units,
        ];
        Self::boot_root(include_str!("container.sh"), &arguments)
    }

    /// Boots the root that a script has laid, as in [`Outer::lay`].
    pub(crate) fn boot_root(script: &str, arguments: &[&Path]) -> Self {
        assert_booting();
        let mut container = Self {
            outer: Outer::lay(script, arguments),
            nspawn: None,
            leader: 0,
            groups: Vec::new(),
        };
        container.start();
        container
    }

    /// Puts a TPM 2.0 in, and switches it on. Its state is kept over [`Container::power_cycle`].
    pub fn fit_tpm(&self) {
        assert_tpm();
        fs::create_dir_all(self.path("/srv/tpm/state")).unwrap();
        fs::copy(artefacts::tpm(), self.path("/srv/tpm/tpm")).unwrap();
        self.write("/etc/systemd/system/tpm.service", TPM_UNIT);
        self.done("systemctl", &["enable", "--now", "tpm.service"]);
    }

    /// Puts another TPM in, as a new mainboard has it.
    pub fn change_tpm(&self) {
        self.done("systemctl", &["stop", "tpm.service"]);
        fs::remove_dir_all(self.path("/srv/tpm/state")).unwrap();
        self.fit_tpm();
    }

    /// What of the container's disk is its own, as somebody sees it who has taken the disk out. The TPM's state is in
    /// it, which a thief of the disk alone has not: `/srv/tpm`.
    pub fn disk(&self) -> PathBuf {
        self.outer.path("/run/container/layer")
    }

    /// Where a path of the container is seen from outside, as long as it runs.
    pub fn path(&self, inside: impl AsRef<Path>) -> PathBuf {
        let relative = inside
            .as_ref()
            .strip_prefix("/")
            .expect("a path inside the container begins with /");
        self.outer
            .path(&format!("/proc/{}/root", self.leader))
            .join(relative)
    }

    /// A command in the container, as root.
    pub fn command(&self, program: &str) -> Command {
        let mut command = self.outer.command("nsenter");
        command
            .arg(format!("--target={}", self.leader))
            .args(["--mount", "--pid", "--net", "--uts", "--ipc", "--", program])
            .env_clear()
            .envs(ENVIRONMENT)
            .envs([TPM]);
        command
    }

    /// Runs a command in the container as root.
    pub fn run(&self, program: &str, arguments: &[&str]) -> Output {
        self.run_with(program, arguments, "")
    }

    /// Runs a command in the container as root, with what it reads on stdin.
    pub fn run_with(&self, program: &str, arguments: &[&str], stdin: &str) -> Output {
        let mut command = self.command(program);
        command.args(arguments);
        run_with_stdin(command, stdin)
    }

    /// Runs a command that must succeed, and gives its stdout.
    pub fn done(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.run(program, arguments);
        let said = told(&output);
        assert!(output.status.success(), "{program} {arguments:?}: {said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Writes a file of the container.
    pub fn write(&self, inside: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(inside), content)
            .unwrap_or_else(|e| panic!("{inside} can't be written: {e}"));
    }

    /// Reads a file of the container.
    pub fn read(&self, inside: &str) -> Vec<u8> {
        fs::read(self.path(inside)).unwrap_or_else(|e| panic!("{inside} can't be read: {e}"))
    }

    /// Waits until something holds of the container.
    ///
    /// # Panics
    /// If it never does.
    pub fn wait_until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !holds(self) {
            assert!(Instant::now() < deadline, "it never came to this: {what}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Cuts the power, and boots again from the same disk.
    pub fn power_cycle(&mut self) {
        let leader = self.leader.to_string();
        let killed = self.outer.command("kill").args(["-KILL", &leader]).status();
        assert!(killed.unwrap().success(), "the power can't be cut");
        let mut nspawn = self.nspawn.take().expect("it runs");
        nspawn.wait().unwrap();
        self.start();
    }

    /// Boots, and waits until systemd says that it is done with it.
    fn start(&mut self) {
        let socket = self.outer.path("/run/container/notify");
        let _ = fs::remove_file(&socket);
        let notify = UnixDatagram::bind(&socket).expect("no socket for systemd's news");
        let name = format!("otpair-test-{}-{}", self.outer.id(), self.groups.len());
        let groups = hierarchies().map(|hierarchy| hierarchy.join(&name));
        self.groups.extend(groups);
        let mut command = self.outer.command("sh");
        command
            .args(["-eu", "-c", START, "start", &name])
            .args(self.groups.iter().filter(|group| group.ends_with(&name)))
            .env("NOTIFY_SOCKET", "/run/container/notify")
            .env(TPM.0, TPM.1);
        self.nspawn = Some(command.spawn().expect("nsenter can't be started"));
        self.leader = self.wait_for_boot(&notify);
    }

    /// Reads systemd-nspawn's news until the container is ready, and gives the process id of its systemd.
    fn wait_for_boot(&self, notify: &UnixDatagram) -> u32 {
        notify.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut leader = None;
        let mut buffer = [0; 4096];
        loop {
            let Ok(length) = notify.recv(&mut buffer) else {
                let console =
                    fs::read(self.outer.path("/run/container/console")).unwrap_or_default();
                let console = String::from_utf8_lossy(&console);
                panic!("the container did not boot. Its console:\n{console}");
            };
            let news = String::from_utf8_lossy(&buffer[..length]).into_owned();
            for line in news.lines() {
                match line.split_once('=') {
                    Some(("X_NSPAWN_LEADER_PID", pid)) => leader = pid.parse().ok(),
                    Some(("READY", "1")) => {
                        return leader.expect("systemd-nspawn names the leader first");
                    }
                    _ => {}
                }
            }
        }
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        self.outer.end();
        if let Some(nspawn) = &mut self.nspawn {
            let _ = nspawn.wait();
        }
        for group in &self.groups {
            let mut remove = Command::new("find");
            remove
                .arg(group)
                .args(["-depth", "-type", "d", "-exec", "rmdir", "{}", "+"]);
            let _ = remove.stderr(Stdio::null()).status();
        }
    }
}

/// The namespaces around a root that is not booted, or not yet. They are gone when this is dropped.
#[derive(Debug)]
pub(crate) struct Outer {
    unshare: Child,
    /// Its end is what tells the namespaces to go.
    lifeline: Option<ChildStdin>,
}

impl Outer {
    /// Has a script lay a root at `/run/container/root`. It says `ready`, and stays until its stdin ends.
    pub(crate) fn lay(script: &str, arguments: &[&Path]) -> Self {
        let mut unshare = Command::new("unshare")
            .args(["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"])
            .args(["--propagation", "private"])
            .args(["sh", "-c", script, "sh"])
            .args(arguments)
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
            panic!("the root could not be laid: {}", told(&output));
        }
        Self { unshare, lifeline }
    }

    fn id(&self) -> u32 {
        self.unshare.id()
    }

    /// A path of the namespace, as it is seen from here.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{path}", self.id()))
    }

    /// A command in the namespace, outside of the root.
    pub(crate) fn command(&self, program: &str) -> Command {
        let id = self.id();
        let mut command = Command::new("nsenter");
        command
            .arg(format!("--mount=/proc/{id}/ns/mnt"))
            .arg(format!("--root=/proc/{id}/root"))
            .arg(format!("--pid=/proc/{id}/ns/pid_for_children"))
            .args(["--", program]);
        command
    }

    fn end(&mut self) {
        self.lifeline.take();
        let _ = self.unshare.wait();
    }
}

impl Drop for Outer {
    fn drop(&mut self) {
        self.end();
    }
}

/// The hierarchies of control groups that systemd uses on this machine: one, or two in its hybrid layout.
fn hierarchies() -> impl Iterator<Item = &'static Path> {
    [
        "/sys/fs/cgroup",
        "/sys/fs/cgroup/unified",
        "/sys/fs/cgroup/systemd",
    ]
    .map(Path::new)
    .into_iter()
    .filter(|hierarchy| hierarchy.join("cgroup.procs").exists())
}
