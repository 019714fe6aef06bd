//! Pairing by the admin: what `user pair` and an import of a file that says who has which token have in common.

use crate::failure::Failure;
use crate::machine::Machine;
use otpair_cache::SeedCache;
use otpair_cache::admin::{Error, Refusal};
use otpair_core::event::{Event, EventKind};
use otpair_core::pairing::{self, Ineligible};
use otpair_core::policy::Policy;
use otpair_core::records::{
    Account, FaultKind, HeldToken, Holder, Records as _, Stock, UserRecord,
};
use otpair_core::token::{Serial, TokenState};
use otpair_host::clock;

/// The rules that an admin pairs by, at one moment.
pub(crate) struct Pairing<'m> {
    machine: &'m Machine,
    pub(crate) policy: Policy,
    now: u64,
}

impl<'m> Pairing<'m> {
    /// The rules of this machine, now.
    pub(crate) fn new(machine: &'m Machine) -> Self {
        Self {
            machine,
            policy: machine.policy(),
            now: clock::now(),
        }
    }

    /// The token as the inventory has it; nothing while there is no inventory.
    pub(crate) fn find(cache: &mut SeedCache, serial: &Serial) -> Result<Option<Stock>, Failure> {
        match cache.find(serial) {
            Err(fault) if fault.kind == FaultKind::NoInventory => Ok(None),
            found => Ok(found?),
        }
    }

    /// The token, if this user may have it; else what to do.
    pub(crate) fn eligible<'s>(
        &self,
        stock: Option<&'s Stock>,
        serial: &Serial,
        user: &str,
    ) -> Result<&'s Stock, Failure> {
        pairing::may_pair(stock, user, self.policy.strip_domain, self.now)
            .map_err(|why| ineligible(why, serial, user, stock))
    }

    /// How many tokens one may have.
    fn most(&self) -> usize {
        usize::try_from(self.policy.max_tokens_per_user).unwrap_or(usize::MAX)
    }

    /// Refuses one token more for a user who has so many.
    pub(crate) fn has_room(&self, user: &str, has: usize) -> Result<(), Failure> {
        let most = self.most().min(UserRecord::MAX_TOKENS);
        if has < most {
            return Ok(());
        }
        let user = user.to_owned();
        Err(Error::from(Refusal::TooManyTokens { user, most }).into())
    }

    /// Pairs a token in this state with an account, durably, and logs it.
    pub(crate) fn commit(
        &self,
        cache: &mut SeedCache,
        stock: &Stock,
        account: &Account,
        state: TokenState,
    ) -> Result<(), Failure> {
        let user = &account.name;
        let may_pair = |stock: &Stock| {
            pairing::may_pair(Some(stock), user, self.policy.strip_domain, self.now).map(drop)
        };
        let token = stock.token.clone();
        cache.pair(&token.serial, account, &state, self.most(), &may_pair)?;
        let event = Event::about(EventKind::Paired, &HeldToken { token, state });
        self.machine.record(Some(user), &event);
        Ok(())
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
