//! Where the instructions of a sign-on go, as valgrind's callgrind counts them.
//!
//! Counting is on within libpam's `pam_start`, `pam_authenticate` and `pam_end` only. The module's entry point can be seen in
//! every module. otpair's is also looked into: callgrind writes one part before the first prompt and another behind it,
//! and says what a function cost with all that it called. That takes a module that was not stripped of its symbols.

use crate::contender::{Contender, Who};
use crate::probe::{run, this_program};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the person is asked, the record is committed, and the log is written.
const ASK: &str = "PamConversation as otpair_host::session::Conversation>::ask";
const READ: &str = "SeedCache as otpair_core::records::Records>::read";
const COMMIT: &str = "SeedCache as otpair_core::records::Records>::commit";
const LOG: &str = "otpair_host::audit::Audit::record";
const ENTRY: &str = "pam_sm_authenticate";

/// The instructions of one sign-on.
#[derive(Debug, Clone, Copy)]
pub struct Instructions {
    /// All, from `pam_start` to `pam_end`.
    pub all: u64,
    /// All but the module's own: libpam's, the linker's.
    pub around: u64,
    /// The module's, by what it does, if that is known.
    pub inside: Option<Inside>,
}

/// The instructions in otpair's module.
#[derive(Debug, Clone, Copy)]
pub struct Inside {
    /// Config, user, key, record: before the first prompt, and when the record is read again.
    pub open: u64,
    /// From an answer to a verdict.
    pub decide: u64,
    /// Making it durable.
    pub commit: u64,
    /// Telling the log.
    pub log: u64,
}

/// The service with the module that has symbols.
pub fn service(name: &str) -> String {
    format!("{name}-symbols")
}

/// otpair's module with symbols: what `OTPAIR_SYMBOLS` names, else what `./bench` has built, else the module itself.
pub fn symbols(module: &Path) -> PathBuf {
    let built = || {
        let folder = module.parent()?;
        let built = folder.parent()?.join("symbols");
        let built = built.join(folder.file_name()?).join(module.file_name()?);
        built.is_file().then_some(built)
    };
    std::env::var_os("OTPAIR_SYMBOLS")
        .map(PathBuf::from)
        .or_else(built)
        .unwrap_or_else(|| module.to_owned())
}

/// Counts those of one sign-on.
///
/// # Panics
/// If `valgrind` is missing, or otpair's module has no symbols.
pub fn count(contender: &mut Contender, folder: &Path) -> Instructions {
    let file = folder.join(format!("otpair-bench-callgrind-{}", std::process::id()));
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--quiet", "--vgdb=no"]);
    valgrind.args(
        ["pam_start_confdir", "pam_authenticate", "pam_end"].map(|name| {
            // libpam's functions do not call each other.
            format!("--toggle-collect={name}")
        }),
    );
    valgrind.arg(format!("--dump-before=*{ASK}*"));
    valgrind.args(["--compress-strings=no", "--compress-pos=no"]);
    valgrind.arg(format!("--callgrind-out-file={}", file.display()));
    valgrind.arg(this_program());
    let ours = contender.who == Who::Otpair;
    let name = contender.service.clone();
    let at = if ours { service(&name) } else { name };
    run(&mut valgrind, contender, &at);
    let parts = take_parts(&file);
    let counted = Instructions::of(&parts, ours);
    counted.unwrap_or_else(|| {
        panic!(
            "{contender}: callgrind saw none of the functions that are looked for. Let OTPAIR_SYMBOLS name a module with \
             symbols (cargo build -p otpair-pam makes one); if it does, their names have changed"
        )
    })
}

/// Reads the parts, the last of which has the name alone, and removes them.
fn take_parts(file: &Path) -> Vec<String> {
    let part = |number: usize| PathBuf::from(format!("{}.{number}", file.display()));
    let mut paths = Vec::new();
    while part(paths.len() + 1).exists() {
        paths.push(part(paths.len() + 1));
    }
    paths.push(file.to_owned());
    let read = |path: &PathBuf| {
        let text = fs::read_to_string(path)
            .expect("callgrind wrote nothing: install the Debian package valgrind");
        let _ = fs::remove_file(path);
        text
    };
    paths.iter().map(read).collect()
}

impl Instructions {
    fn of(parts: &[String], look_inside: bool) -> Option<Self> {
        let sum = |function: &str| -> u64 {
            let costs = parts.iter().map(|part| inclusive(part, function));
            costs.sum()
        };
        let all = parts.iter().map(|part| total(part)).sum();
        let entry = sum(ENTRY);
        let inside = if look_inside {
            let (before, behind) = parts.split_first().filter(|(_, rest)| !rest.is_empty())?;
            let read: u64 = behind.iter().map(|part| inclusive(part, READ)).sum();
            let open = inclusive(before, ENTRY) + read;
            let (commit, log) = (sum(COMMIT), sum(LOG));
            if commit == 0 || log == 0 {
                return None;
            }
            let decide = entry.checked_sub(open + commit + log + sum(ASK))?;
            Some(Inside {
                open,
                decide,
                commit,
                log,
            })
        } else {
            None
        };
        Some(Self {
            all,
            around: all - entry,
            inside,
        })
    }
}

fn total(part: &str) -> u64 {
    let totals = part
        .lines()
        .filter_map(|line| line.strip_prefix("totals: "));
    totals
        .filter_map(|total| total.trim().parse::<u64>().ok())
        .sum()
}

/// What the functions whose names contain this cost, with all that they called. A call is two lines: `calls=…`, and where it
/// is and what it cost.
fn inclusive(part: &str, wanted: &str) -> u64 {
    let (mut function, mut called, mut costs) = ("", "", false);
    let mut sum = 0;
    for line in part.lines() {
        if let Some(name) = line.strip_prefix("fn=") {
            function = name;
        } else if let Some(name) = line.strip_prefix("cfn=") {
            called = name;
        } else if line.starts_with("calls=") {
            costs = true;
        } else if std::mem::take(&mut costs)
            && called.contains(wanted)
            && !function.contains(wanted)
        {
            sum += line
                .split_whitespace()
                .nth(1)
                .and_then(|cost| cost.parse::<u64>().ok())
                .unwrap_or(0);
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "\
fn=pam_authenticate
0 20
cfn=pam_sm_authenticate
calls=1 64
0 300

totals: 1000
";
    const BEHIND: &str = "\
fn=pam_authenticate
cfn=pam_sm_authenticate
calls=0 64
0 700

fn=hold
cfn=<pam_otpair::PamConversation as otpair_host::session::Conversation>::ask
calls=1 18
339 50
cfn=<otpair_cache::SeedCache as otpair_core::records::Records>::read
calls=1 18
339 60
cfn=<otpair_cache::SeedCache as otpair_core::records::Records>::commit
calls=1 18
339 200
cfn=otpair_host::audit::Audit::record
calls=1 18
339 40

fn=otpair_host::audit::Audit::record
cfn=otpair_host::audit::Audit::record
calls=1 18
339 30

totals: 900
";

    #[test]
    fn every_instruction_is_counted_once() {
        let parts = [BEFORE.to_owned(), BEHIND.to_owned()];
        let counted = Instructions::of(&parts, true).unwrap();
        assert_eq!((counted.all, counted.around), (1900, 900));
        let Inside {
            open,
            decide,
            commit,
            log,
        } = counted.inside.unwrap();
        assert_eq!([open, decide, commit, log], [360, 350, 200, 40]);
    }

    #[test]
    fn a_module_without_symbols_can_not_be_looked_into() {
        let parts = [BEFORE.to_owned()];
        assert!(Instructions::of(&parts, true).is_none());
        assert!(Instructions::of(&parts, false).unwrap().inside.is_none());
    }
}
