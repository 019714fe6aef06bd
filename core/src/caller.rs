//! Whom the helper serves, and by which rules: programs that are not root, such as screen lockers (contract section 4).

use crate::policy::{Policy, Scope, Unpaired};
use crate::records::Account;

/// A program that asks the helper for a sign-on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// Its user id, as the system says.
    pub uid: u32,
    /// It is the system's own: root, or the login window. Only such a one may pair, and is believed where somebody
    /// comes from and at which service.
    pub is_system: bool,
}

impl Caller {
    /// Whether the caller may ask for the sign-on of this account: for its own; for anybody, also for users that the
    /// system does not know, if it is the system's or is among `may_ask_for_others`.
    #[must_use]
    pub fn may_ask_for(self, account: Option<&Account>, may_ask_for_others: &[u32]) -> bool {
        let is_own = account.is_some_and(|account| account.uid == self.uid);
        self.is_system || is_own || may_ask_for_others.contains(&self.uid)
    }

    /// The rules of a sign-on that this caller asks for. `service` are those of the service that the caller names,
    /// `everywhere` those that hold without any: somebody else's word on service and origin can only make them stricter.
    #[must_use]
    pub fn rules(self, service: Policy, everywhere: Policy) -> Policy {
        if self.is_system {
            return service;
        }
        Policy {
            unpaired: Unpaired::Deny,
            trusted_networks: Vec::new(),
            attempts: service.attempts.min(everywhere.attempts),
            everywhere: Some(Scope {
                required_for: everywhere.required_for,
                exempt: everywhere.exempt,
            }),
            ..service
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Groups, Network, OutOfScope, Who};

    struct NoGroups;
    impl Groups for NoGroups {
        fn has_member(&self, _: &str, _: &str) -> Option<bool> {
            None
        }
    }

    fn account(uid: u32) -> Account {
        Account {
            name: format!("user{uid}"),
            uid,
        }
    }

    fn caller(uid: u32) -> Caller {
        Caller {
            uid,
            is_system: uid == 0,
        }
    }

    #[test]
    fn a_caller_asks_for_its_own_user_only() {
        let alice = caller(1);
        assert!(alice.may_ask_for(Some(&account(1)), &[]));
        assert!(!alice.may_ask_for(Some(&account(2)), &[]));
        assert!(!alice.may_ask_for(None, &[]));
    }

    #[test]
    fn a_named_caller_and_the_system_ask_for_anybody() {
        for account in [Some(&account(2)), None] {
            assert!(caller(7).may_ask_for(account, &[7]));
            assert!(!caller(8).may_ask_for(account, &[7]));
            assert!(caller(0).may_ask_for(account, &[]));
        }
    }

    fn only(name: &str) -> Vec<Who> {
        vec![Who::parse(name).unwrap()]
    }

    #[test]
    fn a_service_or_an_origin_that_the_caller_names_lets_nobody_through() {
        let kiosk = Policy {
            required_for: only("somebody"),
            trusted_networks: vec![Network::parse("10.0.0.0/8").unwrap()],
            unpaired: Unpaired::Pair,
            attempts: 10,
            ..Policy::default()
        };
        let rules = caller(1).rules(kiosk.clone(), Policy::default());
        assert_eq!(
            rules.out_of_scope("user1", Some("10.1.2.3"), &NoGroups),
            None
        );
        assert_eq!((rules.unpaired, rules.attempts), (Unpaired::Deny, 3));
        let believed = caller(0).rules(kiosk, Policy::default());
        assert_eq!(
            believed.out_of_scope("somebody", Some("10.1.2.3"), &NoGroups),
            Some(OutOfScope::TrustedNetwork)
        );
    }

    #[test]
    fn who_is_out_of_scope_everywhere_and_at_the_service_is_asked_for_nothing() {
        let exempt = |name| Policy {
            exempt: only(name),
            ..Policy::default()
        };
        let scope = |service, everywhere| {
            caller(1)
                .rules(service, everywhere)
                .out_of_scope("user1", None, &NoGroups)
        };
        let (out, within) = (exempt("user1"), Policy::default());
        assert_eq!(scope(out.clone(), out.clone()), Some(OutOfScope::Exempt));
        assert_eq!(scope(within.clone(), out.clone()), None);
        assert_eq!(scope(out, within), None);
    }
}
