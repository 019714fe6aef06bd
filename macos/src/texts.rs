//! The words on the pane. The messages are the dialog's own: they come from the helper, in the person's language.

use otpair_core::dialog::Asked;
use otpair_core::language::Language;
use otpair_core::notice::Notice;

/// A text of the pane's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phrase {
    /// The heading.
    Title,
    /// Where to find the serial number.
    ExplainSerial,
    /// What to type once the serial number is there.
    ExplainPairingPasscode,
    /// What to type.
    ExplainPasscode,
    /// What to type once a passcode was out of step.
    ExplainNextPasscode,
    /// The field's name.
    FieldSerial,
    /// The field's name.
    FieldPasscode,
    /// The field's name.
    FieldNextPasscode,
    /// The button that goes on.
    GoOn,
    /// The button that goes back to the login window.
    Cancel,
    /// The only button after a final refusal: it goes back to the login window.
    Back,
    /// The only button under a reminder that lets in.
    ContinueWithout,
    /// The dialog was lost and begins anew.
    Interrupted,
}

impl Phrase {
    /// The text.
    pub(crate) fn text(self, _: Language) -> &'static str {
        match self {
            Self::Title => "Sign on with your token",
            Self::ExplainSerial => {
                "Type the serial number on the back of your token. You do this only once."
            }
            Self::ExplainPairingPasscode => "Type the passcode that your token shows now.",
            Self::ExplainPasscode => "Type the passcode that your token shows.",
            Self::ExplainNextPasscode => {
                "Wait until your token shows another passcode, and type that."
            }
            Self::FieldSerial => "Serial number",
            Self::FieldPasscode => "Passcode",
            Self::FieldNextPasscode => "Next passcode",
            Self::GoOn => "Sign On",
            Self::Cancel => "Cancel",
            Self::Back => "Back",
            Self::ContinueWithout => "Continue",
            Self::Interrupted => "The sign-on was interrupted. Start again here.",
        }
    }
}

/// That nothing can be checked on this machine.
pub(crate) fn unavailable(_: Language) -> String {
    Notice::Unavailable.text()
}

/// The prompt that the dialog puts where neither the config nor a message changes it.
pub(crate) fn usual_prompt(asked: Asked, _: Language) -> &'static str {
    match asked {
        Asked::Serial => "Serial number: ",
        Asked::PairingPasscode | Asked::Passcode => "Passcode: ",
        Asked::NextPasscode => "Next passcode: ",
        Asked::Nothing => "",
    }
}
