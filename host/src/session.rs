//! The loop that every front end runs: the dialog, the clock, the records and the audit log of this machine, and a
//! [`Conversation`] that the front end brings. Where the program is not root the helper runs it.

use crate::accounts::{self, SystemGroups};
use crate::audit::{Audit, Context};
use crate::clock;
use crate::config::Config;
use crate::helper::client;
use crate::language;
use crate::limit::Lifted;
use otpair_core::caller::Caller;
pub use otpair_core::dialog::{Asked, Outcome, Prompt};
use otpair_core::dialog::{Dialog, Step};
use otpair_core::event::{Event, EventKind};
use otpair_core::language::Language;
use otpair_core::one_field::{self, Split};
use otpair_core::policy::{Messages, Policy};
use otpair_core::records::{Account, Fault, Records};
use std::fmt;
use std::path::Path;
use zeroize::Zeroizing;

/// Where somebody signs on, and as whom.
#[derive(Debug, Clone, Copy)]
pub struct Door<'a> {
    /// The name as the door has it.
    pub user: &'a str,
    /// The PAM service, or what stands for it.
    pub service: &'a str,
    /// Where the person comes from, as the door says.
    pub rhost: Option<&'a str>,
    /// The config, if not the default one.
    pub config: Option<&'a Path>,
    /// The door shows no messages: they have to go into the prompts.
    pub without_messages: bool,
    /// The door has one field: all that the person answers was typed before, and only one prompt can be put.
    pub one_field: bool,
    /// The language that the door itself speaks, if it is known: the person's, where the config sets none.
    pub language: Option<Language>,
    /// The admin is looking for a mistake: how the sign-on ended goes to syslog too, even where nothing was asked.
    pub debug: bool,
}

/// The person could not be asked, or went away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreachable;

/// The way to the person at a door.
pub trait Conversation {
    /// Shows a prompt and returns what was typed, or `None` if the door gave no text at all.
    ///
    /// # Errors
    /// [`Unreachable`] if there was nobody to ask.
    fn ask(&mut self, prompt: &Prompt) -> Result<Option<Zeroizing<Vec<u8>>>, Unreachable>;

    /// Shows a message, if that can be done: some doors can't, and go on all the same.
    fn tell(&mut self, text: &str, is_refusal: bool);
}

/// What somebody typed into the one field of a door.
#[derive(Debug)]
pub struct Parts {
    /// The password.
    pub password: Zeroizing<Vec<u8>>,
    /// What is for otpair; nothing if there was no such part.
    pub answer: Option<Zeroizing<Vec<u8>>>,
}

/// Holds one sign-on from beginning to end. Everything is opened for it and closed after it. A program that is not root
/// can't open the seed cache: the helper holds it, by the machine's own config.
pub fn sign_on(door: &Door<'_>, conversation: &mut dyn Conversation) -> Outcome {
    if rustix::process::geteuid().is_root() {
        return sign_on_here(door, conversation);
    }
    match client::sign_on(door, conversation) {
        Ok(outcome) => {
            debug(
                door,
                &Audit::default(),
                format_args!("outcome={outcome:?} of the helper"),
            );
            outcome
        }
        Err(fault) => SignOn::without_helper(door).refuse(fault, conversation),
    }
}

/// The same by this very program, whoever runs it: for somebody whose own config and cache are used.
pub fn sign_on_here(door: &Door<'_>, conversation: &mut dyn Conversation) -> Outcome {
    // Without a caller nothing is refused before the dialog begins.
    SignOn::prepare(door, None).map_or(Outcome::Unavailable, |mut sign_on| {
        sign_on.hold(conversation)
    })
}

/// The language at a door, for what is said there without a dialog. Where the config can't be read it is the door's own, or
/// English.
fn language_at(door: &Door<'_>) -> Language {
    let config = Config::load(door.config).ok();
    language::at(
        door,
        config.and_then(|config| config.language(door.service)),
    )
}

/// Splits what somebody typed into the one field of a door. Nothing is checked, counted or spent by it.
///
/// # Errors
/// What the sign-on ends with, where it can't be found out how to split: the person is told. A guess could hand the wrong
/// password to whatever checks it.
pub fn split(
    door: &Door<'_>,
    typed: &[u8],
    conversation: &mut dyn Conversation,
) -> Result<Parts, Outcome> {
    let how = if rustix::process::geteuid().is_root() {
        // Without a caller nothing is refused before the dialog begins.
        match SignOn::prepare(door, None) {
            None => Split::Nowhere,
            Some(mut sign_on) => match sign_on.split() {
                Ok(how) => how,
                Err(fault) => return Err(sign_on.refuse(fault, conversation)),
            },
        }
    } else {
        match client::split(door) {
            Ok(how) => how,
            Err(fault) => return Err(SignOn::without_helper(door).refuse(fault, conversation)),
        }
    };
    let (password, answer) = one_field::split(typed, how);
    Ok(Parts {
        password: Zeroizing::new(password.to_vec()),
        answer: answer.map(|answer| Zeroizing::new(answer.to_vec())),
    })
}

/// The user ids of the accounts that the helper serves for others.
pub(crate) fn named_callers(config: &Config) -> Vec<u32> {
    let named = config.helper.may_ask_for_others.iter();
    named
        .filter_map(|name| Some(accounts::lookup_user(name).ok()??.uid))
        .collect()
}

fn debug(door: &Door<'_>, audit: &Audit, text: fmt::Arguments<'_>) {
    if door.debug {
        audit.debug(door.service, &text.to_string());
    }
}

/// One sign-on on this machine.
pub(crate) struct SignOn<'a> {
    dialog: Dialog,
    audit: Audit,
    door: &'a Door<'a>,
    account: Option<Account>,
    config: Result<Config, Fault>,
    believes_rhost: bool,
}

impl<'a> SignOn<'a> {
    /// Finds out whose sign-on it is and by which rules. Nothing, and a line in the log, if `caller` may not ask for that
    /// user; `None` as a caller is the program itself, which serves nobody else.
    pub(crate) fn prepare(door: &'a Door<'a>, caller: Option<Caller>) -> Option<Self> {
        let config = Config::load(door.config);
        let audit = config
            .as_ref()
            .map_or_else(|_| Audit::default(), Audit::open);
        let policy = config.as_ref().map_or_else(
            |_| rules_at_fault(language::at(door, None)),
            |config| rules(config, door, caller),
        );
        let account = config
            .as_ref()
            .map_err(Fault::clone)
            .and_then(|_| accounts::resolve(door.user, policy.strip_domain));
        let mut sign_on = Self::of(door, account.as_ref().ok().cloned().flatten(), policy);
        sign_on.audit = audit;
        sign_on.config = match (config, account) {
            (Ok(config), Ok(_)) => Ok(config),
            (Err(fault), _) | (_, Err(fault)) => Err(fault),
        };
        sign_on.may_be_asked_by(caller).then_some(sign_on)
    }

    /// A sign-on that can't be held, since nobody helps.
    fn without_helper(door: &'a Door<'a>) -> Self {
        let account = accounts::lookup_user(door.user).ok().flatten();
        Self::of(door, account, rules_at_fault(language_at(door)))
    }

    fn of(door: &'a Door<'a>, account: Option<Account>, mut policy: Policy) -> Self {
        if door.without_messages {
            policy.messages = Messages::InPrompt;
        }
        let dialog = Dialog::new(
            account.clone(),
            door.user,
            door.rhost,
            policy,
            &SystemGroups,
        );
        Self {
            dialog: if door.one_field {
                dialog.asking_once()
            } else {
                dialog
            },
            audit: Audit::default(),
            door,
            account,
            config: Ok(Config::default()),
            believes_rhost: true,
        }
    }

    /// Whether this caller may ask. Where the config or the system's users can't be read everybody hears just that.
    fn may_be_asked_by(&mut self, caller: Option<Caller>) -> bool {
        self.believes_rhost = caller.is_none_or(|caller| caller.is_system);
        let (Some(caller), Ok(config)) = (caller, &self.config) else {
            return true;
        };
        let others = named_callers(config);
        self.believes_rhost = caller.signs_on_others(&others);
        let may = caller.may_ask_for(self.account.as_ref(), &others);
        if !may {
            let why = format!("uid {} may not ask the helper for this user", caller.uid);
            self.audit
                .record(&self.context(), &Event::new(EventKind::Denied).reason(why));
        }
        may
    }

    /// The language that it is held in.
    pub(crate) fn language(&self) -> Language {
        self.dialog.language()
    }

    /// Whose sign-on it is, if the system knows them.
    pub(crate) fn account(&self) -> Option<&Account> {
        self.account.as_ref()
    }

    /// Logs a fault that ends this outside the dialog.
    pub(crate) fn log_fault(&self, fault: Fault) {
        let event = Event::new(EventKind::Fault).reason(fault.detail);
        self.audit.record(&self.context(), &event);
    }

    /// Logs why nobody is let in, where that is decided outside the dialog.
    pub(crate) fn log_denial(&self, reason: &str) {
        let event = Event::new(EventKind::Denied).reason(reason);
        self.audit.record(&self.context(), &event);
    }

    /// Whether this user is let in at this door without being asked for anything.
    pub(crate) fn lets_in_unasked(&self) -> Result<bool, Fault> {
        let config = self.config.as_ref().map_err(Fault::clone)?;
        self.dialog
            .lets_in_unasked(|| crate::open_cache(config), clock::now())
    }

    /// How what is typed into the one field of this door is split.
    pub(crate) fn split(&mut self) -> Result<Split, Fault> {
        let config = self.config.as_ref().map_err(Fault::clone)?;
        if self.dialog.out_of_scope().is_some() {
            return Ok(Split::Nowhere);
        }
        let mut cache = crate::open_cache(config)?;
        self.dialog.split(&mut cache, clock::now())
    }

    /// Holds it.
    pub(crate) fn hold(&mut self, conversation: &mut dyn Conversation) -> Outcome {
        let config = match &self.config {
            Ok(config) => config,
            Err(fault) => return self.refuse(fault.clone(), conversation),
        };
        // Whoever needs no token here is not kept out by a damaged cache.
        let outcome = if self.dialog.out_of_scope().is_some() {
            Outcome::NotAsked
        } else {
            match crate::open_cache(config) {
                Ok(mut cache) => self.hold_with(&mut cache, conversation),
                Err(fault) => self.refuse(fault, conversation),
            }
        };
        let scope = self.dialog.out_of_scope();
        debug(
            self.door,
            &self.audit,
            format_args!("outcome={outcome:?} out_of_scope={scope:?}"),
        );
        outcome
    }

    fn hold_with(
        &mut self,
        records: &mut dyn Records,
        conversation: &mut dyn Conversation,
    ) -> Outcome {
        let first = {
            let _lifted = Lifted::new();
            self.dialog.begin(records, clock::now())
        };
        let answer = |dialog: &mut Dialog, typed: Option<&[u8]>| {
            let _lifted = Lifted::new();
            dialog.answer(typed, records, clock::now())
        };
        self.converse(first, answer, conversation)
    }

    /// Refuses where there are no records to decide on.
    fn refuse(&mut self, fault: Fault, conversation: &mut dyn Conversation) -> Outcome {
        let first = self.dialog.begin_at_fault(fault);
        self.converse(
            first,
            |dialog, _| Step::Done(dialog.abandon()),
            conversation,
        )
    }

    fn converse(
        &mut self,
        first: Step,
        mut answer: impl FnMut(&mut Dialog, Option<&[u8]>) -> Step,
        conversation: &mut dyn Conversation,
    ) -> Outcome {
        let mut step = first;
        loop {
            self.log();
            step = match step {
                Step::Done(outcome) => return outcome,
                Step::Tell(notice) => {
                    let text = notice.text(self.dialog.language());
                    conversation.tell(&text, notice.is_refusal());
                    self.dialog.proceed()
                }
                Step::Ask(prompt) => match conversation.ask(&prompt) {
                    Ok(typed) => answer(
                        &mut self.dialog,
                        typed.as_ref().map(|typed| typed.as_slice()),
                    ),
                    Err(Unreachable) => Step::Done(self.dialog.abandon()),
                },
            };
        }
    }

    fn log(&mut self) {
        let events = self.dialog.take_events();
        if events.is_empty() {
            return;
        }
        let _lifted = Lifted::new();
        for event in events {
            self.audit.record(&self.context(), &event);
        }
    }

    fn context(&self) -> Context<'_> {
        Context {
            user: self.account.as_ref().map(|account| account.name.as_str()),
            service: Some(self.door.service),
            rhost: self.door.rhost.filter(|_| self.believes_rhost),
        }
    }
}

/// The rules at a door; a caller's word on where that is can only make them stricter.
fn rules(config: &Config, door: &Door<'_>, caller: Option<Caller>) -> Policy {
    let service = config.policy(door.service);
    let rules = match caller {
        None => service,
        Some(caller) => caller.rules(service, config.policy_everywhere()),
    };
    Policy {
        language: language::at(door, config.language(door.service)),
        ..rules
    }
}

/// The rules where nothing but a fault is told: only the language of it matters.
fn rules_at_fault(language: Language) -> Policy {
    Policy {
        language,
        ..Policy::default()
    }
}

/// Logs a fault that is met before there is anything to sign on with, such as an unknown argument of the front end.
pub fn report_fault(service: &str, why: &str) {
    let context = Context {
        user: None,
        service: Some(service),
        rhost: None,
    };
    Audit::default().record(&context, &Event::new(EventKind::Fault).reason(why));
}

/// Tells syslog how far a front end has come that leaves no other trace, such as that it was loaded at all.
pub fn report_step(service: &str, text: &str) {
    Audit::default().note(service, text);
}
