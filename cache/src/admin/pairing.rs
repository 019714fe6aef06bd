//! Pairing and unpairing by the admin. The order of the steps is what a crash in between is survived by.

use super::{Error, Refusal, import};
use crate::SeedCache;
use crate::record::{RecordFile, Whose};
use otpair_core::acceptance::{self, Windows};
use otpair_core::pairing::Ineligible;
use otpair_core::records::{
    Account, Claim, Fault, FaultKind, HeldToken, Holder, Records as _, Stock, UserRecord,
};
use otpair_core::token::{Serial, Token, TokenState};

impl SeedCache {
    /// Pairs a token with an account that may have `most` of them: claim, record, confirm. `state` is the token's state
    /// as the inventory or the decision on a passcode has it. `may_pair` says whether the account may have the token, as
    /// it is in the moment of the claim. Run again after a crash, it finishes.
    ///
    /// # Errors
    /// A [`Refusal`], or any fault of the inventory or the record.
    pub fn pair(
        &mut self,
        serial: &Serial,
        account: &Account,
        state: &TokenState,
        most: usize,
        may_pair: &dyn Fn(&Stock) -> Result<(), Ineligible>,
    ) -> Result<(), Error> {
        let most = most.min(UserRecord::MAX_TOKENS);
        let before = self.read(account)?.record;
        if before.token(serial).is_none() {
            has_room(&before, account, most)?;
        }
        let token = self.claim_for_admin(serial, account, state, may_pair)?;
        let held = HeldToken {
            token,
            state: *state,
        };
        self.modify(account, |record| {
            if record.token(serial).is_none() {
                has_room(record, account, most)?;
                record.tokens.push(held.clone());
            }
            record.pending = None;
            Ok::<_, Error>(())
        })?;
        self.confirm_or_give_back(serial, account)
    }

    /// As a sign-on's claim, but the moving factor need not be above the last accepted: the admin may pair without a
    /// passcode.
    fn claim_for_admin(
        &mut self,
        serial: &Serial,
        account: &Account,
        state: &TokenState,
        may_pair: &dyn Fn(&Stock) -> Result<(), Ineligible>,
    ) -> Result<Token, Error> {
        let claimed = self.inventory()?.change(serial, |entry| {
            let stock = &entry.stock;
            let refusal = match may_pair(stock) {
                Err(why) => refusal(why, stock),
                Ok(()) if state.last_accepted < stock.state.last_accepted => {
                    Refusal::Spent(serial.clone())
                }
                Ok(()) => {
                    let changed = (Holder::Pairing(account.name.clone()), *state);
                    return (Ok(stock.token.clone()), Some(changed));
                }
            };
            (Err(refusal), None)
        })?;
        Ok(claimed.ok_or_else(|| Refusal::NoSuchToken(serial.clone()))??)
    }

    /// The last step of a pairing. Where another admin took the claim away and the token is somebody else's now, the
    /// record gives it back.
    pub(super) fn confirm_or_give_back(
        &mut self,
        serial: &Serial,
        account: &Account,
    ) -> Result<(), Error> {
        if self.confirm(serial, account)? == Claim::Granted {
            return Ok(());
        }
        self.modify(account, |record| {
            record.tokens.retain(|held| held.token.serial != *serial);
            Ok::<_, Fault>(())
        })?;
        let stock = self.find(serial)?;
        Err(stock
            .map_or_else(
                || Refusal::NoSuchToken(serial.clone()),
                |stock| refuse_held(&stock),
            )
            .into())
    }

    /// Takes a token from a user: what was spent goes back to the inventory before the record forgets it, and nobody
    /// else can have the token before the record has. Run again after a crash, it finishes. `now` is the time, in
    /// seconds since 1970 UTC: for an inventory that has to be made anew, and for a token whose record is lost, of which
    /// everything that `windows` could have let in by now is taken as spent.
    ///
    /// # Errors
    /// [`Refusal::NotHeld`], or any fault of the inventory or the record. [`Error::InRecordOnly`] if the inventory can't
    /// be used: then the token stays with the user, disabled.
    pub fn unpair(
        &mut self,
        user: &str,
        serial: &Serial,
        now: u64,
        windows: &Windows,
    ) -> Result<(), Error> {
        match self.take_from(user, serial, now, windows) {
            // A lock is gone the next time.
            Err(Error::Fault(fault)) if fault.kind != FaultKind::Busy => {
                let changed = self.set_disabled_in_record(user, serial, true);
                if changed == Ok(true) {
                    let user = user.to_owned();
                    return Err(Error::InRecordOnly { user, fault });
                }
                // The record is what is at fault, or has given the token back.
                Err(fault.into())
            }
            done => done,
        }
    }

    fn take_from(
        &mut self,
        user: &str,
        serial: &Serial,
        now: u64,
        windows: &Windows,
    ) -> Result<(), Error> {
        self.need_inventory(now)?;
        let held = self.empty_record(user, serial, now)?;
        let freed = self.inventory()?.change(serial, |entry| {
            let stock = &entry.stock;
            match &stock.holder {
                Holder::Paired(holder) if holder == user && !held => {
                    // The record is lost, and with it what was spent since the pairing.
                    let parameters = &stock.token.parameters;
                    let state = acceptance::assume_spent(parameters, &stock.state, now, windows);
                    (true, Some((Holder::Nobody, state)))
                }
                Holder::Paired(holder) | Holder::Pairing(holder) if holder == user => {
                    (true, Some((Holder::Nobody, stock.state)))
                }
                _ => (false, None),
            }
        })?;
        if held || freed == Some(true) {
            return Ok(());
        }
        Err(Refusal::NotHeld {
            serial: serial.clone(),
            user: user.to_owned(),
        }
        .into())
    }

    /// Takes the token out of the record, which stays locked from the reading on: nothing is spent meanwhile. Whether
    /// it was there.
    pub(super) fn empty_record(
        &mut self,
        user: &str,
        serial: &Serial,
        now: u64,
    ) -> Result<bool, Fault> {
        if self.record_of(user)?.is_none() {
            return Ok(false);
        }
        let Some(users) = self.users() else {
            return Ok(false);
        };
        let file = RecordFile::open_locked(users, user)?.ok_or_else(|| {
            let why = format!("the record of {user} was replaced meanwhile; try again");
            Fault::new(FaultKind::Busy, why)
        })?;
        let current = file.examine(Whose::Name(user), &self.keys)?;
        let mut record = current.state.record.clone();
        let Some(held) = record.token(serial).cloned() else {
            return Ok(false);
        };
        self.take_back(held, user, now)?;
        record.tokens.retain(|held| held.token.serial != *serial);
        record.pending.take_if(|pending| pending.serial == *serial);
        file.write(&current, &record, &self.keys)?;
        Ok(true)
    }

    /// Raises the inventory's state of a token to that of the record, and has it as claimed, no longer as paired: whoever
    /// finds it so after a crash, and a record without it, knows that nothing that was spent is lost.
    fn take_back(&mut self, held: HeldToken, user: &str, now: u64) -> Result<(), Fault> {
        let (serial, state) = (held.token.serial.clone(), held.state);
        let inventory = self.inventory()?;
        inventory.add_if_missing(&import::of_record(held, user, now))?;
        inventory.change(&serial, |entry| {
            let raised = state.higher(&entry.stock.state);
            let holder = match &entry.stock.holder {
                Holder::Paired(holder) if holder == user => Holder::Pairing(user.to_owned()),
                other => other.clone(),
            };
            ((), Some((holder, raised)))
        })?;
        Ok(())
    }
}

fn has_room(record: &UserRecord, account: &Account, most: usize) -> Result<(), Error> {
    if record.tokens.len() < most {
        return Ok(());
    }
    Err(Refusal::TooManyTokens {
        user: account.name.clone(),
        most,
    }
    .into())
}

/// Why the admin can't pair a token.
fn refusal(why: Ineligible, stock: &Stock) -> Refusal {
    let serial = stock.token.serial.clone();
    match why {
        Ineligible::Unknown => Refusal::NoSuchToken(serial),
        Ineligible::Held | Ineligible::LostRecord => refuse_held(stock),
        Ineligible::Reserved => Refusal::Reserved(serial),
        Ineligible::Disabled => Refusal::Disabled(serial),
        Ineligible::NotInForce => Refusal::NotInForce(serial),
    }
}

/// Somebody has the token, or has given it back in this very moment.
pub(super) fn refuse_held(stock: &Stock) -> Refusal {
    let holder = match &stock.holder {
        Holder::Paired(holder) | Holder::Pairing(holder) => holder.as_str(),
        Holder::Nobody => "somebody else",
    };
    Refusal::Held {
        serial: stock.token.serial.clone(),
        holder: holder.to_owned(),
    }
}
