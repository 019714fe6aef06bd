//! Whether anybody could still sign on, once otpair is in front of a service.

use crate::doctor;
use crate::failure::Failure;
use crate::machine::Machine;
use otpair_core::records::Records as _;
use otpair_host::accounts::SystemGroups;
use std::path::Path;

/// Why nothing is switched on.
pub(super) fn not_now(fault: &Failure) -> Failure {
    Failure::new(format!(
        "nobody could sign on any more, so nothing was switched on: {}",
        fault.message()
    ))
}

/// Where root is who signs on, by name or by default.
const ROOTS_DOORS: [&str; 4] = ["su", "su-l", "login", "runuser"];

/// Says that root would be asked too, and has nothing to answer with.
pub(super) fn note_on_root(machine: &Machine, services: &[String]) -> Option<String> {
    let service = services
        .iter()
        .find(|service| ROOTS_DOORS.contains(&service.as_str()))?;
    let root = machine.account("root").ok()?;
    let policy = machine.config.policy(service);
    let is_asked = policy
        .out_of_scope(&root.name, None, &SystemGroups)
        .is_none();
    let record = machine.cache().ok()?.read(&root).ok()?.record;
    let has_none = record.tokens.is_empty() && record.bypass.is_empty();
    (is_asked && has_none).then(|| {
        format!(
            "root is asked for a passcode at {service} too, and has no token: otpair user pair root SERIAL, or exempt = [\"root\"] in the config"
        )
    })
}

/// Examines this machine as `otpair doctor` does, and refuses where nobody could sign on.
pub(super) fn check(
    machine: &Machine,
    config: Option<&Path>,
    services: &[String],
) -> Result<(), Failure> {
    if let Some(why) = doctor::stops_everybody(machine, config, services) {
        return Err(not_now(&Failure::new(why)));
    }
    Ok(())
}
