//! What the prompt shows in every state and language: for the tests of the layout and for the pictures.

use otpair_core::language::Language;
use otpair_core::notice::Notice;
use otpair_core::throttle::Lock;
use otpair_core::wording::Phrase;

use crate::screen::{Content, Field, Message};

/// Everything that the pane may have to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Serial,
    Passcode,
    NextPasscode,
    Wrong,
    AlreadyUsed,
    Locked,
    Unavailable,
    LetIn,
}

impl State {
    pub(crate) const ALL: [Self; 8] = [
        Self::Serial,
        Self::Passcode,
        Self::NextPasscode,
        Self::Wrong,
        Self::AlreadyUsed,
        Self::Locked,
        Self::Unavailable,
        Self::LetIn,
    ];

    /// What its picture's file is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Serial => "serial",
            Self::Passcode => "passcode",
            Self::NextPasscode => "next-passcode",
            Self::Wrong => "wrong",
            Self::AlreadyUsed => "already-used",
            Self::Locked => "locked",
            Self::Unavailable => "unavailable",
            Self::LetIn => "let-in",
        }
    }
}

/// What is shown in this state.
pub(crate) fn content(state: State, language: Language) -> Content {
    use Phrase::{ExplainNextPasscode, ExplainPasscode, ExplainSerial};
    use Phrase::{FieldNextPasscode, FieldPasscode, FieldSerial};

    let page = |explanation: Phrase, label: Phrase, notice: Option<Notice>| Content {
        title: Phrase::Title.text(language).to_owned(),
        explanation: explanation.text(language).to_owned(),
        field: Some(Field {
            label: label.text(language).to_owned(),
            echo: state == State::Serial,
        }),
        message: notice.map(|notice| told(&notice, language)),
        go_on: Phrase::GoOn.text(language).to_owned(),
        cancel: Some(Phrase::Cancel.text(language).to_owned()),
    };
    let last_page = |notice: &Notice, button: Phrase| Content {
        title: Phrase::Title.text(language).to_owned(),
        explanation: String::new(),
        field: None,
        message: Some(told(notice, language)),
        go_on: button.text(language).to_owned(),
        cancel: None,
    };
    let passcode = |notice| page(ExplainPasscode, FieldPasscode, notice);
    match state {
        State::Serial => page(ExplainSerial, FieldSerial, None),
        State::Passcode => passcode(None),
        State::NextPasscode => page(
            ExplainNextPasscode,
            FieldNextPasscode,
            Some(Notice::OutOfStep),
        ),
        State::Wrong => passcode(Some(Notice::WrongPasscode)),
        State::AlreadyUsed => passcode(Some(Notice::AlreadyUsed)),
        State::Locked => {
            let now = 1_800_000_000;
            last_page(&Notice::Locked(Lock::Until(now + 60), now), Phrase::Back)
        }
        State::Unavailable => last_page(&Notice::Unavailable, Phrase::Back),
        State::LetIn => last_page(&Notice::NoTokenYet(1_801_353_600), Phrase::ContinueWithout),
    }
}

fn told(notice: &Notice, language: Language) -> Message {
    Message {
        text: notice.text(language),
        is_refusal: notice.is_refusal(),
    }
}
