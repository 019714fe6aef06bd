//! `otpair user pair` and `unpair`.

use super::{Who, list};
use crate::failure::Failure;
use crate::machine::{self, Machine};
use crate::pairing::Pairing;
use crate::secret;
use crate::token::each_token;
use otpair_cache::SeedCache;
use otpair_cache::admin::Error;
use otpair_core::decision::{self, Proof, Verdict};
use otpair_core::event::{Event, EventKind};
use otpair_core::otp::Otp;
use otpair_core::policy::Policy;
use otpair_core::records::{Account, Fault, Holder, Records, Stock, UserRecord};
use otpair_core::token::{Serial, TokenState};
use otpair_host::clock;

#[derive(Debug, clap::Args)]
pub(crate) struct Pair {
    #[command(flatten)]
    who: Who,
    /// The serial number of the token
    #[arg(value_parser = machine::serial)]
    serial: Serial,
    /// A passcode that the token shows now, which must be right; - reads it from stdin
    #[arg(long)]
    passcode: Option<String>,
}

impl Pair {
    /// Pairs the token.
    pub(crate) fn run(self, machine: &Machine) -> Result<(), Failure> {
        let otp = self
            .passcode
            .map(|passcode| secret::passcode(passcode, "passcode"))
            .transpose()?;
        let account = machine.account(&self.who.user)?;
        let (user, pairing) = (&account.name, Pairing::new(machine));
        let mut cache = machine.cache()?;
        let stock = Pairing::find(&mut cache, &self.serial)?;
        let stock = pairing.eligible(stock.as_ref(), &self.serial, user)?;
        let state = match &otp {
            Some(otp) => prove(&mut cache, &account, stock, otp, &pairing.policy)?,
            None => stock.state,
        };
        pairing.commit(&mut cache, stock, &account, state)?;
        let serial = &stock.token.serial;
        let sentence = format!("Token {serial} is now paired with {user}.");
        list::tell(machine, &mut cache, &self.who, user, &sentence)
    }
}

/// The token's state after a passcode, if that is right.
fn prove(
    cache: &mut SeedCache,
    account: &Account,
    stock: &Stock,
    otp: &Otp,
    policy: &Policy,
) -> Result<TokenState, Failure> {
    let record = cache.read(account)?.record;
    let serial = &stock.token.serial;
    match decision::prove_for_admin(&record, stock, otp, policy, clock::now(), cache)? {
        Verdict::Granted(Proof::Passcode(held) | Proof::Resynchronized(held)) => Ok(held.state),
        _ => Err(Failure::new(format!(
            "the passcode is not one that token {serial} shows now, or was used before: wait for the next one; if the token is out of step, otpair token resync {serial} PASSCODE NEXT first"
        ))),
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct Unpair {
    #[command(flatten)]
    who: Who,
    /// The serial number of the token, if not all of them
    #[arg(value_parser = machine::serial)]
    serial: Option<Serial>,
}

impl Unpair {
    /// Takes the token, or all of them, from the user.
    pub(crate) fn run(self, machine: &Machine) -> Result<(), Failure> {
        let mut cache = machine.cache()?;
        let user = machine.name_of(&self.who.user)?;
        let serials = match self.serial {
            Some(serial) => vec![serial],
            None => all_of(&mut cache, &user)?,
        };
        if serials.is_empty() {
            return Err(Failure::new(format!(
                "{user} has no token: otpair user list shows who has one"
            )));
        }
        let windows = machine.policy().windows;
        let mut failure = None;
        for serial in &serials {
            match cache.unpair(&user, serial, clock::now(), &windows) {
                Ok(()) => {
                    let event = Event::new(EventKind::Unpaired).serial(Some(serial));
                    machine.record(Some(&user), &event);
                }
                Err(Error::InRecordOnly { fault, .. }) => {
                    let event = Event::new(EventKind::Disabled).serial(Some(serial));
                    machine.record(Some(&user), &event);
                    failure = Some(only_disabled(&user, serial, &fault));
                }
                Err(error) => return Err(error.into()),
            }
        }
        if let Some(failure) = failure {
            return Err(failure);
        }
        let names: Vec<_> = serials.iter().map(Serial::as_str).collect();
        let sentence = format!("No longer with {user}: {}.", names.join(", "));
        list::tell(machine, &mut cache, &self.who, &user, &sentence)
    }
}

fn only_disabled(user: &str, serial: &Serial, fault: &Fault) -> Failure {
    Failure::new(format!(
        "token {serial} is disabled in the record of {user} and counts no more, but the inventory can't take it back: {fault}; run otpair doctor, then this again, then otpair token enable {serial}"
    ))
}

/// Somebody's tokens by their record, and those that the inventory has as theirs though the record does not.
fn all_of(cache: &mut SeedCache, user: &str) -> Result<Vec<Serial>, Failure> {
    let record = cache
        .record_of(user)?
        .map_or_else(UserRecord::default, |(_, record)| record);
    let mut serials: Vec<Serial> = record
        .tokens
        .into_iter()
        .map(|held| held.token.serial)
        .collect();
    each_token(cache, |entry| {
        if let Ok(entry) = entry
            && let Holder::Paired(holder) | Holder::Pairing(holder) = &entry.stock.holder
            && holder == user
            && !serials.contains(&entry.stock.token.serial)
        {
            serials.push(entry.stock.token.serial);
        }
    })
    .or_else(|failure| {
        if serials.is_empty() {
            Err(failure)
        } else {
            Ok(())
        }
    })?;
    Ok(serials)
}
