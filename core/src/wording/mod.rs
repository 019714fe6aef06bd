//! The catalogue: every text that a person reads at a sign-on, one table a language. A table that lacks a text does not
//! compile, nor does a language that lacks a table.

mod english;
mod french;
mod german;
mod japanese;
mod spanish;

use crate::language::Language;

/// The texts of one language. Sentences are plain and polite, and say what to do.
pub(crate) struct Wording {
    /// Asks for the serial number of a token. Prompts end in a blank, behind which the answer is typed.
    pub(crate) serial_prompt: &'static str,
    /// Asks for a passcode.
    pub(crate) passcode_prompt: &'static str,
    /// Asks for the passcode after the one just given.
    pub(crate) next_passcode_prompt: &'static str,
    /// The end of a last prompt that only says something: how to leave it.
    pub(crate) press_enter: &'static str,

    pub(crate) wrong_passcode: &'static str,
    pub(crate) not_paired: &'static str,
    pub(crate) already_used: &'static str,
    pub(crate) out_of_step: &'static str,
    pub(crate) no_passcode: &'static str,
    pub(crate) no_serial: &'static str,
    /// With the time at which the lock ends, and how long that is from now.
    pub(crate) locked_until: fn(time: &str, wait: &str) -> String,
    pub(crate) locked_until_unlocked: &'static str,
    pub(crate) unavailable: &'static str,
    pub(crate) no_token: &'static str,
    /// The word `token` in it is what has to be typed, in every language.
    pub(crate) pair_in_one_field: &'static str,
    /// With the time from which on a token is needed.
    pub(crate) no_token_yet: fn(time: &str) -> String,
    /// With the token's serial number.
    pub(crate) paired: fn(serial: &str) -> String,

    /// Waiting times, as [`Self::locked_until`] has them in its sentence.
    pub(crate) seconds: fn(u64) -> String,
    pub(crate) minutes: fn(u64) -> String,
    pub(crate) hours: fn(u64) -> String,

    pane: Pane,
}

/// The texts that only a pane with buttons has: see [`Phrase`].
struct Pane {
    title: &'static str,
    explain_serial: &'static str,
    explain_pairing_passcode: &'static str,
    explain_passcode: &'static str,
    explain_next_passcode: &'static str,
    field_serial: &'static str,
    field_passcode: &'static str,
    field_next_passcode: &'static str,
    go_on: &'static str,
    cancel: &'static str,
    back: &'static str,
    continue_without: &'static str,
    interrupted: &'static str,
}

impl Wording {
    /// The texts of a language.
    pub(crate) fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &english::WORDING,
            Language::German => &german::WORDING,
            Language::French => &french::WORDING,
            Language::Spanish => &spanish::WORDING,
            Language::Japanese => &japanese::WORDING,
        }
    }
}

/// A text of a front end that draws a pane of its own, such as the Mac's login window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phrase {
    /// The heading.
    Title,
    /// Says to type the token's serial number, and where that stands.
    ExplainSerial,
    /// Says to type a passcode of the token whose serial number was just given.
    ExplainPairingPasscode,
    /// Says to type a passcode.
    ExplainPasscode,
    /// Says to wait for the passcode after the one just given, and to type that.
    ExplainNextPasscode,
    /// What the field for the serial number is called, also by a screen reader.
    FieldSerial,
    /// What the field for a passcode is called.
    FieldPasscode,
    /// What the field for the next passcode is called.
    FieldNextPasscode,
    /// The button that goes on.
    GoOn,
    /// The button that leaves.
    Cancel,
    /// The only button after a final refusal: back to where the person came from.
    Back,
    /// The only button after a reminder to somebody who is let in without a token for now.
    ContinueWithout,
    /// The sign-on waited too long, or whoever holds it went away: it has begun again, with the question that is shown.
    Interrupted,
}

impl Phrase {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Title,
        Self::ExplainSerial,
        Self::ExplainPairingPasscode,
        Self::ExplainPasscode,
        Self::ExplainNextPasscode,
        Self::FieldSerial,
        Self::FieldPasscode,
        Self::FieldNextPasscode,
        Self::GoOn,
        Self::Cancel,
        Self::Back,
        Self::ContinueWithout,
        Self::Interrupted,
    ];

    /// The text.
    #[must_use]
    pub fn text(self, language: Language) -> &'static str {
        let pane = &Wording::of(language).pane;
        match self {
            Self::Title => pane.title,
            Self::ExplainSerial => pane.explain_serial,
            Self::ExplainPairingPasscode => pane.explain_pairing_passcode,
            Self::ExplainPasscode => pane.explain_passcode,
            Self::ExplainNextPasscode => pane.explain_next_passcode,
            Self::FieldSerial => pane.field_serial,
            Self::FieldPasscode => pane.field_passcode,
            Self::FieldNextPasscode => pane.field_next_passcode,
            Self::GoOn => pane.go_on,
            Self::Cancel => pane.cancel,
            Self::Back => pane.back,
            Self::ContinueWithout => pane.continue_without,
            Self::Interrupted => pane.interrupted,
        }
    }
}

/// A number of things, for the languages in which one is one and all else are many.
fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests;
