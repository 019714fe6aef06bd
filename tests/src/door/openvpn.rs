//! OpenVPN's server with its PAM plugin, and its client in a network namespace of its own.

use super::network;
use crate::machine::Machine;
use crate::page::Page;
use crate::terminal::Terminal;
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::thread;

const PAGE: &str = "doors/openvpn.md";

/// The server's config.
const SERVER: &str = "/etc/openvpn/server/otpair.conf";

/// The client's user name and password.
const LOGIN: &str = "/etc/openvpn/client/login";

/// The server's address in the tunnel.
const INSIDE: &str = "10.98.0.1";

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
    network::connect_client(&machine);
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
    start_server(&machine);
    machine
}

/// Starts the server as its unit does, and returns when it listens. It ends with the machine.
fn start_server(machine: &Machine) {
    let mut child = machine
        .command("sh")
        .args([
            "-c",
            "cd /etc/openvpn/server && exec openvpn --suppress-timestamps --config otpair.conf",
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("nsenter can't be started");
    let mut log = BufReader::new(child.stdout.take().unwrap());
    let mut said = String::new();
    while !said.contains("Initialization Sequence Completed") {
        let length = log.read_line(&mut said).unwrap();
        assert!(length > 0, "OpenVPN did not start: {said}");
    }
    // Both live as long as the machine: the log must be read on, and the child be waited for.
    thread::spawn(move || {
        let _ = log.read_to_end(&mut Vec::new());
        let _ = child.wait();
    });
}

/// A person at the client answers the challenge. Whether the tunnel came up and carried something.
///
/// # Panics
/// If neither yes nor no was said.
pub fn openvpn_sign_on(machine: &Machine, user: &str, password: &str, answer: &str) -> bool {
    let mut terminal = client(machine, user, password, answer);
    match terminal.wait_for(&["Initialization Sequence Completed", "AUTH_FAILED"]) {
        Some(0) => {
            disconnect(machine, terminal);
            true
        }
        Some(_) => false,
        None => panic!("OpenVPN ended without a word:\n{}", terminal.transcript()),
    }
}

/// The same, until both ends have made new keys, for which the server asks who the client is once more.
///
/// # Panics
/// If the tunnel does not come up, or does not outlive its keys.
pub fn openvpn_through_new_keys(machine: &Machine, user: &str, password: &str, answer: &str) {
    let mut terminal = client(machine, user, password, answer);
    terminal.expect("Initialization Sequence Completed");
    let end = terminal.wait_for(&["Control Channel:", "AUTH_FAILED"]);
    assert_eq!(end, Some(0), "{}", terminal.transcript());
    disconnect(machine, terminal);
}

fn client(machine: &Machine, user: &str, password: &str, answer: &str) -> Terminal {
    let mut command = machine.command("setsid");
    command.args(["-c", "ip", "netns", "exec", network::CLIENT]);
    command.args(["openvpn", "--config", "/etc/openvpn/client/office.conf"]);
    // Name and password from a file: OpenVPN throws away what is typed before it is ready for a password.
    command.args(["--verb", "3", "--auth-user-pass", LOGIN]);
    machine.write(LOGIN, format!("{user}\n{password}\n"));
    machine.chmod(LOGIN, 0o600);
    let mut terminal = Terminal::start(command);
    terminal.expect("CHALLENGE: Passcode");
    terminal.send_line(answer);
    terminal
}

/// Something goes through the tunnel; then the person ends it.
fn disconnect(machine: &Machine, mut terminal: Terminal) {
    network::assert_reached(machine, INSIDE);
    // Ctrl-C: a hang-up alone would have it connect again.
    terminal.send(b"\x03");
    terminal.finish();
}
