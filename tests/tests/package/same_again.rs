//! The same sources give the same bytes, wherever they lie.

use crate::unpacked::{deb, name, run, workspace};
use std::fs;
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
    let time = run("date", &["-d", &dated(), "+%s"]);
    let output = Command::new(copy.join("packaging/debian/build"))
        .env_remove("CARGO_TARGET_DIR")
        .env("SOURCE_DATE_EPOCH", time.trim())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let again = copy.join("target/packages").join(name());
    let differ = fs::read(&again).unwrap() != fs::read(deb()).unwrap();
    assert!(
        !differ,
        "compare them with diffoscope {} and one of another folder",
        deb().display()
    );
}

/// The time that the deb carries: that of the folder it begins with.
fn dated() -> String {
    let listing = run("dpkg-deb", &["--contents".as_ref(), deb().as_os_str()]);
    let words: Vec<_> = listing.split_whitespace().collect();
    format!("{} {}", words[3], words[4])
}
