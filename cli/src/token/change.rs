//! `otpair token disable`, `enable`, `reserve` and `remove`.

use super::view::TokenView;
use super::{Which, list};
use crate::failure::Failure;
use crate::machine::Machine;
use crate::output;
use otpair_cache::admin::Error;
use otpair_core::event::{Event, EventKind};

/// Disables or enables a token.
pub(super) fn set_disabled(
    machine: &Machine,
    which: &Which,
    disabled: bool,
) -> Result<(), Failure> {
    let mut cache = machine.cache()?;
    let serial = &which.serial;
    let kind = if disabled {
        EventKind::Disabled
    } else {
        EventKind::Enabled
    };
    let done = cache.set_disabled(serial, disabled);
    let holder = match &done {
        Ok(holder) => Some(holder.as_deref()),
        Err(Error::InRecordOnly { user, .. }) => Some(Some(user.as_str())),
        Err(Error::Refused(_) | Error::Fault(_)) => None,
    };
    if let Some(holder) = holder {
        machine.record(holder, &Event::new(kind).serial(Some(serial)));
    }
    done?;
    let entry = list::entry(&mut cache, serial)?;
    let serial = &entry.stock.token.serial;
    let sentence = format!("Token {serial} is {}.", kind.name());
    list::tell(&mut cache, which, &sentence)
}

#[derive(Debug, clap::Args)]
pub(crate) struct Reserve {
    #[command(flatten)]
    which: Which,
    /// The one user who may pair it
    #[arg(required_unless_present = "nobody")]
    user: Option<String>,
    /// Keep it for nobody any more
    #[arg(long, conflicts_with = "user")]
    nobody: bool,
}

impl Reserve {
    /// Reserves a token, or no longer.
    pub(crate) fn run(self, machine: &Machine) -> Result<(), Failure> {
        let mut cache = machine.cache()?;
        let entry = list::entry(&mut cache, &self.which.serial)?;
        let serial = &entry.stock.token.serial;
        // A name that the system does not know is taken as it is: the account may come later, or from a directory.
        let user = self
            .user
            .as_deref()
            .map(|user| machine.name_of(user))
            .transpose()?;
        cache.reserve(&self.which.serial, user.as_deref())?;
        let reserved = format!("reserved for {}", user.as_deref().unwrap_or("nobody"));
        let event = Event::new(EventKind::Reserved)
            .serial(Some(serial))
            .reason(&reserved);
        machine.record(None, &event);
        list::tell(
            &mut cache,
            &self.which,
            &format!("Token {serial} is {reserved}."),
        )
    }
}

/// Takes a token out of the inventory.
pub(super) fn remove(machine: &Machine, which: &Which) -> Result<(), Failure> {
    let mut cache = machine.cache()?;
    let entry = list::entry(&mut cache, &which.serial)?;
    cache.remove(&which.serial)?;
    let event = Event::new(EventKind::Removed).serial(Some(&entry.stock.token.serial));
    machine.record(None, &event);
    let view = TokenView::new(&entry);
    output::show(which.json.json, &view, || {
        format!("Token {} is removed.\n", view.serial)
    })
}
