//! The loop that every front end runs: the dialog, the clock, the records and the audit log of this machine, and a
//! [`Conversation`] that the front end brings.

use crate::accounts::{self, SystemGroups};
use crate::audit::{Audit, Context};
use crate::clock;
use crate::config::Config;
use crate::limit::Lifted;
pub use otpair_core::dialog::Outcome;
use otpair_core::dialog::{Dialog, Step};
use otpair_core::event::{Event, EventKind};
use otpair_core::policy::{Messages, Policy};
use otpair_core::records::{Account, Fault, Records};
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
    fn ask(&mut self, text: &str, echo: bool) -> Result<Option<Zeroizing<Vec<u8>>>, Unreachable>;

    /// Shows a message, if that can be done: some doors can't, and go on all the same.
    fn tell(&mut self, text: &str, is_refusal: bool);
}

/// Holds one sign-on from beginning to end. Everything is opened for it and closed after it.
pub fn sign_on(door: &Door<'_>, conversation: &mut dyn Conversation) -> Outcome {
    let config = Config::load(door.config);
    let audit = config
        .as_ref()
        .map_or_else(|_| Audit::default(), Audit::open);
    let mut policy = config
        .as_ref()
        .map_or_else(|_| Policy::default(), |config| config.policy(door.service));
    if door.without_messages {
        policy.messages = Messages::InPrompt;
    }
    let account = config
        .as_ref()
        .map_err(Fault::clone)
        .and_then(|_| accounts::resolve(door.user, policy.strip_domain));
    let known = account.as_ref().ok().cloned().flatten();
    let dialog = Dialog::new(known.clone(), door.user, door.rhost, policy, &SystemGroups);
    let mut sign_on = SignOn {
        dialog,
        audit,
        door,
        account: known.as_ref(),
    };
    let config = match (config, account) {
        (Ok(config), Ok(_)) => config,
        (Err(fault), _) | (_, Err(fault)) => return sign_on.refuse(fault, conversation),
    };
    // Whoever needs no token here is not kept out by a damaged cache.
    let outcome = if sign_on.dialog.out_of_scope().is_some() {
        Outcome::NotAsked
    } else {
        match crate::open_cache(&config) {
            Ok(mut cache) => sign_on.hold(&mut cache, conversation),
            Err(fault) => sign_on.refuse(fault, conversation),
        }
    };
    if door.debug {
        let scope = sign_on.dialog.out_of_scope();
        let text = format!("outcome={outcome:?} out_of_scope={scope:?}");
        sign_on.audit.debug(door.service, &text);
    }
    outcome
}

struct SignOn<'a> {
    dialog: Dialog,
    audit: Audit,
    door: &'a Door<'a>,
    account: Option<&'a Account>,
}

impl SignOn<'_> {
    fn hold(&mut self, records: &mut dyn Records, conversation: &mut dyn Conversation) -> Outcome {
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
                    conversation.tell(&notice.text(), notice.is_refusal());
                    self.dialog.proceed()
                }
                Step::Ask(prompt) => match conversation.ask(&prompt.text, prompt.echo) {
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
        let context = Context {
            user: self.account.map(|account| account.name.as_str()),
            service: Some(self.door.service),
            rhost: self.door.rhost,
        };
        let _lifted = Lifted::new();
        for event in self.dialog.take_events() {
            self.audit.record(&context, &event);
        }
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
