//! Fedora's and RHEL's PAM files with the real libpam, turned round as docs/doors/fedora.md has it.
//!
//! authselect is not in Debian, so what it writes is in tests/data/fedora, as its profiles `local` and `sssd` have it with
//! the features `with-faillock` and `with-fingerprint`. Modules that Debian lacks have equals here: see [`EQUALS`].

use otpair_tests::dialog::PASSCODE;
use otpair_tests::door::{self, Door};
use otpair_tests::machine::{ALICE, BOB, CAROL, Machine, User, told};
use otpair_tests::page::Page;
use otpair_tests::terminal::Terminal;
use otpair_tests::token::Token;
use serde_json::Value;
use std::fs;
use std::path::Path;

const SERVICES: [&str; 6] = ["sshd", "sudo", "sudo-i", "su", "su-l", "login"];
const WRONG: &str = "000000";

/// What the lines of modules that Debian lacks become: `pam_sss` and `pam_fprintd` are `pam_exec` under their names, and
/// ask a program. Bob is nobody that the machine knows by itself: sssd checks him. And nobody waits after a wrong
/// password.
const EQUALS: [(&str, &str); 5] = [
    (
        "pam_sss.so forward_pass",
        "pam_sss.so quiet expose_authtok /run/machine/sssd",
    ),
    (
        "pam_localuser.so",
        "pam_localuser.so file=/run/machine/local-users",
    ),
    ("pam_fprintd.so", "pam_fprintd.so quiet /run/machine/finger"),
    ("pam_unix.so nullok", "pam_unix.so nullok nodelay"),
    ("delay=2000000", "delay=1"),
];

const LACKING: &str = "cd $(dirname $(find /usr/lib /lib -name pam_unix.so | head -n 1))
cp pam_exec.so pam_sss.so
cp pam_exec.so pam_fprintd.so";
const SSSD: &str = "#!/bin/sh\n[ \"$PAM_USER:$(tr -d '\\000')\" = bob:bob-pw ]\n";
const FINGER: &str = "#!/bin/sh\n[ \"$PAM_USER\" = \"$(cat /run/machine/on-the-reader)\" ]\n";

/// A file of Fedora's, as far as it is about who somebody is; all else is permitted.
fn fedoras(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("data/fedora")
        .join(name);
    let text = fs::read_to_string(path).unwrap();
    let mut lines: String = text
        .lines()
        .filter(|line| line.starts_with("auth"))
        .map(|line| format!("{line}\n"))
        .collect();
    for (module, equal) in EQUALS {
        lines = lines.replace(module, equal);
    }
    lines + "account required pam_permit.so\nsession required pam_permit.so\n"
}

/// A machine with Fedora's files, on which Alice and Bob have tokens, and Carol needs none.
fn fedora(profile: &str) -> (Machine, Token, Token) {
    let machine = Machine::new();
    let (alices, bobs) = (Token::hotp("12345678"), Token::hotp("87654321"));
    machine.pair(ALICE, &alices);
    machine.pair(BOB, &bobs);
    machine.config("[sign_on]\nexempt = [\"carol\"]");
    for part in ["system-auth", "password-auth", "postlogin"] {
        machine.write(
            &format!("/etc/pam.d/{part}"),
            fedoras(&format!("{profile}/{part}")),
        );
    }
    for service in SERVICES {
        machine.write(&format!("/etc/pam.d/{service}"), fedoras(service));
    }
    machine.write("/etc/security/faillock.conf", "deny = 1000\nnodelay\n");
    machine.write("/run/machine/on-the-reader", "nobody");
    let users = String::from_utf8(machine.read("/etc/passwd")).unwrap();
    machine.write(
        "/run/machine/local-users",
        users.replace("bob:", "bob-in-another-domain:"),
    );
    machine.done("sh", &["-euc", LACKING]);
    let first_factor = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/rpm/first-factor");
    for (path, text) in [
        ("/run/machine/sssd", SSSD.to_owned()),
        ("/run/machine/finger", FINGER.to_owned()),
        (
            "/usr/libexec/otpair/first-factor",
            fs::read_to_string(first_factor).unwrap(),
        ),
    ] {
        machine.write(path, text);
        machine.chmod(path, 0o755);
    }
    (machine, alices, bobs)
}

/// As the page says, for all the services that are tested.
fn turn_round(machine: &Machine) {
    machine.done("/usr/libexec/otpair/first-factor", &[]);
    let page = fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../docs/doors/fedora.md"
    ));
    let page = page.unwrap();
    let line = page.lines().find(|line| line.starts_with("sed ")).unwrap();
    machine.done(
        "sh",
        &["-euc", &format!("{line} /etc/pam.d/su /etc/pam.d/login")],
    );
}

/// One that goes by `password-auth` and one that goes by `system-auth`.
fn ssh_and_sudo(machine: &Machine) -> [Box<dyn Door>; 2] {
    [door::ssh_asking(machine), door::sudo_on_a_terminal(machine)]
}

/// One sign-on: the password, and the passcodes that must be asked for.
#[track_caller]
fn signs_on(
    machine: &Machine,
    door: &dyn Door,
    user: User,
    password: &str,
    passcodes: &[&str],
) -> bool {
    let mut script = vec![(door.password_prompt().unwrap(), password)];
    script.extend(passcodes.iter().map(|passcode| (PASSCODE, *passcode)));
    door.sign_on(machine, user, &script).granted
}

#[track_caller]
fn every_combination(machine: &Machine, door: &dyn Door, user: User, passcode: &str) {
    let on = |user: User, password: &str, passcodes: &[&str]| {
        signs_on(machine, door, user, password, passcodes)
    };
    let service = door.service();
    assert!(!on(user, "wrong", &[]), "{service}: a wrong password");
    assert!(
        !on(user, user.password, &[WRONG; 3]),
        "{service}: a wrong passcode"
    );
    machine.admin(&["user", "unlock", user.name]);
    assert!(
        on(user, user.password, &[passcode]),
        "{service}: both are right"
    );
    assert!(
        !on(user, user.password, &[passcode, WRONG, WRONG]),
        "{service}: a spent passcode"
    );
    machine.admin(&["user", "unlock", user.name]);
    assert!(on(CAROL, CAROL.password, &[]), "{service}: who is exempt");
    assert!(
        !on(CAROL, "wrong", &[]),
        "{service}: who is exempt, with a wrong password"
    );
}

#[test]
fn turned_round_the_files_let_in_whom_they_let_in_before() {
    for profile in ["local", "sssd"] {
        let (machine, ..) = fedora(profile);
        let doors = ssh_and_sudo(&machine);
        let outcomes = || -> Vec<bool> {
            let users = [
                (ALICE, ALICE.password),
                (ALICE, "wrong"),
                (BOB, BOB.password),
                (BOB, "wrong"),
            ];
            let each = doors
                .iter()
                .flat_map(|door| users.map(|(user, password)| (door, user, password)));
            each.map(|(door, user, password)| signs_on(&machine, &**door, user, password, &[]))
                .collect()
        };
        let before = outcomes();
        assert_eq!(before, [true, false, true, false].repeat(2), "{profile}");
        turn_round(&machine);
        assert_eq!(outcomes(), before, "{profile}");
    }
}

#[test]
fn behind_the_files_of_the_profile_local_otpair_is_reached_by_the_right_password_only() {
    let (machine, token, _) = fedora("local");
    turn_round(&machine);
    machine.admin(&[
        "protect",
        "sshd",
        "sudo",
        "su",
        "login",
        "--revert-in",
        "7d",
    ]);
    let other = [door::su(&machine), door::login(&machine)];
    let doors = ssh_and_sudo(&machine).into_iter().chain(other);
    for (press, door) in (0..).zip(doors) {
        every_combination(&machine, &*door, ALICE, &token.press(press));
    }
}

#[test]
fn behind_the_files_of_the_profile_sssd_so_are_local_users_and_those_of_a_domain() {
    let (machine, alices, bobs) = fedora("sssd");
    turn_round(&machine);
    machine.admin(&["protect", "sshd", "sudo", "--revert-in", "7d"]);
    for (press, door) in (0..).zip(ssh_and_sudo(&machine)) {
        every_combination(&machine, &*door, ALICE, &alices.press(press));
        every_combination(&machine, &*door, BOB, &bobs.press(press));
    }
}

#[test]
fn a_finger_takes_the_place_of_the_password_and_not_of_the_passcode() {
    let (machine, token, _) = fedora("sssd");
    turn_round(&machine);
    machine.admin(&["protect", "sudo", "--revert-in", "7d"]);
    machine.write("/run/machine/on-the-reader", "alice");
    let sudo = door::sudo_on_a_terminal(&machine);
    let with = |passcode: &str| sudo.sign_on(&machine, ALICE, &[(PASSCODE, passcode)]);
    assert!(with(&token.press(0)).granted);
    machine.write("/run/machine/on-the-reader", "nobody");
    assert!(!signs_on(&machine, &*sudo, ALICE, "wrong", &[]));
}

#[test]
fn as_they_come_fedoras_files_are_refused_with_the_page_to_read() {
    for profile in ["local", "sssd"] {
        let (machine, ..) = fedora(profile);
        for service in ["sshd", "sudo", "su", "login"] {
            let output = machine.otpair(&["protect", service]);
            assert!(!output.status.success(), "{service}");
            assert!(
                told(&output).contains("doors/fedora.md"),
                "{}",
                told(&output)
            );
        }
    }
}

#[test]
fn the_checks_are_written_again_when_authselect_has_changed_them_and_nothing_is_guessed() {
    let (machine, ..) = fedora("local");
    let write = || machine.run("/usr/libexec/otpair/first-factor", &[]);
    assert!(told(&write()).contains("otpair-system-auth is written."));
    let written = String::from_utf8(machine.read("/etc/pam.d/otpair-system-auth")).unwrap();
    let (_, lines) = written.split_once('\n').unwrap();
    let known = fedoras("local/otpair-system-auth");
    let known: Vec<_> = known
        .lines()
        .filter(|line| line.starts_with("auth"))
        .collect();
    assert_eq!(lines.lines().collect::<Vec<_>>(), known);
    let again = told(&write());
    assert_eq!(again.matches("is as it has to be.").count(), 2, "{again}");
    machine.write("/etc/pam.d/system-auth", fedoras("sssd/system-auth"));
    let changed = told(&write());
    assert!(
        changed.contains("otpair-system-auth is written.")
            && changed.contains("otpair-password-auth is as it has"),
        "{changed}"
    );
    let kept = machine.read("/etc/pam.d/otpair-system-auth");
    for unknown in [
        "auth required pam_env.so\nauth sufficient pam_unix.so\n",
        "auth include something\nauth required pam_deny.so\n",
        "auth sufficient \\\n pam_unix.so\nauth required pam_deny.so\n",
        "auth [success=done auth_err=done default=ignore] pam_unix.so\nauth required pam_deny.so\n",
        "auth [default=done] pam_unix.so\nauth required pam_deny.so\n",
        "auth [success=2 default=ignore] pam_unix.so\nauth required pam_deny.so\n",
        "auth [succes=done] pam_unix.so\nauth required pam_deny.so\n",
        "auth [sufficient] pam_unix.so\nauth required pam_deny.so\n",
        "[auth] sufficient pam_unix.so\nauth required pam_deny.so\n",
        "auth INCLUDE something\nauth required pam_deny.so\n",
        "auth nonsense pam_unix.so\nauth required pam_deny.so\n",
        "auth sufficient\nauth required pam_deny.so\n",
    ] {
        machine.write("/etc/pam.d/system-auth", unknown);
        let output = write();
        assert!(!output.status.success(), "{unknown}");
        assert!(
            told(&output).contains("otpair can't be put behind it"),
            "{}",
            told(&output)
        );
        assert_eq!(machine.read("/etc/pam.d/otpair-system-auth"), kept);
    }
}

#[test]
fn an_end_with_success_is_turned_however_libpam_may_find_it_written() {
    let (machine, token, _) = fedora("local");
    for (press, control) in (0..).zip([
        "Sufficient",
        "[ success = done  new_authtok_reqd=done default = ignore ]",
    ]) {
        let system_auth = format!(
            "AUTH {control} pam_unix.so nodelay # the password\nauth Required pam_deny.so\n"
        );
        machine.write("/etc/pam.d/system-auth", system_auth);
        turn_round(&machine);
        machine.admin(&["protect", "sudo", "--revert-in", "7d"]);
        let sudo = door::sudo_on_a_terminal(&machine);
        every_combination(&machine, &*sudo, ALICE, &token.press(press));
        machine.admin(&["unprotect", "sudo"]);
    }
}

#[test]
fn taken_back_as_the_page_says_the_services_are_as_they_came() {
    let (machine, ..) = fedora("sssd");
    let both = || ["sshd", "sudo"].map(|service| machine.read(&format!("/etc/pam.d/{service}")));
    let as_they_came = both();
    turn_round(&machine);
    let page = Page::read("doors/fedora.md");
    // turn_round has moved login and su too, so the files have to stay.
    page.follow_block(&machine, "sh back", &[]);
    assert_eq!(both(), as_they_came);
    let written = machine.path("/etc/pam.d/otpair-system-auth");
    assert!(written.exists());
    for service in ["su", "login"] {
        machine.write(&format!("/etc/pam.d/{service}"), fedoras(service));
    }
    page.follow_block(&machine, "sh back", &[]);
    assert!(!written.exists());
}

/// What doctor says of the first factor.
fn of_first_factor(machine: &Machine) -> Vec<String> {
    let output = machine.otpair(&["doctor", "--json"]);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let all = found.as_array().unwrap().iter();
    all.filter(|one| one["about"] == "first factor")
        .map(|one| one["what"].to_string())
        .collect()
}

#[test]
fn doctor_tells_when_authselect_has_changed_what_the_checks_were_written_from() {
    let (machine, ..) = fedora("local");
    turn_round(&machine);
    machine.admin(&["protect", "sudo", "--revert-in", "7d"]);
    assert_eq!(of_first_factor(&machine), Vec::<String>::new());
    machine.write("/etc/pam.d/system-auth", fedoras("sssd/system-auth"));
    let [told] = &of_first_factor(&machine)[..] else {
        panic!("it does not tell");
    };
    assert!(
        told.contains("otpair-system-auth is not what") && !told.contains("password-auth"),
        "{told}"
    );
    machine.done("/usr/libexec/otpair/first-factor", &[]);
    assert_eq!(of_first_factor(&machine), Vec::<String>::new());
    machine.write(
        "/etc/pam.d/system-auth",
        "auth [default=done] pam_unix.so\nauth required pam_deny.so\n",
    );
    let told = of_first_factor(&machine).concat();
    assert!(told.contains("otpair can't be put behind it"), "{told}");
    machine.write(
        "/etc/pam.d/otpair-system-auth",
        "auth requisite pam_unix.so\n",
    );
    assert_eq!(of_first_factor(&machine), Vec::<String>::new(), "by hand");
}

/// All of the page but `dnf install`, for Debian has no repository of Fedora's: what the package's file is called is
/// asserted where it is built.
#[test]
fn the_page_of_the_docs_switches_it_on() {
    let (machine, token, _) = fedora("sssd");
    machine.write(
        "/etc/ssh/sshd_config",
        "Include /etc/ssh/sshd_config.d/*.conf\n",
    );
    machine.write(
        "/etc/ssh/sshd_config.d/50-redhat.conf",
        "KbdInteractiveAuthentication no\nUsePAM yes\n",
    );
    let page = Page::read("doors/fedora.md");
    page.follow(&machine);
    assert_eq!(machine.systemctl(), ["reload sshd"]);
    assert!(!machine.path("/etc/otpair/protect.pending").exists());
    let status = machine.admin_json(&["status"]);
    let is_protected = |service: &str| {
        let mut all = status.as_array().unwrap().iter();
        all.any(|one| one["service"] == service && one["protected"] == true)
    };
    assert!(is_protected("sshd") && !is_protected("sudo"), "{status}");
    door::ssh_asking(&machine);
    machine.done("mkdir", &["-m", "0700", "/root/.ssh"]);
    machine.write("/root/.ssh/config", "StrictHostKeyChecking no\n");
    let mut alice = machine.command("setsid");
    alice.args(["-c", "sh", "-euc", page.block("sh alice")]);
    let mut terminal = Terminal::start(alice);
    terminal.expect("Password: ");
    terminal.send_line(ALICE.password);
    terminal.expect(PASSCODE);
    terminal.send_line(&token.press(0));
    terminal.expect(door::SIGNED_ON);
    page.follow_block(&machine, "sh sshd out", &[]);
    let told = machine.path("/etc/ssh/sshd_config.d/00-otpair.conf");
    assert!(!told.exists());
    let file = machine.read("/etc/pam.d/sshd");
    assert!(!String::from_utf8_lossy(&file).contains("pam_otpair"));
}
