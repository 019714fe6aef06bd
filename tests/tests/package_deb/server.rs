//! A clean server, and the packages that come onto it.

use otpair_tests::cleanroot::{self, ssh, sudo};
use otpair_tests::container::Container;
use otpair_tests::dialog::PASSCODE;
use otpair_tests::machine::{ALICE, User, told};
use otpair_tests::token::Token;
use std::collections::BTreeMap;
use std::env::consts::ARCH;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

pub const PASSWORD: &str = "Password: ";
pub const SUDO_PASSWORD: &str = "[sudo] password for ";
pub const HELPER: &str = "/usr/libexec/otpair/otpair-helper";

/// The version of the package under test.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The version of [`next_package`].
pub const NEXT: &str = concat!(env!("CARGO_PKG_VERSION"), "+next");

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Where packages lie that only tests want.
const FOR_TESTS: &str = "target/test-packages";

fn package_of(folder: &str, version: &str) -> PathBuf {
    let architecture = match ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    workspace().join(format!("{folder}/otpair_{version}_{architecture}.deb"))
}

/// Where the module is, on the server.
pub fn module() -> String {
    format!("/usr/lib/{ARCH}-linux-gnu/security/pam_otpair.so")
}

/// The package under test.
pub fn package() -> PathBuf {
    let package = package_of("target/packages", VERSION);
    assert!(
        package.is_file(),
        "the package is not built: run ./package deb first"
    );
    package
}

/// The package that comes after it.
pub fn next_package() -> PathBuf {
    let output = Command::new(workspace().join("packaging/debian/build"))
        .args(["--version", NEXT, "--into", FOR_TESTS])
        .output()
        .expect("packaging/debian/build can't be started");
    assert!(output.status.success(), "{}", told(&output));
    package_of(FOR_TESTS, NEXT)
}

/// A package's place in a server's `/root`.
pub fn inside(package: &Path) -> String {
    let name = package.file_name().unwrap().to_str().unwrap();
    format!("/root/{name}")
}

/// A clean server, with a package in its `/root`.
pub fn clean() -> Container {
    cleanroot::boot(&[&package()])
}

/// A server on which the package is installed, sshd can ask for a passcode, and Alice has a HOTP token.
pub fn installed() -> (Container, Token) {
    let server = clean();
    let_sshd_ask(&server);
    install(&server);
    let token = Token::hotp("12345678");
    pair(&server, ALICE, &token);
    (server, token)
}

pub fn install(server: &Container) {
    apt(server, &["install", &inside(&package())]);
}

pub fn pair(server: &Container, user: User, token: &Token) {
    server.write("/root/tokens.txt", token.uri());
    server.done("otpair", &["import", "/root/tokens.txt"]);
    server.done("otpair", &["user", "pair", user.name, &token.serial]);
    server.done("rm", &["/root/tokens.txt"]);
}

/// apt, asking nothing. What it says.
pub fn apt(server: &Container, arguments: &[&str]) -> String {
    let apt = ["apt-get", "--yes", "--allow-downgrades"];
    unattended(server, &[&apt, arguments].concat())
}

/// A command that may ask for nothing, as there is nobody to answer.
fn unattended(server: &Container, words: &[&str]) -> String {
    server.done(
        "env",
        &[&["DEBIAN_FRONTEND=noninteractive"], words].concat(),
    )
}

/// An installation in which a program is killed as it is about to make a system call with a path.
pub fn install_killed(server: &Container, package: &str, call: &str, path: &str) {
    let dpkg = server.command("dpkg");
    let mut strace = Command::new("strace");
    strace
        .args(["-f", "-qq", "-o", "/dev/null", "-P", path])
        .args(["-e", &format!("trace={call}")])
        .args(["-e", &format!("inject={call}:signal=KILL:when=1")])
        .arg(dpkg.get_program())
        .args(dpkg.get_args())
        .args(["--install", package])
        .env_clear()
        .envs(dpkg.get_envs().filter_map(|(name, set)| Some((name, set?))));
    let output = strace
        .output()
        .expect("strace is missing: install the Debian package strace");
    let said = told(&output);
    let was_killed = output.status.signal() == Some(9) || said.contains("was killed by signal");
    assert!(was_killed, "nothing was killed at {path}: {said}");
}

/// Debian's sshd asks one question until it is told otherwise.
pub fn let_sshd_ask(server: &Container) {
    let config = "/etc/ssh/sshd_config.d/otpair.conf";
    server.write(config, "KbdInteractiveAuthentication yes\n");
    server.done("systemctl", &["reload", "ssh"]);
}

pub fn protect(server: &Container, services: &[&str]) {
    server.done("otpair", &[&["protect"], services].concat());
    server.done("otpair", &["protect", "--confirm"]);
}

pub fn enable_profile(server: &Container) {
    unattended(server, &["pam-auth-update", "--enable", "otpair"]);
}

/// Every file of PAM's, to the byte.
pub fn pam_files(server: &Container) -> BTreeMap<String, Vec<u8>> {
    let folder = server.path("/etc/pam.d");
    let files = fs::read_dir(folder).unwrap().map(|entry| {
        let entry = entry.unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        (name, fs::read(entry.path()).unwrap())
    });
    files.collect()
}

/// Fails unless PAM's files are as they were; says which are not.
pub fn assert_unchanged(server: &Container, before: &BTreeMap<String, Vec<u8>>) {
    let now = pam_files(server);
    let names = before.keys().chain(now.keys());
    let changed: Vec<_> = names.filter(|&n| before.get(n) != now.get(n)).collect();
    assert!(changed.is_empty(), "changed in /etc/pam.d: {changed:?}");
}

/// Signs on at sshd and at sudo: with the password alone, or with a passcode of two at each.
pub fn assert_signs_on(server: &Container, user: User, passcodes: &[String]) {
    let script = |prompt, number: usize| -> Vec<(&str, &str)> {
        let passcode = passcodes
            .get(number)
            .map(|passcode| (PASSCODE, &**passcode));
        [(prompt, user.password)]
            .into_iter()
            .chain(passcode)
            .collect()
    };
    let visit = ssh(server, user, &script(PASSWORD, 0));
    assert!(visit.granted, "ssh: {}", visit.transcript);
    let visit = sudo(server, user, &script(SUDO_PASSWORD, 1));
    assert!(visit.granted, "sudo: {}", visit.transcript);
}

/// The helper's socket takes connections.
pub fn assert_socket_is_open(server: &Container) {
    let state = server.done("systemctl", &["is-active", "otpair-helper.socket"]);
    assert_eq!(state, "active\n");
}
