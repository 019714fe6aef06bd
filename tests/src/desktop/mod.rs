//! Doors of a desktop: screen lockers, a greeter and polkit, on a screen that nobody sees.

pub mod greeter;
pub mod locker;
pub mod polkit;
pub mod screen;
pub mod watch;

use crate::machine::Machine;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use watch::Watch;

/// Fails with a sentence unless a program is installed.
pub fn assert_installed(program: &str, package: &str) {
    assert!(
        Path::new(program).exists(),
        "{program} is missing: install the Debian package {package}"
    );
}

/// Gives the machine what the packages of a desktop bring: the accounts of their services, and the folder of X sockets.
/// Alice and Bob belong to the group `sudo`, so polkit takes them for administrators.
fn furnish(machine: &Machine) {
    machine.append(
        "/etc/passwd",
        "messagebus:x:901:901::/nonexistent:/usr/sbin/nologin\n\
         polkitd:x:902:902::/nonexistent:/usr/sbin/nologin\n\
         lightdm:x:903:903::/var/lib/lightdm:/bin/false\n",
    );
    machine.append(
        "/etc/group",
        "messagebus:x:901:\npolkitd:x:902:\nlightdm:x:903:\nsudo:x:27:alice,bob\n",
    );
    machine.append("/etc/shadow", "lightdm:*:20000:0:99999:7:::\n");
    machine.write(
        "/etc/pam.d/common-session-noninteractive",
        "session required pam_unix.so\n",
    );
    machine.done("mkdir", &["-m", "1777", "/tmp/.X11-unix"]);
}

/// Starts the machine's own D-Bus. It ends with the machine.
fn start_dbus(machine: &Machine) {
    assert_installed("/usr/bin/dbus-daemon", "dbus-daemon");
    machine.done("mkdir", &["-p", "/run/dbus"]);
    // It forks once it listens.
    machine.done("dbus-daemon", &["--system", "--nopidfile"]);
}

/// Starts a program that ends with the machine, and reads what it writes to stdout.
fn serve(mut command: Command) -> Watch {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("nsenter can't be started");
    let log = Watch::of(child.stdout.take().unwrap());
    thread::spawn(move || child.wait());
    log
}
