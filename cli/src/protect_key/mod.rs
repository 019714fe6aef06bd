//! `otpair protect-key`: the sealing key is moved into a credential that only this machine's TPM opens, so that a stolen
//! disk has no seeds, or back into a file.

pub(crate) mod copy;
pub(crate) mod credential;
pub(crate) mod place;
mod plan;
mod work;

use crate::args::Json;
use crate::failure::Failure;
use crate::files;
use crate::output;
use crate::systemd::is_systemd;
use otpair_host::config::{Config, DEFAULT_PATH, KeyPlace};
use plan::{Goal, Step};
use serde::Serialize;
use std::path::{self, Path, PathBuf};
use work::Work;

/// What is said where the TPM would be the only one to know the key.
const NO_COPY: &str = "without a copy every token has to be imported and paired anew when the TPM or the mainboard dies: \
     add --recovery-key FILE, with a file on a stick or in /run, or --no-copy if you have one or do without; nothing was changed";

/// Keeps a second one waiting.
const LOCK: &str = "/run/otpair-protect-key.lock";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Seal the key with this machine's TPM 2.0
    #[arg(long, required_unless_present = "file")]
    tpm2: bool,
    /// Put the key back into a file beside the records
    #[arg(long, conflicts_with_all = ["tpm2", "pcrs", "recovery_key", "no_copy"])]
    file: bool,
    /// Bind the key to these PCRs of the TPM too, such as 7 or 0+7; it is sealed anew if it is sealed already
    #[arg(long, value_name = "LIST", value_parser = pcrs)]
    pcrs: Option<String>,
    /// Write a copy of the key into a new file, for a safe
    #[arg(long, value_name = "FILE", value_parser = absolute)]
    recovery_key: Option<PathBuf>,
    /// Write no copy: you have one, or do without
    #[arg(long, conflicts_with = "recovery_key")]
    no_copy: bool,
    /// Bring the key back from its copy
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    #[command(flatten)]
    json: Json,
}

/// What an admin wants.
struct Request {
    goal: Goal,
    pcrs: Option<String>,
    recovery_key: Option<PathBuf>,
    no_copy: bool,
    from: Option<PathBuf>,
}

impl Request {
    fn lacks_copy(&self) -> bool {
        self.recovery_key.is_none() && self.from.is_none() && !self.no_copy
    }

    /// Whether a PCR that changes can shut the key away.
    fn binds(&self) -> bool {
        self.pcrs.as_deref().is_some_and(|pcrs| !pcrs.is_empty())
    }
}

/// What came of it, as JSON.
#[derive(Debug, Serialize)]
struct View<'a> {
    key: &'static str,
    changed: bool,
    recovery_key: Option<&'a Path>,
}

/// Reads `--pcrs`: an empty list binds to none.
fn pcrs(text: &str) -> Result<String, String> {
    let list = text.replace(',', "+");
    for word in list.split('+').filter(|_| !list.is_empty()) {
        let numbers = "numbers of 0 to 7, such as 7 or 0+7";
        let pcr: u8 = word.parse().map_err(|_| numbers)?;
        if let Some(why) = why_not(pcr) {
            return Err(format!("PCR {pcr} {why}: {numbers}"));
        }
    }
    Ok(list)
}

/// Why a PCR would shut the key away at an ordinary boot, or stands for nothing.
fn why_not(pcr: u8) -> Option<&'static str> {
    match pcr {
        0..=7 => None,
        8 | 9 => Some("changes with each update of the kernel or of its command line"),
        10 => Some("changes with each program that starts, where the kernel measures them"),
        11..=13 | 15 => Some("is written to by systemd while the machine starts"),
        14 => Some("changes with the keys that the boot loader is told to trust"),
        16 | 23 => Some("can be set back by any program"),
        17..=22 => Some("is for machines with a measured launch"),
        _ => Some("is none that a TPM has"),
    }
}

fn absolute(text: &str) -> Result<PathBuf, String> {
    path::absolute(text).map_err(|error| error.to_string())
}

impl Args {
    /// Moves the key.
    pub(crate) fn run(self, config: Option<&Path>) -> Result<(), Failure> {
        if cfg!(target_os = "macos") {
            return Err(Failure::new(
                "on a Mac the key is kept by the System keychain: key = \"keychain\" in the config's [cache]",
            ));
        }
        files::need_root_for("where the key is")?;
        let json = self.json.json;
        let request = Request {
            goal: if self.tpm2 { Goal::Tpm2 } else { Goal::File },
            pcrs: self.pcrs,
            recovery_key: self.recovery_key,
            no_copy: self.no_copy,
            from: self.from,
        };
        if request.binds() && request.lacks_copy() {
            return Err(Failure::new(NO_COPY));
        }
        let _lock = files::lock(Path::new(LOCK), "otpair protect-key")?;
        one_on_a_machine(config)?;
        if request.goal == Goal::Tpm2 {
            credential::need_systemd(is_systemd())?;
        }
        let mut work = Work::begin(config, &request)?;
        if let Err(failure) = work.go() {
            work.undo();
            return Err(failure);
        }
        tell(&request, &work.done, json)
    }
}

/// There is one credential and one unit on a machine. Where the machine's own otpair has them, another one has not.
fn one_on_a_machine(config: Option<&Path>) -> Result<(), Failure> {
    if place::file(config)? == Path::new(DEFAULT_PATH) {
        return Ok(());
    }
    match Config::load(None) {
        Ok(own) if own.cache.key == KeyPlace::Credential => Err(Failure::new(
            "this machine has one sealed key, and that is its own otpair's: leave that of this config in its file",
        )),
        Ok(_) => Ok(()),
        Err(fault) => Err(Failure::new(format!(
            "it is not known whose the machine's sealed key is: {}",
            Failure::from(fault).message()
        ))),
    }
}

fn tell(request: &Request, done: &[Step], json: bool) -> Result<(), Failure> {
    let key = match request.goal {
        Goal::Tpm2 => "credential",
        Goal::File => "file",
    };
    let view = View {
        key,
        changed: !done.is_empty(),
        recovery_key: request.recovery_key.as_deref(),
    };
    for note in notes(request, done) {
        output::note(&note);
    }
    output::show(json, &view, || format!("{}\n", said(request.goal, done)))
}

fn said(goal: Goal, done: &[Step]) -> &'static str {
    match (goal, done) {
        (Goal::Tpm2, []) => "Nothing to do: the key is sealed with this machine's TPM already.",
        (Goal::Tpm2, _) => "The key is sealed with this machine's TPM, and unsealed at each boot.",
        (Goal::File, []) => "Nothing to do: the key is in a file already.",
        (Goal::File, _) => "The key is in a file again: whoever takes the disk has the seeds.",
    }
}

/// What an admin has to know beside it.
fn notes(request: &Request, done: &[Step]) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(copy) = &request.recovery_key {
        notes.push(format!(
            "{} is a copy of the key: whoever has it and the disk has the seeds, so take it off this machine, from /run before the next boot",
            copy.display()
        ));
    } else if done.contains(&Step::Seal) && request.from.is_none() {
        notes.push(
            "if the TPM or the mainboard dies, every token has to be imported and paired anew, \
             unless you have a copy of the key: otpair protect-key --tpm2 --recovery-key FILE"
                .to_owned(),
        );
    }
    if done.contains(&Step::ErasePlain) {
        notes.push(
            "the file with the key was overwritten and removed, but flash and snapshots may keep \
             what it held: a disk that had it once is to be destroyed, not sold, and so are backups that have it"
                .to_owned(),
        );
    }
    if let Some(copy) = request.from.as_ref().filter(|_| !done.is_empty()) {
        notes.push(format!("take {} off this machine again", copy.display()));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_pcrs_are_read_as_systemd_writes_them() {
        for (text, list) in [("7", "7"), ("0,7", "0+7"), ("0+2+7", "0+2+7"), ("", "")] {
            assert_eq!(pcrs(text).as_deref(), Ok(list));
        }
        for text in ["24", "-1", "7+", "sha256:7", "a", " 7"] {
            assert!(pcrs(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_pcr_that_an_ordinary_boot_changes_is_refused_with_the_reason() {
        for (list, why) in [("11", "systemd"), ("7+9", "PCR 9"), ("23", "any program")] {
            let refusal = pcrs(list).unwrap_err();
            assert!(refusal.contains(why), "{refusal}");
        }
        assert!((8..=255).all(|pcr| why_not(pcr).is_some()));
    }
}
