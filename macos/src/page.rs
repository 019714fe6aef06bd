//! From what the dialog says to what stands on the pane, or to the answer.

use crate::engine::MechanismResult;
use crate::screen::{Content, Field, Message};
use otpair_core::dialog::{Asked, Outcome, Prompt};
use otpair_core::language::Language;
use otpair_core::notice::Notice;
use otpair_core::policy::Prompts;
use otpair_core::wording::Phrase;
use otpair_host::login_window::{Said, Then, Told};

/// What the pane is waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Awaiting {
    /// An answer, for the dialog.
    Answer,
    /// That the person has read the last page; then this is the answer to the engine.
    HasRead(MechanismResult),
}

/// What happens next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Turn {
    /// This stands on the pane.
    Show(Content, Awaiting),
    /// The engine gets its answer.
    End(MechanismResult),
}

/// What happens after the dialog has said something. `is_anew` if another one was lost before it.
pub(crate) fn turn(said: Said, is_anew: bool, language: Language) -> Turn {
    let mut told = said.told;
    if is_anew {
        let text = Phrase::Interrupted.text(language).to_owned();
        let is_refusal = true;
        told.insert(0, Told { text, is_refusal });
    }
    match said.then {
        Then::Ask(prompt) => Turn::Show(question(&prompt, told, language), Awaiting::Answer),
        Then::Done(outcome) => last(outcome, message(told), language),
    }
}

/// The page that says that nothing can be checked.
pub(crate) fn unavailable(language: Language) -> Turn {
    let message = Message {
        text: Notice::Unavailable.text(language),
        is_refusal: true,
    };
    last(Outcome::Unavailable, Some(message), language)
}

/// What comes when the dialog has ended.
fn last(outcome: Outcome, message: Option<Message>, language: Language) -> Turn {
    let (result, button) = match outcome {
        // The grant counts for a minute only: nobody is made to read that all is well.
        Outcome::Granted => return Turn::End(MechanismResult::Allow),
        // Whether that is so, `verify` finds out by itself.
        Outcome::NotAsked => (MechanismResult::Allow, Phrase::ContinueWithout),
        Outcome::Refused
        | Outcome::TooManyTries
        | Outcome::Unavailable
        | Outcome::NoConversation => (MechanismResult::Deny, Phrase::Back),
    };
    if message.is_none() {
        return Turn::End(result);
    }
    let content = Content {
        title: Phrase::Title.text(language).to_owned(),
        explanation: String::new(),
        field: None,
        message,
        go_on: button.text(language).to_owned(),
        cancel: None,
    };
    Turn::Show(content, Awaiting::HasRead(result))
}

/// The page that asks.
fn question(prompt: &Prompt, mut told: Vec<Told>, language: Language) -> Content {
    let words = words(prompt.asked);
    if words.is_none() {
        // Where the config has messages in the prompts, the last one is nothing but that.
        let text = prompt.text.trim().to_owned();
        let is_refusal = true;
        told.push(Told { text, is_refusal });
    }
    Content {
        title: Phrase::Title.text(language).to_owned(),
        explanation: words.map_or_else(String::new, |(explanation, _)| {
            explain(prompt, explanation, language)
        }),
        field: words.map(|(_, label)| Field {
            label: label.text(language).to_owned(),
            echo: prompt.echo,
        }),
        message: message(told),
        go_on: Phrase::GoOn.text(language).to_owned(),
        cancel: Some(Phrase::Cancel.text(language).to_owned()),
    }
}

/// The explaining line; or the prompt itself, where the config has words of its own or puts messages there.
fn explain(prompt: &Prompt, usual: Phrase, language: Language) -> String {
    if prompt.text == own_text(prompt.asked, language) {
        usual.text(language).to_owned()
    } else {
        prompt.text.trim().to_owned()
    }
}

/// The language's own prompt.
fn own_text(asked: Asked, language: Language) -> String {
    let own = Prompts::default();
    let text = match asked {
        Asked::Serial => own.serial(language),
        Asked::PairingPasscode | Asked::Passcode => own.passcode(language),
        Asked::NextPasscode => own.next_passcode(language),
        Asked::Nothing => "",
    };
    text.to_owned()
}

/// The explaining line and the field's name; nothing where nothing is asked.
fn words(asked: Asked) -> Option<(Phrase, Phrase)> {
    match asked {
        Asked::Serial => Some((Phrase::ExplainSerial, Phrase::FieldSerial)),
        Asked::PairingPasscode => Some((Phrase::ExplainPairingPasscode, Phrase::FieldPasscode)),
        Asked::Passcode => Some((Phrase::ExplainPasscode, Phrase::FieldPasscode)),
        Asked::NextPasscode => Some((Phrase::ExplainNextPasscode, Phrase::FieldNextPasscode)),
        Asked::Nothing => None,
    }
}

fn message(told: Vec<Told>) -> Option<Message> {
    let is_refusal = told.iter().any(|told| told.is_refusal);
    let texts: Vec<_> = told.into_iter().map(|told| told.text).collect();
    let text = texts.join(" ");
    (!text.is_empty()).then_some(Message { text, is_refusal })
}
