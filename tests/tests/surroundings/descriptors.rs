//! Odd descriptors: the standard ones closed, or nothing but pipes.

use super::{MAXTRIES, SUCCESS, host, machine, sign_ons, under};
use otpair_tests::token::Token;

const CLOSED: [&str; 6] = ["close", "0", "close", "1", "close", "2"];

#[test]
fn with_closed_standard_descriptors_no_file_takes_their_place_where_output_would_go_into_it() {
    let (machine, hers, _) = machine();
    let new = Token::hotp("33333333");
    machine.import(&[&new]);
    let (wrong, right, first) = (hers.wrong(), hers.press(0), new.press(0));
    let words = [
        &CLOSED[..],
        &["answer", &wrong, "answer", &right, "sign-on"],
        &[
            "user", "carol", "answer", "33333333", "answer", &first, "sign-on",
        ],
        &[
            "user", "ghost", "answer", "1", "answer", "123456", "answer", "1", "sign-on",
        ],
    ]
    .concat();
    let calls = "trace=read,write,pread64,pwrite64,fdatasync,fsync,sendto";
    let strace = ["strace", "-f", "-y", "-o", "/run/trace", "-e", calls];
    let came = under(&machine, &strace, &words);
    assert_eq!(came.codes, [SUCCESS, SUCCESS, MAXTRIES], "{came:#?}");
    // At a pairing SQLite fills them, for the same reason, and leaves it so.
    let filled = "-> 0=/dev/null 1=/dev/null 2=/dev/null ";
    assert!(
        came.changed.len() == 1 && came.changed[0].contains(filled),
        "{came:#?}"
    );
    let trace = String::from_utf8(machine.read("/run/trace")).unwrap();
    let ours: Vec<_> = trace
        .lines()
        .filter(|line| line.contains("</var/lib/otpair") || line.contains("/otpair.jsonl"))
        .collect();
    assert!(ours.len() > 10, "{trace}");
    let low = |line: &&&str| ["(0<", "(1<", "(2<"].iter().any(|fd| line.contains(fd));
    assert_eq!(
        ours.iter().filter(low).collect::<Vec<_>>(),
        Vec::<&&str>::new()
    );
}

#[test]
fn with_closed_standard_descriptors_nothing_that_is_printed_goes_to_the_helper() {
    let (machine, hers, _) = machine();
    machine.serve_helper();
    let passcode = hers.press(0);
    let words = [&CLOSED[..], &["answer", &passcode, "sign-on"]].concat();
    let strace = [
        "strace",
        "-y",
        "-o",
        "/tmp/trace",
        "-e",
        "trace=sendto,recvfrom,read",
    ];
    let as_alice = ["setpriv", "--reuid=alice", "--regid=alice", "--init-groups"];
    under(&machine, &[&as_alice[..], &strace].concat(), &words).assert(&[SUCCESS]);
    let trace = String::from_utf8(machine.read("/tmp/trace")).unwrap();
    let sent = trace.lines().filter(|line| line.contains(&passcode));
    let sent: Vec<_> = sent.collect();
    assert!(sent.len() == 1 && sent[0].starts_with("sendto("), "{trace}");
    let low = ["(0<", "(1<", "(2<"];
    assert!(!low.iter().any(|fd| sent[0].contains(fd)), "{sent:?}");
}

#[test]
fn among_pipes_and_sockets_a_sign_on_goes_as_ever() {
    let (machine, hers, _) = machine();
    let passcodes = hers.presses(2);
    let words = [&CLOSED[..], &["pipes", "40"], &sign_ons(&passcodes)].concat();
    host(&machine, &words).assert(&[SUCCESS, SUCCESS]);
}

#[test]
fn without_enough_descriptors_nobody_is_let_in_and_with_enough_everybody_is() {
    let (machine, hers, _) = machine();
    let mut granted = Vec::new();
    for (limit, passcode) in (0_u64..24).zip(hers.presses(24)) {
        let limit_text = limit.to_string();
        let came = host(
            &machine,
            &["limit-files", &limit_text, "answer", &passcode, "sign-on"],
        );
        assert!(came.changed.is_empty(), "{came:#?}");
        match came.codes[..] {
            [SUCCESS] => granted.push(limit),
            // Without any libpam itself can't read the service's file, and says so with a code of its own.
            [code] => assert_ne!(code, 25, "{limit}: {came:#?}"),
            _ => panic!("{came:#?}"),
        }
        assert!(
            granted.is_empty() || came.codes == [SUCCESS],
            "{limit} descriptors are fewer than enough: {came:#?}"
        );
    }
    assert!(
        granted.first().is_some_and(|enough| *enough <= 10),
        "{granted:?}"
    );
    let faults = machine.events("fault");
    assert!(!faults.is_empty());
    assert!(machine.events("granted").len() >= granted.len());
    host(&machine, &sign_ons(&[hers.press(24)])).assert(&[SUCCESS]);
}
