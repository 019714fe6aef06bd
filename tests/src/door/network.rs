//! A second host beside the machine, in a network namespace of its own: where a VPN's client runs.

use crate::machine::{Machine, told};

/// The client's network namespace.
pub const CLIENT: &str = "client";

/// The name by which the client knows the machine.
pub const SERVER_NAME: &str = "vpn.example.com";

const SET_UP: &str = "
mkdir -p /dev/net
[ -e /dev/net/tun ] || mknod -m 666 /dev/net/tun c 10 200
ip netns add client
ip link add server type veth peer name outside netns client
ip address add 192.0.2.1/24 dev server
ip link set server up
ip -n client address add 192.0.2.2/24 dev outside
ip -n client link set outside up
ip -n client link set lo up
printf '192.0.2.1 vpn.example.com\\n' >>/etc/hosts
";

/// Makes the client's host, with a wire to the machine.
pub fn connect_client(machine: &Machine) {
    machine.done("sh", &["-eu", "-c", SET_UP]);
}

/// Fails unless the client reaches an address, which is the machine's in a tunnel.
pub fn assert_reached(machine: &Machine, address: &str) {
    // One answer is enough, within half a minute.
    let ping = [
        "netns", "exec", CLIENT, "ping", "-c", "1", "-w", "30", address,
    ];
    let output = machine.run("ip", &ping);
    assert!(
        output.status.success(),
        "nothing comes through the tunnel: {}",
        told(&output)
    );
}
