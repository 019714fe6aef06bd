//! ocserv, as docs/doors/ocserv.md says, and openconnect on a terminal.

use super::vpn::{client, depart, lay_wire};
use super::{Door, FAREWELL, PROMPTS, Visit};
use crate::machine::{Machine, User};
use crate::page::Page;
use crate::terminal::Terminal;

/// The page that is followed.
pub const OCSERV_PAGE: &str = "doors/ocserv.md";

/// The server's config.
const CONFIG: &str = "/etc/ocserv/ocserv.conf";

/// The server's own address in the tunnel.
const FAR: &str = "10.99.0.1";

/// What a client says when its tunnel can be used: openconnect itself says it is connected before it makes the device.
const CONNECTED: &str = "the tunnel is up";

/// openconnect's own name for every field; what is asked stands in the line above.
const FIELD: &str = "\nPassword";

/// A machine with ocserv, set up as the page says. From where the clients are, `cert.pem` is the server's certificate.
pub fn machine_with_ocserv() -> Machine {
    machine_with_ocserv_and("")
}

/// The same, with more lines in the server's config.
pub fn machine_with_ocserv_and(lines: &str) -> Machine {
    let machine = Machine::with_system_users(&["ocserv"]);
    lay_wire(&machine);
    // As the Debian package leaves it.
    machine.done("mkdir", &["-p", "/var/lib/ocserv/run"]);
    machine.done("chown", &["-R", "ocserv:ocserv", "/var/lib/ocserv"]);
    Page::read(OCSERV_PAGE).follow(&machine);
    let mut config = machine.read(CONFIG);
    config.extend_from_slice(lines.as_bytes());
    machine.write(CONFIG, config);
    machine.write("/root/cert.pem", machine.read("/etc/ocserv/cert.pem"));
    machine.done("mkdir", &["-p", "/etc/vpnc/post-connect.d"]);
    let hook = "/etc/vpnc/post-connect.d/say";
    machine.write(
        hook,
        format!("echo $VPNPID >/run/machine/client.pid\necho {CONNECTED}\n"),
    );
    let config = "--config=/etc/ocserv/ocserv.conf";
    let unit = [
        "ocserv",
        "--foreground",
        "--pid-file=/run/ocserv.pid",
        config,
    ];
    // It says so when it listens for TCP already.
    machine.serve(&unit, "listening (UDP)");
    machine
}

struct Openconnect;

/// `openconnect --user=USER` on a terminal, through to a tunnel that carries a ping, on a machine from
/// [`machine_with_ocserv`].
pub fn openconnect() -> Box<dyn Door> {
    Box::new(Openconnect)
}

/// Alice types in the clients' network what a page has her type, which answers everything.
pub fn openconnect_as_taught(machine: &Machine, typed: &str) -> Visit {
    let mut terminal = client(machine, &["sh", "-c", typed]);
    let granted = terminal.wait_for(&[CONNECTED]).is_some();
    depart(machine, terminal, granted, FAR)
}

/// The same, with a connection that is lost and comes back before it ends.
///
/// # Panics
/// If it does not come up, or does not come back.
pub fn openconnect_that_comes_back(machine: &Machine, typed: &str) {
    let mut terminal = client(machine, &["sh", "-c", typed]);
    terminal.expect(CONNECTED);
    // SIGUSR2 has it begin a new connection, as after a lost one.
    machine.done("sh", &["-c", "kill -USR2 $(cat /run/machine/client.pid)"]);
    terminal.expect("CSTP connected.");
    depart(machine, terminal, true, FAR);
}

/// Waits until openconnect is connected or gives up, and answers the prompt that only says why.
fn leave(machine: &Machine, mut terminal: Terminal) -> Visit {
    let ends = [&[CONNECTED, FAREWELL], &PROMPTS[..]].concat();
    loop {
        match terminal.wait_for(&ends) {
            Some(0) => return depart(machine, terminal, true, FAR),
            Some(1) => {
                terminal.expect(FIELD);
                terminal.send_line("");
            }
            Some(i) => panic!(
                "{:?} was asked, where the sign-on was to end. The whole transcript:\n{}",
                ends[i],
                terminal.transcript()
            ),
            None => return depart(machine, terminal, false, FAR),
        }
    }
}

impl Door for Openconnect {
    fn sign_on(&self, machine: &Machine, user: User, script: &[(&str, &str)]) -> Visit {
        let name = format!("--user={}", user.name);
        let words = ["openconnect", &name, "--cafile=cert.pem", "vpn.example.com"];
        let mut terminal = client(machine, &words);
        for (prompt, answer) in script {
            terminal.expect(prompt);
            terminal.expect(FIELD);
            terminal.send_line(answer);
        }
        leave(machine, terminal)
    }

    fn password_prompt(&self) -> Option<&'static str> {
        Some("Please enter your password.")
    }

    fn service(&self) -> &'static str {
        "ocserv"
    }

    fn asks_strangers(&self) -> bool {
        true
    }
}
