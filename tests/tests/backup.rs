//! `otpair backup` and `otpair restore`, and docs/backup.md. Debian's `age` is the independent reader and writer.

use otpair_tests::dialog::{NEXT, PASSCODE};
use otpair_tests::machine::{ALICE, CACHE, Machine, told};
use otpair_tests::page::Page;
use otpair_tests::scenario::{T, alice, machine_with_paired};
use otpair_tests::terminal::Terminal;
use otpair_tests::token::Token;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;

const PASSPHRASE: &str = "correct horse battery staple";
const FILE: &str = "/root/otpair.age";
const PASSPHRASE_FILE: &str = "/root/passphrase";

fn page() -> Page {
    Page::read("backup.md")
}

/// Types a command in a terminal of the machine.
fn typed(machine: &Machine, command: &str) -> Terminal {
    let mut terminal = machine.command("setsid");
    terminal.args(["-c", "sh", "-euc", command]);
    Terminal::start(terminal)
}

/// Types a command, the passphrase as often as it is asked for, and gives what was shown.
fn with_passphrase(machine: &Machine, command: &str, prompts: &[&str]) -> String {
    let mut terminal = typed(machine, command);
    for prompt in prompts {
        terminal.expect(prompt);
        terminal.send_line(PASSPHRASE);
    }
    let (status, shown) = terminal.finish();
    assert!(status.success(), "{command}: {shown}");
    shown
}

fn with_passphrase_file(machine: &Machine) {
    machine.write(PASSPHRASE_FILE, format!("{PASSPHRASE}\n"));
    machine.chmod(PASSPHRASE_FILE, 0o600);
}

/// Makes a backup, and gives the file.
fn backed_up(machine: &Machine) -> Vec<u8> {
    with_passphrase_file(machine);
    page().follow_block(machine, "sh job", &[]);
    machine.read(FILE)
}

/// Another machine, with a sealing key of its own, that has the backup.
fn other_machine(backup: &[u8]) -> Machine {
    let machine = Machine::new();
    machine.write(FILE, backup);
    with_passphrase_file(&machine);
    machine
}

const RESTORE: [&str; 4] = ["restore", "--passphrase-file", PASSPHRASE_FILE, FILE];

fn restore(machine: &Machine) -> Output {
    machine.otpair(&RESTORE)
}

#[test]
fn a_backup_that_is_typed_opens_with_age_and_is_for_root_alone() {
    let token = Token::totp("12345678");
    let machine = machine_with_paired(&token);
    let asked = ["Passphrase for the backup: ", "The same again: "];
    let shown = with_passphrase(&machine, page().block("sh typed"), &asked);
    assert!(
        shown.contains("In the backup: 1 token and 1 person."),
        "{shown}"
    );
    let mode = machine.path(FILE).metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
    let text = with_passphrase(&machine, page().block("sh look"), &["passphrase"]);
    assert!(
        text.contains("{\"otpair_backup\":{\"version\":1,"),
        "{text}"
    );
    assert!(text.contains(&token.hex()), "{text}");
    assert!(
        text.contains("{\"end\":{\"tokens\":1,\"users\":1}}"),
        "{text}"
    );
    assert_eq!(machine.events("backed_up").len(), 1);
    let again = machine.otpair(&["backup", "--passphrase-file", "/dev/null", FILE]);
    assert!(told(&again).contains("--force"), "{}", told(&again));
}

#[test]
fn what_age_encrypts_is_restored_from_stdin() {
    let token = Token::totp("12345678");
    let machine = machine_with_paired(&token);
    backed_up(&machine);
    let decrypt = format!("age -d -o /root/text {FILE}");
    with_passphrase(&machine, &decrypt, &["passphrase"]);
    let encrypt = "age -p -o /root/by-age /root/text".to_owned();
    with_passphrase(
        &machine,
        &encrypt,
        &["nter passphrase", "onfirm passphrase"],
    );
    let other = other_machine(&machine.read("/root/by-age"));
    let command = format!("otpair restore - <{FILE}");
    let shown = with_passphrase(&other, &command, &["Passphrase of the backup: "]);
    assert!(
        shown.contains("restored 2, unchanged 0, conflict 0, rejected 0"),
        "{shown}"
    );
    assert_eq!(other.serials(ALICE), ["12345678"]);
    assert_eq!(other.events("restored").len(), 2);
}

#[test]
fn a_clock_counts_from_the_restore_on_and_a_counter_takes_two_passcodes() {
    let token = Token::totp("12345678");
    let other = other_machine(&backed_up(&machine_with_paired(&token)));
    other.admin_at(T, &RESTORE);
    let passcode = |time| token.at(time);
    alice().at_time(T).hold(
        &other,
        &[(PASSCODE, &passcode(T)), (PASSCODE, ""), (PASSCODE, "")],
        "PAM_MAXTRIES",
    );
    alice()
        .at_time(T + 30)
        .granted(&other, &[(PASSCODE, &passcode(T + 30))]);

    let token = Token::hotp("12345678");
    let other = other_machine(&backed_up(&machine_with_paired(&token)));
    other.admin(&RESTORE);
    alice().granted(
        &other,
        &[(PASSCODE, &token.press(3)), (NEXT, &token.press(4))],
    );
    alice().granted(&other, &[(PASSCODE, &token.press(5))]);
}

#[test]
fn a_passcode_used_before_a_restore_is_refused_after_it() {
    let token = Token::hotp("12345678");
    let machine = machine_with_paired(&token);
    // So that the doctor finds somebody who could sign on.
    machine.import(&[&Token::hotp("22222222")]);
    backed_up(&machine);
    alice().granted(&machine, &[(PASSCODE, &token.press(0))]);
    machine.admin(&["token", "disable", "12345678"]);
    page().follow_block(&machine, "sh restore", &[]);
    assert_eq!(machine.token(&token)["state"], "disabled");
    machine.admin(&["token", "enable", "12345678"]);
    let spent = [(PASSCODE, &*token.press(0)), (PASSCODE, ""), (PASSCODE, "")];
    let done = alice().hold(&machine, &spent, "PAM_MAXTRIES");
    assert!(done.says("That passcode was already used. Wait for the next one."));
    alice().granted(&machine, &[(PASSCODE, &token.press(1))]);
}

#[test]
fn a_backup_that_is_not_whole_or_not_opened_changes_nothing() {
    let whole = backed_up(&machine_with_paired(&Token::totp("12345678")));
    let other = other_machine(&whole);
    other.write("/root/wrong", "another passphrase\n");
    let wrong = other.otpair(&["restore", "--passphrase-file", "/root/wrong", FILE]);
    assert!(
        told(&wrong).contains("the passphrase is not the one"),
        "{}",
        told(&wrong)
    );
    other.write(FILE, &whole[..whole.len() - 1]);
    let cut = restore(&other);
    assert!(
        told(&cut).contains("its end is missing; nothing was restored"),
        "{}",
        told(&cut)
    );
    assert!(
        [wrong, cut]
            .iter()
            .all(|output| output.status.code() == Some(1))
    );
    assert!(!other.path(format!("{CACHE}/inventory.db")).exists());
}

#[test]
fn what_is_otherwise_here_is_left_and_named() {
    let token = Token::totp("12345678");
    let backup = backed_up(&machine_with_paired(&token));
    let other = other_machine(&backup);
    other.import(&[&token.clone().seed_length(32)]);
    let left = restore(&other);
    assert_eq!(left.status.code(), Some(1));
    let why = "token 12345678: it is here with another seed or other parameters";
    assert!(told(&left).contains(why), "{}", told(&left));
    let strange = other_machine(&backup);
    strange.done("sed", &["-i", "/^alice:/s/:[0-9]*:/:4321:/", "/etc/passwd"]);
    let left = restore(&strange);
    assert_eq!(left.status.code(), Some(1));
    assert!(
        told(&left).contains("in the backup, but 4321 here"),
        "{}",
        told(&left)
    );
    let held = strange.otpair(&["user", "pair", "bob", "12345678"]);
    assert!(told(&held).contains("with alice"), "{}", told(&held));
}

#[test]
fn a_token_that_was_unpaired_since_is_theirs_again_and_that_is_told_and_logged() {
    let machine = machine_with_paired(&Token::totp("12345678"));
    machine.write(FILE, backed_up(&machine));
    machine.admin(&["user", "unpair", "alice", "12345678"]);
    let before = machine.events("paired").len();
    let told_of = "paired: token 12345678 with alice, as in the backup\n";
    let mut dry = RESTORE.to_vec();
    dry.insert(1, "--dry-run");
    let would = machine.admin(&dry);
    assert!(would.contains(told_of), "{would}");
    assert_eq!(machine.events("paired").len(), before);
    let done = machine.admin(&RESTORE);
    assert!(done.contains(told_of), "{done}");
    let events = machine.events("paired");
    assert_eq!(events.len(), before + 1);
    let event = events.last().unwrap();
    assert_eq!(
        (&event["user"], &event["serial"], &event["reason"]),
        (
            &"alice".into(),
            &"12345678".into(),
            &"as in a backup".into()
        )
    );
    assert_eq!(machine.serials(ALICE), ["12345678"]);
    let again = machine.admin(&RESTORE);
    assert!(!again.contains("paired:"), "{again}");
    machine.admin(&["user", "unpair", "alice", "12345678"]);
    machine.admin(&["token", "remove", "12345678"]);
    let unknown = machine.admin(&RESTORE);
    assert!(unknown.contains(told_of), "{unknown}");
    assert_eq!(machine.events("paired").len(), before + 2);
}

/// A seed file with so many tokens.
fn many(count: u32) -> String {
    (1..=count).map(|n| format!("{n},{n:040x}\n")).collect()
}

#[test]
fn a_restore_that_was_killed_goes_on_when_it_is_run_again() {
    const COUNT: u32 = 4_000;
    let machine = machine_with_paired(&Token::totp("99999999"));
    machine.write("/root/many.csv", many(COUNT));
    machine.admin(&["import", "/root/many.csv"]);
    let other = other_machine(&backed_up(&machine));
    let script = format!(
        "otpair {} & \n while ! [ -e {CACHE}/inventory.db-journal ]; do kill -0 $!; done\n kill -9 $!\n wait $!",
        RESTORE.join(" ")
    );
    let killed = other.run("sh", &["-euc", &script]);
    assert_eq!(killed.status.code(), Some(128 + 9), "{}", told(&killed));
    let report = other.admin_json(&RESTORE);
    let count = |name: &str| report[name].as_u64().unwrap();
    assert_eq!(count("restored") + count("unchanged"), u64::from(COUNT) + 2);
    assert_eq!(other.serials(ALICE), ["99999999"]);
    let again = other.admin(&RESTORE);
    assert!(again.starts_with("restored 0, unchanged 4002,"), "{again}");
}

#[test]
fn a_full_disk_leaves_no_half_of_a_backup() {
    let machine = machine_with_paired(&Token::totp("12345678"));
    machine.write("/root/many.csv", many(200));
    machine.admin(&["import", "/root/many.csv"]);
    with_passphrase_file(&machine);
    machine.done("mount", &["-t", "tmpfs", "-o", "size=8k", "none", "/mnt"]);
    let file = "/mnt/otpair.age";
    let failed = machine.otpair(&["backup", "--passphrase-file", PASSPHRASE_FILE, file]);
    assert_eq!(failed.status.code(), Some(1));
    assert!(told(&failed).contains("No space left"), "{}", told(&failed));
    assert_eq!(machine.done("ls", &["-A", "/mnt"]), "");
}

#[test]
fn a_killed_backup_leaves_the_one_before_and_nothing_beside_it() {
    let machine = machine_with_paired(&Token::totp("12345678"));
    with_passphrase_file(&machine);
    machine.done("mkdir", &["/root/backups"]);
    machine.write("/root/backups/otpair.age", "the one before");
    // It is killed once its file is open: it works on the passphrase for a long time then.
    let script = format!(
        "otpair backup --force --passphrase-file {PASSPHRASE_FILE} /root/backups/otpair.age &
        until ls -l /proc/$!/fd | grep -q /root/backups/; do kill -0 $!; done
        kill -9 $!
        wait $!"
    );
    let killed = machine.run("sh", &["-euc", &script]);
    assert_eq!(killed.status.code(), Some(128 + 9), "{}", told(&killed));
    assert_eq!(
        machine.done("ls", &["-A", "/root/backups"]).trim_end(),
        "otpair.age"
    );
    assert_eq!(machine.read("/root/backups/otpair.age"), b"the one before");
}
