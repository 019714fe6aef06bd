//! Switching otpair on where systemd is there: in a container that it has booted, at a real sshd.

use otpair_tests::container::Container;
use otpair_tests::machine::{ALICE, told};
use otpair_tests::page::Page;
use otpair_tests::terminal::Terminal;
use otpair_tests::token::Token;

const PASSWORD: &str = "Password: ";
const PASSCODE: &str = "Passcode: ";
const IN: &str = "signed on as alice";
const PENDING: &str = "/etc/otpair/protect.pending";
const OPTIONS: [&str; 5] = [
    "-Fnone",
    "-oStrictHostKeyChecking=no",
    "-oUserKnownHostsFile=/dev/null",
    "-oLogLevel=ERROR",
    "-oNumberOfPasswordPrompts=1",
];

/// A container in which Alice has a token.
fn booted() -> (Container, Token) {
    let container = Container::boot();
    let token = Token::hotp("12345678");
    container.write("/root/tokens.txt", token.uri());
    container.done("otpair", &["import", "/root/tokens.txt"]);
    container.done("otpair", &["user", "pair", "alice", "12345678"]);
    (container, token)
}

fn ssh(container: &Container, user: &str, command: &[&str]) -> Terminal {
    let mut ssh = container.command("setsid");
    ssh.args(["-c", "ssh", "-tt"]).args(OPTIONS);
    ssh.arg(format!("{user}@127.0.0.1")).args(command);
    Terminal::start(ssh)
}

/// Signs on with the password, and with a passcode if one is given. Whether that is all that sshd wants.
fn signs_on(container: &Container, passcode: Option<&str>) -> bool {
    let mut terminal = ssh(container, "alice", &["echo signed on as $(id -un)"]);
    terminal.expect(PASSWORD);
    terminal.send_line(ALICE.password);
    if let Some(passcode) = passcode {
        terminal.expect(PASSCODE);
        terminal.send_line(passcode);
    }
    terminal.wait_for(&[IN, PASSCODE, "assword: ", "denied"]) == Some(0)
}

/// Fails if a password alone, without a key, opens sshd.
#[track_caller]
fn assert_password_alone_opens_nothing(container: &Container, when: &str) {
    let mut ssh = container.command("setsid");
    ssh.args(["-c", "ssh", "-tt"]).args(OPTIONS);
    ssh.args(["-oPubkeyAuthentication=no", "alice@127.0.0.1"]);
    ssh.arg("echo signed on as $(id -un)");
    let mut terminal = Terminal::start(ssh);
    let mut came = terminal.wait_for(&[IN, PASSCODE, "assword: ", "denied"]);
    if came == Some(2) {
        terminal.send_line(ALICE.password);
        came = terminal.wait_for(&[IN, PASSCODE, "denied"]);
    }
    assert!(
        came.is_some_and(|came| came > 0),
        "{when}: {}",
        terminal.transcript()
    );
}

fn sshd_file(container: &Container) -> Vec<u8> {
    container.read("/etc/pam.d/sshd")
}

#[test]
fn with_a_broken_config_sshd_puts_itself_back_when_the_admin_and_otpair_are_gone() {
    let (container, token) = booted();
    let before = sshd_file(&container);
    assert!(signs_on(&container, None));
    let mut admin = ssh(
        &container,
        "root",
        &["otpair protect sshd --revert-in 30s; exec sh"],
    );
    admin.expect("otpair protect --confirm");
    assert!(signs_on(&container, Some(&token.press(0))));
    container.write("/etc/otpair/otpair.toml", "[nonsense");
    let killed = container.run("pkill", &["-KILL", "-t", "pts/0"]);
    assert!(killed.status.success(), "{}", told(&killed));
    container.run("pkill", &["-KILL", "otpair"]);
    assert!(
        !signs_on(&container, None),
        "sshd let somebody in past a broken config"
    );
    container.wait_until("sshd's file is as it was", |container| {
        sshd_file(container) == before
    });
    assert!(signs_on(&container, None));
    container.wait_until("nothing is pending", |container| {
        !container.path(PENDING).exists()
    });
}

#[test]
fn a_power_cut_before_the_confirmation_takes_it_back_at_boot() {
    let (mut container, _) = booted();
    let before = sshd_file(&container);
    container.done("otpair", &["protect", "sshd", "--revert-in", "7d"]);
    // What starts other services in between is not a boot.
    container.done("systemctl", &["restart", "ssh.service"]);
    container.done("systemctl", &["start", "multi-user.target"]);
    assert_ne!(sshd_file(&container), before);
    assert!(!signs_on(&container, None));
    let order =
        |unit: &str, of: &str| container.done("systemctl", &["show", "--value", "-p", of, unit]);
    let boot = "otpair-revert-at-boot.service";
    assert!(order(boot, "Before").contains("sysinit.target"));
    assert!(order("ssh.service", "After").contains("sysinit.target"));
    container.power_cycle();
    assert_eq!(sshd_file(&container), before);
    assert!(signs_on(&container, None));
    assert!(!container.path(PENDING).exists());
    let unit = format!("/etc/systemd/system/{boot}");
    assert!(!container.path(unit).exists());
    let log = String::from_utf8(container.read("/var/log/otpair.jsonl")).unwrap();
    assert!(
        log.contains("\"unprotected\"") && log.contains("\"sshd\""),
        "{log}"
    );
}

#[test]
fn what_is_confirmed_stays_over_a_boot_and_beside_pam_auth_update() {
    let (mut container, token) = booted();
    container.done("otpair", &["protect", "sshd", "--revert-in", "7d"]);
    container.done("otpair", &["protect", "--confirm"]);
    let confirmed = sshd_file(&container);
    let timers = container.done("systemctl", &["list-timers", "--all", "--no-pager"]);
    assert!(!timers.contains("otpair"), "{timers}");
    container.done(
        "env",
        &[
            "DEBIAN_FRONTEND=noninteractive",
            "pam-auth-update",
            "--package",
        ],
    );
    container.power_cycle();
    assert_eq!(sshd_file(&container), confirmed);
    assert!(signs_on(&container, Some(&token.press(0))));
    container.done("otpair", &["unprotect", "sshd"]);
    assert!(signs_on(&container, None));
}

#[test]
fn a_second_protect_begins_systemds_wait_anew() {
    let (container, _) = booted();
    let sudo = container.read("/etc/pam.d/sudo");
    let sshd = sshd_file(&container);
    container.done("otpair", &["protect", "sshd", "--revert-in", "7d"]);
    container.done("otpair", &["protect", "sudo", "--revert-in", "1s"]);
    container.wait_until("both are as they were", |container| {
        sshd_file(container) == sshd && container.read("/etc/pam.d/sudo") == sudo
    });
}

#[test]
fn a_broken_otpair_does_not_keep_it_from_being_taken_back() {
    let (container, _) = booted();
    let before = sshd_file(&container);
    container.done("otpair", &["protect", "sshd", "--revert-in", "2s"]);
    container.write("/usr/bin/otpair", "#!/bin/sh\nexit 1\n");
    container.wait_until("sshd's file is as it was", |container| {
        sshd_file(container) == before
    });
    container.wait_until("nothing is pending", |container| {
        !container.path(PENDING).exists()
    });
}

/// As in cloud images: sshd takes keys, and neither a password nor what PAM asks.
fn take_keys_only(container: &Container) {
    let own = String::from_utf8(container.read("/etc/ssh/sshd_config")).unwrap();
    let own = own.replace(
        "KbdInteractiveAuthentication yes",
        "KbdInteractiveAuthentication no",
    );
    let include = "Include /etc/ssh/sshd_config.d/*.conf\n";
    container.write("/etc/ssh/sshd_config", include.to_owned() + &own);
    let key = "
        mkdir -p /etc/ssh/sshd_config.d /etc/ssh/keys
        cp /root/.ssh/id_ed25519.pub /etc/ssh/keys/alice
        echo 'AuthorizedKeysFile .ssh/authorized_keys /etc/ssh/keys/%u' >/etc/ssh/sshd_config.d/50-keys.conf
        systemctl reload ssh";
    run(container, key);
}

/// Runs what a page has. A reload is over before sshd listens again, and a restart is not.
fn run(container: &Container, commands: &str) {
    container.done("sh", &["-euc", commands]);
    if commands.contains("reload") {
        container.done("systemctl", &["restart", "ssh"]);
    }
}

#[test]
fn where_keys_alone_open_sshd_a_password_alone_never_does_on_the_pages_way_in_and_out() {
    let (container, token) = booted();
    take_keys_only(&container);
    assert_password_alone_opens_nothing(&container, "before");
    let page = Page::read("doors/switching-on.md");
    for step in page.steps().iter().filter(|step| step.by.is_empty()) {
        if step.commands.contains("--confirm") {
            break;
        }
        // sudo is another test's.
        let commands = step.commands.replace("sshd sudo", "sshd");
        run(&container, &commands);
        assert_password_alone_opens_nothing(&container, &commands);
    }
    assert!(signs_on(&container, Some(&token.press(0))));
    container.done("otpair", &["protect", "--revert"]);
    assert_password_alone_opens_nothing(&container, "taken back by the timer");
    container.done("otpair", &["protect", "sshd"]);
    container.done("otpair", &["protect", "--confirm"]);
    assert_password_alone_opens_nothing(&container, "protected again");
    for command in page.block("sh sshd out").lines() {
        run(&container, command);
        assert_password_alone_opens_nothing(&container, command);
    }
    let mut ssh = ssh(&container, "alice", &["echo signed on as $(id -un)"]);
    assert_eq!(ssh.wait_for(&[IN, "assword: "]), Some(0));
}
