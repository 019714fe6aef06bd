//! Whom the helper serves, and by which rules: programs that are not root, such as screen lockers (contract section 4).

use crate::dialog::Outcome;
use crate::grant;
use crate::policy::{Policy, Scope, Unpaired};
use crate::records::Account;

/// The most dialogs that one user's programs have at a time, and that a service which asks for others has for each.
pub const DIALOGS: u32 = 4;

/// How many more such a service has in all, and the login window: they are other people's sign-ons.
pub const DIALOGS_OF_A_SERVICE: u32 = 60;

/// How many of them are for users that the system does not know.
pub const DIALOGS_FOR_STRANGERS: u32 = 16;

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
    /// A caller with this user id; `login_window` is that of the system's login window, where there is one.
    #[must_use]
    pub fn new(uid: u32, login_window: Option<u32>) -> Self {
        Self {
            uid,
            is_system: uid == 0 || Some(uid) == login_window,
        }
    }

    /// Whether the caller may ask for the sign-on of this account: for its own; for anybody, also for users that the
    /// system does not know, if it is the system's or is among `may_ask_for_others`.
    #[must_use]
    pub fn may_ask_for(self, account: Option<&Account>, may_ask_for_others: &[u32]) -> bool {
        self.is_system || !self.is_for_another(account) || may_ask_for_others.contains(&self.uid)
    }

    /// Whether this is not the caller's own account.
    #[must_use]
    pub fn is_for_another(self, account: Option<&Account>) -> bool {
        account.is_none_or(|account| account.uid != self.uid)
    }

    /// Whether the caller signs on other people: it has more dialogs, and the log believes it where they come from.
    #[must_use]
    pub fn signs_on_others(self, may_ask_for_others: &[u32]) -> bool {
        self.is_system || may_ask_for_others.contains(&self.uid)
    }

    /// Whether the caller may be left a grant for a sign-on at this door: the system's own only, and by the rules of the
    /// login window. The mechanism that takes the grant knows no others.
    #[must_use]
    pub fn may_be_left_a_grant(self, service: &str, rhost: Option<&str>) -> bool {
        self.is_system && service == grant::LOGIN_WINDOW && rhost.is_none()
    }

    /// Under which name, and how often at a time, a service asks for this account; nothing for root, and for whoever asks for its own.
    #[must_use]
    pub fn share_for(self, account: Option<&Account>) -> Option<(String, u32)> {
        match account {
            _ if self.uid == 0 || !self.is_for_another(account) => None,
            Some(account) => Some((format!("{}-for-{}", self.uid, account.uid), DIALOGS)),
            None => Some((format!("{}-for-strangers", self.uid), DIALOGS_FOR_STRANGERS)),
        }
    }

    /// Whether a caller that was refused keeps its place for a moment. That makes its guesses, and its lines in the log,
    /// few; a service would keep others out by it.
    #[must_use]
    pub fn pauses_after_refusal(self, account: Option<&Account>, outcome: Outcome) -> bool {
        let is_refused = !matches!(outcome, Outcome::Granted | Outcome::NotAsked);
        is_refused && !self.is_system && !self.is_for_another(account)
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
        Caller::new(uid, Some(92))
    }

    #[test]
    fn a_grant_is_left_for_the_login_window_by_its_own_rules_only() {
        let may = |uid, service, rhost| caller(uid).may_be_left_a_grant(service, rhost);
        assert!(may(92, "login-window", None) && may(0, "login-window", None));
        assert!(!may(501, "login-window", None));
        assert!(!may(92, "sudo", None));
        assert!(!may(92, "login-window", Some("10.0.0.1")));
    }

    #[test]
    fn root_and_the_login_window_are_the_systems_own() {
        assert_eq!(
            [0, 92, 1].map(|uid| caller(uid).is_system),
            [true, true, false]
        );
        assert!(!Caller::new(92, None).is_system);
    }

    #[test]
    fn a_service_has_a_share_for_each_person_and_one_for_strangers() {
        let shares = [Some(account(1)), Some(account(2)), None]
            .map(|account| caller(7).share_for(account.as_ref()).unwrap());
        assert_ne!(shares[0].0, shares[1].0);
        assert_eq!(shares.map(|(_, most)| most), [4, 4, 16]);
        assert_eq!(caller(1).share_for(Some(&account(1))), None);
        assert_eq!(caller(92).share_for(Some(&account(1))).unwrap().1, 4);
        assert_eq!(caller(0).share_for(Some(&account(1))), None);
    }

    #[test]
    fn whoever_is_refused_for_its_own_user_pauses_and_a_service_does_not() {
        let pauses = |uid, outcome| caller(uid).pauses_after_refusal(Some(&account(1)), outcome);
        assert!(pauses(1, Outcome::TooManyTries) && pauses(1, Outcome::NoConversation));
        assert!(!pauses(1, Outcome::Granted) && !pauses(1, Outcome::NotAsked));
        assert!(!pauses(7, Outcome::Refused) && !pauses(0, Outcome::Refused));
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
