//! `otpair doctor`: what would stop a sign-on here, and how to mend it.

mod finding;
mod key;
mod people;
mod system;
mod window;

use crate::args::Json;
use crate::failure::Failure;
use crate::machine::Machine;
use crate::output;
use crate::protect::folder;
use crate::protect::login_window::Window;
use finding::{Finding, Severity, advice, for_people};
use otpair_cache::SeedCache;
use otpair_cache::admin::Problem;
use otpair_core::event::{Event, EventKind};
use otpair_core::records::{FaultKind, Records as _};
use otpair_core::token::Serial;
use otpair_host::config::Config;
use otpair_host::{accounts, clock};
use std::path::Path;

/// 2024-01-01: a clock that reads earlier was never set.
const EARLIEST: u64 = 1_704_067_200;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Mend what can be mended without asking
    #[arg(long)]
    mend: bool,
    #[command(flatten)]
    json: Json,
}

impl Args {
    /// Examines, and mends if that is asked for.
    pub(crate) fn run(self, config: Option<&Path>) -> Result<(), Failure> {
        let findings = examine(config, self.mend);
        output::show(self.json.json, &findings, || for_people(&findings))?;
        let stops = findings
            .iter()
            .filter(|found| found.severity.stops_somebody())
            .count();
        if stops == 0 {
            return Ok(());
        }
        Err(Failure::new(format!(
            "{stops} of these stop sign-ons or pairing: do what stands beneath each, then run this again"
        )))
    }
}

/// Why nobody could sign on any more at these services, once otpair is asked there; nothing if somebody could.
pub(crate) fn stops_everybody(
    machine: &Machine,
    config: Option<&Path>,
    services: &[String],
) -> Option<String> {
    let of_all = [
        "clock",
        "config",
        "cache",
        key::ABOUT,
        "system's users",
        "module",
    ];
    let mut findings = system::module_findings();
    findings.extend(examine_own(config, false));
    let grave = findings
        .into_iter()
        .find(|found| found.severity == Severity::Stops && of_all.contains(&found.about.as_str()));
    if let Some(Finding { what, mend, .. }) = grave {
        return Some(format!("{what}; {mend}"));
    }
    let mut cache = otpair_host::open_cache(&machine.config).ok()?;
    services.iter().find_map(|service| {
        people::nobody(&mut cache, &machine.config.policy(service))
            .map(|why| format!("{service}: {why}; {PAIR_FIRST}"))
    })
}

/// What to do where nobody could sign on.
const PAIR_FIRST: &str = "otpair import a seed file, or otpair user bypass USER";

fn examine(config: Option<&Path>, mend: bool) -> Vec<Finding> {
    let mut findings = examine_own(config, mend);
    findings.extend(people::strangers_tokens(config));
    // A config of somebody's own is examined with its cache; the machine's doors do not go by it.
    if config.is_none() {
        let protected = if let Some(window) = Window::here() {
            findings.extend(window::findings(&window));
            window::protected(&window)
        } else {
            findings.extend(system::findings());
            protected_services()
        };
        findings.extend(nobody_left(&protected));
    }
    findings
}

fn protected_services() -> Vec<String> {
    let services = folder::services().into_iter();
    let protected = services.filter(|(_, _, examined)| examined.protected);
    protected.map(|(service, ..)| service).collect()
}

/// Where otpair is asked and nobody could answer.
fn nobody_left(protected: &[String]) -> Vec<Finding> {
    let Ok(config) = Config::load(None) else {
        return Vec::new();
    };
    let Ok(mut cache) = otpair_host::open_cache(&config) else {
        return Vec::new();
    };
    let stopped = protected.iter().filter_map(|service| {
        let why = people::nobody(&mut cache, &config.policy(service))?;
        Some(Finding::stops(
            &format!("service {service}"),
            why,
            PAIR_FIRST,
        ))
    });
    stopped.collect()
}

/// What the config and the seed cache say.
fn examine_own(config: Option<&Path>, mend: bool) -> Vec<Finding> {
    let mut findings = clock_findings(clock::now());
    let machine = match Config::load(config) {
        Ok(config) => Machine::with(config),
        Err(fault) => {
            findings.push(Finding::fault("config", &fault));
            return findings;
        }
    };
    findings.extend(audit_finding(&machine.config));
    let of_key = key::findings(&machine.config);
    // It is why the cache can't be opened, and says how to mend that.
    let no_key = of_key.iter().any(|found| found.severity == Severity::Stops);
    findings.extend(of_key);
    match otpair_host::open_cache(&machine.config) {
        Ok(mut cache) => {
            findings.extend(cache_findings(&mut cache, &machine, mend));
            if findings.iter().all(|found| found.about != "inventory") {
                findings.extend(nothing_imported(&mut cache));
            }
            findings.extend(people::record_findings(&mut cache, &machine.policy()));
        }
        Err(fault) if fault.kind == FaultKind::Key && no_key => {}
        Err(fault) => findings.push(Finding::fault("cache", &fault)),
    }
    findings
}

/// Where nothing has been imported nobody can pair.
fn nothing_imported(cache: &mut SeedCache) -> Option<Finding> {
    let any = Serial::new("any").ok()?;
    let fault = cache.find(&any).err()?;
    (fault.kind == FaultKind::NoInventory).then(|| {
        let what = "no token has been imported: whoever has none yet can't sign on where otpair asks for one";
        let mend = "otpair import the seed file that came with the tokens";
        Finding::new(Severity::StopsPairing, "inventory", what, mend)
    })
}

fn clock_findings(now: u64) -> Vec<Finding> {
    if now >= EARLIEST {
        return Vec::new();
    }
    let what = format!(
        "the clock reads {}: no time-based passcode can be right",
        clock::format_utc(now)
    );
    vec![Finding::stops("clock", what, "set the clock")]
}

/// The log stops nobody, but what it misses nobody sees.
fn audit_finding(config: &Config) -> Option<Finding> {
    let path = config.audit.file.as_deref()?;
    let what = match (path.symlink_metadata(), path.parent().map(Path::is_dir)) {
        (Ok(found), _) if !found.is_file() => "is no plain file: nothing is written to it",
        (Ok(found), _) if found.permissions().readonly() => "can't be written",
        (Err(_), Some(false) | None) => "its folder is missing: nothing is written",
        _ => return None,
    };
    let what = format!("{}: {what}", path.display());
    Some(Finding::warning(
        "audit log",
        what,
        "mend it, or name another file in the config's [audit]",
    ))
}

fn cache_findings(cache: &mut SeedCache, machine: &Machine, mend: bool) -> Vec<Finding> {
    let mut lookup_fault = None;
    let uid_of = |user: &str| match accounts::lookup_user(user) {
        Ok(account) => account.map(|account| account.uid),
        Err(fault) => {
            lookup_fault = Some(fault);
            None
        }
    };
    let problems = match cache.check(uid_of) {
        Ok(problems) => problems,
        Err(fault) => return vec![Finding::fault("cache", &fault)],
    };
    // Without the system's users nobody's uid is known, and that alone says nothing of the records.
    let lookup_failed = lookup_fault.is_some();
    let mut findings: Vec<_> = lookup_fault
        .iter()
        .map(|fault| Finding::fault("system's users", fault))
        .collect();
    let told = problems.iter().filter(|problem| {
        !(lookup_failed && matches!(problem, Problem::OtherUid { actual: None, .. }))
    });
    findings.extend(told.map(|problem| {
        let found = finding(problem);
        if !mend {
            return found;
        }
        match cache.mend(problem, clock::now()) {
            Ok(true) => {
                let reason = format!("{}: {}", found.about, found.what);
                machine.record(None, &Event::new(EventKind::Mended).reason(reason));
                Finding {
                    severity: Severity::Mended,
                    mend: String::new(),
                    ..found
                }
            }
            Ok(false) => found,
            Err(fault) => Finding {
                mend: format!("it could not be mended: {}", fault.detail),
                ..found
            },
        }
    }));
    findings
}

fn finding(problem: &Problem) -> Finding {
    let what = problem.to_string();
    let by_mend = "otpair doctor --mend does it";
    match problem {
        // Of one person's record: it keeps nobody else out.
        Problem::Fault(fault) => Finding::fault("record", fault),
        Problem::Inventory(fault) => Finding::inventory(fault),
        Problem::OtherUid {
            recorded,
            actual: Some(_),
        } => Finding::stops(
            &format!("user {}", recorded.name),
            what,
            advice(FaultKind::OtherUid),
        ),
        Problem::OtherUid {
            recorded,
            actual: None,
        } => Finding::warning(
            &format!("user {}", recorded.name),
            what,
            format!(
                "if the account is gone for good, otpair user unpair {}",
                recorded.name
            ),
        ),
        Problem::OneBlock { user } => Finding::warning(&format!("user {user}"), what, by_mend),
        Problem::LeftOver { .. } => Finding::warning("cache", what, by_mend),
        Problem::NotConfirmed { serial, .. } => {
            Finding::warning(&format!("token {serial}"), what, by_mend)
        }
        Problem::Stray { .. } => Finding::warning("cache", what, "move it away"),
        Problem::Unfinished { serial, user } => Finding::warning(
            &format!("token {serial}"),
            what,
            format!("otpair user unpair {user} {serial}"),
        ),
        Problem::LostPairing { serial, user } => Finding::stops(
            &format!("token {serial}"),
            what,
            format!("otpair user unpair {user} {serial}"),
        ),
        Problem::HeldTwice {
            serial,
            users: [one, other],
        } => Finding::warning(
            &format!("token {serial}"),
            what,
            format!("otpair user unpair {one} {serial}, or {other}"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_never_set_stops_sign_ons() {
        assert_eq!(clock_findings(0).len(), 1);
        assert!(clock_findings(EARLIEST).is_empty());
    }
}
