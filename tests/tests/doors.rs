//! Every real door, each through every scenario of `otpair_tests::scenario`. One test a door and scenario.

use otpair_tests::door::Door;
use otpair_tests::machine::Machine;

/// A door, and what happens at it.
fn play(open: fn(&Machine) -> Box<dyn Door>, scenario: fn(&dyn Door, &Machine)) {
    let machine = Machine::new();
    let door = open(&machine);
    scenario(door.as_ref(), &machine);
}

macro_rules! scenarios_at {
    ($($door:ident)*) => {
        $(mod $door { scenarios_at!(@ $door
            a_first_sign_on_pairs_the_token
            a_passcode_signs_on
            a_wrong_passcode_is_refused
            a_passcode_is_refused_the_second_time
            a_totp_token_an_hour_off_is_resynchronized
            a_hotp_token_fifty_presses_ahead_is_resynchronized
            a_locked_user_waits_until_an_admin_unlocks
            a_bypass_code_signs_on_once
            a_second_user_has_a_token_of_their_own
            an_exempt_user_is_asked_for_no_passcode
            an_unknown_user_is_asked_and_refused
        ); })*
    };
    (@ $door:ident $($scenario:ident)*) => {
        $(#[test]
        fn $scenario() {
            super::play(otpair_tests::door::$door, otpair_tests::scenario::$scenario);
        })*
    };
}

scenarios_at! { ssh_asking ssh_with_key ssh_command sftp sudo_on_a_terminal sudo_from_stdin su login pamtester }
