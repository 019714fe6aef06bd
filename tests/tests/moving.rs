//! The pages about moving here, docs/moving: people sign on by what they had, the page is followed, and the same token
//! signs on by otpair.

use otpair_tests::dialog::{NEXT, PASSCODE, SERIAL};
use otpair_tests::door;
use otpair_tests::machine::{ALICE, BOB, CAROL, DAVE, Machine, User};
use otpair_tests::page::Page;
use otpair_tests::token::{Token, now};
use std::process::Command;

const OATH: &str = "moving/pam-oath.md";
const GOOGLE: &str = "moving/google-authenticator.md";
const PASSWORD: &str = "[sudo] password for ";
/// The keys that the two vendors' own documents name, which the pages link to.
const DUO: &str = "host ikey skey http_proxy https_timeout cafile noverify fallback_local_ip groups failmode prompts autopush \
    pushinfo verified_push accept_env_factor send_gecos gecos_parsed gecos_delim gecos_username_pos motd dev_fips_mode";
const PINGID: &str = "verbose log_file policy_user_not_registered domain_postfix max_prompts fail_mode proxy \
    proxy_verify_cert proxy_ca_file";

/// sudo as Debian has it, with another module behind the password.
fn machine_with(line: &str) -> Machine {
    let machine = Machine::new();
    for service in ["sudo", "sudo-i"] {
        let text = format!(
            "@include common-auth\n{line}\n@include common-account\nsession required pam_permit.so\n"
        );
        machine.write(&format!("/etc/pam.d/{service}"), text);
    }
    machine
}

/// Signs on at sudo: the password, and what comes after it.
#[track_caller]
fn sudo(machine: &Machine, user: User, script: &[(&str, &str)]) -> bool {
    let password = (PASSWORD, user.password);
    let script = [&[password], script].concat();
    let sudo = door::sudo_on_a_terminal(machine);
    sudo.sign_on(machine, user, &script).granted
}

/// The words in the first column of the table that has this head.
fn first_column(page: &Page, head: &str) -> Vec<String> {
    let rows = page
        .text()
        .split(head)
        .nth(1)
        .expect("there is no such table");
    let rows = rows.lines().skip(2).take_while(|row| row.starts_with('|'));
    let cells = rows.filter_map(|row| row.split('|').nth(1));
    let words = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    words.map(str::to_owned).collect()
}

/// The arguments that an installed PAM module compares its own with: the short texts in it from this one on.
fn arguments_of(module: &str, first: &str) -> Vec<String> {
    let find = format!("strings -n 4 /usr/lib/*/security/{module}");
    let output = Command::new("sh").args(["-c", &find]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let is_argument = |text: &&str| {
        let name = text.strip_suffix('=').unwrap_or(text);
        name.chars()
            .all(|c| c.is_ascii_lowercase() || "-_".contains(c))
    };
    let texts = text.lines().skip_while(|text| *text != first);
    let names = texts
        .take_while(is_argument)
        .map(|text| text.trim_end_matches('='));
    let names: Vec<String> = names.map(str::to_owned).collect();
    assert!(
        names.len() > 5,
        "{module} can't be read: install the Debian packages libpam-oath, libpam-google-authenticator and binutils"
    );
    names
}

#[test]
fn every_option_of_pam_oath_has_a_row_and_no_other() {
    let page = Page::read(OATH);
    assert_eq!(
        first_column(&page, "| pam_oath | here |"),
        arguments_of("pam_oath.so", "debug")
    );
}

#[test]
fn every_option_of_google_authenticator_has_a_row_and_no_other() {
    let mut options = first_column(&Page::read(GOOGLE), "| google-authenticator | here |");
    let mut arguments = arguments_of("pam_google_authenticator.so", "secret=");
    options.sort();
    arguments.sort();
    assert_eq!(options, arguments);
}

#[test]
fn every_key_of_duo_and_pingid_has_a_row() {
    for (name, head, keys) in [
        ("moving/duo.md", "| Duo | here |", DUO),
        ("moving/pingid.md", "| PingID | here |", PINGID),
    ] {
        let rows = first_column(&Page::read(name), head);
        for key in keys.split_whitespace() {
            let is_key = |row: &String| row.split(' ').next() == Some(key);
            assert!(rows.iter().any(is_key), "docs/{name} has no row for {key}");
        }
    }
}

#[test]
fn people_move_from_pam_oath_with_their_tokens_and_counters() {
    let machine = machine_with("auth requisite pam_oath.so usersfile=/etc/users.oath window=20");
    let (button, time) = (Token::hotp("1"), Token::totp("2").digits(8).interval(60));
    let users = format!(
        "# comment\nHOTP gone - {}\nHOTP alice - {}\nHOTP/T60/8 bob - {}\n",
        Token::hotp("3").hex(),
        button.hex(),
        time.hex()
    );
    machine.write("/etc/users.oath", users);
    machine.chmod("/etc/users.oath", 0o600);
    let oath = "One-time password (OATH) for";
    for counter in 0..3 {
        assert!(sudo(&machine, ALICE, &[(oath, &button.press(counter))]));
    }
    let used = now();
    assert!(sudo(&machine, BOB, &[(oath, &time.at(used))]));

    let page = Page::read(OATH);
    page.follow(&machine);
    assert_eq!(machine.serials(ALICE), ["OATH-alice"]);
    assert_eq!(machine.serials(BOB), ["OATH-bob"]);

    let same = button.press(3);
    let script = [
        (PASSCODE, &*button.press(2)),
        (PASSCODE, &same),
        (oath, &same),
    ];
    assert!(sudo(&machine, ALICE, &script), "both ask for it");
    page.follow_block(&machine, "sh out", &[]);
    page.follow_block(&machine, "sh last", &[]);
    assert!(sudo(&machine, ALICE, &[(PASSCODE, &button.press(4))]));
    let next = time.at(used + time.seconds());
    let script = [(PASSCODE, &*time.at(used)), (PASSCODE, &next)];
    assert!(sudo(&machine, BOB, &script), "what was used stays used");
    assert!(!machine.path("/etc/users.oath").exists());
}

#[test]
fn people_move_from_google_authenticator_with_their_secrets_and_counters() {
    let machine = machine_with("auth required pam_google_authenticator.so");
    let (button, time) = (Token::hotp("1"), Token::totp("2"));
    let files = [
        (ALICE, &button, "\" HOTP_COUNTER 5"),
        (
            BOB,
            &time,
            "\" DISALLOW_REUSE\n\" STEP_SIZE 30\n\" TOTP_AUTH",
        ),
    ];
    for (user, token, options) in files {
        let text = format!(
            "{}\n\" WINDOW_SIZE 17\n{options}\n12345678\n",
            token.base32()
        );
        put(&machine, user, text);
    }
    let code = "Verification code:";
    assert!(sudo(&machine, ALICE, &[(code, &button.press(5))]));
    assert!(sudo(&machine, ALICE, &[(code, &button.press(6))]));
    let used = now();
    assert!(sudo(&machine, BOB, &[(code, &time.at(used))]));

    let page = Page::read(GOOGLE);
    page.follow(&machine);
    assert_eq!(machine.serials(ALICE), ["GA-alice"]);

    let same = button.press(7);
    let script = [
        (PASSCODE, &*button.press(6)),
        (PASSCODE, &same),
        (code, &same),
    ];
    assert!(sudo(&machine, ALICE, &script), "both ask for it");
    page.follow_block(&machine, "sh out", &[]);
    page.follow_block(&machine, "sh last", &[]);
    assert!(sudo(&machine, ALICE, &[(PASSCODE, &button.press(8))]));
    let next = time.at(used + time.seconds());
    let script = [(PASSCODE, &*time.at(used)), (PASSCODE, &next)];
    assert!(sudo(&machine, BOB, &script), "what was used stays used");
    assert!(!machine.path("/home/alice/.google_authenticator").exists());
}

/// What everybody has in the place of their secret, with this owner.
fn put(machine: &Machine, user: User, text: String) {
    let file = format!("/home/{}/.google_authenticator", user.name);
    machine.write(&file, text);
    machine.chmod(&file, 0o600);
    machine.done("chown", &[user.name, &file]);
}

#[test]
fn what_people_put_in_the_place_of_their_secret_harms_nobody() {
    let machine = Machine::new();
    let (of_alice, of_root) = (Token::totp("1"), Token::totp("2"));
    put(&machine, ALICE, format!("{}\n", of_alice.base32()));
    let shadow = machine.read("/etc/shadow");
    let traps = "
        ln -s /etc/shadow /home/bob/.google_authenticator
        chown -h bob /home/bob/.google_authenticator
        mkfifo /home/dave/.google_authenticator
        chown dave /home/dave/.google_authenticator";
    machine.done("sh", &["-euc", traps]);
    let other = format!("{}&serial=GA-root&x=\n", of_root.base32());
    put(&machine, CAROL, other);

    let page = Page::read(GOOGLE);
    let said = machine.done("sh", &["-euc", page.steps()[0].commands]);
    for name in ["bob", "carol", "dave"] {
        let left = format!("rejected: /home/{name}/.google_authenticator");
        assert!(said.contains(&left), "{said}");
    }
    let tokens = machine.admin_json(&["token", "list"]);
    let serials: Vec<_> = tokens
        .as_array()
        .unwrap()
        .iter()
        .map(|t| &t["serial"])
        .collect();
    assert_eq!(serials, ["GA-alice"]);
    assert_eq!(machine.serials(ALICE), ["GA-alice"]);

    page.follow_block(&machine, "sh last", &[]);
    assert_eq!(machine.read("/etc/shadow"), shadow);
    for user in [ALICE, BOB, CAROL, DAVE] {
        let file = format!("/home/{}/.google_authenticator", user.name);
        let left = machine.path(file).symlink_metadata();
        assert!(left.is_err(), "{}'s is there still", user.name);
    }
}

#[test]
fn the_old_line_stays_while_another_one_jumps_over_it() {
    for (name, module) in [
        (OATH, "requisite pam_oath.so usersfile=/etc/users.oath"),
        (GOOGLE, "required pam_google_authenticator.so"),
    ] {
        let jump = "auth [success=1 default=ignore] pam_access.so";
        let machine = machine_with(&format!("{jump}\nauth {module}"));
        machine.pair(ALICE, &Token::totp("1"));
        let before = machine.read("/etc/pam.d/sudo");
        let said = Page::read(name).follow_block(&machine, "sh out", &[]);
        assert!(said.starts_with(jump), "{said}");
        assert_eq!(machine.read("/etc/pam.d/sudo"), before);
    }
}

#[test]
fn an_old_line_that_every_door_includes_is_named_and_stays() {
    for (name, module) in [
        (OATH, "requisite pam_oath.so usersfile=/etc/users.oath"),
        (GOOGLE, "required pam_google_authenticator.so"),
    ] {
        let machine = machine_with("");
        machine.pair(ALICE, &Token::totp("1"));
        let common = String::from_utf8(machine.read("/etc/pam.d/common-auth")).unwrap();
        let common = format!("{common}auth {module}\n");
        machine.write("/etc/pam.d/common-auth", &common);
        let said = Page::read(name).follow_block(&machine, "sh out", &[]);
        assert!(said.contains("/etc/pam.d/common-auth\n"), "{name}: {said}");
        assert_eq!(machine.read("/etc/pam.d/common-auth"), common.as_bytes());
    }
}

#[test]
fn secrets_in_a_folder_of_roots_are_their_users() {
    let machine = Machine::new();
    machine.done("mkdir", &["-p", "/var/lib/ga"]);
    machine.write(
        "/var/lib/ga/alice",
        format!("{}\n", Token::totp("1").base32()),
    );
    machine.chmod("/var/lib/ga/alice", 0o600);
    let page = Page::read(GOOGLE);
    page.follow_block(&machine, "sh secret", &[]);
    assert_eq!(machine.serials(ALICE), ["GA-alice"]);
}

#[test]
fn who_needed_no_code_from_google_authenticator_needs_none_until_that_day() {
    let machine = machine_with("auth required pam_google_authenticator.so nullok");
    put(&machine, ALICE, format!("{}\n", Token::totp("1").base32()));
    assert!(sudo(&machine, BOB, &[]));
    let page = Page::read(GOOGLE);
    // The page's day is some day over; so that this test is not.
    let allow = page.block("toml").replace("2027", "2099");
    machine.write("/etc/otpair/otpair.toml", allow);
    page.follow(&machine);
    assert!(sudo(&machine, BOB, &[]));
    page.follow_block(&machine, "sh out", &[]);
    assert!(sudo(&machine, BOB, &[]));
    assert!(!sudo(&machine, ALICE, &[(PASSCODE, "000000"); 3]));
}

/// Debian's sudo, and the file that was given to a service.
fn machine_with_file(token: &Token, counter: &str) -> Machine {
    let machine = machine_with("");
    let line = format!("{},{}{counter}\n", token.serial, token.hex());
    machine.write("/run/tokens.csv", line);
    machine
}

#[test]
fn a_token_with_a_button_comes_from_duo_however_far_it_was_pressed() {
    let token = Token::hotp("12345678");
    let machine = machine_with_file(&token, ",0");
    let page = Page::read("moving/duo.md");
    page.follow_block(&machine, "sh button", &[]);
    page.follow(&machine);
    let script = [
        (SERIAL, "12345678"),
        (PASSCODE, &*token.press(700)),
        (NEXT, &token.press(701)),
    ];
    assert!(sudo(&machine, ALICE, &script));
}

#[test]
fn a_token_that_goes_by_the_time_comes_from_duo_and_from_pingid() {
    let token = Token::totp("12345678");
    let script = |passcode: &str| {
        let passcode = passcode.to_owned();
        move |machine: &Machine| {
            sudo(
                machine,
                ALICE,
                &[(SERIAL, "12345678"), (PASSCODE, &passcode)],
            )
        }
    };
    let machine = machine_with_file(&token, "");
    let duo = Page::read("moving/duo.md");
    duo.follow_block(&machine, "sh time", &[]);
    duo.follow(&machine);
    assert!(script(&token.now())(&machine));
    let machine = machine_with_file(&token, "");
    Page::read("moving/pingid.md").follow(&machine);
    assert!(script(&token.now())(&machine));
}
