//! Whether anybody could still sign on, once otpair is in front of a service.

use crate::doctor;
use crate::failure::Failure;
use crate::machine::Machine;
use std::path::Path;

/// Why nothing is switched on.
pub(super) fn not_now(fault: &Failure) -> Failure {
    let why = match fault {
        Failure::Failed(why) | Failure::Place(why) | Failure::Usage(why) | Failure::Help(why) => {
            why.as_str()
        }
        Failure::Gone => "",
    };
    Failure::new(format!(
        "nobody could sign on any more, so nothing was switched on: {why}"
    ))
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
