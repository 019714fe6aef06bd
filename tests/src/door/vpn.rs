//! VPN servers on the machine, and their clients in a network of their own at the other end of a wire.

use super::Visit;
use crate::machine::{Machine, told};
use crate::terminal::Terminal;
use std::process::Command;

/// The network of the clients, the wire to it, the server's name, and the device that tunnels are made with.
const WIRE: &str = "
mkdir -p /dev/net
mknod -m 666 /dev/net/tun c 10 200
echo '192.0.2.1 vpn.example.com' >>/etc/hosts
ip netns add client
ip link add server type veth peer name client netns client
ip address add 192.0.2.1/24 dev server
ip link set server up
ip -n client address add 192.0.2.2/24 dev client
ip -n client link set client up
ip -n client link set lo up
";

/// Makes the network of the clients. From there `vpn.example.com` is the machine, and nothing else can be reached.
pub fn lay_wire(machine: &Machine) {
    machine.done("sh", &["-eu", "-c", WIRE]);
}

/// A terminal in the clients' network, in `/root`, with a program on it.
pub fn client(machine: &Machine, words: &[&str]) -> Terminal {
    let mut command: Command = machine.command("setsid");
    command
        .args([
            "-c", "ip", "netns", "exec", "client", "env", "-C", "/root", "--",
        ])
        .args(words);
    Terminal::start(command)
}

/// What a ping from the clients' network to an address says, and whether it was answered.
pub fn ping(machine: &Machine, address: &str) -> (bool, String) {
    let options = ["-c1", "-w30", "-i0.2", address];
    let words = [&["netns", "exec", "client", "ping"], &options[..]].concat();
    let output = machine.run("ip", &words);
    (output.status.success(), told(&output))
}

/// The end of a client's sign-on: when it says that it is connected, its tunnel must carry a ping to the server's own
/// address in it. Then Ctrl-C takes the tunnel down.
pub(super) fn depart(machine: &Machine, mut terminal: Terminal, granted: bool, far: &str) -> Visit {
    if granted {
        let (answered, said) = ping(machine, far);
        assert!(
            answered,
            "the tunnel carries nothing: {said}\n{}",
            terminal.transcript()
        );
        terminal.send(b"\x03");
    }
    let (_, transcript) = terminal.finish();
    let (_, said) = ping(machine, far);
    assert!(
        said.contains("unreachable"),
        "without the tunnel {far} is not out of reach: {said}"
    );
    Visit {
        granted,
        transcript,
    }
}
