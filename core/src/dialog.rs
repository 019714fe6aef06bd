//! The sign-on as a dialog: prompts, notices, attempts (contract section 2). No I/O of its own, see the crate's page.

mod stranger;
mod turn;

use self::turn::{First, Turn};
use crate::decision::Proof;
use crate::event::{Event, EventKind};
use crate::language::Language;
use crate::notice::Notice;
use crate::one_field::Split;
use crate::policy::{Groups, Messages, OutOfScope, Policy, Unpaired};
use crate::records::{Account, Fault, HeldToken, Records};
use crate::throttle::Lock;
use crate::token::{Digits, Serial};
use crate::wording::Wording;
use std::collections::VecDeque;

/// What the front end has to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Show a prompt, and give the answer to [`Dialog::answer`].
    Ask(Prompt),
    /// Show a notice, then call [`Dialog::proceed`].
    Tell(Notice),
    /// The sign-on has ended.
    Done(Outcome),
}

/// What a prompt is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// The serial number of the token to be paired.
    Serial,
    /// A passcode of the token to be paired.
    PairingPasscode,
    /// A passcode of a token that the user has, or a bypass code.
    Passcode,
    /// The passcode after the one just given.
    NextPasscode,
    /// Nothing: the prompt only carries a message.
    Nothing,
}

/// A prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// What it is for, for doors that show more than its text.
    pub asked: Asked,
    /// The text, with whatever the person must know in front of it at a door that shows no messages.
    pub text: String,
    /// Whether the answer is shown as it is typed.
    pub echo: bool,
}

/// How a sign-on ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The passcode was good, and that is on the disk.
    Granted,
    /// Nothing was decided here: out of scope, or let in without a token for now.
    NotAsked,
    /// Refused, and no further attempt would help.
    Refused,
    /// Refused: every attempt was used, or the user is locked.
    TooManyTries,
    /// Refused: this machine can't check passcodes now.
    Unavailable,
    /// Refused: the person could not be asked, or went away.
    NoConversation,
}

/// What an answer is awaited to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Awaiting {
    /// Nothing: the dialog has not begun, or has ended.
    Nothing,
    /// A serial number.
    Serial,
    /// A passcode of a token that the user has.
    Passcode,
    /// The passcode after the one just given; in pairing, of this token.
    NextPasscode(Option<Serial>),
    /// A passcode of a token to be paired.
    PairingPasscode(Serial),
    /// Nothing of interest: the prompt only carried a message.
    Farewell(Outcome),
}

impl Awaiting {
    fn asked(&self) -> Asked {
        match self {
            Self::Serial => Asked::Serial,
            Self::PairingPasscode(_) => Asked::PairingPasscode,
            Self::Passcode => Asked::Passcode,
            Self::NextPasscode(_) => Asked::NextPasscode,
            Self::Nothing | Self::Farewell(_) => Asked::Nothing,
        }
    }
}

/// How often the person can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PromptsLeft {
    /// As often as the attempts go.
    Many,
    /// Once: a door with one field has one answer, and no place to say anything beside.
    One,
    /// No more.
    None,
}

/// One sign-on of one person at one door.
#[derive(Debug)]
pub struct Dialog {
    account: Option<Account>,
    policy: Policy,
    scope: Option<OutOfScope>,
    awaiting: Awaiting,
    attempts_left: u32,
    others: u32,
    /// The first prompt was for the serial number: that is where a wrong answer leads back to.
    begins_with_serial: bool,
    prompts: PromptsLeft,
    carried: String,
    steps: VecDeque<Step>,
    events: Vec<Event>,
}

impl Dialog {
    /// A sign-on of `account`, or of nobody that the system knows by the name `name`; `rhost` is what the door says of
    /// where the person comes from.
    #[must_use]
    pub fn new(
        account: Option<Account>,
        name: &str,
        rhost: Option<&str>,
        policy: Policy,
        groups: &dyn Groups,
    ) -> Self {
        let user = account.as_ref().map_or(name, |account| &account.name);
        Self {
            scope: policy.out_of_scope(user, rhost, groups),
            attempts_left: policy.attempts.max(1),
            account,
            policy,
            awaiting: Awaiting::Nothing,
            others: 0,
            begins_with_serial: false,
            prompts: PromptsLeft::Many,
            carried: String::new(),
            steps: VecDeque::new(),
            events: Vec::new(),
        }
    }

    /// The same at a door with one field, which has given all its answers before: only the first prompt is put, and where
    /// a second one would be the person is refused.
    #[must_use]
    pub fn asking_once(self) -> Self {
        Self {
            prompts: PromptsLeft::One,
            ..self
        }
    }

    /// How a door with one field splits what was typed, before the password is checked. Nothing is decided by it.
    ///
    /// # Errors
    /// What reading the user's record finds.
    pub fn split(&self, records: &mut dyn Records, now: u64) -> Result<Split, Fault> {
        if self.scope.is_some() {
            return Ok(Split::Nowhere);
        }
        let record = match &self.account {
            Some(account) => records.read(account)?.record,
            None => return Ok(Split::BeforeDigits(Digits::USUAL)),
        };
        if let First::LetIn(_) = self.first(&record, now) {
            return Ok(Split::Nowhere);
        }
        let mut lengths = record
            .tokens
            .iter()
            .map(|held| held.token.parameters.digits.count());
        let first = lengths.next().unwrap_or(Digits::USUAL);
        Ok(if lengths.all(|length| length == first) {
            Split::BeforeDigits(first)
        } else {
            Split::AtComma
        })
    }

    /// Whether this user is let in without being asked for anything: out of scope, or without a token for now. Changes
    /// and tells nothing. `open` opens the records, and only where they have a say.
    ///
    /// # Errors
    /// What opening the records and reading the user's finds.
    pub fn lets_in_unasked<R: Records>(
        &self,
        open: impl FnOnce() -> Result<R, Fault>,
        now: u64,
    ) -> Result<bool, Fault> {
        if self.scope.is_some() {
            return Ok(true);
        }
        match (&self.account, self.policy.unpaired) {
            (Some(account), Unpaired::AllowUntil(end)) if now < end => {
                let record = open()?.read(account)?.record;
                Ok(matches!(self.first(&record, now), First::LetIn(_)))
            }
            _ => Ok(false),
        }
    }

    /// Why nothing is asked here, whatever the records say; `None` if they do have a say.
    #[must_use]
    pub fn out_of_scope(&self) -> Option<OutOfScope> {
        self.scope
    }

    /// The language that the person is spoken to in: the notices', too.
    #[must_use]
    pub fn language(&self) -> Language {
        self.policy.language
    }

    /// Begins where this machine can't even open its records: refuses, and tells and logs why.
    pub fn begin_at_fault(&mut self, fault: Fault) -> Step {
        self.fail_on(Err(fault));
        self.proceed()
    }

    /// Begins: decides what to ask first. `now` in seconds since 1970 UTC, here and below.
    pub fn begin(&mut self, records: &mut dyn Records, now: u64) -> Step {
        if self.scope.is_some() {
            return self.end(Outcome::NotAsked);
        }
        match self.account.clone() {
            None => {
                let read = records.read_decoy().map(|()| self.ask_passcode());
                self.fail_on(read);
            }
            Some(account) => {
                let opened = self.open(&mut Turn {
                    account: &account,
                    records,
                    now,
                });
                self.fail_on(opened);
            }
        }
        self.proceed()
    }

    /// Takes the answer to the last prompt; `None` if the door gave no text at all.
    pub fn answer(&mut self, typed: Option<&[u8]>, records: &mut dyn Records, now: u64) -> Step {
        let awaiting = std::mem::replace(&mut self.awaiting, Awaiting::Nothing);
        if let Awaiting::Farewell(outcome) = awaiting {
            return self.end(outcome);
        }
        let Some(typed) = typed else {
            self.deny("no answer");
            return self.end(Outcome::Refused);
        };
        let taken = match self.account.clone() {
            Some(account) => self.take(
                typed,
                awaiting,
                &mut Turn {
                    account: &account,
                    records,
                    now,
                },
            ),
            None => self.take_from_stranger(typed, records, now),
        };
        self.fail_on(taken);
        self.proceed()
    }

    /// The next step, after a notice was shown.
    pub fn proceed(&mut self) -> Step {
        self.steps
            .pop_front()
            .unwrap_or(Step::Done(Outcome::Unavailable))
    }

    /// The conversation failed or the person went away. What was decided before a last message stands.
    pub fn abandon(&mut self) -> Outcome {
        if let Awaiting::Farewell(outcome) = self.awaiting {
            return outcome;
        }
        if let Some(Step::Done(outcome)) = self.steps.back() {
            return *outcome;
        }
        self.deny("the conversation ended");
        Outcome::NoConversation
    }

    /// What happened since the last call, for the audit log.
    pub fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    fn granted(&mut self, proof: &Proof) {
        match proof {
            Proof::Bypass => {
                self.events.push(Event::new(EventKind::BypassUsed));
                self.events
                    .push(Event::new(EventKind::Granted).reason("bypass code"));
            }
            Proof::Passcode(held) => self.granted_token(EventKind::Granted, held),
            Proof::Resynchronized(held) => {
                self.granted_token(EventKind::Resynchronized, held);
                self.granted_token(EventKind::Granted, held);
            }
        }
        self.finish(Outcome::Granted);
    }

    fn granted_token(&mut self, kind: EventKind, held: &HeldToken) {
        self.events.push(Event::about(kind, held));
    }

    fn locked(&mut self, lock: Lock, now: u64) {
        self.deny("locked");
        self.tell(Notice::Locked(lock, now));
        self.refuse(Outcome::TooManyTries);
    }

    fn wrong(&mut self, pairing: bool) {
        self.tell(if pairing {
            Notice::NotPaired
        } else {
            Notice::WrongPasscode
        });
        if self.use_attempt() {
            self.ask_again();
        }
    }

    fn no_passcode(&mut self) {
        self.deny("no passcode");
        self.tell(Notice::NoPasscode);
        if self.use_attempt() {
            self.ask_again();
        }
    }

    /// After a fault the person is told that it is not theirs, and the admin what it is.
    fn fail_on(&mut self, result: Result<(), Fault>) {
        if let Err(fault) = result {
            self.events
                .push(Event::new(EventKind::Fault).reason(fault.detail));
            self.tell(Notice::Unavailable);
            self.refuse(Outcome::Unavailable);
        }
    }

    fn deny(&mut self, reason: &str) {
        self.events
            .push(Event::new(EventKind::Denied).reason(reason));
    }

    fn deny_token(&mut self, serial: &Serial, reason: &str) {
        self.events.push(
            Event::new(EventKind::Denied)
                .serial(Some(serial))
                .reason(reason),
        );
    }

    /// Uses an attempt; whether there is one left. If not, the sign-on is refused.
    fn use_attempt(&mut self) -> bool {
        self.attempts_left = self.attempts_left.saturating_sub(1);
        if self.attempts_left == 0 {
            self.refuse(Outcome::TooManyTries);
        }
        self.attempts_left > 0
    }

    fn refuse(&mut self, outcome: Outcome) {
        if !self.policy.help.is_empty() {
            self.tell(Notice::Help(self.policy.help.clone()));
        }
        self.finish(outcome);
    }

    fn ask_again(&mut self) {
        if self.begins_with_serial {
            self.ask_serial();
        } else {
            self.ask_passcode();
        }
    }

    fn ask_serial(&mut self) {
        let text = self.policy.prompts.serial(self.language()).to_owned();
        self.ask(Awaiting::Serial, &text, true);
    }

    fn ask_passcode(&mut self) {
        let text = self.policy.prompts.passcode(self.language()).to_owned();
        self.ask(Awaiting::Passcode, &text, self.policy.echo_passcode);
    }

    fn ask_pairing_passcode(&mut self, serial: Serial) {
        let text = self.policy.prompts.passcode(self.language()).to_owned();
        self.ask(
            Awaiting::PairingPasscode(serial),
            &text,
            self.policy.echo_passcode,
        );
    }

    fn ask_next_passcode(&mut self, pairing: Option<Serial>) {
        let text = self
            .policy
            .prompts
            .next_passcode(self.language())
            .to_owned();
        self.ask(
            Awaiting::NextPasscode(pairing),
            &text,
            self.policy.echo_passcode,
        );
    }

    fn ask(&mut self, awaiting: Awaiting, text: &str, echo: bool) {
        match self.prompts {
            PromptsLeft::Many => {}
            PromptsLeft::One => self.prompts = PromptsLeft::None,
            PromptsLeft::None => return self.refuse_to_ask(&awaiting),
        }
        let text = std::mem::take(&mut self.carried) + text;
        let asked = awaiting.asked();
        self.awaiting = awaiting;
        self.steps
            .push_back(Step::Ask(Prompt { asked, text, echo }));
    }

    /// At a door with one field nothing more can be asked.
    fn refuse_to_ask(&mut self, awaiting: &Awaiting) {
        if self.events.is_empty() {
            self.deny("more would have to be asked than this door can");
        }
        if matches!(awaiting, Awaiting::Serial | Awaiting::PairingPasscode(_)) {
            self.tell(Notice::PairInOneField);
        }
        self.refuse(Outcome::Refused);
    }

    /// Shows a notice, or keeps it for the next prompt's text.
    fn tell(&mut self, notice: Notice) {
        match self.policy.messages {
            Messages::Shown => self.steps.push_back(Step::Tell(notice)),
            Messages::InPrompt if notice.must_be_known() && self.prompts == PromptsLeft::Many => {
                self.carried.push_str(&notice.text(self.language()));
                self.carried.push(' ');
            }
            Messages::InPrompt => {}
        }
    }

    /// Ends the dialog; what is still to be told stands in one last prompt, whose answer does not matter.
    fn finish(&mut self, outcome: Outcome) {
        if self.carried.is_empty() {
            self.steps.push_back(Step::Done(outcome));
        } else {
            let text = Wording::of(self.language()).press_enter;
            self.ask(Awaiting::Farewell(outcome), text, false);
        }
    }

    fn end(&mut self, outcome: Outcome) -> Step {
        self.awaiting = Awaiting::Nothing;
        Step::Done(outcome)
    }
}

#[cfg(test)]
mod tests;
