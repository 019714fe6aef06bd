//! Removing the package, and purging it: whatever was switched on, people sign on afterwards as before it came.

use crate::server::{
    apt, assert_signs_on, assert_socket_is_open, assert_unchanged, clean, enable_profile, inside,
    install, install_killed, installed, let_sshd_ask, module, package, pair, pam_files, protect,
};
use otpair_tests::cleanroot::Unbooted;
use otpair_tests::container::Container;
use otpair_tests::machine::{ALICE, told};
use otpair_tests::token::Token;
use std::collections::{BTreeMap, BTreeSet};

/// A door whose line somebody has written, as the pages on VPN servers and lockers have them do.
const BY_HAND: &str = "/etc/pam.d/door";

#[test]
fn a_removed_package_takes_its_lines_along_and_comes_back_to_the_same_pairings() {
    let server = clean();
    let_sshd_ask(&server);
    let before = pam_files(&server);
    install(&server);
    let token = Token::hotp("12345678");
    pair(&server, ALICE, &token);
    let presses = token.presses(4);
    let mut pairs = presses.chunks(2);
    let mut two = || pairs.next().unwrap();

    protect(&server, &["sshd", "sudo"]);
    assert_signs_on(&server, ALICE, two());
    remove(&server);
    assert_unchanged(&server, &before);
    assert_signs_on(&server, ALICE, &[]);

    install(&server);
    assert_socket_is_open(&server);
    server.done("otpair", &["protect", "sshd", "sudo"]);
    assert_signs_on(&server, ALICE, two());
    remove(&server);
    assert_unchanged(&server, &before);
    assert_nothing_runs(&server);
    assert_signs_on(&server, ALICE, &[]);

    install(&server);
    protect(&server, &["sudo"]);
    enable_profile(&server);
    remove(&server);
    assert_unchanged(&server, &before);
    assert_signs_on(&server, ALICE, &[]);
    assert!(server.path("/var/lib/otpair/users/alice").exists());
}

fn remove(server: &Container) {
    apt(server, &["remove", "otpair"]);
}

#[test]
fn the_package_stays_as_long_as_a_line_written_by_hand_needs_it() {
    let (server, token) = installed();
    protect(&server, &["sshd", "sudo"]);
    server.write(
        BY_HAND,
        "auth requisite pam_unix.so\nauth required pam_otpair.so\n",
    );
    let before = pam_files(&server);
    for how in ["remove", "purge"] {
        let output = server.run("apt-get", &["--yes", how, "otpair"]);
        let said = told(&output);
        assert!(!output.status.success(), "{said}");
        assert!(
            said.contains(BY_HAND) && !said.contains("puts back"),
            "{said}"
        );
    }
    assert_unchanged(&server, &before);
    assert_socket_is_open(&server);
    let state = server.done("dpkg-query", &["-W", "-f", "${db:Status-Abbrev}", "otpair"]);
    assert!(state.ends_with("i "), "otpair's state is {state:?}");
    assert_signs_on(&server, ALICE, &token.presses(2));
    server.done("rm", &[BY_HAND]);
    stays_for_a_line_that_only_otpair_finds(&server);
    says_what_is_switched_off_where_it_stays(&server);
    server.done("rm", &["/usr/bin/otpair"]);
    let said = told(&server.run("apt-get", &["--yes", "remove", "otpair"]));
    assert!(said.contains("take those lines out"), "{said}");
    server.done("sed", &["-i", "/pam_otpair/d", "/etc/pam.d/sudo"]);
    remove(&server);
    assert_signs_on(&server, ALICE, &[]);
}

/// A file elsewhere is none of those that the package looks at itself.
fn stays_for_a_line_that_only_otpair_finds(server: &Container) {
    server.write("/etc/otherwhere", "auth required pam_otpair.so\n");
    server.write(BY_HAND, "auth include /etc/otherwhere\n");
    let before = pam_files(server);
    let said = refused(server);
    assert!(said.contains("otpair stays installed"), "{said}");
    assert!(
        said.contains(BY_HAND) && !said.contains("puts back"),
        "{said}"
    );
    assert_unchanged(server, &before);
    server.done("rm", &[BY_HAND]);
}

/// The one is taken out of its file, the other's can't be changed.
fn says_what_is_switched_off_where_it_stays(server: &Container) {
    server.done("mount", &["--bind", "/etc/pam.d/sudo", "/etc/pam.d/sudo"]);
    server.done("mount", &["-o", "remount,bind,ro", "/etc/pam.d/sudo"]);
    let said = refused(server);
    let mut told = said.lines().map(str::trim_end);
    assert!(
        told.any(|line| line.ends_with("puts back what was switched off by then:")),
        "{said}"
    );
    let files: Vec<_> = told.take_while(|line| line.starts_with('/')).collect();
    assert_eq!(files, ["/etc/pam.d/sshd", "/etc/pam.d/sudo-i"]);
    server.done("umount", &["/etc/pam.d/sudo"]);
}

/// A removal that must fail; what it says.
fn refused(server: &Container) -> String {
    let output = server.run("apt-get", &["--yes", "remove", "otpair"]);
    let said = told(&output);
    assert!(!output.status.success(), "{said}");
    said
}

#[test]
fn a_package_that_is_half_unpacked_can_be_removed_too() {
    let server = clean();
    let_sshd_ask(&server);
    let before = pam_files(&server);
    install(&server);
    pair(&server, ALICE, &Token::hotp("12345678"));
    protect(&server, &["sshd", "sudo"]);
    // A link that somebody has made of a file since stays one.
    let link = "mv sudo ../sudo.pam; ln -s ../sudo.pam sudo";
    server.done("sh", &["-euc", &format!("cd /etc/pam.d; {link}")]);
    let half = module() + ".dpkg-new";
    install_killed(&server, &inside(&package()), "rename", &half);
    server.done("dpkg", &["--remove", "--force-remove-reinstreq", "otpair"]);
    assert!(!server.path(module()).exists());
    assert_unchanged(&server, &before);
    server.done("test", &["-L", "/etc/pam.d/sudo"]);
    assert_signs_on(&server, ALICE, &[]);
}

#[test]
fn a_purged_package_leaves_nothing_behind() {
    let server = clean();
    let_sshd_ask(&server);
    assert_signs_on(&server, ALICE, &[]);
    let before = (files(&server), settings(&server));
    install(&server);
    let token = Token::hotp("12345678");
    pair(&server, ALICE, &token);
    server.write(
        "/etc/otpair/otpair.toml",
        "[audit]\nfile = \"/var/log/otpair.jsonl\"\n",
    );
    protect(&server, &["sshd", "sudo"]);
    assert_signs_on(&server, ALICE, &token.presses(2));
    apt(&server, &["purge", "otpair"]);
    assert_signs_on(&server, ALICE, &[]);
    let after = (files(&server), settings(&server));
    let new: Vec<_> = after.0.difference(&before.0).collect();
    assert!(new.is_empty(), "left behind: {new:#?}");
    let gone: Vec<_> = before.0.difference(&after.0).collect();
    assert!(gone.is_empty(), "taken along: {gone:#?}");
    assert_eq!(before.1, after.1);
    assert!(!server.path("/run/otpair").exists());
    assert_nothing_runs(&server);
}

/// No unit of otpair's is left, nor waits to take something back.
fn assert_nothing_runs(server: &Container) {
    let list = ["list-units", "--all", "--no-legend", "--plain"];
    let states = ["--state=active,activating,failed", "otpair*"];
    let units = server.done("systemctl", &[&list[..], &states].concat());
    assert_eq!(units, "");
}

/// Every file of the disk, but for logs, caches and what dpkg, systemd and sudo keep for themselves.
fn files(server: &Container) -> BTreeSet<String> {
    let others = "/var/log/journal|/var/log/apt|/var/log/dpkg.log|/var/cache|/var/lib/apt|/var/lib/dpkg|\
        /var/lib/systemd/random-seed|/var/lib/sudo|/var/lib/private";
    let find = format!("find / -xdev | grep -Ev '^({others})'");
    let found = server.done("sh", &["-euc", &find]);
    found.lines().map(str::to_owned).collect()
}

/// What stands in every file of `/etc`.
fn settings(server: &Container) -> BTreeMap<String, String> {
    let sums = server.done(
        "find",
        &["/etc", "-type", "f", "-exec", "sha256sum", "{}", "+"],
    );
    let pairs = sums.lines().filter_map(|line| line.split_once("  "));
    pairs
        .map(|(sum, file)| (file.to_owned(), sum.to_owned()))
        .collect()
}

#[test]
fn the_package_comes_and_goes_where_no_systemd_runs() {
    let server = Unbooted::lay(&[&package()]);
    let wanted = "/etc/systemd/system/sockets.target.wants/otpair-helper.socket";
    let dpkg = |arguments: &[&str]| server.done("dpkg", arguments);
    let package = inside(&package());
    let before = server.done("sha256sum", &["-b", "/etc/pam.d/common-auth"]);
    dpkg(&["--install", &package]);
    dpkg(&["--install", &package]);
    server.done("test", &["-L", wanted]);
    dpkg(&["--remove", "otpair"]);
    dpkg(&["--install", &package]);
    dpkg(&["--purge", "otpair"]);
    assert!(!server.run("test", &["-e", "/etc/otpair"]).status.success());
    assert!(!server.run("test", &["-L", wanted]).status.success());
    let after = server.done("sha256sum", &["-b", "/etc/pam.d/common-auth"]);
    assert_eq!(before, after);
}

#[test]
fn a_purge_comes_to_its_end_where_the_seeds_have_a_file_system_of_their_own() {
    let server = Unbooted::lay(&[&package()]);
    server.done("dpkg", &["--install", &inside(&package())]);
    let wanted = "/etc/systemd/system/sysinit.target.wants";
    let left = format!(
        "mkdir -p /var/lib/otpair && mount -t tmpfs seeds /var/lib/otpair
        mkdir -p /etc/credstore.encrypted {wanted}
        touch /var/lib/otpair/inventory.db /etc/credstore.encrypted/otpair-cache-key /var/log/otpair.jsonl \
            /run/otpair-protect.lock /run/otpair-protect-key.lock \
            /etc/systemd/system/otpair-revert-at-boot.service {wanted}/otpair-revert-at-boot.service"
    );
    server.done("sh", &["-euc", &left]);
    server.done("dpkg", &["--purge", "otpair"]);
    let find = "find / -xdev -name '*otpair*' -not -name '*.deb'; ls -A /var/lib/otpair";
    let found = server.done("sh", &["-euc", find]);
    assert_eq!(found, "/var/lib/otpair\n");
}
