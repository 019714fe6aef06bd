//! A whole otpair in a scratch folder.

use serde_json::Value;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A scratch folder with a config, a seed cache and an audit log.
pub(crate) struct Scratch {
    folder: TempDir,
}

/// What a command did.
pub(crate) struct Done {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let scratch = Self { folder };
        scratch.config("");
        scratch
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        // A temporary folder may be reached through a link, which the config may not.
        self.folder.path().canonicalize().unwrap().join(name)
    }

    /// Writes the config; `[cache]` and `[audit]` are there already.
    pub(crate) fn config(&self, more: &str) {
        let (cache, log) = (self.path("cache"), self.path("audit.jsonl"));
        let (cache, log) = (cache.display(), log.display());
        let text =
            format!("[cache]\npath = '{cache}'\n[audit]\nsyslog = false\nfile = '{log}'\n{more}");
        self.write("otpair.toml", &text);
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// The command, with the config and the files of the folder at hand.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_otpair"));
        command
            .arg("--config")
            .arg(self.path("otpair.toml"))
            .args(arguments)
            .current_dir(self.path("."));
        command.env("LC_ALL", "C.UTF-8");
        command
    }

    /// Runs a command with what it reads on stdin.
    pub(crate) fn run_with(&self, arguments: &[&str], stdin: &str) -> Done {
        let mut command = self.command(arguments);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that does not read its stdin closes it: that is its right.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let status = output
            .status
            .code()
            .expect("the command was ended by a signal");
        Done {
            status,
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Done {
        self.run_with(arguments, "")
    }

    /// Runs a command that must do what is asked, and gives its stdout.
    pub(crate) fn done(&self, arguments: &[&str]) -> String {
        let done = self.run(arguments);
        assert_eq!(
            done.status, 0,
            "otpair {arguments:?}: {}{}",
            done.stdout, done.stderr
        );
        assert_eq!(done.stderr, "", "otpair {arguments:?}");
        done.stdout
    }

    /// Runs a command that must do what is asked, and gives its JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        json(&self.done(&[arguments, &["--json"]].concat()))
    }

    /// Runs a command that must be refused, with one line on stderr, which is given.
    pub(crate) fn refused(&self, arguments: &[&str]) -> String {
        refusal(&self.run(arguments))
    }

    /// As [`Scratch::refused`], with what it reads on stdin.
    pub(crate) fn refused_with(&self, arguments: &[&str], stdin: &str) -> String {
        refusal(&self.run_with(arguments, stdin))
    }

    /// Every event of the audit log.
    pub(crate) fn events(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.path("audit.jsonl")).unwrap_or_default();
        text.lines().map(json).collect()
    }

    /// The events of a name in the audit log.
    pub(crate) fn events_named(&self, name: &str) -> Vec<Value> {
        self.events()
            .into_iter()
            .filter(|event| event["event"] == name)
            .collect()
    }
}

pub(crate) fn json(text: &str) -> Value {
    assert!(text.lines().count() <= 1, "JSON in one line: {text}");
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

fn refusal(done: &Done) -> String {
    assert_eq!(done.status, 1, "{}{}", done.stdout, done.stderr);
    assert_eq!(done.stderr.lines().count(), 1, "{}", done.stderr);
    done.stderr.trim_end().to_owned()
}
