//! All that is kept for the fuzzer holds, also where there is no fuzzer.

use otpair_core::dialog::Outcome;
use otpair_core::keyfile::Format;
use otpair_fuzz::{TARGETS, UNLOCKS, keyfile, keyfile_format, outcomes};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Targets of other crates, which run their corpus in tests of their own.
const ELSEWHERE: [&str; 2] = ["block", "frames"];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The files of a folder, with their names.
fn files(folder: &str) -> Vec<(String, Vec<u8>)> {
    let entries =
        fs::read_dir(workspace().join(folder)).unwrap_or_else(|e| panic!("{folder}: {e}"));
    let paths = entries.map(|entry| entry.unwrap().path());
    let files: Vec<_> = paths
        .filter(|path| path.is_file())
        .map(|path| (path.display().to_string(), fs::read(path).unwrap()))
        .collect();
    assert!(!files.is_empty(), "{folder} is empty");
    files
}

fn names(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(workspace().join(folder)).unwrap();
    let stem = |path: PathBuf| path.file_stem().unwrap().to_string_lossy().into_owned();
    entries.map(|entry| stem(entry.unwrap().path())).collect()
}

#[test]
fn every_file_of_the_corpus_holds() {
    for (name, target) in TARGETS {
        for (file, bytes) in files(&format!("fuzz/corpus/{name}")) {
            // Says which it was if it does not.
            eprintln!("{file}");
            target(&bytes);
        }
    }
}

#[test]
fn every_sample_of_a_seed_file_holds_in_every_format() {
    for (file, bytes) in files("tests/data/seed-files") {
        eprintln!("{file}");
        keyfile(&bytes);
        for format in 0..Format::ALL.len() {
            for unlock in 0..UNLOCKS {
                let choices = [u8::try_from(format).unwrap(), 0, unlock];
                keyfile_format(&[&choices, bytes.as_slice()].concat());
            }
        }
    }
}

#[test]
fn every_target_has_a_program_and_a_corpus() {
    let targets = TARGETS.map(|(name, _)| name);
    let targets: BTreeSet<_> = targets
        .into_iter()
        .chain(ELSEWHERE)
        .map(str::to_owned)
        .collect();
    assert_eq!(names("fuzz/libfuzzer/targets"), targets);
    assert_eq!(names("fuzz/corpus"), targets);
}

#[test]
fn the_corpus_of_the_dialog_reaches_every_end() {
    let files = files("fuzz/corpus/dialog");
    let reached: Vec<_> = files
        .iter()
        .flat_map(|(_, bytes)| outcomes(bytes))
        .collect();
    for outcome in [
        Outcome::Granted,
        Outcome::NotAsked,
        Outcome::Refused,
        Outcome::TooManyTries,
        Outcome::Unavailable,
        Outcome::NoConversation,
    ] {
        assert!(reached.contains(&outcome), "{outcome:?}");
    }
}
