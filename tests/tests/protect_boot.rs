//! Switching otpair on where systemd is there: in a container that it has booted.

use otpair_tests::container::Container;

#[test]
fn a_container_keeps_its_disk_over_a_power_cut_and_starts_sshd_at_every_boot() {
    let mut container = Container::boot();
    container.write("/etc/kept", "kept");
    container.write("/run/gone", "gone");
    container.power_cycle();
    assert_eq!(container.read("/etc/kept"), b"kept");
    assert!(!container.path("/run/gone").exists());
    assert_eq!(
        container.done("systemctl", &["is-active", "ssh.service"]),
        "active\n"
    );
}
