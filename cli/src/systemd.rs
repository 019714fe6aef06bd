//! systemd, asked by systemctl(1).

use crate::failure::Failure;
use std::path::Path;
use std::process::{Command, Stdio};

/// Is there where systemd runs this machine (`sd_booted`(3)).
const BOOTED: &str = "/run/systemd/system";

/// Whether systemd runs this machine.
pub(crate) fn is_systemd() -> bool {
    Path::new(BOOTED).is_dir()
}

/// Runs systemctl.
pub(crate) fn systemctl(arguments: &[&str]) -> Result<(), Failure> {
    let output = Command::new("systemctl")
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Failure::new(format!("systemctl can't be started: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    let said = last_line(&output.stderr);
    Err(Failure::new(format!(
        "systemctl {}: {said}",
        arguments.join(" ")
    )))
}

/// What a program said last, which is what it failed of.
pub(crate) fn last_line(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    let last = said.lines().rev().find(|line| !line.trim().is_empty());
    last.unwrap_or("it does not say why").trim().to_owned()
}
