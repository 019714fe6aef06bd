//! Upgrades, and what goes wrong with them, while people sign on without a pause.

use crate::in_between::Watched;
use crate::server::{
    HELPER, NEXT, PASSWORD, VERSION, apt, inside, install, install_killed, let_sshd_ask, module,
    next_package, package, pair,
};
use crate::signing_on::{SigningOn, nanoseconds};
use otpair_tests::cleanroot::{self, Unbooted, typed};
use otpair_tests::container::Container;
use otpair_tests::dialog::PASSCODE;
use otpair_tests::machine::{User, told};
use otpair_tests::terminal::Terminal;
use otpair_tests::token::Token;

/// So many sign-ons must have begun and ended at every door while the packages came and went, so that it says something.
const ENOUGH: usize = 10;

/// Where dpkg or a maintainer's script is killed: a system call, and the path that it names first.
const KILLS: [(&str, &str); 3] = [
    ("execve", "/var/lib/dpkg/info/otpair.prerm"),
    // The module is the new one then, and the helper the old one.
    ("rename", "/usr/libexec/otpair/otpair-helper.dpkg-new"),
    ("execve", "/var/lib/dpkg/info/otpair.postinst"),
];

#[test]
fn no_sign_on_is_refused_while_the_package_is_upgraded_downgraded_and_killed_in_between() {
    let (old, new) = (package(), next_package());
    let server = cleanroot::boot(&[&old, &new]);
    let (old, new) = (inside(&old), inside(&new));
    let_sshd_ask(&server);
    install(&server);
    let module = Watched::begin(&server, &module());
    let helper = Watched::begin(&server, HELPER);
    let socket = Watched::begin(&server, "/run/otpair/helper.sock");
    let people = SigningOn::begin(&server);
    let mut slow = half_signed_on(&server);
    let began = nanoseconds();

    apt(&server, &["install", &new]);
    assert_eq!(version(&server), NEXT);
    slow.send_line(&Token::hotp("55555555").press(0));
    slow.expect("successfully authenticated");
    apt(&server, &["install", "--reinstall", &new]);
    apt(&server, &["install", &old]);
    assert_eq!(version(&server), VERSION);
    assert_eq!((module.replaced(), helper.replaced()), (3, 3));
    for ((call, path), package) in KILLS.into_iter().zip([&new, &old, &new]) {
        install_killed(&server, package, call, path);
        people.wait_for_another();
        server.done("dpkg", &["--configure", "-a"]);
        // apt does not touch a package that is half unpacked.
        server.done("dpkg", &["--install", package]);
    }
    assert_eq!(version(&server), NEXT);
    assert!(module.replaced() > 3 && helper.replaced() > 3);

    let [before, during, after] = people.end(&(began..=nanoseconds()));
    assert!(
        before > 0 && during >= ENOUGH && after > 0,
        "too few sign-ons: {before}, {during}, {after}"
    );
    assert_eq!(socket.replaced(), 0);
}

/// Unpacked, it would be what every door loads from then on, whether dpkg sets it up or not.
#[test]
fn a_system_whose_libraries_are_too_old_keeps_the_module_that_it_has() {
    let server = Unbooted::lay(&[&package()]);
    let files = ["/var/lib/dpkg/status", "/run/status"];
    server.done("cp", &files);
    for library in ["libc6", "libgcc-s1", "libpam0g"] {
        let age = format!("/^Package: {library}$/,/^$/s/^Version: .*/Version: 1.0-0/");
        server.done("sed", &["-i", &age, files[0]]);
        let output = server.run("dpkg", &["--install", &inside(&package())]);
        let said = told(&output);
        assert!(!output.status.success(), "{said}");
        assert!(said.contains("pre-dependency"), "{library}: {said}");
        let module = server.run("test", &["-e", &module()]);
        assert!(!module.status.success(), "{library}: it was unpacked");
        server.done("cp", &[files[1], files[0]]);
    }
    server.done("dpkg", &["--install", &inside(&package())]);
}

/// Somebody whose program has asked the helper already, and who is still looking for the token.
fn half_signed_on(server: &Container) -> Terminal {
    let erin = User {
        name: "erin",
        password: "erin-pw",
    };
    server.done("useradd", &["--create-home", erin.name]);
    server.run_with("chpasswd", &[], "erin:erin-pw\n");
    pair(server, erin, &Token::hotp("55555555"));
    let mut terminal = typed(server, erin, "/run/people/pamtester door erin authenticate");
    terminal.expect(PASSWORD);
    terminal.send_line(erin.password);
    terminal.expect(PASSCODE);
    terminal
}

fn version(server: &Container) -> String {
    let query = ["-W", "-f", "${db:Status-Abbrev}${Version}", "otpair"];
    let said = server.done("dpkg-query", &query);
    let version = said.strip_prefix("ii ");
    version
        .unwrap_or_else(|| panic!("otpair's state is {said}"))
        .to_owned()
}
