//! What only one door has: sudo's options, scp, sshd's junk for people who may not sign on, and networks.

use otpair_tests::dialog::PASSCODE;
use otpair_tests::door;
use otpair_tests::machine::{ALICE, DAVE, Machine, told};
use otpair_tests::scenario::paired;
use otpair_tests::terminal::Terminal;
use otpair_tests::token::now;

const PASSWORD: &str = "Password: ";
const SUDO_PASSWORD: &str = "[sudo] password for alice: ";

#[test]
fn sudo_n_fails_at_once_and_counts_nothing() {
    let (machine, token) = paired();
    let who = ["--reuid", "alice", "--regid", "alice", "--init-groups"];
    let output = machine.run(
        "setpriv",
        &[who.as_slice(), &["sudo", "-n", "true"]].concat(),
    );
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert_eq!(machine.user(ALICE)["failures"], 0);
    let sudo = door::sudo_from_stdin(&machine);
    let script = [
        ("[sudo] password for ", ALICE.password),
        (PASSCODE, &*token.press(0)),
    ];
    assert!(sudo.sign_on(&machine, ALICE, &script).granted);
}

#[test]
fn sudo_k_forgets_and_the_next_sudo_asks_again() {
    let (machine, token) = paired();
    let mut command = machine.command("setsid");
    command.args([
        "-c",
        "setpriv",
        "--reuid",
        "alice",
        "--regid",
        "alice",
        "--init-groups",
        "sh",
    ]);
    let mut terminal = Terminal::start(command);
    terminal.expect("$ ");
    terminal.send_line("sudo echo o''ne");
    terminal.expect(SUDO_PASSWORD);
    terminal.send_line(ALICE.password);
    terminal.expect(PASSCODE);
    terminal.send_line(&token.press(0));
    terminal.expect("one\r\n");
    terminal.send_line("sudo echo t''wo");
    terminal.expect("two\r\n");
    terminal.send_line("sudo -k; sudo echo t''hree");
    terminal.expect(SUDO_PASSWORD);
    terminal.send_line(ALICE.password);
    terminal.expect(PASSCODE);
    terminal.send_line(&token.press(1));
    terminal.expect("three\r\n");
    terminal.send_line("exit");
    let (_, transcript) = terminal.finish();
    assert_eq!(transcript.matches("Passcode: ").count(), 2, "{transcript}");
}

#[test]
fn sudo_p_replaces_every_prompt_and_the_passcode_still_counts() {
    let (machine, token) = paired();
    let answers = format!("{}\n{}\n", ALICE.password, token.press(0));
    let who = ["--reuid", "alice", "--regid", "alice", "--init-groups"];
    let what = ["sudo", "-S", "-k", "-p", "say: ", "echo", "in"];
    let output = machine.run_with("setpriv", &[who.as_slice(), &what].concat(), &answers);
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "in\n",
        "{}",
        told(&output)
    );
}

#[test]
fn sudo_whose_input_ends_fails_and_counts_nothing() {
    let (machine, _) = paired();
    let who = ["--reuid", "alice", "--regid", "alice", "--init-groups"];
    let what = ["sudo", "-S", "-k", "true"];
    let output = machine.run_with("setpriv", &[who.as_slice(), &what].concat(), "alice-pw\n");
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert_eq!(machine.user(ALICE)["failures"], 0);
}

#[test]
fn a_passcode_is_never_shown_on_the_terminal() {
    let (machine, token) = paired();
    let su = door::su(&machine);
    let passcode = token.press(0);
    let visit = su.sign_on(
        &machine,
        ALICE,
        &[(PASSWORD, ALICE.password), (PASSCODE, &passcode)],
    );
    assert!(
        visit.granted && !visit.says(&passcode),
        "{}",
        visit.transcript
    );
}

#[test]
fn scp_copies_a_file_after_password_and_passcode() {
    let (machine, token) = paired();
    let copied = door::scp(
        &machine,
        ALICE,
        &[(PASSWORD, ALICE.password), (PASSCODE, &token.press(0))],
    );
    assert!(copied.granted, "{}", copied.transcript);
}

#[test]
fn somebody_whom_sshd_denies_gets_in_nowhere_and_spends_and_counts_nothing() {
    let (machine, token) = paired();
    let script = [(PASSWORD, ALICE.password), (PASSCODE, &*token.press(0))];
    // A stack in which the junk that sshd sends instead of answers gets as far as otpair.
    machine.pam_service(
        "sshd",
        &[
            "required pam_unix.so",
            "required /run/machine/pam_otpair.so config=/etc/otpair/otpair.toml",
        ],
    );
    machine.write("/etc/ssh/sshd_config.d/deny.conf", "DenyUsers alice\n");
    let ssh = door::ssh_asking(&machine);
    let three = [script[0], script[1], script[1], script[1]];
    let visit = ssh.sign_on(&machine, ALICE, &three);
    assert!(!visit.granted, "{}", visit.transcript);
    assert_eq!(machine.user(ALICE)["failures"], 0);
    let su = door::su(&machine);
    assert!(
        su.sign_on(&machine, ALICE, &script).granted,
        "the passcode was spent"
    );
}

#[test]
fn from_a_trusted_network_ssh_asks_for_the_password_only() {
    let (machine, _) = paired();
    machine.config("[service.sshd]\ntrusted_networks = [\"127.0.0.0/8\"]\n");
    let ssh = door::ssh_asking(&machine);
    assert!(
        ssh.sign_on(&machine, ALICE, &[(PASSWORD, ALICE.password)])
            .granted
    );
}

#[test]
fn a_wrong_password_never_reaches_otpair() {
    let (machine, _) = paired();
    for open in [door::ssh_asking, door::su, door::login] {
        let door = open(&machine);
        let visit = door.sign_on(&machine, ALICE, &[(PASSWORD, "wrong")]);
        assert!(!visit.granted, "{}", visit.transcript);
    }
    assert_eq!(machine.events("denied").len(), 0);
}

#[test]
fn somebody_without_a_token_is_turned_away_at_every_kind_of_door_where_the_config_says_deny() {
    let machine = Machine::new();
    machine.config("[sign_on]\nunpaired = \"deny\"\n");
    for open in [door::ssh_asking, door::login, door::pamtester] {
        let door = open(&machine);
        let visit = door.sign_on(&machine, DAVE, &[(PASSWORD, DAVE.password)]);
        assert!(!visit.granted, "{}", visit.transcript);
    }
}

#[test]
fn after_the_last_attempt_at_ssh_the_right_password_alone_opens_nothing() {
    let (machine, token) = paired();
    let _ssh = door::ssh_asking(&machine);
    let mut command = machine.command("setsid");
    let options = [
        "-Fnone",
        "-oStrictHostKeyChecking=no",
        "-oUserKnownHostsFile=/dev/null",
    ];
    command
        .args(["-c", "ssh"])
        .args(options)
        .args(["-tt", "alice@127.0.0.1"]);
    let mut terminal = Terminal::start(command);
    terminal.expect(PASSWORD);
    terminal.send_line(ALICE.password);
    for _ in 0..3 {
        terminal.expect(PASSCODE);
        terminal.send_line(&token.wrong());
    }
    // The client's own last resort, whatever sshd still offers.
    while terminal.wait_for(&["assword: "]).is_some() {
        terminal.send_line(ALICE.password);
    }
    let (status, transcript) = terminal.finish();
    assert!(
        !status.success() && !transcript.contains(door::SIGNED_ON),
        "{transcript}"
    );
}

#[test]
fn a_lock_runs_out_at_the_console() {
    let (machine, token) = paired();
    machine.config("[throttle]\nmax_failures = 3\nfirst_wait = \"30m\"\n");
    let console = door::login(&machine);
    let wrong = token.wrong();
    let failure = (PASSCODE, &*wrong);
    let script = [(PASSWORD, ALICE.password), failure, failure, failure];
    assert!(!console.sign_on(&machine, ALICE, &script).granted);
    let mut later = machine.command_at(now() + 31 * 60, "setsid");
    // -p: the time of libfaketime stands in the environment.
    later.args(["-c", "login", "-p", "alice"]);
    let mut terminal = Terminal::start(later);
    terminal.expect(PASSWORD);
    terminal.send_line(ALICE.password);
    terminal.expect(PASSCODE);
    terminal.send_line(&token.press(0));
    terminal.expect(door::SIGNED_ON);
}
