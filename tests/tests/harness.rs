//! The harness itself: with Debian's own modules in otpair's place, every door lets in and turns away as it should.

use otpair_tests::door::{self, Door};
use otpair_tests::machine::{ALICE, Machine};
use otpair_tests::token::{Token, now};

fn with_the_password_alone(open: fn(&Machine) -> Box<dyn Door>) {
    let machine = Machine::new();
    let door = open(&machine);
    machine.pam_service(door.service(), &["required pam_unix.so"]);
    let Some(prompt) = door.password_prompt() else {
        return;
    };
    let visit = door.sign_on(&machine, ALICE, &[(prompt, ALICE.password)]);
    assert!(visit.granted, "{}", visit.transcript);
    let visit = door.sign_on(&machine, ALICE, &[(prompt, "something else")]);
    assert!(!visit.granted, "{}", visit.transcript);
}

#[test]
fn a_password_opens_every_door_and_a_wrong_one_none() {
    let doors = [
        door::ssh_asking,
        door::ssh_command,
        door::sftp,
        door::sudo_on_a_terminal,
        door::sudo_from_stdin,
        door::su,
        door::login,
        door::pamtester,
    ];
    std::thread::scope(|scope| {
        for open in doors {
            scope.spawn(move || with_the_password_alone(open));
        }
    });
}

#[test]
fn a_key_opens_ssh_and_then_pam_is_asked() {
    let machine = Machine::new();
    let door = door::ssh_with_key(&machine);
    machine.pam_service("sshd", &["required pam_permit.so"]);
    let visit = door.sign_on(&machine, ALICE, &[]);
    assert!(visit.granted, "{}", visit.transcript);
}

#[test]
fn two_prompts_through_pam_oath_work_at_ssh() {
    let machine = Machine::new();
    let door = door::ssh_asking(&machine);
    let token = Token::totp("12345678");
    machine.pam_service(
        "sshd",
        &[
            "required pam_unix.so",
            "required pam_oath.so usersfile=/etc/users.oath",
        ],
    );
    machine.write(
        "/etc/users.oath",
        format!("HOTP/T30/6 alice - {}\n", token.hex()),
    );
    machine.chmod("/etc/users.oath", 0o600);
    let script = [
        ("Password: ", ALICE.password),
        ("One-time password (OATH) for `alice': ", &token.at(now())),
    ];
    let visit = door.sign_on(&machine, ALICE, &script);
    assert!(visit.granted, "{}", visit.transcript);
}

#[test]
fn the_machine_has_users_and_a_network_of_its_own() {
    let machine = Machine::new();
    assert_eq!(machine.done("id", &["-un", "2001"]), "alice\n");
    assert!(!machine.done("ip", &["-o", "link"]).contains("eth"));
}
