//! Switching otpair on and off in PAM's files, in a machine without systemd.

use otpair_tests::dialog::PASSCODE;
use otpair_tests::door;
use otpair_tests::machine::{ALICE, BOB, CONFIG_FILE, Machine, told};
use otpair_tests::page::Page;
use otpair_tests::scenario::paired;
use otpair_tests::terminal::Terminal;
use otpair_tests::token::Token;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const PASSWORD: &str = "Password: ";
const SU: &str = "auth sufficient pam_rootok.so\n@include common-auth\n@include common-account\nsession required pam_permit.so\n";
const DEBIAN: &str =
    "@include common-auth\n@include common-account\nsession required pam_permit.so\n";
const WEEK: &str = "7d";

/// A machine with Debian's file for `su`, in which Alice has a token.
fn unprotected() -> (Machine, Token) {
    let (machine, token) = paired();
    machine.write("/etc/pam.d/su", SU);
    (machine, token)
}

fn su_file(machine: &Machine) -> String {
    String::from_utf8(machine.read("/etc/pam.d/su")).unwrap()
}

/// Waits until the file is as it was.
fn wait_until_taken_back(machine: &Machine) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while su_file(machine) != SU {
        assert!(Instant::now() < deadline, "it was never taken back");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn status(machine: &Machine, service: &str) -> serde_json::Value {
    let all = machine.admin_json(&["status"]);
    let mut found = all
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["service"] == service);
    found.next().cloned().unwrap_or_default()
}

fn refusal(machine: &Machine, arguments: &[&str]) -> String {
    let output = machine.otpair(arguments);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    let said = String::from_utf8(output.stderr).unwrap();
    said.lines().last().unwrap_or_default().to_owned()
}

#[test]
fn protect_asks_for_a_passcode_and_unprotect_leaves_the_file_as_it_was() {
    let (machine, token) = unprotected();
    let su = door::su(&machine);
    assert!(
        su.sign_on(&machine, ALICE, &[(PASSWORD, ALICE.password)])
            .granted
    );
    let said = machine.admin(&["protect", "su", "--revert-in", WEEK]);
    assert!(said.contains("otpair protect --confirm"), "{said}");
    machine.admin(&["protect", "--confirm"]);
    let script = [(PASSWORD, ALICE.password), (PASSCODE, &*token.press(0))];
    assert!(su.sign_on(&machine, ALICE, &script).granted);
    assert!(
        !su.sign_on(&machine, ALICE, &[(PASSWORD, "wrong")]).granted,
        "no passcode is asked for after a wrong password"
    );
    machine.admin(&["unprotect", "su"]);
    assert_eq!(su_file(&machine), SU);
    let names = |event: &str| machine.events(event)[0]["service"].clone();
    assert_eq!(
        (names("protected"), names("unprotected")),
        ("su".into(), "su".into())
    );
}

#[test]
fn protecting_twice_changes_nothing_and_status_tells() {
    let (machine, _) = unprotected();
    assert_eq!(status(&machine, "su")["protected"], false);
    machine.admin(&["protect", "su", "--revert-in", WEEK]);
    let once = su_file(&machine);
    machine.admin(&["protect", "su", "--revert-in", WEEK]);
    assert_eq!(su_file(&machine), once);
    let told = status(&machine, "su");
    assert_eq!(told["protected"], true);
    assert!(
        told["pending_revert"].as_str().unwrap().ends_with('Z'),
        "{told}"
    );
    machine.admin(&["protect", "--confirm"]);
    assert!(status(&machine, "su")["pending_revert"].is_null());
    assert!(machine.admin(&["protect", "su"]).contains("Nothing to do"));
    assert!(status(&machine, "su")["pending_revert"].is_null());
    assert_eq!(status(&machine, "sshd")["protected"], true, "by hand");
    assert!(refusal(&machine, &["protect", "--confirm"]).contains("nothing waits"));
}

#[test]
fn without_a_confirmation_it_is_taken_back_though_otpair_is_killed_and_its_terminal_hangs_up() {
    let (machine, _) = unprotected();
    let mut shell = machine.command("setsid");
    shell.args([
        "-c",
        "sh",
        "-c",
        "otpair protect su --revert-in 4s; kill -HUP 0; kill -HUP -$$; kill -KILL $$",
    ]);
    let mut terminal = Terminal::start(shell);
    terminal.expect("otpair protect --confirm");
    assert!(su_file(&machine).contains("pam_otpair.so"));
    machine.write(CONFIG_FILE, "[nonsense");
    let _ = terminal.finish();
    machine.run("sh", &["-c", "for p in /proc/[0-9]*; do case $(cat $p/comm) in otpair) kill -KILL ${p#/proc/};; esac; done"]);
    wait_until_taken_back(&machine);
    assert!(!machine.path("/etc/otpair/protect.pending").exists());
}

#[test]
fn the_lines_come_out_of_a_full_disk_without_config_and_cache() {
    let (machine, _) = unprotected();
    machine.admin(&["protect", "su", "--revert-in", WEEK]);
    machine.done(
        "sh",
        &[
            "-euc",
            "
        mkdir /run/small && mount -t tmpfs -o size=64k small /run/small
        cp -a /etc/pam.d/. /run/small/ && mount --move /run/small /etc/pam.d
        cat /dev/zero >/etc/pam.d/full || :
        rm -rf /etc/otpair/otpair.toml /var/lib/otpair/*",
        ],
    );
    machine.write(CONFIG_FILE, "[nonsense");
    let full = fs::write(machine.path("/etc/pam.d/more"), vec![b'x'; 8192]);
    assert!(full.is_err(), "the disk is not full");
    machine.admin(&["protect", "--revert"]);
    assert_eq!(su_file(&machine), SU);
}

#[test]
fn where_nobody_could_sign_on_nothing_is_switched_on() {
    let machine = Machine::new();
    machine.write("/etc/pam.d/su", SU);
    let said = refusal(&machine, &["protect", "su"]);
    assert!(said.contains("nobody has a token"), "{said}");
    machine.import(&[&Token::hotp("12345678")]);
    machine.config("[sign_on]\nunpaired = \"deny\"\n");
    assert!(refusal(&machine, &["protect", "su"]).contains("nobody has a token"));
    machine.write(CONFIG_FILE, "[nonsense");
    let said = refusal(&machine, &["protect", "su"]);
    assert!(said.contains("otpair.toml:1"), "{said}");
    machine.config("");
    machine.done("sh", &["-euc", "umount \"$(dirname \"$(find /usr/lib /lib -name pam_unix.so | head -n 1)\")/pam_otpair.so\"; rm \"$(dirname \"$(find /usr/lib /lib -name pam_unix.so | head -n 1)\")/pam_otpair.so\""]);
    let said = refusal(&machine, &["protect", "su"]);
    assert!(said.contains("pam_otpair.so is missing"), "{said}");
    assert_eq!(su_file(&machine), SU);
    assert!(!machine.path("/etc/otpair/protect.pending").exists());
}

#[test]
fn a_stack_that_a_wrong_password_gets_through_is_refused_and_doctor_names_one_by_hand() {
    let (machine, _) = unprotected();
    machine.write(
        "/etc/pam.d/cockpit",
        "auth substack common-auth\naccount required pam_permit.so\n",
    );
    let said = refusal(&machine, &["protect", "cockpit"]);
    assert!(said.contains("write include instead of substack"), "{said}");
    machine.pam_service("su", &["required pam_unix.so", "required pam_otpair.so"]);
    let found = machine.run("otpair", &["doctor", "--json"]);
    let found = String::from_utf8(found.stdout).unwrap();
    assert!(
        found.contains("service su") && found.contains("goes on when the password was wrong"),
        "{found}"
    );
    assert!(refusal(&machine, &["unprotect", "su"]).contains("by hand"));
}

#[test]
fn what_is_no_service_is_refused_with_what_to_do() {
    let (machine, _) = unprotected();
    machine.write("/etc/pam.d/linked.real", SU);
    machine.done("ln", &["-s", "linked.real", "/etc/pam.d/linked"]);
    for (service, why) in [
        ("login-window", "macOS"),
        ("../passwd", "no name of a PAM service"),
        ("common-auth", "a part of others"),
        ("nonesuch", "/etc/pam.d/other"),
        ("linked", "is a link"),
    ] {
        let said = refusal(&machine, &["protect", service]);
        assert!(said.contains(why), "{said}");
    }
    let said = refusal(&machine, &["unprotect", "nonesuch"]);
    assert!(said.contains("otpair status"), "{said}");
    let said = machine.admin(&["unprotect", "su"]);
    assert!(said.contains("was not asked there"), "{said}");
    for wrong in [
        &["protect"][..],
        &["unprotect"],
        &["protect", "su", "--revert-in", "soon"],
    ] {
        assert_eq!(machine.otpair(wrong).status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn a_second_service_begins_the_wait_anew_for_both_and_unprotect_ends_it_for_one() {
    let (machine, _) = unprotected();
    machine.write("/etc/pam.d/sudo", SU);
    machine.admin(&["protect", "su", "--revert-in", "1h"]);
    let said = machine.admin(&["protect", "sudo", "--revert-in", "2h"]);
    assert!(said.contains("su, sudo"), "{said}");
    assert_eq!(
        status(&machine, "su")["pending_revert"],
        status(&machine, "sudo")["pending_revert"]
    );
    machine.admin(&["unprotect", "su"]);
    assert_eq!(status(&machine, "su")["protected"], false);
    assert!(status(&machine, "sudo")["pending_revert"].is_string());
    machine.admin(&["protect", "--revert"]);
    assert_eq!(machine.read("/etc/pam.d/sudo"), SU.as_bytes());
}

#[test]
fn unprotect_all_takes_out_what_is_confirmed_and_what_is_pending_without_a_config() {
    let (machine, _) = unprotected();
    machine.write("/etc/pam.d/sudo", DEBIAN);
    machine.admin(&["protect", "su", "--revert-in", WEEK]);
    machine.admin(&["protect", "--confirm"]);
    machine.admin(&["protect", "sudo", "--revert-in", WEEK]);
    machine.write(CONFIG_FILE, "[nonsense");
    let said = refusal(&machine, &["unprotect", "--all"]);
    assert!(
        said.contains("by hand of /etc/pam.d/"),
        "the machine's other services have lines by hand: {said}"
    );
    assert_eq!(su_file(&machine), SU);
    assert_eq!(machine.read("/etc/pam.d/sudo"), DEBIAN.as_bytes());
    assert!(!machine.path("/etc/otpair/protect.pending").exists());
    machine.done("sh", &["-c", "sed -i /pam_otpair.so/d /etc/pam.d/*"]);
    assert!(
        machine
            .admin(&["unprotect", "--all"])
            .contains("Nothing to do")
    );
}

/// A machine on which no file of PAM's has a line by hand.
fn without_lines_by_hand() -> Machine {
    let (machine, _) = unprotected();
    machine.done("sh", &["-c", "sed -i /pam_otpair.so/d /etc/pam.d/*"]);
    machine
}

#[test]
fn a_file_in_any_encoding_and_of_any_name_gets_rid_of_its_lines() {
    let machine = without_lines_by_hand();
    let door = "/etc/pam.d/caf\u{e9}-door";
    for name in [
        "/etc/pam.d/su",
        "/etc/pam.d/su.dpkg-dist",
        "/etc/pam.d/.su",
        door,
    ] {
        machine.write(name, SU);
    }
    machine.admin(&["protect", "su", "--revert-in", WEEK]);
    let umlaut = b"# f\xfcr alle\n";
    let protected = [&umlaut[..], &machine.read("/etc/pam.d/su")].concat();
    let names = ["su", "su.dpkg-dist", ".su", "caf\u{e9}-door"];
    for name in names {
        machine.write(&format!("/etc/pam.d/{name}"), &protected);
    }
    assert_eq!(status(&machine, "su")["protected"], true);
    assert_eq!(status(&machine, "su.dpkg-dist"), serde_json::Value::Null);
    let said = machine.admin(&["unprotect", "--all", "--dry-run"]);
    assert!(
        said.contains(".su, caf\u{e9}-door, su, su.dpkg-dist"),
        "{said}"
    );
    assert_eq!(machine.read("/etc/pam.d/su"), protected);
    machine.admin(&["unprotect", "--all"]);
    for name in names {
        let file = machine.read(&format!("/etc/pam.d/{name}"));
        assert_eq!(file, [&umlaut[..], SU.as_bytes()].concat(), "{name}");
    }
    let said = refusal(&machine, &["protect", "su"]);
    assert!(said.contains("not UTF-8"), "{said}");
}

#[test]
fn a_file_that_can_not_be_read_is_not_taken_for_one_without_lines() {
    let machine = without_lines_by_hand();
    machine.admin(&["protect", "su", "--revert-in", WEEK]);
    machine.write("/etc/pam.d/a-door", SU);
    let fails = |arguments: &[&str]| {
        let fail = ["-qq", "-o", "/dev/null", "-P", "/etc/pam.d/a-door"];
        let error = ["-e", "inject=openat:error=EIO", "otpair"];
        told(&machine.run("strace", &[&fail[..], &error, arguments].concat()))
    };
    let protected = su_file(&machine);
    for arguments in [&["unprotect", "--all", "--dry-run"][..], &["status"]] {
        let said = fails(arguments);
        assert!(said.contains("/etc/pam.d/a-door: Input/output"), "{said}");
    }
    assert_eq!(su_file(&machine), protected);
    let said = fails(&["unprotect", "--all"]);
    assert!(said.contains("/etc/pam.d/a-door: Input/output"), "{said}");
    assert_eq!(
        su_file(&machine),
        SU,
        "the others are taken out all the same"
    );
}

#[test]
fn a_line_that_stays_is_told_before_anything_is_taken_out() {
    let machine = without_lines_by_hand();
    machine.admin(&["protect", "su", "--revert-in", WEEK]);
    machine.write("/etc/otherwhere", "auth required pam_otpair.so\n");
    let protected = su_file(&machine);
    for (name, text) in [
        (
            "door",
            "auth requisite pam_unix.so\nauth include /etc/otherwhere\n",
        ),
        (
            "other",
            "auth requisite pam_unix.so\nauth include /etc/otherwhere\n",
        ),
    ] {
        let path = format!("/etc/pam.d/{name}");
        let before = machine.run("cat", &[&path]).stdout;
        machine.write(&path, text);
        let said = refusal(&machine, &["unprotect", "--all", "--dry-run"]);
        assert!(said.contains(&path) && said.contains("by hand"), "{said}");
        machine.write(&path, before);
    }
    // The lines of a link's target are somebody else's to change, unless it is a file of the folder too.
    machine.done(
        "sh",
        &[
            "-euc",
            "mv /etc/pam.d/su /etc/elsewhere; ln -s /etc/elsewhere /etc/pam.d/su",
        ],
    );
    let said = refusal(&machine, &["unprotect", "--all", "--dry-run"]);
    assert!(said.contains("/etc/pam.d/su is a link"), "{said}");
    machine.done("mv", &["/etc/elsewhere", "/etc/pam.d/su"]);
    assert_eq!(su_file(&machine), protected);
    machine.done("ln", &["-s", "su", "/etc/pam.d/alias"]);
    machine.admin(&["unprotect", "--all"]);
    assert_eq!(su_file(&machine), SU);
}

#[test]
fn a_config_named_goes_into_the_line() {
    let (machine, token) = unprotected();
    machine.admin(&[
        "--config",
        CONFIG_FILE,
        "protect",
        "su",
        "--revert-in",
        WEEK,
    ]);
    assert!(su_file(&machine).contains("pam_otpair.so config=/etc/otpair/otpair.toml #"));
    let su = door::su(&machine);
    let script = [(PASSWORD, ALICE.password), (PASSCODE, &*token.press(0))];
    assert!(su.sign_on(&machine, ALICE, &script).granted);
}

#[test]
fn libpam_agrees_about_stacks_that_let_a_wrong_password_through() {
    let (machine, _) = unprotected();
    let pam = door::pamtester(&machine);
    let module = "required pam_otpair.so";
    // Protected: whatever is asked, a wrong password never comes to a passcode.
    for stack in [
        "auth requisite pam_unix.so\n",
        "@include common-auth\n",
        "auth include common-auth\nauth optional pam_cap.so\n",
        "auth [success=1 default=ignore] pam_unix.so\nauth requisite pam_deny.so\nauth required pam_permit.so\n",
        "auth [success=1 default=bad] pam_unix.so\nauth [default=die] pam_deny.so\nauth optional pam_permit.so\n",
    ] {
        machine.write(
            "/etc/pam.d/otptest",
            format!("{stack}account required pam_permit.so\n"),
        );
        machine.admin(&["protect", "otptest", "--revert-in", WEEK]);
        let visit = pam.sign_on(&machine, ALICE, &[(PASSWORD, "wrong")]);
        assert!(
            !visit.granted && !visit.says("passcode"),
            "{stack}{}",
            visit.transcript
        );
    }
    // Refused: it would have.
    let wrong = "000000";
    for stack in ["auth required pam_unix.so\n", "auth substack common-auth\n"] {
        machine.write(
            "/etc/pam.d/otptest",
            format!("{stack}account required pam_permit.so\n"),
        );
        refusal(&machine, &["protect", "otptest", "--revert-in", WEEK]);
        machine.write(
            "/etc/pam.d/otptest",
            format!("{stack}auth {module}\naccount required pam_permit.so\n"),
        );
        let visit = pam.sign_on(
            &machine,
            ALICE,
            &[
                (PASSWORD, "wrong"),
                (PASSCODE, wrong),
                (PASSCODE, wrong),
                (PASSCODE, wrong),
            ],
        );
        assert!(!visit.granted, "{}", visit.transcript);
        machine.admin(&["user", "unlock", "alice"]);
    }
}

#[test]
fn nothing_of_the_real_machine_was_touched() {
    let output = Command::new("grep")
        .args(["-rl", "otpair protect", "/etc/pam.d"])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
}

#[test]
fn the_page_about_switching_on_works_as_it_stands() {
    let (machine, token) = unprotected();
    for service in ["sudo", "sudo-i", "sshd"] {
        machine.write(&format!("/etc/pam.d/{service}"), DEBIAN);
    }
    let page = Page::read("doors/switching-on.md");
    page.follow(&machine);
    assert_eq!(machine.systemctl(), ["reload ssh"]);
    let protected = |service: &str| status(&machine, service)["protected"].clone();
    assert_eq!(
        (protected("sshd"), protected("sudo")),
        (true.into(), false.into())
    );
    assert!(!machine.path("/etc/otpair/protect.pending").exists());
    let said = machine
        .admin(&["protect", "sudo"])
        .replace("at: sudo, sudo-i.", "at: sshd, sudo, sudo-i.")
        .replace(
            "There is no systemd here:",
            "Starting the machine again before that takes it back too.",
        );
    let text = page.block("");
    for line in text.lines().filter(|line| !line.is_empty()) {
        let line = line.split("TIME").next().unwrap();
        assert!(said.contains(line), "{line:?} is not said: {said}");
    }
    door::ssh_asking(&machine);
    machine.done("mkdir", &["-m", "0700", "/root/.ssh"]);
    machine.write("/root/.ssh/config", "StrictHostKeyChecking no\n");
    let mut alice = machine.command("setsid");
    alice.args(["-c", "sh", "-euc", page.block("sh alice")]);
    let mut terminal = Terminal::start(alice);
    terminal.expect(PASSWORD);
    terminal.send_line(ALICE.password);
    terminal.expect(PASSCODE);
    terminal.send_line(&token.press(0));
    terminal.expect(door::SIGNED_ON);
}

#[test]
fn wherever_otpair_is_killed_the_file_ends_as_it_was() {
    let (machine, _) = unprotected();
    let mut kills = 0;
    for call in ["/^rename", "fsync", "unlink", "/^openat"] {
        for nth in [1, 2, 3, 4, 5, 6, 7] {
            let kill = format!("inject={call}:signal=KILL:when={nth}");
            let otpair = ["-o", "/dev/null", "-e", &kill, "otpair", "protect", "su"];
            let output = machine.run("strace", &[&otpair[..], &["--revert-in", "1s"]].concat());
            kills += i32::from(!output.status.success());
            wait_until_taken_back(&machine);
            wait_until_nothing_is_pending(&machine);
        }
    }
    assert!(kills > 10, "{kills} kills");
}

/// Waits until what was pending is over. A kill may have left nothing that waits, before a file was changed.
fn wait_until_nothing_is_pending(machine: &Machine) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while machine.path("/etc/otpair/protect.pending").exists() {
        assert!(Instant::now() < deadline, "it is pending still");
        if !machine.run("pgrep", &["-x", "sleep"]).status.success() {
            machine.admin(&["protect", "--revert"]);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn what_can_not_be_written_leaves_nothing_behind() {
    let (machine, _) = unprotected();
    let before = machine.done("ls", &["-A", "/etc/pam.d", "/etc/otpair"]);
    let fail = "inject=fchmod:error=EROFS";
    let output = machine.run(
        "strace",
        &["-o", "/dev/null", "-e", fail, "otpair", "protect", "su"],
    );
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert_eq!(su_file(&machine), SU);
    assert_eq!(
        machine.done("ls", &["-A", "/etc/pam.d", "/etc/otpair"]),
        before
    );
}

#[test]
fn a_service_that_includes_another_ones_file_is_not_made_to_ask_twice() {
    let (machine, _) = unprotected();
    machine.write(
        "/etc/pam.d/kscreen",
        "auth include su\naccount required pam_permit.so\n",
    );
    machine.admin(&["protect", "kscreen", "--revert-in", WEEK]);
    let said = refusal(&machine, &["protect", "su"]);
    assert!(said.contains("kscreen would ask twice"), "{said}");
    machine.admin(&["unprotect", "kscreen"]);
    machine.admin(&["protect", "su", "kscreen", "--revert-in", WEEK]);
    assert_eq!(status(&machine, "kscreen")["protected"], true);
    assert_eq!(
        machine.read("/etc/pam.d/kscreen"),
        b"auth include su\naccount required pam_permit.so\n"
    );
}

#[test]
fn somebody_who_is_not_root_is_told_so() {
    let (machine, _) = unprotected();
    machine.admin(&["protect", "su", "--revert-in", WEEK]);
    let commands = [
        &["unprotect", "su"][..],
        &["protect", "--confirm"],
        &["protect", "--revert"],
    ];
    for command in commands {
        let alice = ["--reuid", "alice", "--clear-groups", "otpair"];
        let output = machine.run("setpriv", &[&alice[..], command].concat());
        assert!(
            told(&output).contains("run this as root"),
            "{}",
            told(&output)
        );
    }
}

#[test]
fn sudo_brings_with_it_what_sudo_i_goes_by() {
    let (machine, _) = unprotected();
    for service in ["sudo", "sudo-i"] {
        machine.write(&format!("/etc/pam.d/{service}"), DEBIAN);
    }
    machine.admin(&["protect", "sudo", "--revert-in", WEEK]);
    for service in ["sudo", "sudo-i"] {
        assert_eq!(status(&machine, service)["protected"], true, "{service}");
    }
    machine.admin(&["unprotect", "sudo"]);
    for service in ["sudo", "sudo-i"] {
        let file = machine.read(&format!("/etc/pam.d/{service}"));
        assert_eq!(file, DEBIAN.as_bytes(), "{service}");
    }
}

#[test]
fn a_door_that_asks_once_is_refused_and_one_that_would_be_stuck_is_named() {
    let (machine, _) = unprotected();
    machine.write("/etc/pam.d/radiusd", DEBIAN);
    let said = refusal(&machine, &["protect", "radiusd"]);
    assert!(said.contains("asks once"), "{said}");
    machine.write("/etc/pam.d/i3lock", "auth include su\n");
    let output = machine.otpair(&["protect", "su", "--revert-in", WEEK]);
    let said = told(&output);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("i3lock") && said.contains("never be opened"),
        "{said}"
    );
}

#[test]
fn root_without_a_token_is_named_where_root_is_asked() {
    let (machine, _) = unprotected();
    let notes = |machine: &Machine| {
        let output = machine.otpair(&["protect", "su", "--revert-in", WEEK]);
        machine.admin(&["unprotect", "su"]);
        String::from_utf8(output.stderr).unwrap()
    };
    let said = notes(&machine);
    assert!(said.contains("user pair root"), "{said}");
    machine.config("[sign_on]\nexempt = [\"root\"]\n");
    let said = notes(&machine);
    assert!(!said.contains("user pair root"), "{said}");
}

#[test]
fn nobody_but_root_can_keep_it_from_being_taken_back() {
    let (machine, _) = unprotected();
    let mut alice = machine.command("setpriv");
    alice.args(["--reuid", "alice", "--clear-groups"]);
    alice.args([
        "flock",
        "-x",
        "/etc/pam.d",
        "sh",
        "-c",
        "echo locked; exec cat",
    ]);
    let mut alice = alice
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(alice.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert_eq!(line, "locked\n");
    machine.admin(&["protect", "su", "--revert-in", "1s"]);
    wait_until_taken_back(&machine);
    drop(alice.stdin.take());
    alice.wait().unwrap();
}

#[test]
fn a_second_protect_that_fails_leaves_the_first_ones_wait_as_it_was() {
    let (machine, _) = unprotected();
    machine.write("/etc/pam.d/sudo", DEBIAN);
    machine.admin(&["protect", "su", "--revert-in", "3s"]);
    machine.write("/run/machine/setsid", "#!/bin/sh\nexit 1\n");
    machine.chmod("/run/machine/setsid", 0o755);
    let said = refusal(&machine, &["protect", "sudo", "--revert-in", WEEK]);
    assert!(said.contains("setsid"), "{said}");
    wait_until_taken_back(&machine);
}

#[test]
fn what_is_written_for_the_wait_is_nobody_elses_to_write() {
    let (machine, _) = unprotected();
    machine.done("sh", &["-euc", "umask 0; otpair protect su --revert-in 7d"]);
    let mode = machine.done("stat", &["-c", "%a", "/etc/otpair/protect.pending"]);
    assert_eq!(mode, "644\n");
}

#[test]
fn one_damaged_record_keeps_nobody_from_switching_on() {
    let (machine, _) = unprotected();
    machine.pair(BOB, &Token::hotp("22222222"));
    machine.write(&Machine::record(BOB), "garbage");
    machine.admin(&["protect", "su", "--revert-in", WEEK]);
    assert_eq!(status(&machine, "su")["protected"], true);
}
