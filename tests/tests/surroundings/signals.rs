//! Signals: ignored, caught, blocked, pending, and one every millisecond.

use super::{MAXTRIES, SUCCESS, UNAVAILABLE, host, machine, sign_ons, under};
use otpair_tests::token::Token;

/// `signal(7)`
const PIPE: &str = "13";
const ALARM: &str = "14";
const CHILD: &str = "17";
const USER1: &str = "10";
const FILE_SIZE: &str = "25";

#[test]
fn ignored_caught_blocked_and_pending_signals_change_nothing_and_stay_as_they_were() {
    let (machine, hers, _) = machine();
    let passcodes = hers.presses(4);
    for (how, passcode) in ["ignore", "default", "interrupt", "restart"]
        .iter()
        .zip(&passcodes)
    {
        let mut words = Vec::new();
        for signal in [PIPE, ALARM, CHILD, USER1, FILE_SIZE] {
            words.extend(["signal", signal, how]);
        }
        // Pending, each of them.
        for signal in [PIPE, ALARM, CHILD, USER1] {
            words.extend(["block", signal, "raise", signal]);
        }
        words.extend(["answer", passcode, "sign-on", "caught?"]);
        let came = host(&machine, &words);
        came.assert(&[SUCCESS]);
        assert_eq!(came.said, ["quiet"], "{how}");
    }
}

#[test]
fn a_timer_that_fires_every_half_millisecond_disturbs_no_sign_on() {
    let (machine, hers, _) = machine();
    let passcodes = hers.presses(20);
    let new = [Token::hotp("33333333"), Token::hotp("44444444")];
    machine.import(&[&new[0], &new[1]]);
    let people = [["carol", "33333333"], ["dave", "44444444"]];
    let firsts = new.each_ref().map(|token| token.press(0));
    let stranger = [
        "user", "ghost", "answer", "123456", "answer", "123456", "answer", "123456",
    ];
    for (turn, how) in ["restart", "interrupt"].iter().enumerate() {
        let [name, serial] = people[turn];
        let mut words = vec!["signal", ALARM, how, "timer", "500"];
        words.extend(sign_ons(&passcodes[turn * 10..turn * 10 + 10]));
        words.extend(stranger);
        words.push("sign-on");
        words.extend([
            "user",
            name,
            "answer",
            serial,
            "answer",
            &firsts[turn],
            "sign-on",
            "caught?",
        ]);
        let came = host(&machine, &words);
        let expected = [&[SUCCESS; 10][..], &[MAXTRIES, SUCCESS]].concat();
        came.assert(&expected);
        assert_eq!(came.said, ["caught"], "{how}");
    }
    // No line is lost either.
    assert_eq!(
        machine.events("granted").len(),
        22,
        "{:#?}",
        machine.audit()
    );
    assert!(
        machine.events("fault").is_empty(),
        "{:#?}",
        machine.events("fault")
    );
}

#[test]
fn a_program_that_is_stopped_and_goes_on_at_any_moment_gives_the_right_verdicts() {
    let (machine, hers, _) = machine();
    let passcodes = hers.presses(30);
    // In the background of a shell: nsenter would stop with its child.
    let stop = r#"
        "$@" & host=$!
        times=0
        while read -r _ _ state _ <"/proc/$host/stat" && [ "$state" != Z ]; do
            kill -STOP "$host"
            kill -CONT "$host"
            times=$((times + 1))
        done
        wait "$host"
        echo "stopped $times times""#;
    let came = under(&machine, &["sh", "-c", stop, "sh"], &sign_ons(&passcodes));
    came.assert(&[SUCCESS; 30]);
    let times = came.said[0]
        .split(' ')
        .nth(1)
        .and_then(|times| times.parse::<u32>().ok());
    assert!(times.is_some_and(|times| times > 30), "{:?}", came.said);
}

#[test]
fn a_helper_that_goes_away_sends_no_signal_to_a_program_that_would_die_of_it() {
    let (machine, hers, _) = machine();
    // In place of the helper: asks, and hears no more even before that.
    let asks = "import socket; s = socket.socket(fileno=0); s.recv(600); s.shutdown(socket.SHUT_RD); \
                s.send(b'\\x10\\x00\\x0c\\x00\\x02Passcode: ')";
    machine.serve_socket("root", &["python3", "-c", asks]);
    let as_alice = ["setpriv", "--reuid=alice", "--regid=alice", "--init-groups"];
    let passcode = hers.press(0);
    let words = ["signal", PIPE, "default", "answer", &passcode, "sign-on"];
    let came = under(&machine, &as_alice, &words);
    came.assert(&[UNAVAILABLE]);
    assert!(came.lines[0].contains(">Passcode: "), "{came:#?}");
}
