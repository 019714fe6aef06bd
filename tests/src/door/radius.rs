//! FreeRADIUS with `rlm_pam`, asked by `radtest`.

use crate::machine::{Machine, told};
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::thread;

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
    let mut child = machine
        .command("setpriv")
        .args(["--reuid", user, "--regid", user, "--init-groups"])
        .args(["freeradius", "-f", "-lstdout", "-xx"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("nsenter can't be started");
    let mut log = BufReader::new(child.stdout.take().unwrap());
    let mut said = String::new();
    while !said.contains("Ready to process requests") {
        let length = log.read_line(&mut said).unwrap();
        assert!(length > 0, "FreeRADIUS did not start: {said}");
    }
    // Both live as long as the machine: the log must be read on, and the child be waited for.
    thread::spawn(move || {
        let _ = log.read_to_end(&mut Vec::new());
        let _ = child.wait();
    });
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
