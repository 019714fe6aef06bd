//! What the places say in which the sealing key is, or was.

use super::finding::{Finding, Severity};
use crate::protect_key::{copy, credential, place};
use otpair_cache::SealingKey;
use otpair_host::config::{Config, KeyPlace, UNSEALED_KEY};
use std::path::Path;

/// What a finding here is about.
pub(super) const ABOUT: &str = "sealing key";

/// What seals the key again, or finishes what was begun.
const SEAL: &str = "otpair protect-key --tpm2";

/// What seals it and erases its file.
const SEAL_AND_ERASE: &str =
    "otpair protect-key --tpm2 --recovery-key FILE, or --no-copy in place of the copy";

/// What brings it back.
const BRING_BACK: &str = "otpair protect-key --tpm2 --from FILE with the copy of the key, or --file in place of --tpm2 where there is no TPM any more";

/// What the places of the key say; only root sees them.
pub(super) fn findings(config: &Config) -> Vec<Finding> {
    if cfg!(target_os = "macos") || !rustix::process::geteuid().is_root() {
        return Vec::new();
    }
    let plain = place::plain(&config.cache);
    let is_plain = plain.symlink_metadata().is_ok();
    match config.cache.key {
        KeyPlace::Credential => {
            let mut findings = sealed();
            if is_plain || SealingKey::has_remains(&plain).unwrap_or(false) {
                let what = format!("{}: is left beside the sealed key", plain.display());
                findings.push(Finding::warning(ABOUT, what, SEAL_AND_ERASE));
            }
            findings.extend(copy_finding());
            findings
        }
        KeyPlace::File(ref path) if *path == plain => in_file(is_plain).into_iter().collect(),
        KeyPlace::File(_) | KeyPlace::Keychain => Vec::new(),
    }
}

/// Where it should be sealed. A file of the boot's that can't be used is told where the cache is opened.
fn sealed() -> Vec<Finding> {
    let now = SealingKey::read(Path::new(UNSEALED_KEY));
    let is_missing = matches!(now, Ok(None));
    // What waits for the next boot stops people too, and is to stop protect.
    let then = if is_missing {
        "nobody can sign on"
    } else {
        "nobody can sign on after the next boot"
    };
    let trouble = trouble(now.ok().flatten().as_ref());
    let opens = trouble.is_none();
    let found =
        |(what, mend)| Finding::new(Severity::Stops, ABOUT, format!("{what}: {then}"), mend);
    let mut findings: Vec<_> = trouble.map(found).into_iter().collect();
    if !credential::is_enabled() {
        let what = format!(
            "{} is not enabled: nobody can sign on after the next boot",
            credential::UNIT
        );
        findings.push(Finding::new(Severity::Stops, ABOUT, what, SEAL));
    }
    if opens && !credential::is_by_tpm() {
        let what = format!(
            "{} is not sealed with the TPM: whoever takes the disk has the seeds",
            credential::PATH
        );
        findings.push(Finding::warning(ABOUT, what, SEAL));
    }
    if !is_missing && credential::may_be_swapped() {
        let what =
            format!("{UNSEALED_KEY}: may be written to this machine's swap, and so to its disk");
        let mend = "nothing to do if the swap is encrypted; else encrypt it (crypttab(5)), take zram for it, or switch it off";
        findings.push(Finding::warning(ABOUT, what, mend));
    }
    findings
}

/// What is wrong with the credential, and what mends it; `now` is the key that this boot has.
fn trouble(now: Option<&SealingKey>) -> Option<(String, &'static str)> {
    let mend = if now.is_some() { SEAL } else { BRING_BACK };
    let sealed = credential::PATH;
    if !credential::exists() {
        return Some((format!("{sealed} is missing"), mend));
    }
    match (credential::open(), now) {
        (Err(why), _) => Some((format!("the TPM does not open {sealed}: {why}"), mend)),
        (Ok(_), None) => Some((
            format!("{} has not unsealed it at this boot", credential::UNIT),
            "otpair protect-key --tpm2 does it; journalctl -u otpair-key.service says why it was not",
        )),
        (Ok(key), Some(now)) if key != *now => {
            Some((format!("{sealed} has another key than this boot"), SEAL))
        }
        (Ok(_), Some(_)) => None,
    }
}

/// A copy beside the sealed key makes the sealing worth nothing.
fn copy_finding() -> Option<Finding> {
    let copy = copy::left()?;
    let copy = copy.display();
    Some(Finding::warning(
        ABOUT,
        format!("{copy}: a copy of it is still on this machine"),
        format!("take it to a safe, and remove it here: shred -u {copy}"),
    ))
}

/// Where it is in a file. On an otpair in which nothing is yet, the file is not there.
fn in_file(is_plain: bool) -> Option<Finding> {
    if credential::exists() {
        let what = format!(
            "{} is there, but the config does not name it",
            credential::PATH
        );
        let mend = "otpair protect-key --tpm2 --recovery-key FILE (or --no-copy) goes on with it, otpair protect-key --file removes it";
        return Some(Finding::warning(ABOUT, what, mend));
    }
    let has_tpm = Path::new(credential::TPM).exists();
    (is_plain && has_tpm).then(|| {
        let what = "is in a file: whoever takes the disk has the seeds";
        Finding::new(
            Severity::Hint,
            ABOUT,
            what,
            "this machine has a TPM that can keep it: otpair protect-key --tpm2 --recovery-key FILE",
        )
    })
}
