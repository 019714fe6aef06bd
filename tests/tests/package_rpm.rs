//! The rpm: what it is, and what rpm does with it in a container that systemd has booted, at its sshd and its sudo.
//!
//! The container is Debian's, with a database of rpm's own that knows no other package. Its libpam looks for modules in a
//! folder of Debian's, so there the module is a link to the rpm's.

use otpair_tests::container::Container;
use otpair_tests::machine::{ALICE, told};
use otpair_tests::page::Page;
use otpair_tests::terminal::Terminal;
use otpair_tests::token::Token;
use std::collections::BTreeMap;
use std::env::consts::ARCH;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

const VERSION: &str = env!("CARGO_PKG_VERSION");

const NEWER: &str = "99.0.0";

/// Where packages lie that only tests want.
const FOR_TESTS: &str = "target/test-packages";
const MODULE: &str = "/usr/lib64/security/pam_otpair.so";
const PASSWORD: &str = "Password: ";
const SERIAL: &str = "Serial number: ";
const SUDO: &str = "password for alice: ";
const PASSCODE: &str = "Passcode: ";
const IN: &str = "signed on as ";
const SOCKET: &str = "otpair-helper.socket";

/// A root of its own, over the container's.
const SCRATCH_ROOT: &str = "mount -t tmpfs scratch /mnt
mkdir /mnt/layer /mnt/work /mnt/root
mount -t overlay -o lowerdir=/,upperdir=/mnt/layer,workdir=/mnt/work overlay /mnt/root
mount --bind /dev /mnt/root/dev
rm -r /mnt/root/etc/selinux";

/// What the package may ask for, without versions.
const REQUIRED: [&str; 13] = [
    "/bin/sh",
    "config",
    "gawk",
    "grep",
    "libc.so.6",
    "libgcc_s.so.1",
    "libm.so.6",
    "libpam.so.0",
    "pam",
    "rpmlib",
    "rtld",
    "sed",
    "systemd",
];

/// What the build makes, and the bytes of the same build in other circumstances.
struct Packages {
    package: PathBuf,
    newer: PathBuf,
    once: Vec<u8>,
    again: Vec<u8>,
}

static PACKAGES: LazyLock<Packages> = LazyLock::new(|| {
    let package = built();
    let once = fs::read(&package).unwrap();
    let elsewhere = "umask 077; TZ=Asia/Tokyo LC_ALL=tr_TR.UTF-8 USER=nobody exec packaging/rpm/build --into target/test-packages";
    let time = asked_of(&package, &["--queryformat", "%{BUILDTIME}"]);
    let time = format!("SOURCE_DATE_EPOCH={}", time.join(""));
    let again = fs::read(build(&["env", &time, "sh", "-c", elsewhere])).unwrap();
    Packages {
        newer: build(&[
            "packaging/rpm/build",
            "--version",
            NEWER,
            "--into",
            FOR_TESTS,
        ]),
        package,
        once,
        again,
    }
});

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The package under test.
fn built() -> PathBuf {
    let name = format!("otpair-{VERSION}-1.{ARCH}.rpm");
    let package = workspace().join("target/packages").join(name);
    assert!(
        package.is_file(),
        "the package is not built: run ./package rpm first"
    );
    package
}

fn build(words: &[&str]) -> PathBuf {
    let output = Command::new(words[0])
        .args(&words[1..])
        .current_dir(workspace())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", told(&output));
    let said = String::from_utf8(output.stdout).unwrap();
    workspace().join(said.lines().last().unwrap())
}

/// What rpm says of the package's file.
fn asked(question: &[&str]) -> Vec<String> {
    asked_of(&PACKAGES.package, question)
}

fn asked_of(package: &Path, question: &[&str]) -> Vec<String> {
    let output = Command::new("rpm")
        .args(["--query", "--package"])
        .args(question)
        .arg(package)
        .output()
        .expect("rpm is missing: install the Debian package rpm");
    assert!(output.status.success(), "{}", told(&output));
    let said = String::from_utf8(output.stdout).unwrap();
    said.lines().map(str::to_owned).collect()
}

#[test]
fn two_builds_are_the_same_to_the_byte() {
    assert!(
        PACKAGES.once == PACKAGES.again,
        "they differ: diffoscope says where"
    );
    let host = asked(&["--queryformat", "%{BUILDHOST}"]);
    assert_eq!(host, ["localhost"]);
}

#[test]
fn rpmlint_has_nothing_to_say() {
    let output = Command::new("rpmlint")
        .args(["--strict", "--config", "packaging/rpm/rpmlint.toml"])
        .arg("packaging/rpm/otpair.spec")
        .arg(&PACKAGES.package)
        .current_dir(workspace())
        .output()
        .expect("rpmlint is missing: install the Debian package rpmlint");
    let said = told(&output);
    assert!(
        output.status.success() && said.contains(" 0 errors, 0 warnings"),
        "{said}"
    );
}

/// RHEL 9 has glibc 2.34.
#[test]
fn it_needs_nothing_that_fedora_and_rhel_9_lack() {
    let mut newest = (0, 0);
    for line in asked(&["--requires"]) {
        if let Some(version) = line.split("(GLIBC_").nth(1) {
            let version = version.split(')').next().unwrap();
            let mut numbers = version
                .split('.')
                .map(|number| number.parse::<u32>().unwrap());
            newest = newest.max((numbers.next().unwrap(), numbers.next().unwrap()));
        }
        let name = line.split(['(', ' ']).next().unwrap();
        assert!(
            REQUIRED.contains(&name) || name.starts_with("ld-linux"),
            "{line}"
        );
    }
    assert!(newest > (2, 0) && newest <= (2, 34), "glibc {newest:?}");
}

#[test]
fn the_module_is_no_library_for_others_and_only_the_config_is_the_admins() {
    let provided = asked(&["--provides"]);
    assert!(
        provided
            .iter()
            .all(|line| line.starts_with("otpair") || line.starts_with("config(otpair)")),
        "{provided:?}"
    );
    assert_eq!(asked(&["--configfiles"]), ["/etc/otpair/otpair.toml"]);
    let files = asked(&["--queryformat", "[%{FILEUSERNAME}:%{FILEGROUPNAME}\n]"]);
    assert!(files.iter().all(|owner| owner == "root:root"), "{files:?}");
    let install = Page::read("doors/fedora.md")
        .block("sh dnf")
        .replace("dnf install", "ls");
    let found = Command::new("sh")
        .args(["-euc", &install])
        .current_dir(PACKAGES.package.parent().unwrap())
        .output()
        .unwrap();
    assert!(
        told(&found).contains(&name(&PACKAGES.package)),
        "the page has another name: {}",
        told(&found)
    );
}

/// A container like one of Fedora's as far as it matters here: no otpair, presets that enable nothing, and a user who
/// may use sudo.
fn container() -> Container {
    LazyLock::force(&PACKAGES);
    let container = Container::boot();
    container.done("sh", &["-euc", &format!("
        modules=$(dirname $(find /usr/lib /lib -name pam_unix.so | head -n 1))
        rm -rf /usr/bin/otpair /usr/libexec/otpair /etc/otpair /etc/systemd/system/otpair-* $modules/pam_otpair.so
        ln -s {MODULE} $modules/pam_otpair.so
        systemctl daemon-reload
        echo 'disable *' >/usr/lib/systemd/system-preset/99-default.preset
        printf 'Defaults !lecture\\nroot ALL=(ALL) NOPASSWD: ALL\\nalice ALL=(ALL) ALL\\n' >/etc/sudoers
        rm -rf /etc/sudoers.d /root/.rpmdb
        mkdir -p /root/packages /etc/systemd/system-preset
        printf 'SELINUX=permissive\\nSELINUXTYPE=default\\n' >/etc/selinux/config
    ")]);
    for package in [&PACKAGES.package, &PACKAGES.newer] {
        let name = package.file_name().unwrap().to_string_lossy();
        container.write(
            &format!("/root/packages/{name}"),
            fs::read(package).unwrap(),
        );
    }
    container
}

fn inside(package: &Path) -> String {
    format!(
        "/root/packages/{}",
        package.file_name().unwrap().to_string_lossy()
    )
}

/// rpm in the container. What the package needs is there, but rpm did not put it there.
fn rpm(container: &Container, arguments: &[&str]) -> Output {
    container.run(
        "rpm",
        &[&["--dbpath", "/var/lib/rpm", "--nodeps"], arguments].concat(),
    )
}

#[track_caller]
fn rpm_does(container: &Container, arguments: &[&str]) {
    let output = rpm(container, arguments);
    assert!(
        output.status.success(),
        "rpm {arguments:?}: {}",
        told(&output)
    );
}

/// What rpm says is installed.
fn installed(container: &Container) -> String {
    let database = ["--dbpath", "/var/lib/rpm"];
    let said = container.done("rpm", &[&database[..], &["--query", "otpair"]].concat());
    said.trim().to_owned()
}

/// The same of a package's file.
fn name(package: &Path) -> String {
    package.file_stem().unwrap().to_string_lossy().into_owned()
}

/// Whether the policy has otpair's module in it.
fn has_policy(container: &Container) -> bool {
    let modules = container.done("semodule", &["--list-modules"]);
    modules.lines().any(|module| module == "otpair")
}

/// A container with the package, and PAM's files as they were before.
fn with_package() -> (Container, BTreeMap<String, Vec<u8>>) {
    let container = container();
    let before = pam_files(&container);
    rpm_does(&container, &["--install", &inside(&PACKAGES.package)]);
    (container, before)
}

/// Puts otpair in front of sshd and sudo, and pairs a token at sshd.
fn switch_on(container: &Container) -> Token {
    let token = Token::hotp("12345678");
    container.write("/root/tokens.txt", token.uri());
    container.done("otpair", &["import", "/root/tokens.txt"]);
    container.done("otpair", &["protect", "sshd", "sudo", "--revert-in", "7d"]);
    container.done("otpair", &["protect", "--confirm"]);
    let first = [
        (PASSWORD, ALICE.password),
        (SERIAL, &token.serial),
        (PASSCODE, &token.press(0)),
    ];
    assert!(at_sshd(container, &first));
    token
}

fn pam_files(container: &Container) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(container.path("/etc/pam.d"))
        .unwrap()
        .map(|file| file.unwrap());
    files
        .map(|file| {
            (
                file.file_name().into_string().unwrap(),
                fs::read(file.path()).unwrap(),
            )
        })
        .collect()
}

/// Follows a script; whether that is all that is asked and Alice is in.
fn follow(command: Command, script: &[(&str, &str)]) -> bool {
    let mut terminal = Terminal::start(command);
    for (prompt, answer) in script {
        terminal.expect(prompt);
        terminal.send_line(answer);
    }
    terminal.wait_for(&[IN, SERIAL, PASSCODE, "assword: ", "denied"]) == Some(0)
}

fn at_sshd(container: &Container, script: &[(&str, &str)]) -> bool {
    let mut ssh = container.command("setsid");
    ssh.args(["-c", "ssh", "-tt", "-Fnone", "-oStrictHostKeyChecking=no"]);
    ssh.args([
        "-oUserKnownHostsFile=/dev/null",
        "-oLogLevel=ERROR",
        "-oNumberOfPasswordPrompts=1",
    ]);
    ssh.args(["alice@127.0.0.1", &format!("echo {IN}$(id -un)")]);
    follow(ssh, script)
}

fn at_sudo(container: &Container, script: &[(&str, &str)]) -> bool {
    let mut sudo = container.command("setsid");
    sudo.args([
        "-c",
        "setpriv",
        "--reuid=alice",
        "--regid=alice",
        "--init-groups",
        "sudo",
        "-k",
    ]);
    sudo.args(["sh", "-c", &format!("echo {IN}$(id -un)")]);
    follow(sudo, script)
}

fn state(container: &Container, question: &str) -> String {
    let output = container.run("systemctl", &[question, SOCKET]);
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn installed_it_changes_no_sign_on_and_erased_it_leaves_them_as_they_were() {
    let (container, before) = with_package();
    assert_eq!(pam_files(&container), before);
    assert!(at_sshd(&container, &[(PASSWORD, ALICE.password)]));
    assert!(has_policy(&container));
    assert_eq!(state(&container, "is-enabled"), "enabled");
    assert_eq!(state(&container, "is-active"), "active");
    let token = switch_on(&container);
    pairs_and_signs_on(&container, &token);
    is_refused_while_a_line_by_hand_names_the_module(&container, &token);
    erase(&container);
    assert_eq!(pam_files(&container), before);
    assert!(at_sshd(&container, &[(PASSWORD, ALICE.password)]));
    assert!(at_sudo(&container, &[(SUDO, ALICE.password)]));
    installs_into_a_root_that_does_not_run(&container);
}

/// As an image is made, one without SELinux: nothing of it is started, and an admin's preset counts.
fn installs_into_a_root_that_does_not_run(container: &Container) {
    container.done("sh", &["-euc", SCRATCH_ROOT]);
    let package = inside(&PACKAGES.package);
    let install = ["--root", "/mnt/root", "--install", &package];
    rpm_does(container, &install);
    let link = "/mnt/root/etc/systemd/system/sockets.target.wants/otpair-helper.socket";
    container.done("test", &["-h", link]);
    container.done("test", &["-d", "/mnt/root/var/lib/otpair"]);
    assert_eq!(state(container, "is-active"), "inactive");
    let refused = "auth required pam_otpair.so\n";
    container.write("/mnt/root/etc/pam.d/a-door-of-my-own", refused);
    let erase = ["--root", "/mnt/root", "--erase", "otpair"];
    assert!(!rpm(container, &erase).status.success());
    container.done("rm", &["/mnt/root/etc/pam.d/a-door-of-my-own"]);
    rpm_does(container, &erase);
    container.write(
        "/mnt/root/etc/systemd/system-preset/00-mine.preset",
        "disable otpair-*\n",
    );
    rpm_does(container, &install);
    container.done("test", &["!", "-h", link]);
}

fn pairs_and_signs_on(container: &Container, token: &Token) {
    let doctor = container.done("otpair", &["doctor"]);
    assert!(!doctor.contains("STOPS"), "{doctor}");
    let sudos = [(SUDO, ALICE.password), (PASSCODE, &token.press(1))];
    assert!(at_sudo(container, &sudos));
    let spent = [(PASSWORD, ALICE.password), (PASSCODE, &*token.press(1))];
    assert!(!at_sshd(container, &spent));
}

fn is_refused_while_a_line_by_hand_names_the_module(container: &Container, token: &Token) {
    let by_hand = "/etc/pam.d/a-door-of-my-own";
    container.write(
        by_hand,
        "auth requisite pam_unix.so\nauth required pam_otpair.so\n",
    );
    let protected = pam_files(container);
    let output = rpm(container, &["--erase", "otpair"]);
    assert!(
        !output.status.success() && told(&output).contains(by_hand),
        "{}",
        told(&output)
    );
    assert_eq!(pam_files(container), protected);
    assert_eq!(installed(container), name(&PACKAGES.package));
    let script = [(PASSWORD, ALICE.password), (PASSCODE, &*token.press(2))];
    assert!(at_sshd(container, &script));
    assert_eq!(state(container, "is-active"), "active");
    // A line that only otpair finds: it is in none of PAM's folders.
    container.write("/etc/otherwhere", "auth required pam_otpair.so\n");
    container.write(by_hand, "auth include /etc/otherwhere\n");
    let protected = pam_files(container);
    let output = rpm(container, &["--erase", "otpair"]);
    let said = told(&output);
    assert!(
        !output.status.success() && said.contains("otpair stays installed"),
        "{said}"
    );
    assert_eq!(pam_files(container), protected);
    fs::remove_file(container.path(by_hand)).unwrap();
}

fn erase(container: &Container) {
    let as_on_fedora = "/etc/pam.d/a-door-of-fedoras";
    container.write(as_on_fedora, "auth  include  otpair-password-auth\n");
    let output = rpm(container, &["--erase", "otpair"]);
    assert!(output.status.success(), "{}", told(&output));
    assert!(told(&output).contains(as_on_fedora), "{}", told(&output));
    fs::remove_file(container.path(as_on_fedora)).unwrap();
    assert!(!has_policy(container));
    for gone in [
        MODULE,
        "/usr/bin/otpair",
        "/usr/libexec/otpair",
        "/etc/otpair",
    ] {
        assert!(!container.path(gone).exists(), "{gone} is left");
    }
    let seeds = "/var/lib/otpair/inventory.db";
    assert!(container.path(seeds).exists(), "the seeds are gone");
    assert_eq!(state(container, "is-active"), "inactive");
}

#[test]
fn an_upgrade_in_the_midst_of_sign_ons_fails_none_and_keeps_what_the_admin_has_set() {
    let (container, _) = with_package();
    let token = switch_on(&container);
    let config = "[sign_on]\nattempts = 2\n";
    container.write("/etc/otpair/otpair.toml", config);
    container.done("systemctl", &["disable", "--now", SOCKET]);
    let (signed_on, is_over) = (AtomicU32::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            for press in 1.. {
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                let script = [(PASSWORD, ALICE.password), (PASSCODE, &*token.press(press))];
                assert!(at_sshd(&container, &script), "sign-on {press} failed");
                signed_on.fetch_add(1, Ordering::Relaxed);
            }
        });
        let count = || signed_on.load(Ordering::Relaxed);
        let wait_for_two_more = || {
            let now = count();
            container.wait_until("two more sign-ons", |_| count() >= now + 2);
        };
        wait_for_two_more();
        let begin = count();
        let traced = [
            "-f",
            "-o",
            "/root/trace",
            "-e",
            "trace=/^(rename|unlink|link)",
            "rpm",
            "--dbpath",
            "/var/lib/rpm",
            "--nodeps",
            "--upgrade",
        ];
        container.done(
            "strace",
            &[&traced[..], &[&inside(&PACKAGES.newer)]].concat(),
        );
        assert!(count() > begin, "no sign-on fell into the upgrade");
        wait_for_two_more();
        is_over.store(true, Ordering::Relaxed);
    });
    let trace = String::from_utf8(container.read("/root/trace")).unwrap();
    let of_the_module: Vec<_> = trace
        .lines()
        .filter(|line| line.contains("pam_otpair.so\""))
        .collect();
    assert!(
        of_the_module.len() == 1 && of_the_module[0].contains("rename"),
        "it was not renamed over, once: {of_the_module:#?}"
    );
    assert_eq!(installed(&container), name(&PACKAGES.newer));
    assert_eq!(container.read("/etc/otpair/otpair.toml"), config.as_bytes());
    assert_eq!(state(&container, "is-enabled"), "disabled");
}
