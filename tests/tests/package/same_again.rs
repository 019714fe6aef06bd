//! The same sources give the same bytes, wherever they lie.

use crate::unpacked::{Unpacked, deb, name, workspace};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn a_build_in_another_folder_without_git_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("somewhere else");
    fs::create_dir(&copy).unwrap();
    let everything = "tar --exclude=./target --exclude=./.git -cf - . | tar -xf - -C \"$0\"";
    let output = Command::new("sh")
        .args(["-c", everything])
        .arg(&copy)
        .current_dir(workspace())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let output = Command::new(copy.join("packaging/debian/build"))
        .env_remove("CARGO_TARGET_DIR")
        .env("SOURCE_DATE_EPOCH", time_of(&deb()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let again = copy.join("target/packages").join(name());
    let (first, second) = (files(&deb()), files(&again));
    let differ: Vec<_> = first
        .iter()
        .filter(|(path, bytes)| second.get(*path) != Some(bytes))
        .map(|(path, _)| path)
        .collect();
    let are_same = fs::read(&again).unwrap() == fs::read(deb()).unwrap();
    assert!(are_same, "these files differ: {differ:?}");
}

/// The time that a deb carries, which stands in its first member's header (`deb`(5), `ar`(5)).
fn time_of(deb: &Path) -> String {
    let bytes = fs::read(deb).unwrap();
    String::from_utf8_lossy(&bytes[24..36]).trim().to_owned()
}

/// Every file of a deb, control files included, by its place.
fn files(deb: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let unpacked = Unpacked::of(deb);
    let files = unpacked.files().into_iter();
    let files = files.map(|(place, path)| (place, fs::read(path).unwrap()));
    files.collect()
}
