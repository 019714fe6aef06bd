//! The PSKC samples, through the command: as they are, and made anew by the script that made them.

use crate::scratch::Scratch;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/seed-files");

/// The arguments that open a sample: it says so itself, in the comment at its top.
fn unlock(scratch: &Scratch, folder: &Path, sample: &str) -> Vec<String> {
    let comment = sample.split("-->").next().unwrap();
    let said = |name: &str| {
        let (_, rest) = comment.split_once(name)?;
        Some(rest.split(['.', ' ', '\n']).next().unwrap().to_owned())
    };
    if let Some(key) = said("The key: ") {
        return vec!["--key".to_owned(), key];
    }
    if said("The private key: ").is_some() {
        let key = folder.join("throw-away-rsa-key.pem");
        return vec!["--private-key".to_owned(), key.display().to_string()];
    }
    match comment.split_once("passphrase: ") {
        Some((_, passphrase)) => {
            scratch.write("passphrase", passphrase.split(". ").next().unwrap().trim());
            vec!["--passphrase-file".to_owned(), "passphrase".to_owned()]
        }
        None => Vec::new(),
    }
}

/// Every PSKC file of a folder gives all its tokens.
fn all_open(folder: &Path) -> usize {
    let mut samples: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name.starts_with("pskc-") && path.extension().is_some_and(|end| end == "xml")
        })
        .collect();
    samples.sort();
    let scratch = Scratch::new();
    for path in &samples {
        let file = path.display().to_string();
        let unlock = unlock(&scratch, folder, &fs::read_to_string(path).unwrap());
        let mut arguments = vec!["import", &file, "--dry-run"];
        arguments.extend(unlock.iter().map(String::as_str));
        let done = scratch.run(&arguments);
        assert_eq!(done.status, 0, "{file}: {}{}", done.stdout, done.stderr);
        assert!(!done.stdout.contains("new 0"), "{file}: {}", done.stdout);
    }
    samples.len()
}

#[test]
fn every_pskc_sample_opens_with_what_its_comment_says() {
    assert!(all_open(Path::new(FOLDER)) >= 30);
}

#[test]
fn samples_that_openssl_makes_anew_open_with_other_keys_vectors_and_salts() {
    let scratch = Scratch::new();
    let script = Path::new(FOLDER).join("make-pskc");
    scratch.write("make-pskc", fs::read(script).unwrap());
    let made = Command::new("python3")
        .arg(scratch.path("make-pskc"))
        .output()
        .expect("python3 can't be started: install the Debian package python3");
    assert!(
        made.status.success(),
        "install the Debian package python3-cryptography: {}",
        String::from_utf8_lossy(&made.stderr)
    );
    assert!(all_open(&scratch.path("")) >= 25);
}
