//! docs/recovery.md: each disaster is made, and what the page says is done, until people sign on again.

use otpair_tests::dialog::{NEXT, PASSCODE, SERIAL, SignOn};
use otpair_tests::door;
use otpair_tests::machine::{ALICE, BOB, CACHE, CONFIG_FILE, Machine, told};
use otpair_tests::page::Page;
use otpair_tests::scenario::{T, alice, machine_with_paired, paired};
use otpair_tests::token::Token;
use std::fs;

const UNAVAILABLE: &str = "PAM_AUTHINFO_UNAVAIL";
const DEBIAN: &str =
    "@include common-auth\n@include common-account\nsession required pam_permit.so\n";
/// What the page has where two passcodes running are meant.
const TWO: &str = "123456 234567";

fn page() -> Page {
    Page::read("recovery.md")
}

/// A machine in which otpair stands in front of ssh and sudo, where Alice has a token, and Bob's is nobody's yet.
fn protected() -> (Machine, Token, Token) {
    let (machine, token) = paired();
    let spare = Token::hotp("22222222");
    machine.write("/root/tokens.txt", token.uri() + &spare.uri());
    machine.admin(&["import", "/root/tokens.txt"]);
    for service in ["sshd", "sudo", "sudo-i"] {
        machine.write(&format!("/etc/pam.d/{service}"), DEBIAN);
    }
    machine.admin(&["protect", "sshd", "sudo"]);
    machine.admin(&["protect", "--confirm"]);
    (machine, token, spare)
}

/// Takes away the lines that a test's machine begins with: they are none of `otpair protect`'s.
fn forget_lines_by_hand(machine: &Machine) {
    let hand_made = ["su", "login", "otptest", "otpcodes"];
    let files = hand_made.map(|service| format!("/etc/pam.d/{service}"));
    machine.done("rm", &files.each_ref().map(String::as_str));
}

/// Whether Alice's password alone is enough for sudo.
fn password_alone_is_enough(machine: &Machine) -> bool {
    let script = [("[sudo] password for ", ALICE.password)];
    let sudo = door::sudo_on_a_terminal(machine);
    sudo.sign_on(machine, ALICE, &script).granted
}

/// The doctor says what the page has for this section.
#[track_caller]
fn doctor_leads_to(machine: &Machine, section: &str) {
    let said = told(&machine.otpair(&["doctor"]));
    let page = page();
    let row = page
        .text()
        .lines()
        .find(|line| line.starts_with("| `") && line.contains(&format!("#{section})")))
        .unwrap_or_else(|| panic!("no row leads to {section}"));
    for quote in row.split('`').skip(1).step_by(2) {
        assert!(said.contains(quote), "{quote:?} is not said: {said}");
    }
}

/// What Alice and everybody hears while the machine is at fault.
fn assert_unavailable(machine: &Machine) {
    let done = alice().hold(machine, &[], UNAVAILABLE);
    assert!(done.says("Passcodes can't be checked right now."));
}

#[test]
fn looking_first_works_on_a_machine_at_which_nothing_is_wrong() {
    let (machine, ..) = protected();
    page().follow(&machine);
}

#[test]
fn everybody_is_in_now_by_the_command_and_by_hand() {
    for block in ["sh everybody", "sh by hand"] {
        let (machine, ..) = protected();
        forget_lines_by_hand(&machine);
        page().follow_block(&machine, block, &[]);
        assert!(password_alone_is_enough(&machine), "{block}");
        for service in ["sshd", "sudo", "sudo-i"] {
            let file = machine.read(&format!("/etc/pam.d/{service}"));
            assert_eq!(file, DEBIAN.as_bytes(), "{block}: {service}");
        }
    }
}

#[test]
fn a_shell_in_the_place_of_init_lets_everybody_in() {
    let (machine, ..) = protected();
    forget_lines_by_hand(&machine);
    let told = "/etc/ssh/sshd_config.d/00-otpair.conf";
    machine.write(told, "KbdInteractiveAuthentication yes\n");
    // No machine starts here.
    let examples = [("exec /sbin/init", "exec true")];
    page().follow_block(&machine, "sh init", &examples);
    assert!(!machine.path(told).exists());
    assert!(password_alone_is_enough(&machine));
}

#[test]
fn what_keeps_out_one_door_or_one_person_has_a_row() {
    let (machine, token) = paired();
    machine.write("/etc/pam.d/sshd", DEBIAN);
    machine.admin(&["protect", "sshd"]);
    machine.admin(&["protect", "--confirm"]);
    doctor_leads_to(&machine, "switch-it-on");
    machine.admin(&["token", "disable", &token.serial]);
    machine.done("sed", &["-i", "/^alice:/s/:[0-9]*:/:4321:/", "/etc/passwd"]);
    let said = told(&machine.otpair(&["doctor"]));
    for (row, is_told) in [
        ("`STOPS: service NAME:`", "STOPS: service sshd:"),
        ("`STOPS: user NAME:`,", "STOPS: user alice:"),
    ] {
        assert!(page().text().contains(row), "{row}");
        assert!(said.contains(is_told), "{is_told}: {said}");
    }
}

#[test]
fn by_hand_only_files_with_otpairs_lines_are_touched_and_links_stay_links() {
    let (machine, ..) = protected();
    let links = "
        cd /etc/pam.d
        mkdir /etc/authselect
        mv sudo /etc/authselect/sudo
        echo 'auth required pam_deny.so' >/etc/authselect/other
        ln -s /etc/authselect/sudo sudo
        ln -sf /etc/authselect/other other";
    machine.done("sh", &["-euc", links]);
    page().follow_block(&machine, "sh by hand", &[]);
    assert_eq!(machine.read("/etc/authselect/sudo"), DEBIAN.as_bytes());
    for link in ["sudo", "other"] {
        let file = machine.path(format!("/etc/pam.d/{link}"));
        assert!(file.symlink_metadata().unwrap().is_symlink(), "{link}");
    }
}

#[test]
fn everybody_is_in_only_when_sshd_asks_as_it_did_before() {
    let (machine, ..) = protected();
    forget_lines_by_hand(&machine);
    let told = "/etc/ssh/sshd_config.d/00-otpair.conf";
    machine.write(told, "KbdInteractiveAuthentication yes\n");
    page().follow_block(&machine, "sh everybody", &[]);
    assert!(!machine.path(told).exists());
    assert_eq!(machine.systemctl(), ["try-reload-or-restart ssh"]);
}

#[test]
fn one_person_who_is_locked_is_seen_and_unlocked() {
    let (machine, token) = paired();
    machine.config("[throttle]\nmax_failures = 1\nfirst_wait = \"30m\"\n");
    let script = [(PASSCODE, &*token.wrong())];
    alice().hold(&machine, &script, "PAM_MAXTRIES");
    let seen = page().follow_block(&machine, "sh one person", &[]);
    assert!(
        seen.contains("12345678") && seen.contains("wrong passcode"),
        "{seen}"
    );
    assert!(
        alice()
            .hold(&machine, &[], "PAM_MAXTRIES")
            .says("Locked after")
    );
    page().follow_block(&machine, "sh locked", &[]);
    alice().granted(&machine, &[(PASSCODE, &token.press(0))]);
}

#[test]
fn one_person_without_their_token_signs_on_by_a_code() {
    let (machine, _) = paired();
    let said = page().follow_block(&machine, "sh token at home", &[]);
    let code = said.lines().next().unwrap();
    alice().granted(&machine, &[(PASSCODE, code)]);
}

#[test]
fn a_lost_token_counts_no_more_and_another_one_is_paired() {
    let (machine, lost) = paired();
    page().follow_block(&machine, "sh token lost", &[]);
    let other = Token::hotp("87654321");
    machine.import(&[&other]);
    let script = [
        (SERIAL, "12345678"),
        (PASSCODE, &*lost.press(0)),
        (SERIAL, "87654321"),
        (PASSCODE, &other.press(0)),
    ];
    alice().granted(&machine, &script);
    assert_eq!(machine.serials(ALICE), ["87654321"]);
}

#[test]
fn a_token_out_of_step_is_brought_back_by_two_passcodes() {
    let (machine, token) = paired();
    let two = format!("{} {}", token.press(600), token.press(601));
    page().follow_block(&machine, "sh out of step", &[(TWO, &two)]);
    alice().granted(&machine, &[(PASSCODE, &token.press(602))]);
}

#[test]
fn with_a_mistake_in_the_config_a_strict_one_lets_in_who_has_a_token_and_nobody_pairs() {
    let (machine, token, spare) = protected();
    machine.write(CONFIG_FILE, "[sign_on]\nattempt = 3\n");
    doctor_leads_to(&machine, "a-mistake-in-the-config");
    assert_unavailable(&machine);
    page().follow_block(&machine, "sh config", &[]);
    let bob = SignOn::of(BOB).begin(&machine).finish();
    assert_ne!(bob.code, "PAM_SUCCESS", "{}", bob.transcript());
    let tokens = machine.admin_json(&["token", "show", &spare.serial]);
    assert_eq!(tokens["state"], "available");
    let script = [
        ("[sudo] password for ", ALICE.password),
        (PASSCODE, &*token.press(0)),
    ];
    let sudo = door::sudo_on_a_terminal(&machine);
    assert!(sudo.sign_on(&machine, ALICE, &script).granted);
}

#[test]
fn a_missing_module_keeps_everybody_out_until_it_is_taken_out_of_the_doors() {
    let (machine, ..) = protected();
    forget_lines_by_hand(&machine);
    let module = machine.done("sh", &["-c", "ls /usr/lib/*/security/pam_otpair.so"]);
    let module = module.trim_end();
    machine.done("umount", &[module]);
    machine.done("rm", &[module]);
    doctor_leads_to(&machine, "the-module-is-missing");
    assert!(!password_alone_is_enough(&machine));
    page().follow_block(&machine, "sh everybody", &[]);
    assert!(password_alone_is_enough(&machine));
}

#[test]
fn a_cache_with_the_wrong_rights_is_put_right() {
    let (machine, token) = paired();
    machine.done("chmod", &["-R", "go+w", CACHE]);
    doctor_leads_to(&machine, "rights-and-owners");
    assert_unavailable(&machine);
    machine.done("chown", &["-R", "alice", CACHE]);
    assert_unavailable(&machine);
    page().follow_block(&machine, "sh rights", &[]);
    alice().granted(&machine, &[(PASSCODE, &token.press(0))]);
}

#[test]
fn a_lost_or_wrong_key_is_put_back_from_any_copy() {
    let (machine, token) = paired();
    let key = format!("{CACHE}/cache.key");
    let stick = "mkdir -p /mnt /root/stick && mount --bind /root/stick /mnt";
    machine.done("sh", &["-euc", stick]);
    Page::read("key-at-rest.md").follow_block(&machine, "sh plain", &[]);
    machine.done("rm", &[&key]);
    doctor_leads_to(&machine, "the-sealing-key");
    assert_unavailable(&machine);
    machine.write(&key, "garbage\n");
    machine.chmod(&key, 0o600);
    doctor_leads_to(&machine, "the-sealing-key");
    let at = page().follow_block(&machine, "sh key where", &[]);
    assert!(at.contains("file:/var/lib/otpair/cache.key"), "{at}");
    machine.done("sh", &["-euc", stick]);
    page().follow_block(&machine, "sh key", &[]);
    assert_eq!(machine.read(&key).len(), 84, "the page says how long it is");
    alice().granted(&machine, &[(PASSCODE, &token.press(0))]);
}

#[test]
fn a_sealed_key_is_told_from_one_in_a_file() {
    let machine = Machine::new();
    machine.write(CONFIG_FILE, "[cache]\nkey = \"credential\"\n");
    let at = page().follow_block(&machine, "sh key where", &[]);
    assert!(at.contains("credential") && !at.contains("file:"), "{at}");
    doctor_leads_to(&machine, "when-the-tpm-or-the-mainboard-is-replaced");
}

#[test]
fn with_the_key_lost_for_good_people_begin_again_from_the_seed_file() {
    let (machine, token) = paired();
    fs::remove_file(machine.path(format!("{CACHE}/cache.key"))).unwrap();
    // The page's seed file is brought from a safe.
    let spare = Token::hotp("22222222");
    machine.write("/run/tokens.txt", token.uri() + &spare.uri());
    page().follow_block(&machine, "sh key lost for good", &[]);
    assert!(!machine.path("/run/tokens.txt").exists());
    // Whoever knows Bob's password and has found Alice's token gets no further.
    let found = [(SERIAL, "12345678"), (PASSCODE, &*token.press(6))];
    let found = [found; 3].concat();
    SignOn::of(BOB).hold(&machine, &found, "PAM_MAXTRIES");
    let script = [(SERIAL, "12345678"), (PASSCODE, &*token.press(7))];
    alice().granted(&machine, &script);
}

#[test]
fn a_damaged_record_is_replaced_and_nothing_spent_counts_again() {
    let (machine, token) = paired();
    alice().granted(&machine, &[(PASSCODE, &token.press(0))]);
    machine.write(&Machine::record(ALICE), "garbage");
    doctor_leads_to(&machine, "a-damaged-record");
    assert_unavailable(&machine);
    let said = page().follow_block(&machine, "sh record", &[]);
    let code = said.lines().rev().find(|line| line.len() == 14).unwrap();
    alice().granted(&machine, &[(PASSCODE, code)]);
    let two = format!("{} {}", token.press(1), token.press(2));
    page().follow_block(&machine, "sh record later", &[(TWO, &two)]);
    let script = [(PASSCODE, &*token.press(0)), (PASSCODE, &token.press(3))];
    alice().granted(&machine, &script);
}

#[test]
fn a_damaged_inventory_is_made_anew_and_people_pair_again() {
    let (machine, token, spare) = protected();
    let inventory = format!("{CACHE}/inventory.db");
    machine.write(&inventory, "garbage");
    doctor_leads_to(&machine, "a-damaged-inventory");
    alice().granted(&machine, &[(PASSCODE, &token.press(0))]);
    machine.write("/run/tokens.txt", token.uri() + &spare.uri());
    page().follow_block(&machine, "sh inventory", &[]);
    assert!(!machine.path("/run/tokens.txt").exists());
    let script = [(SERIAL, "22222222"), (PASSCODE, &*spare.press(0))];
    SignOn::of(BOB).granted(&machine, &script);
    let spent = [(PASSCODE, &*token.press(0)), (PASSCODE, &token.press(1))];
    alice().granted(&machine, &spent);
}

#[test]
fn a_full_disk_stops_pairing_only_and_is_seen() {
    let (machine, token, spare) = protected();
    let fill = format!("cat /dev/zero >{CACHE}/filler");
    assert!(!machine.run("sh", &["-c", &fill]).status.success());
    alice().granted(&machine, &[(PASSCODE, &token.press(0))]);
    let script = [(SERIAL, "22222222"), (PASSCODE, &*spare.press(0))];
    SignOn::of(BOB).hold(&machine, &script, UNAVAILABLE);
    let seen = page().follow_block(&machine, "sh full", &[]);
    assert!(seen.contains("100%"), "{seen}");
    fs::remove_file(machine.path(format!("{CACHE}/filler"))).unwrap();
    let script = [(SERIAL, "22222222"), (PASSCODE, &*spare.press(1))];
    SignOn::of(BOB).granted(&machine, &script);
}

#[test]
fn a_read_only_disk_is_made_writable_where_the_cache_lies() {
    let (machine, token) = paired();
    machine.done("mount", &["-o", "remount,ro", CACHE]);
    alice().hold(&machine, &[(PASSCODE, &token.press(0))], UNAVAILABLE);
    page().follow_block(&machine, "sh read-only", &[]);
    alice().granted(&machine, &[(PASSCODE, &token.press(0))]);
}

#[test]
fn after_a_wrong_clock_two_passcodes_and_all_is_as_before() {
    let token = Token::totp("12345678");
    let machine = machine_with_paired(&token);
    // The machine is an hour ahead of everybody's token.
    let ahead = [(PASSCODE, &*token.at(T)), (NEXT, &token.at(T + 30))];
    alice().at_time(T + 3600).granted(&machine, &ahead);
    // There is no clock of its own in a test's machine to be set: that it is asked for is what can be seen.
    let note = "#!/bin/sh\nprintf '%s\\n' \"$*\" >>/run/machine/timedatectl.log\n";
    machine.write("/run/machine/timedatectl", note);
    machine.chmod("/run/machine/timedatectl", 0o755);
    page().follow_block(&machine, "sh clock", &[]);
    let asked = machine.read("/run/machine/timedatectl.log");
    assert_eq!(asked, b"set-ntp true\n");
    let later = T + 300;
    let once = [(PASSCODE, &*token.at(later)), (NEXT, &token.at(later + 30))];
    alice().at_time(later).granted(&machine, &once);
    let after = [(PASSCODE, &*token.at(later + 60))];
    alice().at_time(later + 60).granted(&machine, &after);
}

#[test]
fn without_the_helper_nobody_but_root_is_served_until_its_socket_is_there_again() {
    let (machine, token) = paired();
    doctor_leads_to(&machine, "the-helper-is-down");
    let by_alice = alice().under(&["setpriv", "--reuid", "alice", "--clear-groups"]);
    by_alice.hold(&machine, &[], UNAVAILABLE);
    page().follow_block(&machine, "sh helper", &[]);
    assert_eq!(machine.systemctl(), ["restart otpair-helper.socket"]);
    machine.serve_helper();
    by_alice.granted(&machine, &[(PASSCODE, &token.press(0))]);
}

#[test]
fn after_a_snapshot_was_put_back_nothing_spent_counts_again() {
    let (machine, token) = paired();
    machine.done("cp", &["-a", CACHE, "/root/snapshot"]);
    for counter in 0..3 {
        alice().granted(&machine, &[(PASSCODE, &token.press(counter))]);
    }
    let put_back = format!("rm -rf {CACHE}/*; cp -a /root/snapshot/. {CACHE}/");
    machine.done("sh", &["-euc", &put_back]);
    let two = format!("{} {}", token.press(3), token.press(4));
    let seen = page().follow_block(&machine, "sh snapshot", &[(TWO, &two)]);
    assert!(seen.contains("12345678"), "{seen}");
    let script = [(PASSCODE, &*token.press(2)), (PASSCODE, &token.press(5))];
    let done = alice().granted(&machine, &script);
    assert!(done.says("already used"), "{}", done.transcript());
}
