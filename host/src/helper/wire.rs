//! What the helper and its callers say to each other, as bytes (docs/helper-protocol.md). Pure: no I/O.
//!
//! A frame is a kind (one byte), the payload's length (two bytes, big-endian) and the payload. A text is its length (two
//! bytes, big-endian) and UTF-8.

use crate::login_window::Ticket;
use crate::session::{Asked, Outcome, Prompt};
use crate::text::cut;
use otpair_core::language::Language;
use otpair_core::one_field::Split;
use zeroize::Zeroizing;

/// The version of all this, the first byte of a connection's first payload.
pub(super) const VERSION: u8 = 2;

/// The longest payload of a reply, in bytes: a prompt with all the messages in front of it.
pub(super) const LONGEST_REPLY: usize = 8192;

/// The longest answer that is sent, in bytes: anything longer than core reads is none, so the rest does not matter.
pub(super) const LONGEST_ANSWER: usize = 512;

/// The longest name of a user and of a host that is sent, in bytes: a longer one is nobody's, and cut it is so still.
pub(crate) const LONGEST_NAME: usize = 257;

/// The longest name of a service, in bytes.
pub(super) const LONGEST_SERVICE: usize = 64;

/// Where a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing has been said yet.
    Opening,
    /// The helper has put a prompt.
    Asked,
}

/// A request: its kind, when it is legal, and its longest payload in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) kind: u8,
    pub(super) name: &'static str,
    pub(super) legal: Stage,
    pub(super) longest: usize,
}

const SIGN_ON: u8 = 1;
const SPLIT: u8 = 2;
const ANSWER: u8 = 3;
const NO_TEXT: u8 = 4;
const GONE: u8 = 5;

/// Every request there is.
pub(super) const REQUESTS: [Row; 5] = [
    row(SIGN_ON, "SIGN_ON", Stage::Opening, 1024),
    row(SPLIT, "SPLIT", Stage::Opening, 1024),
    row(ANSWER, "ANSWER", Stage::Asked, LONGEST_ANSWER),
    row(NO_TEXT, "NO_TEXT", Stage::Asked, 0),
    row(GONE, "GONE", Stage::Asked, 0),
];

const fn row(kind: u8, name: &'static str, legal: Stage, longest: usize) -> Row {
    Row {
        kind,
        name,
        legal,
        longest,
    }
}

/// The row of a request that is legal now.
pub(super) fn legal(kind: u8, stage: Stage) -> Option<&'static Row> {
    REQUESTS
        .iter()
        .find(|row| row.kind == kind && row.legal == stage)
}

/// What a caller says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// Hold a sign-on.
    SignOn(Opening),
    /// Say how what this user types into one field is split.
    Split(Opening),
    /// What the person typed.
    Answer(Zeroizing<Vec<u8>>),
    /// The door gave no text at all.
    NoText,
    /// The person can't be asked, or went away.
    Gone,
}

/// Whose sign-on it is, and at which door, as the caller says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Opening {
    pub(crate) user: String,
    pub(crate) service: String,
    pub(crate) rhost: Option<String>,
    pub(crate) without_messages: bool,
    pub(crate) one_field: bool,
    /// The language that the door itself speaks.
    pub(crate) language: Option<Language>,
    /// Whether, and under which number, a grant is to be left for whoever decides at the door.
    pub(crate) ticket: Option<Ticket>,
}

const WITHOUT_MESSAGES: u8 = 1;
const ONE_FIELD: u8 = 2;
const HAS_RHOST: u8 = 4;
const HAS_LANGUAGE: u8 = 8;
const HAS_TICKET: u8 = 16;

/// What the helper says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// Put a prompt, and send what is typed.
    Ask(Prompt),
    /// Show a message.
    Tell {
        /// The message.
        text: String,
        /// Whether it says that something was refused.
        is_refusal: bool,
    },
    /// The sign-on has ended.
    Done(Outcome),
    /// The language that everything after it is in: the config's, where that sets one.
    Language(Language),
    /// How to split.
    Split(Split),
    /// Nothing is done for this caller.
    Refused(Refusal),
}

/// Why nothing is done for a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The request is none, or not one that is legal now.
    Malformed,
    /// The request is of another version.
    Version,
    /// The caller may not ask for this user.
    NotYours,
    /// The caller's user has as many dialogs as one may have.
    Busy,
}

const ASK: u8 = 16;
const TELL: u8 = 17;
const DONE: u8 = 18;
const HOW_TO_SPLIT: u8 = 19;
const REFUSED: u8 = 20;
const LANGUAGE: u8 = 21;

const REFUSALS: [Refusal; 4] = [
    Refusal::Malformed,
    Refusal::Version,
    Refusal::NotYours,
    Refusal::Busy,
];

const ASKED: [Asked; 5] = [
    Asked::Serial,
    Asked::PairingPasscode,
    Asked::Passcode,
    Asked::NextPasscode,
    Asked::Nothing,
];

const OUTCOMES: [Outcome; 6] = [
    Outcome::Granted,
    Outcome::NotAsked,
    Outcome::Refused,
    Outcome::TooManyTries,
    Outcome::Unavailable,
    Outcome::NoConversation,
];

impl Request {
    /// Kind and payload.
    pub(super) fn to_frame(&self) -> (u8, Zeroizing<Vec<u8>>) {
        match self {
            Self::SignOn(opening) => (SIGN_ON, opening.to_payload()),
            Self::Split(opening) => (SPLIT, opening.to_payload()),
            Self::Answer(typed) => {
                let kept = typed.get(..LONGEST_ANSWER).unwrap_or(typed);
                (ANSWER, Zeroizing::new(kept.to_vec()))
            }
            Self::NoText => (NO_TEXT, Zeroizing::default()),
            Self::Gone => (GONE, Zeroizing::default()),
        }
    }

    /// Reads a payload of a kind that is legal.
    pub(super) fn parse(kind: u8, payload: Zeroizing<Vec<u8>>) -> Result<Self, Refusal> {
        match kind {
            SIGN_ON => Opening::parse(&payload).map(Self::SignOn),
            SPLIT => Opening::parse(&payload).map(Self::Split),
            ANSWER => Ok(Self::Answer(payload)),
            NO_TEXT if payload.is_empty() => Ok(Self::NoText),
            GONE if payload.is_empty() => Ok(Self::Gone),
            _ => Err(Refusal::Malformed),
        }
    }
}

impl Opening {
    fn to_payload(&self) -> Zeroizing<Vec<u8>> {
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        let flags = flag(self.without_messages, WITHOUT_MESSAGES)
            | flag(self.one_field, ONE_FIELD)
            | flag(self.rhost.is_some(), HAS_RHOST)
            | flag(self.language.is_some(), HAS_LANGUAGE)
            | flag(self.ticket.is_some(), HAS_TICKET);
        let ticket = self.ticket.as_ref().map(Ticket::to_string);
        let texts = [
            Some(self.user.as_str()),
            Some(self.service.as_str()),
            self.rhost.as_deref(),
            self.language.map(Language::tag),
            ticket.as_deref(),
        ];
        let mut payload = Zeroizing::new(vec![VERSION, flags]);
        for text in texts.into_iter().flatten() {
            put_text(&mut payload, text);
        }
        payload
    }

    fn parse(payload: &[u8]) -> Result<Self, Refusal> {
        let (version, rest) = payload.split_first().ok_or(Refusal::Malformed)?;
        if *version != VERSION {
            return Err(Refusal::Version);
        }
        Self::parse_body(rest).ok_or(Refusal::Malformed)
    }

    fn parse_body(rest: &[u8]) -> Option<Self> {
        let (flags, rest) = rest.split_first()?;
        let (user, rest) = take_text(rest)?;
        let (service, rest) = take_text(rest)?;
        let (rhost, rest) = take_text_if(flags & HAS_RHOST != 0, rest)?;
        let (language, rest) = take_text_if(flags & HAS_LANGUAGE != 0, rest)?;
        let (ticket, rest) = take_text_if(flags & HAS_TICKET != 0, rest)?;
        let ticket = match ticket {
            None => None,
            Some(text) => Some(Ticket::parse(&text)?),
        };
        let known = WITHOUT_MESSAGES | ONE_FIELD | HAS_RHOST | HAS_LANGUAGE | HAS_TICKET;
        let is_name = service.len() <= LONGEST_SERVICE && !service.chars().any(char::is_control);
        (rest.is_empty() && is_name && flags & !known == 0).then_some(Self {
            user,
            service,
            rhost,
            without_messages: flags & WITHOUT_MESSAGES != 0,
            one_field: flags & ONE_FIELD != 0,
            language: language.and_then(|tag| Language::parse(&tag)),
            ticket,
        })
    }
}

impl Reply {
    /// Kind and payload.
    pub(super) fn to_frame(&self) -> (u8, Vec<u8>) {
        match self {
            Self::Ask(prompt) => (ASK, prompt_payload(prompt)),
            Self::Tell { text, is_refusal } => (TELL, flagged_text(*is_refusal, text)),
            Self::Done(outcome) => (DONE, vec![number_of(&OUTCOMES, outcome)]),
            Self::Language(language) => (LANGUAGE, language.tag().into()),
            Self::Split(Split::Nowhere) => (HOW_TO_SPLIT, vec![0]),
            Self::Split(Split::AtComma) => (HOW_TO_SPLIT, vec![1]),
            Self::Split(Split::BeforeDigits(digits)) => (HOW_TO_SPLIT, vec![*digits]),
            Self::Refused(why) => (REFUSED, vec![number_of(&REFUSALS, why)]),
        }
    }

    /// Reads a reply; nothing if it is none.
    pub(super) fn parse(kind: u8, payload: &[u8]) -> Option<Self> {
        match (kind, payload) {
            (ASK, [echo @ 0..=1, asked, text @ ..]) => Some(Self::Ask(Prompt {
                asked: *ASKED.get(usize::from(*asked))?,
                text: str::from_utf8(text).ok()?.to_owned(),
                echo: *echo == 1,
            })),
            (TELL, [is_refusal @ 0..=1, text @ ..]) => Some(Self::Tell {
                text: str::from_utf8(text).ok()?.to_owned(),
                is_refusal: *is_refusal == 1,
            }),
            (DONE, [number]) => OUTCOMES.get(usize::from(*number)).copied().map(Self::Done),
            (LANGUAGE, tag) => Language::parse(str::from_utf8(tag).ok()?).map(Self::Language),
            (HOW_TO_SPLIT, [0]) => Some(Self::Split(Split::Nowhere)),
            (HOW_TO_SPLIT, [1]) => Some(Self::Split(Split::AtComma)),
            (HOW_TO_SPLIT, [digits @ 6..=8]) => Some(Self::Split(Split::BeforeDigits(*digits))),
            (REFUSED, [number]) => REFUSALS
                .get(usize::from(*number))
                .copied()
                .map(Self::Refused),
            _ => None,
        }
    }
}

/// The place of a value in its table, which has every one.
fn number_of<T: PartialEq>(table: &[T], value: &T) -> u8 {
    let place = table.iter().position(|entry| entry == value);
    place
        .and_then(|place| u8::try_from(place).ok())
        .unwrap_or(u8::MAX)
}

fn prompt_payload(prompt: &Prompt) -> Vec<u8> {
    let mut payload = vec![u8::from(prompt.echo), number_of(&ASKED, &prompt.asked)];
    payload.extend_from_slice(cut(&prompt.text, LONGEST_REPLY - 2).as_bytes());
    payload
}

fn flagged_text(flag: bool, text: &str) -> Vec<u8> {
    let mut payload = vec![u8::from(flag)];
    payload.extend_from_slice(cut(text, LONGEST_REPLY - 1).as_bytes());
    payload
}

fn put_text(payload: &mut Vec<u8>, text: &str) {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    payload.extend_from_slice(&length.to_be_bytes());
    payload.extend_from_slice(text.as_bytes());
}

/// The same where there is a text only if a flag says so.
fn take_text_if(is_there: bool, bytes: &[u8]) -> Option<(Option<String>, &[u8])> {
    if is_there {
        take_text(bytes).map(|(text, rest)| (Some(text), rest))
    } else {
        Some((None, bytes))
    }
}

fn take_text(bytes: &[u8]) -> Option<(String, &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (text, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    Some((str::from_utf8(text).ok()?.to_owned(), rest))
}
