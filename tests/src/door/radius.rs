//! FreeRADIUS with `rlm_pam`, asked by `radtest`.

use crate::machine::{Machine, told};

/// Starts FreeRADIUS in the machine, as its unit does, by this user, and returns when it listens. It ends with the machine.
pub fn start_freeradius(machine: &Machine, user: &str) {
    machine.done(
        "mkdir",
        &["-p", "/run/freeradius", "/var/log/freeradius/radacct"],
    );
    machine.done(
        "chown",
        &["-R", user, "/run/freeradius", "/var/log/freeradius"],
    );
    let who = ["setpriv", "--reuid", user, "--regid", user, "--init-groups"];
    let unit = ["freeradius", "-f", "-lstdout", "-xx"];
    machine.serve(&[&who[..], &unit].concat(), "Ready to process requests");
}

/// Asks for somebody's sign-on; whether it was accepted.
///
/// # Panics
/// If there was neither yes nor no.
pub fn radtest(machine: &Machine, user: &str, typed: &str) -> bool {
    let output = machine.run("radtest", &[user, typed, "127.0.0.1", "0", "testing123"]);
    let said = told(&output);
    let accepted = said.contains("Received Access-Accept");
    assert!(
        accepted || said.contains("Received Access-Reject"),
        "FreeRADIUS did not answer: {said}"
    );
    accepted
}
