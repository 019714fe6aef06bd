//! What this machine's doors, modules and sockets say: only where the machine's own config is examined.

use super::finding::Finding;
use crate::failure::Failure;
use crate::protect::folder;
use crate::protect::pending::Pending;
use crate::protect::sshd;
use otpair_host::clock;
use otpair_host::pamstack::{self, Examined};
use std::fs;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Doors that an admin should not forget.
const DOORS: [&str; 5] = ["login", "sshd", "sudo", "sudo-i", "su"];

/// Where programs that are not root have a sign-on held.
const HELPER: &str = "/run/otpair/helper.sock";

/// What writes the first factor's checks on Fedora and its relatives.
const FIRST_FACTOR: &str = "/usr/libexec/otpair/first-factor";

/// All of it.
pub(super) fn findings() -> Vec<Finding> {
    let services = folder::services();
    let protected = || {
        services
            .iter()
            .filter(|(_, _, examined)| examined.protected)
    };
    let mut findings = clock_finding();
    findings.extend(pending_finding(Pending::read()));
    for (service, text, examined) in &services {
        findings.extend(stack_finding(service, text, examined));
    }
    if protected().next().is_some() {
        findings.extend(module_findings());
        findings.extend(first_factor_finding());
    }
    if protected().any(|(service, ..)| service == "sshd") {
        findings.extend(
            sshd::findings()
                .into_iter()
                .map(|(what, mend)| Finding::warning("service sshd", what, mend)),
        );
    }
    findings.extend(helper_finding());
    findings
}

/// Passcodes that go by the time need a clock that goes right.
fn clock_finding() -> Vec<Finding> {
    let asked = Command::new("timedatectl")
        .args(["show", "--property=NTPSynchronized", "--value"])
        .stdin(Stdio::null())
        .output();
    match asked {
        Ok(output) if output.stdout.trim_ascii() == b"no" => vec![Finding::warning(
            "clock",
            "is not synchronized: when it is off by a minute, no time-based passcode is right",
            "timedatectl set-ntp true, or see to it that chrony runs",
        )],
        _ => Vec::new(),
    }
}

/// What waits to be confirmed.
pub(super) fn pending_finding(pending: Result<Option<Pending>, Failure>) -> Vec<Finding> {
    let about = "otpair protect";
    match pending {
        Ok(None) => Vec::new(),
        Ok(Some(pending)) => {
            let (services, time) = (
                pending.services.join(", "),
                clock::format_utc(pending.deadline),
            );
            if pending.deadline < clock::now() {
                let what = format!("{services}: should have been taken back at {time}");
                return vec![Finding::warning(
                    about,
                    what,
                    "otpair protect --revert, or --confirm",
                )];
            }
            let what = format!("{services}: is taken back at {time} unless confirmed");
            vec![Finding::warning(about, what, "otpair protect --confirm")]
        }
        Err(_) => vec![Finding::warning(
            about,
            "what waits to be confirmed can't be read",
            "otpair protect --revert takes out all of otpair's lines",
        )],
    }
}

/// What is said of one service.
fn stack_finding(service: &str, text: &str, examined: &Examined) -> Option<Finding> {
    let about = format!("service {service}");
    if !examined.protected && pamstack::is_marked(text) {
        let what = "a line of otpair protect's is left, but not the one that asks for a passcode";
        return Some(Finding::stops(
            &about,
            what,
            format!("otpair unprotect {service}"),
        ));
    }
    if let Some(weakness) = &examined.weakness {
        let weakness = weakness.to_string();
        let (what, mend) = weakness.split_once("; ").unwrap_or((&weakness, ""));
        let is_alone = service == "sshd" && !examined.first_factor;
        return match (is_alone, is_alone && sshd::asks_for_a_key_first()) {
            (true, true) => None,
            (true, false) => Some(Finding::stops(
                &about,
                "a passcode is all that is asked for, and of whoever is exempt nothing at all",
                "otpair unprotect sshd, or set AuthenticationMethods publickey,keyboard-interactive for everybody in /etc/ssh/sshd_config",
            )),
            (false, _) => Some(Finding::warning(&about, what, mend)),
        };
    }
    if examined.lines > 1 {
        let what = "asks for a passcode more than once";
        return Some(Finding::warning(
            &about,
            what,
            format!("take one of the lines with pam_otpair.so out of /etc/pam.d/{service}"),
        ));
    }
    let forgotten = !examined.protected && DOORS.contains(&service);
    forgotten.then(|| {
        let what = "asks for no passcode";
        Finding::warning(&about, what, format!("otpair protect {service}"))
    })
}

/// authselect changes its own files only, not those that services protected by otpair include.
fn first_factor_finding() -> Option<Finding> {
    let asked = Command::new(FIRST_FACTOR)
        .arg("--check")
        .stdin(Stdio::null())
        .output()
        .ok()?;
    if asked.status.success() {
        return None;
    }
    let said = [asked.stdout, asked.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let what = said.lines().collect::<Vec<_>>().join("; ");
    let mend = format!("run {FIRST_FACTOR}, as /usr/share/doc/otpair/doors/fedora.md says");
    Some(Finding::warning("first factor", what, mend))
}

/// The folders with PAM's modules, one for each architecture, that lack otpair's.
pub(super) fn module_findings() -> Vec<Finding> {
    let (with, without): (Vec<_>, Vec<_>) = module_folders()
        .into_iter()
        .partition(|folder| folder.join("pam_otpair.so").is_file());
    let missing = without.into_iter().map(|folder| {
        let what = format!(
            "{}: pam_otpair.so is missing, so programs that load modules from there refuse everybody",
            folder.display()
        );
        if with.is_empty() {
            Finding::stops("module", what, "install it there, as the README says")
        } else {
            Finding::warning("module", what, "install the module for that architecture too")
        }
    });
    missing.collect()
}

fn module_folders() -> Vec<PathBuf> {
    let mut folders = ["/usr/lib", "/usr/lib64", "/usr/lib32", "/lib", "/lib64"]
        .map(PathBuf::from)
        .to_vec();
    for library in ["/usr/lib", "/lib"] {
        let entries = fs::read_dir(library).into_iter().flatten().flatten();
        folders.extend(
            entries
                .map(|entry| entry.path())
                .filter(|path| path.is_dir()),
        );
    }
    let mut folders: Vec<PathBuf> = folders
        .into_iter()
        .map(|folder| folder.join("security"))
        .filter(|folder| folder.join("pam_unix.so").is_file())
        .filter_map(|folder| folder.canonicalize().ok())
        .collect();
    folders.sort_unstable();
    folders.dedup();
    folders
}

/// Lockers and servers that are not root reach otpair by its socket alone.
fn helper_finding() -> Option<Finding> {
    let Err(why) = UnixStream::connect(HELPER) else {
        return None;
    };
    let what = format!(
        "{HELPER}: {why}: screen lockers and other programs that are not root refuse everybody"
    );
    Some(Finding::warning(
        "helper",
        what,
        "systemctl enable --now otpair-helper.socket",
    ))
}
