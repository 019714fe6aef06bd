//! The profile that the package brings for `pam-auth-update`: everywhere at once, behind the password.

use crate::server::{
    PASSWORD, SUDO_PASSWORD, apt, assert_signs_on, assert_unchanged, enable_profile, inside,
    installed, package, pam_files,
};
use otpair_tests::cleanroot::{ssh, sudo};
use otpair_tests::container::Container;
use otpair_tests::dialog::{PASSCODE, SERIAL};
use otpair_tests::machine::{ALICE, BOB, told};
use otpair_tests::token::Token;

#[test]
fn the_profile_asks_for_a_passcode_everywhere_behind_the_right_password() {
    let (server, token) = installed();
    let before = pam_files(&server);
    enable_profile(&server);
    let after = pam_files(&server);
    let changed: Vec<_> = before
        .keys()
        .filter(|&file| before[file] != after[file])
        .collect();
    assert_eq!(changed, ["common-auth"]);
    assert_told(&server);

    assert!(!ssh(&server, ALICE, &[(PASSWORD, "wrong")]).granted);
    assert!(!sudo(&server, ALICE, &[(SUDO_PASSWORD, "wrong")]).granted);
    assert_signs_on(&server, ALICE, &token.presses(2));

    let his = Token::hotp("22222222");
    server.write("/root/tokens.txt", his.uri());
    server.done("otpair", &["import", "/root/tokens.txt"]);
    let first = [
        (SUDO_PASSWORD, BOB.password),
        (SERIAL, "22222222"),
        (PASSCODE, &*his.press(0)),
    ];
    let visit = sudo(&server, BOB, &first);
    assert!(visit.granted, "{}", visit.transcript);

    // What an upgrade does: the profile is laid anew.
    apt(&server, &["install", "--reinstall", &inside(&package())]);
    assert_unchanged(&server, &after);
    let presses = his.presses(5);
    assert_signs_on(&server, BOB, &presses[1..3]);
    assert_stays_where_pam_auth_update_gives_up(&server);
    assert_signs_on(&server, BOB, &presses[3..5]);
}

/// In a file that somebody has made their own `pam-auth-update` leaves the line, so the module must stay too.
fn assert_stays_where_pam_auth_update_gives_up(server: &Container) {
    server.done("sed", &["-i", "/^#/d", "/etc/pam.d/common-auth"]);
    let output = server.run("apt-get", &["--yes", "remove", "otpair"]);
    let said = told(&output);
    assert!(!output.status.success(), "{said}");
    assert!(
        said.contains("out of them first: /etc/pam.d/common-auth"),
        "{said}"
    );
}

/// `status` and `doctor` count the services that include what the profile changes.
fn assert_told(server: &Container) {
    let status = server.done("otpair", &["status"]);
    for service in ["login", "sshd", "su", "sudo"] {
        let line = status
            .lines()
            .find(|line| line.starts_with(&format!("{service} ")));
        assert!(line.is_some_and(|line| line.contains("yes")), "{status}");
    }
    let output = server.run("otpair", &["doctor"]);
    let said = told(&output);
    assert!(output.status.success(), "{said}");
    assert!(!said.contains("asks for no passcode"), "{said}");
    let said = server.done("otpair", &["protect", "sudo"]);
    assert!(said.contains("in front of it already"), "{said}");
}
