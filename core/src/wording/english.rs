//! English, word for word as it has been from the first version on: programs go by some of it.

use super::{Pane, Wording, counted};

pub(super) static WORDING: Wording = Wording {
    serial_prompt: "Serial number: ",
    passcode_prompt: "Passcode: ",
    next_passcode_prompt: "Next passcode: ",
    press_enter: "Press Enter. ",

    wrong_passcode: "Wrong passcode.",
    not_paired: "This serial number and passcode were not accepted.",
    already_used: "That passcode was already used. Wait for the next one.",
    out_of_step: "Your token is out of step. Wait for its next passcode and type that.",
    no_passcode: "That is not a passcode. Type the digits that your token shows.",
    no_serial: "That is not a serial number. Type the number on the back of your token.",
    locked_until: |time, wait| {
        format!("Locked after too many wrong passcodes until {time}. Try again in {wait}.")
    },
    locked_until_unlocked: "Locked after too many wrong passcodes until an administrator unlocks you.",
    unavailable: "Passcodes can't be checked right now. \
                  This is a fault of this machine, not yours: call its administrator.",
    no_token: "No token is paired with your account. Ask your administrator for one.",
    pair_in_one_field: "No token is paired with your account yet. \
                        Type your password, a comma, and: token SERIAL PASSCODE.",
    no_token_yet: |time| {
        format!("No token is paired with your account. You need one from {time} on.")
    },
    paired: |serial| format!("Token {serial} is now paired with your account."),

    seconds: |count| counted(count, "second", "seconds"),
    minutes: |count| counted(count, "minute", "minutes"),
    hours: |count| counted(count, "hour", "hours"),

    pane: Pane {
        title: "Sign on with your token",
        explain_serial: "Type the serial number on the back of your token. You are asked for it only this once.",
        explain_pairing_passcode: "Now type the passcode that your token shows.",
        explain_passcode: "Type the passcode that your token shows.",
        explain_next_passcode: "Wait for your token's next passcode and type that.",
        field_serial: "Serial number",
        field_passcode: "Passcode",
        field_next_passcode: "Next passcode",
        go_on: "Sign On",
        cancel: "Cancel",
        back: "Back to Login",
        continue_without: "Continue Without a Token",
        interrupted: "The sign-on was interrupted. Please start again from here.",
    },
};
