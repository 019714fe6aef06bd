//! Files of people who move over: `users.oath` and `.google_authenticator`.

use super::*;

fn of_alice() -> Options {
    Options {
        owner: Some("alice".to_owned()),
        ..Options::default()
    }
}

fn google(text: &str) -> Outcome {
    outcome(text.as_bytes(), &of_alice()).unwrap().1
}

#[test]
fn users_oath_gives_tokens_with_their_users_and_the_counter_that_comes_next() {
    let (format, outcome) = outcome(sample!("users.oath"), &Options::default()).unwrap();
    assert_eq!(format, Format::UsersOath);
    assert_eq!(
        serials(&outcome),
        ["OATH-alice", "OATH-bob", "OATH-alice/2", "OATH-carol"]
    );
    let users = outcome.packages.iter().map(|p| p.paired_with.as_deref());
    assert!(users.eq(["alice", "bob", "alice", "carol"].map(Some)));
    let users = outcome.packages.iter().map(|p| p.reserved_for.as_deref());
    assert!(users.eq(["alice", "bob", "alice", "carol"].map(Some)));
    let counters = outcome.packages.iter().map(|package| package.counter);
    assert!(counters.eq([7, 0, 0, 9]));
    assert_eq!(outcome.packages[1].parameters.token_type, totp(60));
    assert_eq!(outcome.packages[1].parameters.digits.count(), 8);
    let told = [Assumption::SerialFromUser, Assumption::Pin];
    assert_eq!(outcome.assumed, told);
    assert!(outcome.rejected.is_empty());
}

#[test]
fn the_same_lines_have_the_same_serial_numbers_whatever_stands_between_them() {
    let line = |user: &str, seed: &str| format!("HOTP {user} - {seed}\n");
    let one = line("alice", HEX) + &line("bob", HEX) + &line("alice", &HEX.replace('3', "4"));
    let more = format!("# x\n\nMOTP carol - {HEX}\n{}", one.replace("bob", "dave"));
    assert_eq!(
        serials(&plain(one)),
        ["OATH-alice", "OATH-bob", "OATH-alice/2"]
    );
    assert_eq!(
        serials(&plain(more)),
        ["OATH-alice", "OATH-dave", "OATH-alice/2"]
    );
    // These are the same number, as serial numbers are compared.
    let alike = line("web-admin", HEX) + &line("webadmin", HEX);
    assert_eq!(
        serials(&plain(alike)),
        ["OATH-web-admin", "OATH-webadmin/2"]
    );
}

#[test]
fn what_is_no_line_of_users_oath_is_rejected_and_never_quoted() {
    let long = "a".repeat(80);
    for (line, why) in [
        (format!("MOTP alice - {HEX}"), "type"),
        (format!("HOTP/T5 alice - {HEX}"), "type"),
        ("HOTP alice -".to_owned(), "columns"),
        (format!("HOTP alice {HEX} 5"), "hexadecimal"),
        (format!("HOTP {HEX} - {HEX}"), "name"),
        (format!("HOTP - - {HEX}"), "name"),
        (format!("HOTP {long} - {HEX}"), "name"),
        ("HOTP alice - 3132".to_owned(), "10 to 128"),
        (format!("HOTP alice - {HEX} x"), "counter"),
        (
            format!("HOTP alice - {HEX} 18446744073709551615 123456"),
            "run out",
        ),
        (format!("HOTP alice - {HEX} 5 x"), "last passcode"),
        (
            format!("HOTP barney - {HEX} 21 0 820658 2009-06-12T17:52:32L"),
            "too many",
        ),
    ] {
        let outcome = plain(format!("HOTP bob - {HEX}\n{line}\n"));
        let [(2, said)] = &outcome.rejected[..] else {
            panic!("{line}: {:?}", outcome.rejected);
        };
        assert!(
            said.contains(why) && !said.contains("3132") && !said.contains("aaaa"),
            "{said}"
        );
        assert_eq!(serials(&outcome), ["OATH-bob"]);
    }
}

#[test]
fn a_google_authenticator_file_is_its_owners_token_with_all_that_was_spent() {
    let (format, outcome) = outcome(sample!("google-authenticator"), &of_alice()).unwrap();
    assert_eq!(
        (format, serials(&outcome)),
        (Format::GoogleAuthenticator, vec!["GA-alice"])
    );
    let package = &outcome.packages[0];
    assert_eq!(package.paired_with.as_deref(), Some("alice"));
    assert_eq!(package.parameters.token_type, totp(60));
    assert_eq!((package.drift, package.seed.expose()), (-2, SEED));
    let spent = |now| {
        package
            .spent
            .first_time_step(&package.parameters, &package.seed, package.drift, now)
    };
    assert_eq!(spent(0), 29_401_021);
    // The skew says that passcodes were followed that the list does not have: half the window of 17 is taken as spent.
    assert_eq!(spent(60 * 29_402_000), 29_402_000 - 2 + 8 + 1);
    let told = [Assumption::EmergencyCodes, Assumption::SerialFromUser];
    assert_eq!(outcome.assumed, told);
}

#[test]
fn the_counter_of_a_google_authenticator_file_is_the_next_one() {
    let outcome = google(&format!("{BASE32}\n\" HOTP_COUNTER 7\n\" WINDOW_SIZE 17\n"));
    let package = &outcome.packages[0];
    assert_eq!(
        (package.parameters.token_type, package.counter),
        (TokenType::Hotp, 7)
    );
    assert_eq!(outcome.assumed, [Assumption::SerialFromUser]);
}

#[test]
fn a_list_of_used_time_steps_says_all_and_without_one_the_window_is_spent() {
    let first = |options: &str| {
        let outcome = google(&format!("{BASE32}\n{options}\n\" TOTP_AUTH\n"));
        let package = &outcome.packages[0];
        let (parameters, seed) = (&package.parameters, &package.seed);
        package.spent.first_time_step(parameters, seed, 0, 30_000)
    };
    assert_eq!(first("\" DISALLOW_REUSE"), 0);
    assert_eq!(first("\" DISALLOW_REUSE 990 1001 1000"), 1002);
    assert_eq!(first("\" STEP_SIZE 30"), 1002);
    assert_eq!(first("\" WINDOW_SIZE 5"), 1003);
}

#[test]
fn a_secret_alone_is_taken_for_totp_and_that_is_told() {
    let outcome = google(&format!("{BASE32}\n"));
    assert_eq!(outcome.packages[0].parameters.token_type, totp(30));
    assert_eq!(
        outcome.assumed,
        [Assumption::SerialFromUser, Assumption::Type]
    );
    // As the module reads what somebody typed.
    let told = Options {
        format: Some(Format::GoogleAuthenticator),
        ..of_alice()
    };
    let read = outcome_of(
        "gezd-gnbv gy3t qojq gezd gn8v gy3t q0jq\n\" TOTP_AUTH\n",
        &told,
    );
    assert_eq!(read.packages[0].seed.expose(), SEED);
}

fn outcome_of(text: &str, options: &Options) -> Outcome {
    outcome(text.as_bytes(), options).unwrap().1
}

#[test]
fn nobody_is_guessed_to_own_a_google_authenticator_file() {
    let outcome = plain(format!("{BASE32}\n\" TOTP_AUTH\n"));
    assert!(outcome.packages.is_empty());
    assert!(outcome.rejected[0].1.contains("--user"));
}

#[test]
fn what_is_no_google_authenticator_file_is_rejected_once_and_never_quoted() {
    let told = Options {
        format: Some(Format::GoogleAuthenticator),
        ..of_alice()
    };
    for (text, why) in [
        (
            "root:$y$j9T$abc:19000:0:99999:7:::\nbin:*:1:\n".to_owned(),
            "base32",
        ),
        (format!("{HEX}{HEX}\nx\n"), "base32"),
        (format!("{BASE32}\n\" STEP_SIZE 5\n"), "time interval"),
        (
            format!("{BASE32}\n\" HOTP_COUNTER {HEX}x\n"),
            "HOTP_COUNTER",
        ),
        (format!("{BASE32}\n\" TIME_SKEW {HEX}\n"), "TIME_SKEW"),
        (format!("{BASE32}\n\" DISALLOW_REUSE x\n"), "DISALLOW_REUSE"),
        ("GEZDGNBV\n".to_owned(), "10 to 128"),
    ] {
        let outcome = outcome_of(&text, &told);
        let [(_, said)] = &outcome.rejected[..] else {
            panic!("{text}: {:?}", outcome.rejected);
        };
        assert!(
            said.contains(why) && !said.contains("3132") && !said.contains('$'),
            "{said}"
        );
        assert!(outcome.packages.is_empty());
    }
}

/// A file without an end.
struct Endless;

impl Source for Endless {
    fn open(&self) -> std::io::Result<Box<dyn std::io::Read + Send + '_>> {
        let head: &[u8] = b"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n\" TOTP_AUTH\n";
        Ok(Box::new(std::io::Read::chain(head, std::io::repeat(b'1'))))
    }
}

#[test]
fn an_endless_google_authenticator_file_is_given_up() {
    let options = of_alice();
    let items = read(&Endless, &options).unwrap();
    let last = items.last().unwrap();
    assert!(last.unwrap_err().why.contains("longer than 1 MiB"));
}
