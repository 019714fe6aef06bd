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
    if commands.contains("systemctl reload") {
        container.done("systemctl", &["restart", "ssh"]);
    }
}

/// Whether Alice's key opens sshd, and nothing more is asked.
fn key_alone_signs_on(container: &Container) -> bool {
    let mut ssh = ssh(container, "alice", &["echo signed on as $(id -un)"]);
    ssh.wait_for(&[IN, PASSCODE, "assword: ", "denied"]) == Some(0)
}

/// Signs on as the page has it, with the key and a passcode, and in between with the password where there is one.
fn alice_signs_on(container: &Container, page: &Page, password: Option<&str>, passcode: &str) {
    container.write("/root/.ssh/config", "StrictHostKeyChecking no\n");
    let mut alice = container.command("setsid");
    alice.args(["-c", "sh", "-euc", page.block("sh keys alice")]);
    let mut terminal = Terminal::start(alice);
    if let Some(password) = password {
        terminal.expect(PASSWORD);
        terminal.send_line(password);
    }
    let came = terminal.wait_for(&["assword: ", PASSCODE]);
    assert_eq!(came, Some(1), "{}", terminal.transcript());
    terminal.send_line(passcode);
    terminal.expect("$ ");
    terminal.send_line("echo signed on as $(id -un)");
    terminal.expect(IN);
}

/// The page's blocks up to where sshd asks for a passcode too.
fn switch_on_behind_keys(container: &Container, has_passwords: bool) {
    let page = Page::read("doors/switching-on.md");
    let mut blocks = vec!["sh keys", "sh keys without passwords", "sh keys protect"];
    blocks.retain(|words| !(has_passwords && words.contains("without")));
    for words in blocks {
        run(container, page.block(words));
        assert_password_alone_opens_nothing(container, words);
        if words != "sh keys protect" {
            assert!(key_alone_signs_on(container), "{words}");
        }
    }
}

/// Fails if the page's way for an account that can't type anything does not lead in by the key alone.
fn assert_a_job_can_sign_on(container: &Container, has_passwords: bool) {
    let config = "/etc/otpair/otpair.toml";
    let methods = "/etc/ssh/sshd_config.d/60-job.conf";
    let before = container.read(config);
    if has_passwords {
        let own = "Match User alice\n    AuthenticationMethods publickey\n";
        container.write(methods, own);
    } else {
        container.write(config, "[sign_on]\nexempt = [\"alice\"]\n");
    }
    container.done("systemctl", &["restart", "ssh"]);
    assert!(key_alone_signs_on(container));
    container.write(config, before);
    container.done("rm", &["-f", methods]);
}

/// Follows the page in and out. A key alone opens sshd before and after, and a password alone at no moment.
fn in_and_out_behind_keys(has_passwords: bool) {
    let (mut container, token) = booted();
    take_keys_only(&container);
    let before = sshd_file(&container);
    let page = Page::read("doors/switching-on.md");
    let mut presses = token.presses(2).into_iter();
    let password = has_passwords.then_some(ALICE.password);
    assert_password_alone_opens_nothing(&container, "before");
    switch_on_behind_keys(&container, has_passwords);
    assert!(!key_alone_signs_on(&container));
    alice_signs_on(&container, &page, password, &presses.next().unwrap());
    run(&container, page.block("sh keys confirm"));
    let timers = container.done("systemctl", &["list-timers", "--all", "--no-pager"]);
    assert!(!timers.contains("otpair"), "{timers}");
    container.power_cycle();
    assert_password_alone_opens_nothing(&container, "confirmed");
    assert!(!key_alone_signs_on(&container));
    alice_signs_on(&container, &page, password, &presses.next().unwrap());
    assert_a_job_can_sign_on(&container, has_passwords);
    let out = page.block("sh sshd out").lines();
    for command in out.chain([page.block("sh keys out")]) {
        run(&container, command);
        assert_password_alone_opens_nothing(&container, command);
    }
    assert!(key_alone_signs_on(&container));
    assert_eq!(sshd_file(&container), before);
}

#[test]
fn where_keys_alone_open_sshd_the_page_asks_for_password_and_passcode_behind_them() {
    in_and_out_behind_keys(true);
}

#[test]
fn where_keys_alone_open_sshd_and_nobody_has_a_password_the_page_asks_for_a_passcode_only() {
    in_and_out_behind_keys(false);
}

#[test]
fn where_keys_alone_open_sshd_they_do_again_without_a_confirmation_and_after_a_power_cut() {
    let (mut container, _) = booted();
    take_keys_only(&container);
    let is_told = |container: &Container| {
        container
            .path("/etc/ssh/sshd_config.d/00-otpair.conf")
            .exists()
    };
    switch_on_behind_keys(&container, false);
    assert!(is_told(&container) && !key_alone_signs_on(&container));
    container.power_cycle();
    assert!(!is_told(&container) && key_alone_signs_on(&container));
    assert_password_alone_opens_nothing(&container, "after a power cut");
    switch_on_behind_keys(&container, false);
    let timers = container.done("systemctl", &["list-timers", "--no-pager"]);
    assert!(timers.contains("otpair-sshd.timer"), "{timers}");
    // What the timer starts once the ten minutes are over.
    container.done("systemctl", &["start", "otpair-sshd.service"]);
    container.wait_until("a key alone opens sshd again", key_alone_signs_on);
    assert!(!is_told(&container));
    assert_password_alone_opens_nothing(&container, "taken back by the timer");
    let page = Page::read("doors/switching-on.md");
    let late = container.run("sh", &["-euc", page.block("sh keys confirm")]);
    assert!(!late.status.success(), "{}", told(&late));
}

#[test]
fn where_keys_alone_open_sshd_the_steps_for_passwords_tell_it_nothing() {
    let (container, _) = booted();
    take_keys_only(&container);
    for name in ["quick-start.md", "doors/switching-on.md"] {
        let page = Page::read(name);
        let steps = page.steps();
        let tells = |commands: &str| commands.contains(">/etc/ssh/sshd_config.d/");
        let telling = steps.iter().filter(|step| step.by.is_empty());
        let mut telling = telling.filter(|step| tells(step.commands));
        let step = telling.next().unwrap();
        container.run("sh", &["-euc", step.commands]);
        assert!(telling.next().is_none(), "{name}");
        let check = steps
            .iter()
            .find(|step| step.commands.contains("(password|kbd"));
        let answer = container.done("sh", &["-euc", check.unwrap().commands]);
        assert_eq!(answer.matches(" no\n").count(), 2, "{name}: {answer}");
    }
    let told = container.path("/etc/ssh/sshd_config.d/00-otpair.conf");
    assert!(!told.exists() && key_alone_signs_on(&container));
}
