//! Who needs a token, where, and how a sign-on is held: the config's rules as plain values, and the decisions on them.

use crate::acceptance::Windows;
use crate::language::Language;
use crate::records::Account;
use crate::throttle::ThrottlePolicy;
use crate::wording::Wording;
use std::net::IpAddr;

/// A person or people, as `required_for` and `exempt` name them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// `*`
    Everybody,
    /// A user's name.
    User(String),
    /// `@group`
    Group(String),
}

impl Who {
    /// Reads `*`, `@group` or a user's name; nothing if there is no name in it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match (text, text.strip_prefix('@')) {
            ("*", _) => Some(Self::Everybody),
            ("" | "@", _) => None,
            (_, Some(group)) => Some(Self::Group(group.to_owned())),
            (user, None) => Some(Self::User(user.to_owned())),
        }
    }

    fn names(&self, user: &str, groups: &dyn Groups) -> Option<bool> {
        match self {
            Self::Everybody => Some(true),
            Self::User(name) => Some(name == user),
            Self::Group(group) => groups.has_member(group, user),
        }
    }
}

/// The system's groups.
pub trait Groups {
    /// Whether a user is a member of a group, by primary group or by list; `None` if that can't be looked up, as when
    /// there is no such group.
    fn has_member(&self, group: &str, user: &str) -> Option<bool>;
}

/// A network as `trusted_networks` names it, `10.0.0.0/8` or `2001:db8::/32` or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    prefix: u8,
}

impl Network {
    /// Reads an address with or without a prefix length; nothing if it is neither, or if bits beyond the prefix are
    /// set (a slip that would trust another network than was meant).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let base: IpAddr = address.parse().ok()?;
        let width = if base.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => width,
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().ok()?,
            Some(_) => return None,
        };
        let network = Self { base, prefix };
        (prefix <= width && bits(base) & !network.mask() == 0).then_some(network)
    }

    fn mask(&self) -> u128 {
        let width = if self.base.is_ipv4() { 32 } else { 128 };
        let ones = u128::MAX
            .checked_shl(width - u32::from(self.prefix))
            .unwrap_or(0);
        if self.base.is_ipv4() {
            ones & u128::from(u32::MAX)
        } else {
            ones
        }
    }

    /// Whether an address lies in the network. An IPv4 address mapped into IPv6 counts as the IPv4 address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.base.is_ipv4() && bits(address) & self.mask() == bits(self.base)
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(u32::from(v4)),
        IpAddr::V6(v6) => u128::from(v6),
    }
}

/// What happens to somebody without a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unpaired {
    /// They pair one at the prompt.
    Pair,
    /// They are told where to turn, and denied.
    Deny,
    /// They are reminded and let through without one before this time (seconds since 1970 UTC); then [`Self::Pair`].
    AllowUntil(u64),
}

/// Where messages are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Messages {
    /// As messages of their own.
    Shown,
    /// In the next prompt's text, for doors that show no messages.
    InPrompt,
}

/// The three prompts where they are not the language's own, word for word.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prompts {
    /// Asks for the serial number.
    pub serial: Option<String>,
    /// Asks for a passcode.
    pub passcode: Option<String>,
    /// Asks for the passcode after the one just given.
    pub next_passcode: Option<String>,
}

impl Prompts {
    /// The prompt for the serial number.
    #[must_use]
    pub fn serial(&self, language: Language) -> &str {
        let own = Wording::of(language).serial_prompt;
        self.serial.as_deref().unwrap_or(own)
    }

    /// The prompt for a passcode.
    #[must_use]
    pub fn passcode(&self, language: Language) -> &str {
        let own = Wording::of(language).passcode_prompt;
        self.passcode.as_deref().unwrap_or(own)
    }

    /// The prompt for the passcode after the one just given.
    #[must_use]
    pub fn next_passcode(&self, language: Language) -> &str {
        let own = Wording::of(language).next_passcode_prompt;
        self.next_passcode.as_deref().unwrap_or(own)
    }
}

/// Who needs a token, by name and group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Who needs one.
    pub required_for: Vec<Who>,
    /// Who does not; wins over `required_for`.
    pub exempt: Vec<Who>,
}

/// Every rule that a sign-on at one service goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Who needs a token.
    pub required_for: Vec<Who>,
    /// Who does not; wins over `required_for`.
    pub exempt: Vec<Who>,
    /// A second scope: only who is outside of both needs no token. For a service that somebody claims to be.
    pub everywhere: Option<Scope>,
    /// Networks from which nobody needs one.
    pub trusted_networks: Vec<Network>,
    /// What happens to somebody without a token.
    pub unpaired: Unpaired,
    /// How many passcodes may be tried in one sign-on, at least 1.
    pub attempts: u32,
    /// How many tokens one person may hold.
    pub max_tokens_per_user: u32,
    /// `alice@example.com` and `EXAMPLE\alice` are `alice`.
    pub strip_domain: bool,
    /// Passcodes are shown as they are typed.
    pub echo_passcode: bool,
    /// Where messages are shown.
    pub messages: Messages,
    /// A line shown with every refusal: whom to call. May be empty.
    pub help: String,
    /// The language that the person is spoken to in.
    pub language: Language,
    /// The prompts' texts, where they are not the language's own.
    pub prompts: Prompts,
    /// How far a passcode may be off.
    pub windows: Windows,
    /// How failures are made to wait.
    pub throttle: ThrottlePolicy,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            required_for: vec![Who::Everybody],
            exempt: Vec::new(),
            everywhere: None,
            trusted_networks: Vec::new(),
            unpaired: Unpaired::Pair,
            attempts: 3,
            max_tokens_per_user: 1,
            strip_domain: false,
            echo_passcode: false,
            messages: Messages::Shown,
            help: String::new(),
            language: Language::default(),
            prompts: Prompts::default(),
            windows: Windows::default(),
            throttle: ThrottlePolicy::default(),
        }
    }
}

/// Why somebody is asked for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutOfScope {
    /// `required_for` does not name them.
    NotRequired,
    /// `exempt` names them.
    Exempt,
    /// They come from a trusted network.
    TrustedNetwork,
}

impl Policy {
    /// Why a user needs no token here, or nothing if they do. `user` is the primary name, or the name as given when
    /// the system does not know it; `rhost` is what the door says of where they come from.
    #[must_use]
    pub fn out_of_scope(
        &self,
        user: &str,
        rhost: Option<&str>,
        groups: &dyn Groups,
    ) -> Option<OutOfScope> {
        let named = outside(&self.required_for, &self.exempt, user, groups);
        let is_outside_everywhere = self.everywhere.as_ref().is_none_or(|scope| {
            outside(&scope.required_for, &scope.exempt, user, groups).is_some()
        });
        named
            .filter(|_| is_outside_everywhere)
            .or_else(|| self.trusts(rhost).then_some(OutOfScope::TrustedNetwork))
    }

    /// Only a literal address can be trusted: a host name is what the other side's name server says.
    fn trusts(&self, rhost: Option<&str>) -> bool {
        rhost
            .and_then(|text| text.parse().ok())
            .is_some_and(|address| {
                self.trusted_networks
                    .iter()
                    .any(|network| network.contains(address))
            })
    }
}

/// Why a user is outside of a scope. A group that can't be looked up is taken to ask for the token, in either list.
fn outside(
    required_for: &[Who],
    exempt: &[Who],
    user: &str,
    groups: &dyn Groups,
) -> Option<OutOfScope> {
    let exempted = || {
        exempt
            .iter()
            .any(|who| who.names(user, groups) == Some(true))
    };
    let required = || {
        required_for
            .iter()
            .any(|who| who.names(user, groups) != Some(false))
    };
    if exempted() {
        Some(OutOfScope::Exempt)
    } else if required() {
        None
    } else {
        Some(OutOfScope::NotRequired)
    }
}

/// The part of a name that `strip_domain` leaves: `alice` of `alice@example.com` and of `EXAMPLE\alice`.
/// Nothing if there is no domain, or no name beside it.
#[must_use]
pub fn without_domain(name: &str) -> Option<&str> {
    let (_, bare) = name
        .rsplit_once('\\')
        .or_else(|| name.split_once('@').map(|(bare, domain)| (domain, bare)))?;
    (!bare.is_empty()).then_some(bare)
}

/// Whose sign-on it is when a name was stripped of its domain: the stripped name counts only if the full name, where
/// the system knows it, has the same uid. `None` is a user that the system does not know.
#[must_use]
pub fn choose_account(full: Option<Account>, stripped: Option<Account>) -> Option<Account> {
    match (full, stripped) {
        (Some(full), Some(stripped)) if full.uid == stripped.uid => Some(stripped),
        (Some(full), _) => Some(full),
        (None, stripped) => stripped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Staff;
    impl Groups for Staff {
        fn has_member(&self, group: &str, user: &str) -> Option<bool> {
            (group == "staff").then_some(user == "alice")
        }
    }

    fn policy(required_for: &[&str], exempt: &[&str]) -> Policy {
        let who = |names: &[&str]| names.iter().map(|n| Who::parse(n).unwrap()).collect();
        Policy {
            required_for: who(required_for),
            exempt: who(exempt),
            ..Policy::default()
        }
    }

    #[test]
    fn by_default_everybody_needs_a_token() {
        assert_eq!(Policy::default().out_of_scope("anyone", None, &Staff), None);
    }

    #[test]
    fn exempt_wins_over_required_for() {
        let policy = policy(&["*"], &["@staff", "carol"]);
        assert_eq!(
            policy.out_of_scope("alice", None, &Staff),
            Some(OutOfScope::Exempt)
        );
        assert_eq!(
            policy.out_of_scope("carol", None, &Staff),
            Some(OutOfScope::Exempt)
        );
        assert_eq!(policy.out_of_scope("bob", None, &Staff), None);
    }

    #[test]
    fn a_group_that_cannot_be_looked_up_requires_and_does_not_exempt() {
        assert_eq!(
            policy(&["@gone"], &[]).out_of_scope("bob", None, &Staff),
            None
        );
        assert_eq!(
            policy(&["*"], &["@gone"]).out_of_scope("bob", None, &Staff),
            None
        );
        assert_eq!(
            policy(&["@staff"], &[]).out_of_scope("bob", None, &Staff),
            Some(OutOfScope::NotRequired)
        );
    }

    #[test]
    fn trusted_networks_match_literal_addresses_only() {
        let trusted_networks = ["10.0.0.0/8", "2001:db8::/32", "192.0.2.7"]
            .map(|n| Network::parse(n).unwrap())
            .to_vec();
        let policy = Policy {
            trusted_networks,
            ..Policy::default()
        };
        let scope = |rhost| policy.out_of_scope("bob", rhost, &Staff);
        for trusted in ["10.1.2.3", "::ffff:10.1.2.3", "2001:db8::1", "192.0.2.7"] {
            assert_eq!(
                scope(Some(trusted)),
                Some(OutOfScope::TrustedNetwork),
                "{trusted}"
            );
        }
        for other in [
            None,
            Some(""),
            Some("11.0.0.1"),
            Some("10.1.2.3.example.com"),
            Some("localhost"),
            Some("192.0.2.8"),
            Some("::10.1.2.3"),
        ] {
            assert_eq!(scope(other), None, "{other:?}");
        }
    }

    #[test]
    fn a_network_with_bits_beyond_its_prefix_is_no_network() {
        for bad in [
            "10.0.0.1/8",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "example.com",
            "",
            "2001:db8::1/64",
        ] {
            assert_eq!(Network::parse(bad), None, "{bad}");
        }
        assert!(
            Network::parse("0.0.0.0/0")
                .unwrap()
                .contains("203.0.113.9".parse().unwrap())
        );
        assert!(
            !Network::parse("0.0.0.0/0")
                .unwrap()
                .contains("2001:db8::1".parse().unwrap())
        );
    }

    #[test]
    fn a_domain_is_stripped_in_both_spellings() {
        assert_eq!(without_domain("alice@example.com"), Some("alice"));
        assert_eq!(without_domain("EXAMPLE\\alice"), Some("alice"));
        for none in ["alice", "@example.com", "EXAMPLE\\"] {
            assert_eq!(without_domain(none), None, "{none}");
        }
    }

    #[test]
    fn a_stripped_name_counts_only_if_the_full_name_has_the_same_uid() {
        let account = |name: &str, uid| {
            Some(Account {
                name: name.to_owned(),
                uid,
            })
        };
        assert_eq!(
            choose_account(account("a@x", 1), account("a", 1)),
            account("a", 1)
        );
        assert_eq!(
            choose_account(account("a@x", 2), account("a", 1)),
            account("a@x", 2)
        );
        assert_eq!(choose_account(None, account("a", 1)), account("a", 1));
        assert_eq!(choose_account(account("a@x", 2), None), account("a@x", 2));
        assert_eq!(choose_account(None, None), None);
    }
}
