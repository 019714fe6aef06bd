//! OpenVPN's server with its PAM plugin, and its client in a network namespace of its own.

use super::vpn::{client as at_client, depart, lay_wire};
use crate::machine::{Machine, User};
use crate::page::Page;
use crate::terminal::Terminal;

const PAGE: &str = "doors/openvpn.md";

/// The server's config.
const SERVER: &str = "/etc/openvpn/server/otpair.conf";

/// The client's user name and password.
const LOGIN: &str = "/etc/openvpn/client/login";

/// What both ends say when the tunnel is up.
const COMPLETED: &str = "Initialization Sequence Completed";

/// The server's address in the tunnel.
const INSIDE: &str = "10.98.0.1";

/// What Debian's unit puts around the server: its folder, and what is left of root's capabilities.
const UNIT: [&str; 6] = [
    "env",
    "-C",
    "/etc/openvpn/server",
    "setpriv",
    "--bounding-set=-all,+ipc_lock,+net_admin,+net_bind_service,+net_raw,+setgid,+setuid,+setpcap,+sys_chroot,\
     +dac_override,+audit_write",
    "--",
];

/// Makes PAM wait for one user: it says so at a pipe, and goes on when it is told at another.
const SLOW: &str = r"
mkfifo /run/machine/reached /run/machine/go
cat >/run/machine/wait <<'END'
#!/bin/sh
echo >/run/machine/reached
cat /run/machine/go
END
chmod 0755 /run/machine/wait
cat - /etc/pam.d/openvpn >/run/machine/slow <<END
auth [success=ignore default=1] pam_succeed_if.so quiet user = $1
auth optional pam_exec.so quiet /run/machine/wait
END
cp /run/machine/slow /etc/pam.d/openvpn
";

/// A machine on which the page was followed, with a server that listens and a client on another host.
pub fn openvpn() -> Machine {
    openvpn_with("")
}

/// The same, with more lines in the server's config.
pub fn openvpn_with(lines: &str) -> Machine {
    let machine = Machine::new();
    let page = Page::read(PAGE);
    page.follow(&machine);
    assert!(
        machine
            .systemctl()
            .iter()
            .any(|line| line == "restart openvpn-server@otpair")
    );
    lay_wire(&machine);
    machine.done(
        "mkdir",
        &["-p", "/etc/openvpn/client", "/run/openvpn-server"],
    );
    machine.write(
        "/etc/openvpn/client/ca.crt",
        machine.read("/etc/openvpn/server/pki/ca.crt"),
    );
    machine.done("sh", &["-eu", "-c", page.block("sh client")]);
    let mut config = machine.read(SERVER);
    config.extend_from_slice(lines.as_bytes());
    machine.write(SERVER, config);
    let unit = [
        "openvpn",
        "--suppress-timestamps",
        "--config",
        "otpair.conf",
    ];
    let words = [UNIT.as_slice(), &unit].concat();
    machine.serve(&words, COMPLETED);
    machine
}

/// A person at the client answers the challenge. Whether the tunnel came up and carried something.
///
/// # Panics
/// If neither yes nor no was said.
pub fn openvpn_sign_on(machine: &Machine, user: &str, password: &str, answer: &str) -> bool {
    let mut terminal = client(machine, user, password, answer);
    let end = terminal.wait_for(&[COMPLETED, "AUTH_FAILED"]);
    assert!(
        end.is_some(),
        "OpenVPN ended without a word:\n{}",
        terminal.transcript()
    );
    depart(machine, terminal, end == Some(0), INSIDE).granted
}

/// The same, until both ends have made new keys, for which the server asks who the client is once more.
///
/// # Panics
/// If the tunnel does not come up, or does not outlive its keys.
pub fn openvpn_through_new_keys(machine: &Machine, user: &str, password: &str, answer: &str) {
    let mut terminal = client(machine, user, password, answer);
    terminal.expect(COMPLETED);
    let end = terminal.wait_for(&["Control Channel:", "AUTH_FAILED"]);
    assert_eq!(end, Some(0), "{}", terminal.transcript());
    depart(machine, terminal, true, INSIDE);
}

/// The same, with somebody else beside it whose sign-on PAM is slow to decide.
///
/// # Panics
/// If the tunnel does not come up, or carries nothing while the other one waits.
pub fn openvpn_beside_a_slow_sign_on(machine: &Machine, user: User, answer: &str, slow: User) {
    machine.done("sh", &["-eu", "-c", SLOW, "sh", slow.name]);
    let mut terminal = client(machine, user.name, user.password, answer);
    terminal.expect(COMPLETED);
    let waiting = client(machine, slow.name, slow.password, "123456");
    machine.done("cat", &["/run/machine/reached"]);
    depart(machine, terminal, true, INSIDE);
    machine.done("sh", &["-c", "echo >/run/machine/go"]);
    drop(waiting);
}

fn client(machine: &Machine, user: &str, password: &str, answer: &str) -> Terminal {
    // Name and password from a file: OpenVPN throws away what is typed before it is ready for a password.
    machine.write(LOGIN, format!("{user}\n{password}\n"));
    machine.chmod(LOGIN, 0o600);
    let config = ["openvpn", "--config", "/etc/openvpn/client/office.conf"];
    let options = ["--verb", "3", "--auth-user-pass", LOGIN];
    let mut terminal = at_client(machine, &[config.as_slice(), &options].concat());
    terminal.expect("CHALLENGE: Passcode");
    terminal.send_line(answer);
    terminal
}
