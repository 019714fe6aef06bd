//! Programs that are not root (contract section 4): the module in them has the helper hold the sign-on. Through the real
//! module, helper and socket, as ordinary users of the machine.

use otpair_tests::dialog::{Done, PASSCODE, SignOn};
use otpair_tests::machine::{
    ALICE, AUDIT_FILE, BOB, CAROL, DAVE, GHOST, HELPER_SOCKET, MODULE, Machine, User, told,
};
use otpair_tests::scenario::paired;
use otpair_tests::terminal::Terminal;
use otpair_tests::token::Token;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;

/// A sign-on of somebody's, asked for by a program of this user.
fn by(caller: User, user: User) -> SignOn {
    let who = ["--reuid", caller.name, "--regid", caller.name];
    SignOn::of(user).under(&[&["setpriv"], &who[..], &["--init-groups"]].concat())
}

/// A machine with a helper, on which Alice has a HOTP token.
fn served() -> (Machine, Token) {
    let (machine, token) = paired();
    machine.serve_helper();
    (machine, token)
}

fn told_of_a_fault(done: &Done) {
    assert!(done.says("fault of this machine"), "{}", done.transcript());
}

#[test]
fn a_user_signs_on_in_a_program_of_their_own() {
    let (machine, token) = served();
    by(ALICE, ALICE).granted(&machine, &[(PASSCODE, &token.press(0))]);
    let granted = machine.events("granted");
    assert_eq!((granted.len(), &granted[0]["user"]), (1, &"alice".into()));
    assert_eq!(granted[0]["service"], "otpcodes");
}

#[test]
fn wrong_spent_and_out_of_step_are_told_through_the_helper() {
    let (machine, token) = served();
    let spent = token.press(0);
    by(ALICE, ALICE).granted(&machine, &[(PASSCODE, &token.wrong()), (PASSCODE, &spent)]);
    let script = [
        (PASSCODE, &*spent),
        (PASSCODE, &*token.press(50)),
        ("Next passcode: ", &*token.press(51)),
    ];
    let done = by(ALICE, ALICE).granted(&machine, &script);
    assert!(done.says("already used") && done.says("out of step"));
}

#[test]
fn a_locked_user_is_told_through_the_helper() {
    let (machine, token) = served();
    machine.config("[throttle]\nmax_failures = 2\nfirst_wait = \"30m\"\n");
    let wrong = token.wrong();
    let script = [(PASSCODE, &*wrong), (PASSCODE, &*wrong)];
    by(ALICE, ALICE).hold(&machine, &script, "PAM_MAXTRIES");
    let locked = by(ALICE, ALICE).hold(&machine, &[], "PAM_MAXTRIES");
    assert!(locked.says("locked"), "{}", locked.transcript());
}

#[test]
fn through_the_helper_nobody_pairs() {
    let machine = Machine::new();
    machine.serve_helper();
    machine.import(&[&Token::hotp("12345678")]);
    for config in [
        "",
        "[sign_on]\nunpaired = \"allow\"\nallow_unpaired_until = 2099-01-01\n",
    ] {
        machine.config(config);
        let done = by(ALICE, ALICE).hold(&machine, &[], "PAM_AUTH_ERR");
        assert!(done.says("no token is paired"), "{}", done.transcript());
    }
}

#[test]
fn through_the_helper_a_bypass_code_opens_no_way_to_pair() {
    let (machine, _) = served();
    let free = Token::hotp("22222222");
    machine.import(&[&free]);
    let issued = machine.admin_json(&["user", "bypass", "bob"]);
    let code = issued["code"].as_str().unwrap();
    let pairing = format!("token 22222222 {}", free.press(0));
    by(BOB, BOB).granted(&machine, &[(PASSCODE, &pairing), (PASSCODE, code)]);
    assert_eq!(machine.token(&free)["state"], "available");
    assert!(machine.serials(BOB).is_empty());
}

#[test]
fn nobody_asks_for_another_user_or_learns_whether_there_is_one() {
    let (machine, _) = served();
    let before = machine.read(&Machine::record(ALICE));
    let seen: Vec<_> = [ALICE, CAROL, GHOST]
        .map(|user| {
            let done = by(BOB, user).hold(&machine, &[], "PAM_AUTHINFO_UNAVAIL");
            told_of_a_fault(&done);
            done.styled()
        })
        .into();
    assert!(seen.iter().all(|one| *one == seen[0]), "{seen:#?}");
    assert_eq!(machine.read(&Machine::record(ALICE)), before);
    let denied = machine.events("denied");
    assert_eq!(denied.len(), 3);
    for event in denied {
        let reason = event["reason"].as_str().unwrap();
        assert!(reason.contains("uid 2002"), "{reason}");
    }
    let log = String::from_utf8(machine.read(AUDIT_FILE)).unwrap();
    assert!(!log.contains("ghost"), "{log}");
}

#[test]
fn an_account_that_the_config_names_asks_for_others() {
    let (machine, token) = served();
    machine.config("[helper]\nmay_ask_for_others = [\"dave\"]\n");
    by(DAVE, ALICE).granted(&machine, &[(PASSCODE, &token.press(0))]);
    let wrong = [
        (PASSCODE, "123456"),
        (PASSCODE, "234567"),
        (PASSCODE, "345678"),
    ];
    by(DAVE, GHOST).hold(&machine, &wrong, "PAM_MAXTRIES");
    by(BOB, ALICE).hold(&machine, &[], "PAM_AUTHINFO_UNAVAIL");
}

#[test]
fn one_persons_sign_ons_at_a_service_take_nobody_elses_places() {
    let (machine, token) = served();
    machine.config("[helper]\nmay_ask_for_others = [\"dave\"]\n");
    machine.pair(BOB, &Token::hotp("22222222"));
    let mut bobs: Vec<_> = (0..4).map(|_| by(DAVE, BOB).begin(&machine)).collect();
    for dialog in &mut bobs {
        dialog.expect(PASSCODE);
    }
    by(DAVE, BOB).hold(&machine, &[], "PAM_AUTHINFO_UNAVAIL");
    by(DAVE, ALICE).granted(&machine, &[(PASSCODE, &token.press(0))]);
    for mut dialog in bobs {
        dialog.hang_up();
        assert_eq!(dialog.finish().code, "PAM_CONV_ERR");
    }
}

#[test]
fn only_a_service_that_the_config_names_has_it_logged_where_somebody_comes_from() {
    let (machine, token) = served();
    let from = |caller| by(caller, ALICE).from("203.0.113.5");
    from(ALICE).granted(&machine, &[(PASSCODE, &token.press(0))]);
    machine.config("[helper]\nmay_ask_for_others = [\"dave\"]\n");
    from(DAVE).granted(&machine, &[(PASSCODE, &token.press(1))]);
    let granted = machine.events("granted");
    assert_eq!(granted[0].get("rhost"), None);
    assert_eq!(granted[1]["rhost"], "203.0.113.5");
}

#[test]
fn where_the_config_is_at_fault_no_program_is_believed_where_somebody_comes_from() {
    let (machine, _) = served();
    machine.chmod("/etc/otpair/otpair.toml", 0o666);
    let done = by(ALICE, ALICE)
        .from("203.0.113.5")
        .hold(&machine, &[], "PAM_AUTHINFO_UNAVAIL");
    told_of_a_fault(&done);
    let log = machine.syslog().concat();
    assert!(
        log.contains("event=fault") && !log.contains("203.0.113.5"),
        "{log}"
    );
}

#[test]
fn a_name_longer_than_any_is_a_user_that_nobody_knows() {
    let (machine, _) = served();
    machine.config("[helper]\nmay_ask_for_others = [\"dave\"]\n");
    let long = "a".repeat(5000);
    let wrong = [
        (PASSCODE, "123456"),
        (PASSCODE, "234567"),
        (PASSCODE, "345678"),
    ];
    by(DAVE, ALICE)
        .named(&long)
        .hold(&machine, &wrong, "PAM_MAXTRIES");
}

#[test]
fn user_ids_without_an_account_are_turned_away_and_leave_no_file() {
    let (machine, _) = served();
    let nobodys = [
        "setpriv",
        "--reuid",
        "70000",
        "--regid",
        "70000",
        "--clear-groups",
    ];
    let done = SignOn::of(ALICE)
        .under(&nobodys)
        .hold(&machine, &[], "PAM_AUTHINFO_UNAVAIL");
    told_of_a_fault(&done);
    let left = machine.done("ls", &["/run/otpair/slots"]);
    assert!(!left.contains("70000"), "{left}");
}

#[test]
fn what_the_caller_says_of_service_origin_and_config_lets_nobody_through() {
    let (machine, token) = served();
    machine.config(
        "[service.kiosk]\nrequired_for = []\ntrusted_networks = [\"10.0.0.0/8\"]\nattempts = 9\n\
         [service.otpcodes]\ntrusted_networks = [\"10.0.0.0/8\"]\n",
    );
    machine.write("/home/alice/otpair.toml", "[sign_on]\nrequired_for = []\n");
    let own =
        format!("[success=done ignore=ignore default=die] {MODULE} config=/home/alice/otpair.toml");
    machine.pam_service("kiosk", &[&own, "required pam_listfile.so"]);
    for (number, service) in (0..).zip(["kiosk", "otpcodes"]) {
        by(ALICE, ALICE)
            .at_service(service)
            .from("10.1.2.3")
            .granted(&machine, &[(PASSCODE, &token.press(number))]);
    }
}

#[test]
fn whoever_is_exempt_everywhere_is_asked_for_nothing_by_the_helper() {
    let (machine, _) = served();
    machine.config("[sign_on]\nexempt = [\"carol\"]\n");
    by(CAROL, CAROL).hold(&machine, &[], otpair_tests::machine::IGNORED);
}

#[test]
fn messages_go_into_prompts_through_the_helper_too() {
    let (machine, token) = served();
    let mut dialog = by(ALICE, ALICE).silent().begin(&machine);
    dialog.expect(PASSCODE);
    dialog.answer(&token.wrong());
    assert!(dialog.expect_carrying(PASSCODE).contains("Wrong passcode."));
    dialog.answer(&token.press(0));
    assert_eq!(dialog.finish().code, "PAM_SUCCESS");
}

#[test]
fn an_answer_that_fails_or_is_no_text_ends_the_dialog_in_the_helper() {
    let (machine, token) = served();
    let mut dialog = by(ALICE, ALICE).begin(&machine);
    dialog.expect(PASSCODE);
    dialog.hang_up();
    assert_eq!(dialog.finish().code, "PAM_CONV_ERR");
    let mut dialog = by(ALICE, ALICE).begin(&machine);
    dialog.expect(PASSCODE);
    dialog.answer_null();
    assert_eq!(dialog.finish().code, "PAM_AUTH_ERR");
    assert_eq!(machine.user(ALICE)["failures"], 0);
    by(ALICE, ALICE).granted(&machine, &[(PASSCODE, &token.press(0))]);
}

#[test]
fn one_field_works_through_the_helper() {
    let (machine, token) = served();
    machine.config("[helper]\nmay_ask_for_others = [\"dave\"]\n");
    machine.pam_service(
        "otptest",
        &[
            &format!("requisite {MODULE} passcode=split"),
            "required pam_debug.so auth=success",
            &format!("required {MODULE} passcode=appended"),
        ],
    );
    let ask = |typed: &str, code: &str| {
        let sign_on = by(DAVE, ALICE).at_service("otptest");
        sign_on.hold(&machine, &[("Password: ", typed)], code)
    };
    ask(&format!("alice-pw{}", token.press(0)), "PAM_SUCCESS");
    ask(&format!("alice-pw,{}", token.press(1)), "PAM_SUCCESS");
    ask(&format!("alice-pw{}", token.wrong()), "PAM_AUTH_ERR");
    ask("alice-pw", "PAM_AUTH_ERR");
    assert_eq!(machine.user(ALICE)["failures"], 1);
    ask("alice-pw,other", "PAM_AUTH_ERR");
    let last = machine.events("denied").pop().unwrap();
    let reason = last["reason"].as_str().unwrap();
    assert!(reason.contains("than this door can"), "{reason}");
}

#[test]
fn a_split_at_fault_is_told_and_logged_by_the_helper() {
    let (machine, _) = served();
    let stack = format!("requisite {MODULE} passcode=split");
    machine.pam_service("otptest", &[&stack, "required pam_permit.so"]);
    machine.write(&Machine::record(ALICE), "garbage");
    let script = [("Password: ", "alice-pw,123456")];
    let sign_on = by(ALICE, ALICE).at_service("otptest");
    told_of_a_fault(&sign_on.hold(&machine, &script, "PAM_AUTHINFO_UNAVAIL"));
    assert_eq!(machine.events("fault").len(), 1);
}

#[test]
fn without_a_helper_nobody_is_let_in_and_the_log_says_why() {
    let (machine, _) = paired();
    let done = by(ALICE, ALICE).hold(&machine, &[], "PAM_AUTHINFO_UNAVAIL");
    told_of_a_fault(&done);
    assert!(
        machine
            .syslog()
            .iter()
            .any(|line| line.contains(HELPER_SOCKET)
                && line.contains("systemctl status otpair-helper.socket")),
        "{:#?}",
        machine.syslog()
    );
}

#[test]
fn a_socket_that_somebody_else_listens_on_is_not_believed() {
    let (machine, _) = paired();
    // It would grant everything: 18 is DONE, 0 is granted.
    machine.serve_socket("bob", &["sh", "-c", "printf '\\022\\000\\001\\000'"]);
    by(ALICE, ALICE).hold(&machine, &[], "PAM_AUTHINFO_UNAVAIL");
    assert!(
        machine
            .syslog()
            .iter()
            .any(|line| line.contains("uid 2002 listens here")),
        "{:#?}",
        machine.syslog()
    );
}

#[test]
fn the_helper_takes_nothing_from_its_environment() {
    let (machine, token) = paired();
    machine.serve_helper();
    let mut dialog = by(ALICE, ALICE).begin(&machine);
    dialog.expect(PASSCODE);
    let pids = machine.done("pidof", &["otpair-helper"]);
    for pid in pids.split_whitespace() {
        let environment = machine.read(&format!("/proc/{pid}/environ"));
        assert!(
            environment.is_empty(),
            "{}",
            String::from_utf8_lossy(&environment)
        );
    }
    dialog.answer(&token.press(0));
    assert_eq!(dialog.finish().code, "PAM_SUCCESS");
}

#[test]
fn a_user_tries_their_own_sign_on_with_the_admins_command() {
    let (machine, token) = served();
    let mut command = machine.command("setsid");
    command.args(["-c", "setpriv", "--reuid", "alice", "--regid", "alice"]);
    command.args(["--init-groups", "otpair", "sign-on", "alice"]);
    let mut terminal = Terminal::start(command);
    terminal.expect(PASSCODE);
    terminal.send_line(&token.press(0));
    terminal.expect("Signed on.");
    let others = machine.run(
        "setpriv",
        &[
            "--reuid",
            "alice",
            "--regid",
            "alice",
            "--init-groups",
            "otpair",
            "sign-on",
            "bob",
        ],
    );
    assert_eq!(others.status.code(), Some(1));
}

#[test]
fn wrong_usage_of_the_helper_is_told() {
    let machine = Machine::new();
    let output = machine.run("/usr/libexec/otpair/otpair-helper", &["--help"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("usage: otpair-helper"));
    // What macOS puts there by itself is not taken for something to be thrown away, again and again.
    let version = [
        "__CF_USER_TEXT_ENCODING=0x1F5:0:0",
        "/usr/libexec/otpair/otpair-helper",
        "--version",
    ];
    let version = machine.done("env", &[&["-i"], &version[..]].concat());
    assert!(version.starts_with("otpair-helper "), "{version}");
    let nobody = machine.run("/usr/libexec/otpair/otpair-helper", &[]);
    assert_eq!(nobody.status.code(), Some(1), "{}", told(&nobody));
}

/// A connection that says these bytes and no more; what came back.
fn say(machine: &Machine, bytes: &[u8]) -> Vec<u8> {
    let mut stream = UnixStream::connect(machine.path(HELPER_SOCKET)).unwrap();
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said);
    said
}

#[test]
fn what_is_no_request_gets_a_refusal_or_nothing() {
    let (machine, _) = served();
    let malformed = [20, 0, 1, 0];
    assert_eq!(say(&machine, &[3, 0, 1, b'1']), malformed);
    assert_eq!(say(&machine, &[99, 0, 0]), malformed);
    assert_eq!(say(&machine, &[1, 0, 2, 9, 0]), [20, 0, 1, 1]);
    assert!(say(&machine, &[1, 0, 90, 1]).is_empty());
}

/// Sends the bytes of its first argument, in hexadecimal, to the socket of its second, and prints what comes back likewise.
const CALLER: &str = "use IO::Socket::UNIX; my $s = IO::Socket::UNIX->new(Peer => $ARGV[1]) or die $!; \
    $s->syswrite(pack 'H*', $ARGV[0]); $s->shutdown(1); local $/; print unpack 'H*', <$s>";

/// What comes back to a user's program that asks for the user's sign-on and for a grant.
fn asks_for_a_grant(machine: &Machine, by: &str, user: &str, service: &str) -> String {
    let mut payload = vec![2, 16];
    let ticket = "0123456789abcdef".repeat(2);
    for text in [user, service, &ticket] {
        payload.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
        payload.extend(text.as_bytes());
    }
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    let frame = [&[1], &length[..], &payload].concat();
    let hex: String = frame.iter().map(|byte| format!("{byte:02x}")).collect();
    let program = ["perl", "-e", CALLER, &hex, HELPER_SOCKET];
    let who = ["--reuid", by, "--regid", by, "--init-groups"];
    machine.done("setpriv", &[&who[..], &program].concat())
}

#[test]
fn nobody_but_the_systems_own_is_left_a_grant() {
    let (machine, _) = served();
    let not_yours = "14000102";
    let by = |caller, service| asks_for_a_grant(&machine, caller, "alice", service);
    assert_eq!(by("alice", "login-window"), not_yours);
    // Another service may have laxer rules than the ones that the grant is taken by.
    assert_eq!(by("root", "sudo"), not_yours);
    let asked = by("root", "login-window");
    assert!(asked.starts_with("15"), "{asked}");
    assert!(!machine.path("/run/otpair/grants").exists());
}
