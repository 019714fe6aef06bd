//! `otpair user pair` and `unpair`.

use super::{Who, list};
use crate::failure::Failure;
use crate::machine::{self, Machine};
use crate::secret;
use crate::token::each_token;
use otpair_cache::SeedCache;
use otpair_cache::admin::Error;
use otpair_core::decision::{self, Proof, Verdict};
use otpair_core::event::{Event, EventKind};
use otpair_core::otp::Otp;
use otpair_core::pairing::{self, Ineligible};
use otpair_core::policy::Policy;
use otpair_core::records::{
    Account, Fault, FaultKind, HeldToken, Holder, Records, Stock, UserRecord,
};
use otpair_core::token::Serial;
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
        let (user, policy) = (&account.name, machine.policy());
        let mut cache = machine.cache()?;
        let stock = match cache.find(&self.serial) {
            Err(fault) if fault.kind == FaultKind::NoInventory => None,
            found => found?,
        };
        let now = clock::now();
        let stock = pairing::may_pair(stock.as_ref(), user, policy.strip_domain, now)
            .map_err(|why| ineligible(why, &self.serial, user, stock.as_ref()))?;
        let held = match &otp {
            Some(otp) => prove(&mut cache, &account, stock, otp, &policy)?,
            None => HeldToken {
                token: stock.token.clone(),
                state: stock.state,
            },
        };
        let serial = &stock.token.serial;
        let most = usize::try_from(policy.max_tokens_per_user).unwrap_or(usize::MAX);
        let may_pair = |stock: &Stock| {
            pairing::may_pair(Some(stock), user, policy.strip_domain, now).map(drop)
        };
        cache.pair(serial, &account, &held.state, most, &may_pair)?;
        machine.record(Some(user), &Event::about(EventKind::Paired, &held));
        let sentence = format!("Token {serial} is now paired with {user}.");
        list::tell(machine, &mut cache, &self.who, user, &sentence)
    }
}

/// The token as it is after a passcode, if that is right.
fn prove(
    cache: &mut SeedCache,
    account: &Account,
    stock: &Stock,
    otp: &Otp,
    policy: &Policy,
) -> Result<HeldToken, Failure> {
    let record = cache.read(account)?.record;
    let serial = &stock.token.serial;
    match decision::prove_for_admin(&record, stock, otp, policy, clock::now(), cache)? {
        Verdict::Granted(Proof::Passcode(held) | Proof::Resynchronized(held)) => Ok(held),
        _ => Err(Failure::new(format!(
            "the passcode is not one that token {serial} shows now, or was used before: wait for the next one; if the token is out of step, otpair token resync {serial} PASSCODE NEXT first"
        ))),
    }
}

fn ineligible(why: Ineligible, serial: &Serial, user: &str, stock: Option<&Stock>) -> Failure {
    let holder = match stock.map(|stock| &stock.holder) {
        Some(Holder::Paired(holder) | Holder::Pairing(holder)) => holder.as_str(),
        Some(Holder::Nobody) | None => "nobody",
    };
    Failure::new(match why {
        Ineligible::Unknown => {
            format!("no token {serial} has been imported: otpair token list shows those that were")
        }
        Ineligible::Held => {
            format!("token {serial} is with {holder}: otpair user unpair {holder} {serial} first")
        }
        Ineligible::LostRecord => {
            format!(
                "token {serial} is with {user} already; if otpair user list does not say so, unpair it first"
            )
        }
        Ineligible::Reserved => {
            format!(
                "token {serial} is reserved for somebody else: otpair token reserve {serial} {user} first"
            )
        }
        Ineligible::Disabled => {
            format!("token {serial} is disabled: otpair token enable {serial} first")
        }
        Ineligible::NotInForce => {
            format!(
                "token {serial} does not count yet, or no more: otpair token show {serial} has its dates"
            )
        }
    })
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
