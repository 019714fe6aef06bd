//! A program with threads, each with a handle of its own, and with small stacks.

use super::{SUCCESS, host, machine, sign_ons};
use otpair_tests::machine::{CAROL, DAVE, Machine};
use otpair_tests::token::Token;

/// The stack that the module gets by with, in kilobytes, and libpam and libc before it.
const SMALL: &str = "64";

/// How often the threads sign on.
const ROUNDS: u64 = 15;

fn people() -> (Machine, [(&'static str, Token); 4]) {
    let (machine, hers, his) = machine();
    let (carols, daves) = (Token::hotp("33333333"), Token::hotp("44444444"));
    machine.pair(CAROL, &carols);
    machine.pair(DAVE, &daves);
    let people = [
        ("alice", hers),
        ("bob", his),
        ("carol", carols),
        ("dave", daves),
    ];
    (machine, people)
}

#[test]
fn eight_threads_sign_on_four_people_and_each_passcode_counts_once() {
    let (machine, people) = people();
    for round in 0..ROUNDS {
        let passcodes = people.each_ref().map(|(_, token)| token.press(round));
        let mut words = Vec::new();
        for ((name, _), passcode) in people.iter().zip(&passcodes) {
            words.extend(["person", name, passcode].repeat(2));
        }
        words.push("together");
        let came = host(&machine, &words);
        assert!(came.changed.is_empty(), "{came:#?}");
        for pair in came.codes.chunks(2) {
            let granted = pair.iter().filter(|code| **code == SUCCESS).count();
            assert_eq!(granted, 1, "{came:#?}");
        }
    }
    assert_eq!(machine.events("granted").len() as u64, 4 * ROUNDS);
    assert!(
        machine.events("fault").is_empty(),
        "{:#?}",
        machine.events("fault")
    );
}

#[test]
fn threads_that_pair_one_token_with_several_people_pair_it_once() {
    let (machine, _, _) = machine();
    let new = Token::hotp("33333333");
    machine.import(&[&new]);
    let both = format!("token 33333333 {}", new.press(0));
    let words = [
        "person", "carol", &both, "person", "dave", &both, "together",
    ];
    let came = host(&machine, &words);
    let granted = came.codes.iter().filter(|code| **code == SUCCESS).count();
    assert_eq!(granted, 1, "{came:#?}");
    assert_eq!(machine.events("paired").len(), 3);
}

#[test]
fn a_stack_of_sixty_four_kilobytes_is_enough_for_all_that_a_sign_on_does() {
    let (machine, hers, _) = machine();
    let new = Token::hotp("33333333");
    machine.import(&[&new]);
    let passcodes = hers.presses(2);
    let (far, next, first) = (hers.press(60), hers.press(61), new.press(0));
    let words = [
        &["stack", SMALL][..],
        &sign_ons(&passcodes),
        &["answer", &far, "answer", &next, "sign-on"],
        &[
            "user", "carol", "answer", "33333333", "answer", &first, "sign-on",
        ],
    ]
    .concat();
    host(&machine, &words).assert(&[SUCCESS; 4]);
}
