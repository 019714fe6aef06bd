//! A Mac's places and programs, as far as the login window needs them.

use super::SERVICE;
use crate::failure::Failure;
use crate::files;
use crate::protect::pending::Pending;
use otpair_host::loginright::{self, Examined, LOGIN_WINDOW, Refusal};
use std::fs::DirBuilder;
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The launchd job that runs `otpair protect --keep`.
const KEEP_JOB: &str = "io.otpair.keep";

/// The login window of a Mac, and where everything is that it takes to change it.
#[derive(Debug, Clone)]
pub(crate) struct Window {
    /// The programs: security(1), launchctl(1), sysctl(8), and otpair as launchd runs it.
    pub(super) security: PathBuf,
    pub(super) launchctl: PathBuf,
    pub(super) sysctl: PathBuf,
    pub(super) otpair: PathBuf,
    /// What has to be installed.
    pub(super) bundle: PathBuf,
    pub(super) helper: PathBuf,
    pub(super) socket: PathBuf,
    /// launchd's folder of an admin's jobs.
    pub(super) daemons: PathBuf,
    /// Where it is written down what is taken back unless it is confirmed.
    pub(super) journal: PathBuf,
    /// otpair's own data.
    pub(super) data: PathBuf,
    pub(super) lock: PathBuf,
    /// Is there where somebody is logged in automatically when the Mac starts.
    pub(super) automatic_login: PathBuf,
    /// Is there while macOS is upgraded.
    pub(super) upgrade: PathBuf,
    /// Whom the plugin and the helper must belong to.
    pub(super) owner: u32,
}

impl Window {
    /// This Mac's; nothing where this is no Mac.
    pub(crate) fn here() -> Option<Self> {
        cfg!(target_os = "macos").then(Self::of_a_mac)
    }

    fn of_a_mac() -> Self {
        Self {
            security: "/usr/bin/security".into(),
            launchctl: "/bin/launchctl".into(),
            sysctl: "/usr/sbin/sysctl".into(),
            // Not the link in /usr/local/bin: that folder may belong to whoever installed Homebrew.
            otpair: "/Library/PrivilegedHelperTools/otpair".into(),
            bundle: "/Library/Security/SecurityAgentPlugins/otpair.bundle".into(),
            helper: "/Library/PrivilegedHelperTools/otpair-helper".into(),
            socket: "/var/run/otpair.sock".into(),
            daemons: "/Library/LaunchDaemons".into(),
            // Not with the data, which only root may see: `otpair status` is for everybody.
            journal: "/var/db/io.otpair.protect.pending".into(),
            data: "/Library/Application Support/otpair".into(),
            lock: "/var/db/io.otpair.protect.lock".into(),
            automatic_login: "/etc/kcpassword".into(),
            upgrade: "/var/db/.AppleUpgrade".into(),
            owner: 0,
        }
    }

    /// Is there once somebody has confirmed: then what a macOS upgrade drops is put back.
    pub(super) fn marker(&self) -> PathBuf {
        self.data.join("login-window.protected")
    }

    /// Writes down that somebody has confirmed.
    pub(super) fn mark(&self) -> Result<(), Failure> {
        let made = DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.data);
        made.map_err(|error| Failure::file(&self.data, &error))?;
        files::write(&self.marker(), "")
    }

    /// Whether somebody has confirmed that otpair is to be there.
    pub(crate) fn is_confirmed(&self) -> bool {
        self.marker().exists()
    }

    /// Whether launchd puts it back after a macOS upgrade.
    pub(crate) fn is_kept(&self) -> bool {
        self.is_loaded(KEEP_JOB)
    }

    /// Whether somebody is logged in automatically when the Mac starts.
    pub(crate) fn is_automatic(&self) -> bool {
        self.automatic_login.exists()
    }

    /// Whether macOS is at an upgrade, or means to be: then newer ones take the right from Apple's own list.
    pub(crate) fn is_upgrading(&self) -> bool {
        self.upgrade.exists()
    }

    /// What waits to be confirmed.
    pub(crate) fn pending(&self) -> Result<Option<Pending>, Failure> {
        let pending = Pending::read_from(&self.journal)?;
        Ok(pending.filter(|pending| pending.has(SERVICE)))
    }

    /// A right as the authorization database has it.
    pub(super) fn right(&self, right: &str) -> Result<Vec<u8>, Failure> {
        run(&self.security, &["authorizationdb", "read", right], b"")
    }

    /// Gives a right to the authorization database.
    pub(super) fn write_right(&self, right: &str, plist: &[u8]) -> Result<(), Failure> {
        run(&self.security, &["authorizationdb", "write", right], plist).map(drop)
    }

    /// What the login window's right has.
    pub(crate) fn examine(&self) -> Result<Examined, Failure> {
        loginright::examine(&self.right(LOGIN_WINDOW)?).map_err(|refusal| refused(&refusal))
    }

    /// Whether launchd has a job.
    pub(super) fn is_loaded(&self, label: &str) -> bool {
        let job = format!("system/{label}");
        run(&self.launchctl, &["print", &job], b"").is_ok()
    }
}

/// A right that is left as it is.
pub(super) fn refused(refusal: &Refusal) -> Failure {
    Failure::new(format!("{LOGIN_WINDOW}: {refusal}"))
}

/// Runs one of macOS's programs with something on its stdin, and gives its stdout.
pub(super) fn run(program: &Path, arguments: &[&str], stdin: &[u8]) -> Result<Vec<u8>, Failure> {
    let said = |why: &str| {
        let name = program.file_name().unwrap_or_default().to_string_lossy();
        Failure::new(format!("{name} {}: {why}", arguments.join(" ")))
    };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| said(&error.to_string()))?;
    if let Some(mut pipe) = child.stdin.take() {
        // One that does not read it says why on its stderr.
        let _ = pipe.write_all(stdin);
    }
    let output = child.wait_with_output();
    let output = output.map_err(|error| said(&error.to_string()))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    let why = match stderr.trim() {
        "" => output.status.to_string(),
        why => why.to_owned(),
    };
    Err(said(&why))
}
