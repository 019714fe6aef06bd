//! A program that forks while the person types: both halves have what was opened, and what was asked.

use super::{CONV_ERR, MAXTRIES, SUCCESS, host, machine};
use otpair_tests::token::Token;

#[test]
fn where_the_child_goes_on_with_the_sign_on_it_is_right_and_the_parent_is_let_in_nowhere() {
    let (machine, hers, _) = machine();
    let words = [
        "fork-child",
        &hers.press(0),
        "sign-on",
        "answer",
        &hers.press(1),
        "sign-on",
    ];
    let came = host(&machine, &words);
    came.assert(&[SUCCESS, CONV_ERR, SUCCESS]);
    assert!(came.lines[0].contains("\tchild"), "{came:#?}");
}

#[test]
fn a_child_that_has_inherited_everything_and_lives_on_keeps_nobody_out() {
    let (machine, hers, _) = machine();
    let words = [
        "fork-parent",
        &hers.press(0),
        "sign-on",
        "answer",
        &hers.press(1),
        "sign-on",
    ];
    let came = host(&machine, &words);
    assert_eq!(came.codes, [SUCCESS, SUCCESS], "{came:#?}");
    assert!(machine.events("fault").is_empty());
}

#[test]
fn where_both_go_on_with_one_passcode_it_counts_once() {
    let (machine, hers, _) = machine();
    for passcode in hers.presses(10) {
        let words = [
            "fork-both",
            &passcode,
            "answer",
            "x",
            "answer",
            "x",
            "sign-on",
        ];
        let mut came = host(&machine, &words);
        came.codes.sort_unstable();
        came.assert(&[SUCCESS, MAXTRIES]);
    }
    assert_eq!(machine.events("granted").len(), 10);
}

#[test]
fn where_both_go_on_with_a_pairing_one_of_them_pairs() {
    let (machine, _, _) = machine();
    let new = Token::hotp("33333333");
    machine.import(&[&new]);
    let passcode = new.press(0);
    let words = [
        "user",
        "carol",
        "answer",
        "33333333",
        "fork-both",
        &passcode,
        "answer",
        "x",
        "answer",
        "x",
        "answer",
        "x",
        "sign-on",
    ];
    let mut came = host(&machine, &words);
    came.codes.sort_unstable();
    assert_eq!(came.codes[0], SUCCESS, "{came:#?}");
    assert_ne!(came.codes[1], SUCCESS, "{came:#?}");
    assert_eq!(machine.events("paired").len(), 3);
    assert_eq!(machine.token(&new)["user"], "carol");
    host(
        &machine,
        &["user", "carol", "answer", &new.press(1), "sign-on"],
    )
    .assert(&[SUCCESS]);
}
