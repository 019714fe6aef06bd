//! A Mac in a scratch folder: with programs in place of macOS's security, launchctl and sysctl, which do what these do
//! as far as otpair sees it, and fail where a test wants them to.

use super::Request;
use super::mac::Window;
use crate::failure::Failure;
use otpair_host::loginright::{self, LOGIN_WINDOW};
use serde_json::Value;
use std::fs;
use std::io::Write as _;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use tempfile::TempDir;

/// As macOS 13 to 26 have it.
const MECHANISMS: [&str; 10] = [
    "builtin:prelogin",
    "builtin:policy-banner",
    "loginwindow:login",
    "builtin:login-begin",
    "builtin:authenticate,privileged",
    "PKINITMechanism:auth,privileged",
    "builtin:login-success",
    "loginwindow:success",
    "HomeDirMechanism:login,privileged",
    "loginwindow:done",
];

/// `fail` and `kill` have the calls that fail, and that end the caller just before; `lose` makes authd keep half of what
/// is written. As authd does, it says when a right was modified.
const SECURITY: &str = r#"#!/bin/sh
d=$(dirname "$0")
case $1 in
authorizationdb) what="$2 $3" ;;
*) what="$1 $3" ;;
esac
file="$d/rights/$3"
echo "$what" >>"$d/calls"
if grep -qxF "$what" "$d/fail"; then
    echo 'NO (-60005)' >&2
    exit 255
fi
if grep -qxF "$what" "$d/kill"; then
    kill -9 "$PPID"
    exit 255
fi
case $what in
read*) cat "$file" 2>/dev/null || { echo 'NO (-60005)' >&2; exit 255; } ;;
write*)
    sed 's|<real>.*</real>|<real>2.5</real>|' >"$file.new"
    [ -s "$file.new" ] || { echo 'Unable to read the right definition' >&2; exit 255; }
    [ ! -e "$d/lose" ] || sed -i '/otpair:verify/d' "$file.new"
    mv "$file.new" "$file"
    if grep -qxF "after $what" "$d/kill"; then kill -9 "$PPID"; fi
    ;;
remove*) rm "$file" ;;
esac
echo 'YES (0)' >&2
"#;

const LAUNCHCTL: &str = r#"#!/bin/sh
d=$(dirname "$0")
job=${3:-$2}
label=$(basename "$job" .plist)
case $1 in
bootstrap)
    if grep -qxF bootstrap "$d/fail" || [ ! -e "$job" ] || [ -e "$d/jobs/$label" ] || [ -e "$d/disabled/$label" ]; then
        echo 'Bootstrap failed: 5: Input/output error' >&2
        exit 5
    fi
    touch "$d/jobs/$label"
    [ ! -e "$d/$label.sock" ] || mv "$d/$label.sock" "$d/otpair.sock"
    ;;
enable) rm -f "$d/disabled/$label" ;;
bootout) rm "$d/jobs/$label" ;;
print) [ -e "$d/jobs/$label" ] || exit 113 ;;
esac
"#;

const SYSCTL: &str = "#!/bin/sh\ncat \"$(dirname \"$0\")/boot\"\n";

/// What is done to a Mac, and what is said of it then.
pub(crate) type Spoil = (&'static str, fn(&Mac));

/// The plugin itself.
pub(crate) const PLUGIN: &str = "otpair.bundle/Contents/MacOS/otpair";

/// Is there once somebody has confirmed.
pub(crate) const MARKER: &str = "data/login-window.protected";

/// This machine's `/bin/sh`, and what a Mac has for it.
pub(crate) const SHELLS: [&[&str]; 2] = [&["/bin/sh"], &["/bin/bash", "--posix"]];

/// The wait is written down and over at once. That for an otpair that hangs only where a test has one.
const SLEEP: &str = r#"#!/bin/sh
[ "$1" != 60 ] || [ -e "$(dirname "$0")/../hangs" ] || exec /bin/sleep 60
echo "sleep $1" >>"$(dirname "$0")/../calls"
"#;

/// How long a Mac waits for the confirmation, in seconds.
pub(crate) const SECONDS: u64 = 604_800;

/// A Mac with otpair installed.
pub(crate) struct Mac {
    folder: PathBuf,
    pub(crate) window: Window,
    /// What has to live as long as the Mac.
    kept: Option<(TempDir, UnixListener)>,
}

impl Mac {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let listener = UnixListener::bind(root.join("otpair.sock")).unwrap();
        let mut mac = Self::at(&root);
        mac.kept = Some((folder, listener));
        for folder in [
            "rights",
            "jobs",
            "disabled",
            "daemons",
            "bin",
            "otpair.bundle/Contents/MacOS",
        ] {
            fs::create_dir_all(mac.path(folder)).unwrap();
        }
        for (name, text) in [
            ("security", SECURITY),
            ("launchctl", LAUNCHCTL),
            ("sysctl", SYSCTL),
            ("bin/sleep", SLEEP),
        ] {
            mac.write_program(name, text);
        }
        for (name, text) in [
            ("otpair-helper", ""),
            ("otpair.bundle/Contents/Info.plist", ""),
            (PLUGIN, ""),
            ("jobs/io.otpair.helper", ""),
            ("daemons/io.otpair.helper.plist", ""),
            ("fail", ""),
            ("kill", ""),
            ("calls", ""),
            ("boot", "ONE\n"),
        ] {
            mac.write(name, text);
        }
        let log = mac.path("audit.jsonl");
        let config = format!("[audit]\nsyslog = false\nfile = '{}'\n", log.display());
        mac.write("otpair.toml", &config);
        mac.upgrade();
        mac
    }

    /// The Mac in this folder.
    pub(crate) fn at(root: &Path) -> Self {
        let path = |name: &str| root.join(name);
        Self {
            folder: root.to_owned(),
            window: Window {
                security: path("security"),
                launchctl: path("launchctl"),
                sysctl: path("sysctl"),
                otpair: path("otpair"),
                bundle: path("otpair.bundle"),
                helper: path("otpair-helper"),
                socket: path("otpair.sock"),
                daemons: path("daemons"),
                journal: path("protect.pending"),
                data: path("data"),
                lock: path("lock"),
                automatic_login: path("kcpassword"),
                upgrade: path("AppleUpgrade"),
                owner: rustix::process::geteuid().as_raw(),
            },
            kept: None,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Writes a file that can be run. A shell does it: a process that another test starts at this moment would have the
    /// file open for writing too, and what is open for writing can't be run.
    pub(crate) fn write_program(&self, name: &str, text: &str) {
        let mut shell = Command::new("sh");
        shell.args(["-c", "cat >\"$0\" && chmod 755 \"$0\""]);
        let mut shell = shell
            .arg(self.path(name))
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = shell.stdin.take().unwrap();
        stdin.write_all(text.as_bytes()).unwrap();
        drop(stdin);
        assert!(shell.wait().unwrap().success());
    }

    /// The login window's right, as it reads; when it was modified is left out.
    pub(crate) fn right(&self) -> String {
        let text = fs::read_to_string(self.path("rights").join(LOGIN_WINDOW)).unwrap();
        text.replace("<real>2.5</real>", "<real>1.25</real>")
    }

    pub(crate) fn set_right(&self, text: &str) {
        self.write(&format!("rights/{LOGIN_WINDOW}"), text);
    }

    /// What a macOS upgrade does: the right is as Apple has it.
    pub(crate) fn upgrade(&self) {
        let names = MECHANISMS.map(|name| format!("\t\t<string>{name}</string>\n"));
        self.set_right(&format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\">\n<dict>\n\
             \t<key>class</key>\n\t<string>evaluate-mechanisms</string>\n\
             \t<key>mechanisms</key>\n\t<array>\n{}\t</array>\n\
             \t<key>modified</key>\n\t<real>1.25</real>\n\
             \t<key>version</key>\n\t<integer>11</integer>\n\
             </dict>\n</plist>\n",
            names.concat()
        ));
    }

    /// Puts the mechanisms in, as a hand or another program would.
    pub(crate) fn add_by_hand(&self) {
        let added = loginright::add(self.right().as_bytes()).unwrap();
        self.set_right(&String::from_utf8(added).unwrap());
    }

    /// Takes one mechanism out.
    pub(crate) fn cut(&self, mechanism: &str) {
        let line = format!("\t\t<string>{mechanism}</string>\n");
        self.set_right(&self.right().replace(&line, ""));
    }

    /// Puts another vendor's window in place of macOS's.
    pub(crate) fn replace_window(&self, mechanism: &str) {
        self.set_right(&self.right().replace("loginwindow:login", mechanism));
    }

    pub(crate) fn load(&self, label: &str) {
        self.write(&format!("jobs/{label}"), "");
    }

    pub(crate) fn unload(&self, label: &str) {
        self.delete(&format!("jobs/{label}"));
    }

    /// Switches the helper off, as Login Items does: there is no job, and so no socket, and launchd takes none.
    pub(crate) fn switch_helper_off(&self) {
        self.unload("io.otpair.helper");
        self.write("disabled/io.otpair.helper", "");
        let socket = self.path("otpair.sock");
        fs::rename(socket, self.path("io.otpair.helper.sock")).unwrap();
    }

    pub(crate) fn is_loaded(&self, label: &str) -> bool {
        self.path("jobs").join(label).exists()
    }

    /// Deletes a file.
    pub(crate) fn delete(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }

    /// Has this call of security or launchctl fail from now on.
    pub(crate) fn fail(&self, call: &str) {
        self.write("fail", call);
    }

    pub(crate) fn calls(&self) -> String {
        fs::read_to_string(self.path("calls")).unwrap()
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.path("otpair.toml")
    }

    /// `otpair protect login-window`.
    pub(crate) fn switch_on(&self) -> Result<String, Failure> {
        self.switch_on_with(false)
    }

    pub(crate) fn switch_on_with(&self, untested: bool) -> Result<String, Failure> {
        self.window.switch_on(&Request {
            seconds: SECONDS,
            untested,
            config: Some(&self.config()),
        })
    }

    /// Every event of the log with its reason.
    pub(crate) fn events(&self) -> Vec<(String, String)> {
        let text = fs::read_to_string(self.path("audit.jsonl")).unwrap_or_default();
        let events = text.lines().map(|line| {
            let event: Value = serde_json::from_str(line).unwrap();
            assert_eq!(event["service"], "login-window");
            let field = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
            (field("event"), field("reason"))
        });
        events.collect()
    }

    /// Runs the job that reverts, as launchd does, with this shell for `/bin/sh`.
    pub(crate) fn run_job(&self, shell: &[&str]) -> ExitStatus {
        let job = plist::Value::from_file(self.window.job()).unwrap();
        let job = job.into_dictionary().unwrap();
        assert_eq!(job["RunAtLoad"].as_boolean(), Some(true));
        let again = job["KeepAlive"].as_dictionary().unwrap();
        assert_eq!(again["SuccessfulExit"].as_boolean(), Some(false));
        let arguments = job["ProgramArguments"].as_array().unwrap().iter();
        let arguments: Vec<_> = arguments.map(|word| word.as_string().unwrap()).collect();
        assert_eq!(arguments[0], "/bin/sh");
        let mut command = Command::new(shell[0]);
        command.args(&shell[1..]).args(&arguments[1..]);
        command.stdin(Stdio::null()).env_clear();
        let path = format!("{}:/usr/bin:/bin", self.path("bin").display());
        command.env("PATH", path);
        command.status().unwrap()
    }
}
