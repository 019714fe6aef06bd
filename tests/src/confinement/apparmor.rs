//! AppArmor's profiles as its own compiler makes them: the automaton that the kernel would walk for each path.

use super::access::{Access, Kind};
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the profiles lie in this repository.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/apparmor")
}

const EXECUTE: u32 = 0x01;
const WRITE: u32 = 0x02;
const READ: u32 = 0x04;
const APPEND: u32 = 0x08;
const LOCK: u32 = 0x20;
const MAP_CODE: u32 = 0x40;

/// A compiled profile.
#[derive(Debug)]
pub struct Profile {
    files: Automaton,
    /// What the compiler says of all rules that are not about files.
    pub others: String,
}

#[derive(Debug, Default)]
struct Automaton {
    start: u32,
    states: HashMap<u32, State>,
}

#[derive(Debug, Default)]
struct State {
    allowed: u32,
    to: HashMap<u8, u32>,
    otherwise: Option<(Vec<u8>, u32)>,
}

impl Profile {
    /// Compiles a profile whose text is given; what it includes is looked for in `folder`, and then in AppArmor's own.
    /// A warning is an error. Nothing is loaded.
    ///
    /// # Panics
    /// If it does not compile, with what the compiler says.
    pub fn compile(folder: &Path, text: &str) -> Self {
        let file = folder.join("profile-under-test");
        fs::write(&file, text).unwrap();
        let dump = parser(folder, &["-D", "dfa-states"], &file);
        // The first automaton is of the paths that the profile attaches to, the second of its files.
        let files = dump
            .split("(allow/deny")
            .nth(2)
            .map(Automaton::read)
            .expect("the compiler shows the automaton of the files");
        Self {
            files,
            others: parser(folder, &["-d"], &file),
        }
    }

    /// Whether root may do this to a file of root's.
    pub fn allows(&self, access: &Access) -> bool {
        let needed = needed(access.kind);
        let slash = if access.is_folder { "/" } else { "" };
        self.files.allowed(&format!("{}{slash}", access.path)) & needed == needed
    }

    /// What of this is not allowed.
    pub fn refused<'a>(&self, accesses: &'a BTreeSet<Access>) -> Vec<&'a Access> {
        accesses
            .iter()
            .filter(|access| !self.allows(access))
            .collect()
    }
}

/// A lock for writing is a write, and so is every change to a folder's entries: see `apparmor/lsm.c` in the kernel.
fn needed(kind: Kind) -> u32 {
    match kind {
        Kind::Read => READ,
        Kind::Append => APPEND,
        Kind::Write
        | Kind::Create
        | Kind::MakeFolder
        | Kind::Remove
        | Kind::RenameTo
        | Kind::SetAttributes
        | Kind::Send => WRITE,
        Kind::RenameFrom | Kind::Connect => READ | WRITE,
        Kind::LockShared => LOCK,
        Kind::LockExclusive => LOCK | WRITE,
        Kind::MapCode => MAP_CODE,
        Kind::Execute => EXECUTE,
    }
}

/// Runs AppArmor's compiler, which writes nothing and loads nothing, for the kernel whose features AppArmor 3.0 ships.
fn parser(folder: &Path, show: &[&str], file: &Path) -> String {
    let output = Command::new("apparmor_parser")
        .args([
            "--skip-kernel-load",
            "--skip-cache",
            "--warn=all",
            "--Werror",
        ])
        .args([
            "--base",
            "/etc/apparmor.d",
            "-M",
            "/etc/apparmor.d/abi/kernel-5.4-outoftree-network",
        ])
        .arg("-I")
        .arg(folder)
        .args(["-I", "/etc/apparmor.d"])
        .args(show)
        .arg(file)
        .output()
        .expect("apparmor_parser is missing: install the Debian package apparmor");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{}: {said}", file.display());
    said
}

impl Automaton {
    fn read(dump: &str) -> Self {
        let mut automaton = Self {
            start: 1,
            ..Self::default()
        };
        let mut current = 0;
        for line in dump.lines() {
            if let Some(state) = line.strip_prefix('{') {
                current = number(state);
                if let Some((_, accept)) = line.split_once("(0x ") {
                    let allowed = accept.split('/').next().unwrap_or_default().trim();
                    automaton.states.entry(current).or_default().allowed =
                        u32::from_str_radix(allowed, 16).expect("a hexadecimal number");
                }
            } else if let Some((on, to)) = line.split_once(" -> {") {
                let state = automaton.states.entry(current).or_default();
                state.goes(on.trim_start(), number(to));
            }
        }
        automaton
    }

    /// The permissions for a path of the same owner as the program's.
    fn allowed(&self, path: &str) -> u32 {
        let mut at = self.start;
        for byte in path.bytes() {
            match self.states.get(&at).and_then(|state| state.next(byte)) {
                Some(next) => at = next,
                None => return 0,
            }
        }
        self.states.get(&at).map_or(0, |state| state.allowed)
    }
}

impl State {
    /// A line such as `a 0x61 -> {7}`, or `[^\x0/] -> {7}` for all but these characters, or `[] -> {7}` for all.
    fn goes(&mut self, on: &str, to: u32) {
        if let Some(but) = on.strip_prefix('[').and_then(|but| but.strip_suffix(']')) {
            self.otherwise = Some((unescaped(but.strip_prefix('^').unwrap_or(but)), to));
        } else {
            let (_, code) = on.rsplit_once("0x").expect("a character's code");
            self.to
                .insert(u8::from_str_radix(code, 16).expect("a byte"), to);
        }
    }

    fn next(&self, byte: u8) -> Option<u32> {
        let otherwise = || {
            let (but, to) = self.otherwise.as_ref()?;
            (!but.contains(&byte)).then_some(*to)
        };
        self.to.get(&byte).copied().or_else(otherwise)
    }
}

/// The characters of a list such as `\x0/\]a`.
fn unescaped(list: &str) -> Vec<u8> {
    let mut found = Vec::new();
    let mut bytes = list.bytes().peekable();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            found.push(byte);
            continue;
        }
        match bytes.next() {
            Some(b'x') => {
                let mut code = 0;
                while let Some(digit) = bytes.peek().and_then(|b| char::from(*b).to_digit(16)) {
                    code = code * 16 + digit;
                    bytes.next();
                }
                found.push(u8::try_from(code).expect("a byte"));
            }
            Some(b'n') => found.push(b'\n'),
            Some(b't') => found.push(b'\t'),
            Some(b'r') => found.push(b'\r'),
            Some(other) => found.push(other),
            None => {}
        }
    }
    found
}

fn number(text: &str) -> u32 {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().expect("a state's number")
}
