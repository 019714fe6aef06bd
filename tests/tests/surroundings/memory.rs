//! Valgrind looks at every byte that the module reads and at what it leaves behind.

use super::{MAXTRIES, SUCCESS, machine, under};
use otpair_tests::token::Token;

#[test]
fn nothing_is_read_that_was_not_written_and_no_sign_on_leaves_memory_behind() {
    let (machine, hers, _) = machine();
    let new = Token::hotp("33333333");
    machine.import(&[&new]);
    let (wrong, right, first) = (hers.wrong(), hers.press(0), new.press(0));
    let again = hers.press(1);
    let words = [
        &[
            "answer", &wrong, "answer", &right, "sign-on", "answer", &again, "sign-on",
        ][..],
        &[
            "user", "carol", "answer", "33333333", "answer", &first, "sign-on",
        ],
        &[
            "user", "ghost", "answer", "x", "answer", "x", "answer", "123456", "sign-on",
        ],
        &[
            "user",
            "alice",
            "rhost",
            "192.0.2.1",
            "silent",
            "null-text",
            "sign-on",
        ],
    ]
    .concat();
    let memcheck = [
        "valgrind",
        "--leak-check=full",
        "--errors-for-leak-kinds=definite",
        "--error-exitcode=99",
    ];
    let came = under(&machine, &memcheck, &words);
    came.assert(&[SUCCESS, SUCCESS, SUCCESS, MAXTRIES, super::AUTH_ERR]);
}
