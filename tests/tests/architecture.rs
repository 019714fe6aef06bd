//! The rules of ARCHITECTURE.md that a program can check: which crate may know which, and where `unsafe` may stand.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Each crate, and the crates of this workspace that it depends on.
const ARROWS: [(&str, &[&str]); 11] = [
    ("otpair-core", &[]),
    ("otpair-cache", &["otpair-core"]),
    ("otpair-host", &["otpair-core", "otpair-cache"]),
    ("otpair-pam", &["otpair-host"]),
    ("otpair-macos", &["otpair-core", "otpair-host"]),
    ("otpair-helper", &["otpair-host"]),
    ("otpair", &["otpair-core", "otpair-cache", "otpair-host"]),
    ("otpair-pkg", &[]),
    ("otpair-tests", &[]),
    ("otpair-fuzz", &["otpair-core", "otpair-host"]),
    ("cpufeatures", &[]),
];

/// What core uses: arithmetic, wiping, and parsing of bytes that somebody else has read.
const CORE_USES: [&str; 18] = [
    "aes",
    "aes-kw",
    "cbc",
    "chacha20poly1305",
    "des",
    "hkdf",
    "hmac",
    "pbkdf2",
    "quick-xml",
    "rsa",
    "scrypt",
    "serde",
    "serde_json",
    "sha1",
    "sha2",
    "subtle",
    "totp-rs",
    "zeroize",
];

/// The crates that talk to C.
const MAY_HAVE_UNSAFE: [&str; 5] = ["pam", "macos", "host", "tests", "cpufeatures"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}

/// Each crate of the workspace, with its direct dependencies (without those of its tests and build scripts).
fn workspace() -> BTreeMap<String, Vec<String>> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let name = |value: &Value| value["name"].as_str().unwrap().to_owned();
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages
        .map(|package| {
            let dependencies = package["dependencies"].as_array().unwrap().iter();
            (
                name(package),
                dependencies
                    .filter(|d| d["kind"].is_null())
                    .map(name)
                    .collect(),
            )
        })
        .collect()
}

#[test]
fn every_arrow_between_crates_is_one_that_the_drawing_has() {
    let drawn: BTreeMap<_, BTreeSet<_>> = ARROWS
        .into_iter()
        .map(|(name, arrows)| (name, arrows.iter().copied().collect()))
        .collect();
    let workspace = workspace();
    let there: BTreeMap<_, BTreeSet<_>> = workspace
        .iter()
        .map(|(name, dependencies)| {
            let own = dependencies.iter().map(String::as_str);
            (
                name.as_str(),
                own.filter(|d| d.starts_with("otpair")).collect(),
            )
        })
        .collect();
    assert_eq!(there, drawn);
}

#[test]
fn core_uses_nothing_that_opens_files_sockets_or_clocks() {
    let mut uses = workspace()["otpair-core"].clone();
    uses.sort_unstable();
    assert_eq!(
        uses, CORE_USES,
        "is what core newly depends on free of I/O? Then name it here"
    );
}

/// `cpufeatures` as it is published asks the processor anew at each sign-on. Cargo only warns where what stands in its place
/// is of another version than what is needed.
#[test]
fn whatever_asks_for_the_processors_instructions_asks_our_own_crate() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let packages = lock.split("[[package]]");
    let found: Vec<_> = packages
        .filter(|package| package.contains("\nname = \"cpufeatures\"\n"))
        .collect();
    assert!(
        found.len() == 1 && !found[0].contains("\nsource ="),
        "{found:#?}"
    );
}

/// Every Rust file of the workspace's own crates, relative to its root.
fn rust_files() -> Vec<PathBuf> {
    let output = Command::new("find")
        .args([
            ".", "-name", "target", "-prune", "-o", "-name", ".?*", "-prune", "-o", "-name",
            "*.rs", "-print",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    let files: Vec<_> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(PathBuf::from)
        .collect();
    assert!(files.len() > 10, "{files:?}");
    files
}

/// A line without its comment and without what stands in quotes.
fn code_of(line: &str) -> String {
    let without_comment = line.split("//").next().unwrap_or_default();
    without_comment.split('"').step_by(2).collect()
}

#[test]
fn unsafe_stands_only_in_files_named_ffi_rs() {
    for file in rust_files().iter().filter(|file| !file.ends_with("ffi.rs")) {
        let text = fs::read_to_string(root().join(file)).unwrap();
        for (number, line) in text.lines().enumerate() {
            let mut words = code_of(line)
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .map(str::to_owned)
                .collect::<Vec<_>>();
            words.retain(|word| word == "unsafe");
            assert!(
                words.is_empty(),
                "{}:{}: {line}",
                file.display(),
                number + 1
            );
        }
    }
}

#[test]
fn every_crate_that_does_not_talk_to_c_forbids_unsafe_code() {
    for member in fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("Cargo.toml").is_file())
    {
        let name = member.file_name().unwrap().to_string_lossy().into_owned();
        for file in ["src/lib.rs", "src/main.rs"]
            .map(|file| member.join(file))
            .iter()
            .filter(|file| file.is_file())
        {
            let forbids = fs::read_to_string(file)
                .unwrap()
                .contains("#![forbid(unsafe_code)]");
            assert!(
                forbids || MAY_HAVE_UNSAFE.contains(&name.as_str()),
                "{} does not forbid unsafe code",
                file.display()
            );
        }
    }
}

/// The lines of a file with their numbers, without those that are compiled for its tests only.
fn without_tests(text: &str) -> Vec<(usize, &str)> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut own = Vec::new();
    let mut skipped = None;
    for (number, line) in (1..).zip(text.lines()) {
        match skipped {
            // As rustfmt has it, the item ends with the first line that stands where it began and ends something.
            Some(begin) => {
                if indent(line) == begin && line.ends_with(['}', ';', ',']) {
                    skipped = None;
                }
            }
            None if line.trim() == "#[cfg(test)]" => skipped = Some(indent(line)),
            None => own.push((number, line)),
        }
    }
    own
}

#[test]
fn what_is_compiled_for_tests_only_is_left_out_and_the_rest_is_not() {
    let text = "#[cfg(test)]\nmod testing;\nfn a() {\n    #[cfg(test)]\n    count();\n    b();\n}\n#[cfg(test)]\nmod tests {\n    c();\n}\nfn d() {}\n";
    let own: Vec<_> = without_tests(text).into_iter().map(|(n, _)| n).collect();
    assert_eq!(own, [3, 6, 7, 12]);
}

#[test]
fn nothing_that_is_loaded_into_other_programs_starts_threads_or_takes_signals() {
    let loaded = [
        "./core/src",
        "./cache/src",
        "./host/src",
        "./pam/src",
        "./macos/src",
    ];
    let banned = [
        "thread::spawn",
        "thread::Builder",
        "thread_local!",
        "static mut",
        "sigaction",
        "signal(",
        "tokio",
        "OnceLock",
        "LazyLock",
    ];
    for file in rust_files()
        .iter()
        .filter(|file| loaded.iter().any(|folder| file.starts_with(folder)))
    {
        let text = fs::read_to_string(root().join(file)).unwrap();
        // Modules that their parents declare for tests only.
        let is_test = file
            .with_extension("")
            .iter()
            .any(|part| part == "tests" || part == "testing");
        for (number, line) in without_tests(&text).into_iter().filter(|_| !is_test) {
            let code = code_of(line);
            let found = banned.iter().find(|word| code.contains(**word));
            assert!(found.is_none(), "{}:{number}: {line}", file.display());
        }
    }
}
