//! Which token may be paired with whom.

use crate::policy::without_domain;
use crate::records::{Holder, Stock};
use crate::token::TokenState;

/// Why a token can't be paired. For the admin's log only: to the person all of these look like a wrong passcode, so
/// that the inventory can't be probed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ineligible {
    /// No such serial number has been imported.
    Unknown,
    /// It is with somebody else, or somebody else is pairing it.
    Held,
    /// It is with this user by the inventory, whose record does not have it: an admin has to unpair it.
    LostRecord,
    /// It is kept for somebody else.
    Reserved,
    /// An admin has disabled it.
    Disabled,
    /// Its start date is yet to come, or its expiry date is past.
    NotInForce,
}

impl Ineligible {
    /// The reason, for the log.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Unknown => "pairing: no such serial number",
            Self::Held => "pairing: the token is with somebody else",
            Self::LostRecord => {
                "pairing: the inventory has it as paired with this user, whose record does not; run otpair user unpair"
            }
            Self::Reserved => "pairing: the token is reserved for somebody else",
            Self::Disabled => "pairing: the token is disabled",
            Self::NotInForce => "pairing: the token is not in force yet, or has expired",
        }
    }
}

/// Whether a user may pair a token of the inventory at `now` (seconds since 1970 UTC).
///
/// # Errors
/// The reason why not.
pub fn may_pair<'a>(
    stock: Option<&'a Stock>,
    user: &str,
    strip_domain: bool,
    now: u64,
) -> Result<&'a Stock, Ineligible> {
    let stock = stock.ok_or(Ineligible::Unknown)?;
    match &stock.holder {
        Holder::Paired(holder) if holder == user => return Err(Ineligible::LostRecord),
        Holder::Paired(_) => return Err(Ineligible::Held),
        Holder::Pairing(holder) if holder != user => return Err(Ineligible::Held),
        Holder::Nobody | Holder::Pairing(_) => {}
    }
    if stock
        .reserved_for
        .as_deref()
        .is_some_and(|name| !is_for(name, user, strip_domain))
    {
        return Err(Ineligible::Reserved);
    }
    if stock.state.disabled {
        return Err(Ineligible::Disabled);
    }
    if !stock.token.parameters.in_force(now) {
        return Err(Ineligible::NotInForce);
    }
    Ok(stock)
}

/// Whether a user's pairing may claim the token, as it is in the moment of the claim: it may still be paired, and what
/// was just accepted (`state`) is still above everything spent.
#[must_use]
pub fn may_claim(
    stock: &Stock,
    user: &str,
    state: &TokenState,
    strip_domain: bool,
    now: u64,
) -> bool {
    may_pair(Some(stock), user, strip_domain, now).is_ok()
        && state.last_accepted > stock.state.last_accepted
}

/// Whether a name from a seed file means this user; with `strip_domain` its domain may be left off.
#[must_use]
pub fn is_for(reserved: &str, user: &str, strip_domain: bool) -> bool {
    reserved == user || (strip_domain && without_domain(reserved) == Some(user))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::tests::stock;

    const NOW: u64 = 1_800_000_000;

    #[test]
    fn only_an_imported_free_enabled_token_in_force_may_be_paired() {
        let free = stock("1");
        assert!(may_pair(Some(&free), "alice", false, NOW).is_ok());
        assert_eq!(
            may_pair(None, "alice", false, NOW).err(),
            Some(Ineligible::Unknown)
        );
        let with = |holder| Stock {
            holder,
            ..free.clone()
        };
        let held = with(Holder::Paired("bob".into()));
        assert_eq!(
            may_pair(Some(&held), "alice", false, NOW).err(),
            Some(Ineligible::Held)
        );
        let lost = with(Holder::Paired("alice".into()));
        assert_eq!(
            may_pair(Some(&lost), "alice", false, NOW).err(),
            Some(Ineligible::LostRecord)
        );
        let disabled = Stock {
            state: TokenState {
                disabled: true,
                ..TokenState::default()
            },
            ..free.clone()
        };
        assert_eq!(
            may_pair(Some(&disabled), "alice", false, NOW).err(),
            Some(Ineligible::Disabled)
        );
        let mut expired = free.clone();
        expired.token.parameters.not_after = Some(NOW);
        assert_eq!(
            may_pair(Some(&expired), "alice", false, NOW).err(),
            Some(Ineligible::NotInForce)
        );
        let mut early = free;
        early.token.parameters.not_before = Some(NOW + 1);
        assert_eq!(
            may_pair(Some(&early), "alice", false, NOW).err(),
            Some(Ineligible::NotInForce)
        );
    }

    #[test]
    fn a_pairing_left_unfinished_may_be_resumed_by_the_same_user_only() {
        let claimed = Stock {
            holder: Holder::Pairing("alice".into()),
            ..stock("1")
        };
        assert!(may_pair(Some(&claimed), "alice", false, NOW).is_ok());
        assert_eq!(
            may_pair(Some(&claimed), "bob", false, NOW).err(),
            Some(Ineligible::Held)
        );
    }

    #[test]
    fn a_reserved_token_is_for_its_user_only_whose_domain_may_be_stripped() {
        let reserved = |name: &str| Stock {
            reserved_for: Some(name.into()),
            ..stock("1")
        };
        assert!(may_pair(Some(&reserved("alice")), "alice", false, NOW).is_ok());
        assert_eq!(
            may_pair(Some(&reserved("alice")), "bob", false, NOW).err(),
            Some(Ineligible::Reserved)
        );
        let upn = reserved("alice@example.com");
        assert_eq!(
            may_pair(Some(&upn), "alice", false, NOW).err(),
            Some(Ineligible::Reserved)
        );
        assert!(may_pair(Some(&upn), "alice", true, NOW).is_ok());
    }
}
