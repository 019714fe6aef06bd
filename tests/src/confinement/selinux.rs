//! The SELinux module, linked with a whole policy (Debian's), and questions to what comes of it.

use super::access::{Access, Kind};
use crate::machine::told;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Mutex;

/// A question: may a process of this domain do that to an object of this type and class?
pub type Question = (String, String, String, String);

/// A policy with the module in it.
#[derive(Debug)]
pub struct Policy {
    folder: PathBuf,
    answers: Mutex<Answers>,
    labels: Mutex<HashMap<(String, String), String>>,
}

/// Where this repository begins.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Builds the module by its own script, from sources that may have been changed. `tree` is where the sources lie and
/// where `target` will be.
///
/// # Panics
/// If it can't be built, with what was said.
pub fn build(tree: &Path) -> PathBuf {
    let built = Command::new(tree.join("packaging/selinux/build"))
        .output()
        .expect("packaging/selinux/build can't be run");
    assert!(built.status.success(), "{}", told(&built));
    tree.join("target/packages/otpair.pp")
}

impl Policy {
    /// Links modules, in a namespace of its own, and keeps what comes of it in this folder.
    ///
    /// # Panics
    /// If they do not link, with what was said.
    pub fn link(modules: &[&Path], folder: &Path) -> Self {
        fs::create_dir_all(folder).unwrap();
        let linked = Command::new("unshare")
            .args(["--mount", "--propagation", "private"])
            .args(["sh", "-c", include_str!("selinux.sh"), "selinux.sh"])
            .arg(folder)
            .args(modules)
            .output()
            .expect("unshare can't be started");
        assert!(linked.status.success(), "{}", told(&linked));
        Self {
            answers: Mutex::new(Answers::about(&folder.join("policy"))),
            folder: folder.to_owned(),
            labels: Mutex::default(),
        }
    }

    /// The answer to each question: `always`, `by boolean` or `never`.
    pub fn allowed(&self, questions: &[Question]) -> Vec<String> {
        let answers = self.ask(&json!({"allowed": questions, "becomes": []}));
        texts(&answers["allowed"])
    }

    /// The type that a new object or process of this class gets; empty if it is not a type of its own.
    pub fn becomes(&self, questions: &[(&str, &str, &str, &str)]) -> Vec<String> {
        let answers = self.ask(&json!({"allowed": [], "becomes": questions}));
        texts(&answers["becomes"])
    }

    fn ask(&self, questions: &Value) -> Value {
        self.answers.lock().unwrap().ask(questions)
    }

    /// The type that a path gets when it is labelled as one of this kind (`file`, `dir` or `sock`); empty if none.
    pub fn label(&self, kind: &str, path: &str) -> String {
        let key = (kind.to_owned(), path.to_owned());
        let mut labels = self.labels.lock().unwrap();
        let label = || self.looked_up(kind, path);
        labels.entry(key).or_insert_with(label).clone()
    }

    fn looked_up(&self, kind: &str, path: &str) -> String {
        let output = Command::new("/usr/sbin/matchpathcon")
            .args(["-n", "-m", kind, "-f"])
            .arg(self.folder.join("file_contexts"))
            .arg(path)
            .output()
            .expect("matchpathcon is missing: install the Debian package selinux-utils");
        let context = String::from_utf8(output.stdout).unwrap();
        context.split(':').nth(2).unwrap_or_default().to_owned()
    }

    /// What a domain needs for an access, beside being let through the folders above it.
    pub fn needed(&self, domain: &str, access: &Access) -> Vec<Question> {
        let class = if access.is_folder { "dir" } else { "file" };
        let own = |permissions: &[&str]| self.on(domain, class, &access.path, permissions);
        let (parent, _) = access.path.rsplit_once('/').expect("an absolute path");
        let above = |permissions: &[&str]| self.on(domain, "dir", parent, permissions);
        let socket = |permissions: &[&str]| self.on(domain, "sock", &access.path, permissions);
        let peer = |peer: &str, class: &str, permission: &str| {
            vec![question(domain, peer, class, permission)]
        };
        match access.kind {
            Kind::Read => own(&["getattr", "open", "read"]),
            Kind::Write => own(&["open", "write"]),
            Kind::Append => own(&["open", "append"]),
            Kind::Create | Kind::MakeFolder => {
                [own(&["create"]), above(&["add_name", "search", "write"])].concat()
            }
            Kind::Remove => [own(&["unlink"]), above(&["remove_name", "write"])].concat(),
            Kind::RenameFrom => {
                let entries = above(&["add_name", "remove_name", "write"]);
                [own(&["rename"]), entries].concat()
            }
            Kind::RenameTo => Vec::new(),
            Kind::LockShared | Kind::LockExclusive => own(&["lock"]),
            Kind::SetAttributes => own(&["setattr", "write"]),
            Kind::Connect => {
                let connects = peer("otpair_helper_t", "unix_stream_socket", "connectto");
                [socket(&["write"]), connects].concat()
            }
            Kind::Send => {
                let sends = peer("syslogd_t", "unix_dgram_socket", "sendto");
                [socket(&["write"]), sends].concat()
            }
            Kind::MapCode => own(&["execute", "map", "read"]),
            Kind::Execute => own(&["execute", "execute_no_trans", "map", "read"]),
        }
    }

    /// The folders above a path have to be searched.
    pub fn way_to(&self, domain: &str, path: &str) -> Vec<Question> {
        let above = Path::new(path).ancestors().skip(1);
        above
            .filter_map(Path::to_str)
            .flat_map(|folder| self.on(domain, "dir", folder, &["search"]))
            .collect()
    }

    fn on(&self, domain: &str, class: &str, path: &str, permissions: &[&str]) -> Vec<Question> {
        let target = match path.strip_prefix("/proc/") {
            None if path == "/proc" => "proc_t".to_owned(),
            None => self.label(class, path),
            Some("locks") => "proc_t".to_owned(),
            // Of processes it is itself whose maps are read.
            Some(_) => domain.to_owned(),
        };
        assert!(!target.is_empty(), "{path} has no label");
        let class = if class == "sock" { "sock_file" } else { class };
        let permissions = permissions.iter();
        permissions
            .map(|permission| question(domain, &target, class, permission))
            .collect()
    }
}

/// The program that knows the policy, as long as the test runs.
#[derive(Debug)]
struct Answers {
    python: Child,
    answers: BufReader<ChildStdout>,
}

impl Answers {
    fn about(policy: &Path) -> Self {
        // Debian's own, whatever other Python is in the path: setools comes with it.
        let mut python = Command::new("/usr/bin/python3")
            .args(["-c", include_str!("selinux_policy.py")])
            .arg(policy)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("there is no /usr/bin/python3");
        let answers = BufReader::new(python.stdout.take().unwrap());
        Self { python, answers }
    }

    fn ask(&mut self, questions: &Value) -> Value {
        let mut line = String::new();
        writeln!(self.python.stdin.as_ref().unwrap(), "{questions}").unwrap();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).expect("no answer: install the Debian package python3-setools")
    }
}

impl Drop for Answers {
    fn drop(&mut self) {
        self.python.stdin.take();
        let _ = self.python.wait();
    }
}

/// A question, from its four words.
pub fn question(source: &str, target: &str, class: &str, permission: &str) -> Question {
    let word = str::to_owned;
    (word(source), word(target), word(class), word(permission))
}

fn texts(answers: &Value) -> Vec<String> {
    let answers = answers.as_array().into_iter().flatten();
    answers
        .map(|answer| answer.as_str().unwrap_or_default().to_owned())
        .collect()
}
