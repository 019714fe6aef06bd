//! The rules of a sign-on as the config writes them: `[sign_on]`, and what `[service.NAME]` puts over it.

use super::item::{self, Item, Slip, Written, is_name};
use otpair_core::language::Language;
use otpair_core::policy::{Messages, Network, Policy, Unpaired, Who};
use otpair_core::records::UserRecord;
use toml::de::DeTable;

/// The keys of `[sign_on]`.
pub(super) const SIGN_ON_KEYS: &[&str] = &[
    "required_for",
    "exempt",
    "unpaired",
    "allow_unpaired_until",
    "attempts",
    "max_tokens_per_user",
    "strip_domain",
    "echo_passcode",
    "messages",
    "help",
    "language",
];

/// The one key more that `[service.NAME]` has.
pub(super) const TRUSTED_NETWORKS: &str = "trusted_networks";

/// The longest help line, in characters.
const MAX_HELP: usize = 200;

/// `unpaired`, without its date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Pair,
    Deny,
    Allow,
}

const MODES: &[(&str, Mode)] = &[
    ("pair", Mode::Pair),
    ("deny", Mode::Deny),
    ("allow", Mode::Allow),
];
const MESSAGES: &[(&str, Messages)] = &[
    ("shown", Messages::Shown),
    ("in-prompt", Messages::InPrompt),
];

/// `language`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LanguageChoice {
    /// This one.
    Fixed(Language),
    /// The one of the door, else of the locale of the program that otpair is loaded into.
    Auto,
}

impl LanguageChoice {
    const WORDS: &[(&str, Self)] = &[
        ("en", Self::Fixed(Language::English)),
        ("de", Self::Fixed(Language::German)),
        ("fr", Self::Fixed(Language::French)),
        ("es", Self::Fixed(Language::Spanish)),
        ("ja", Self::Fixed(Language::Japanese)),
        ("auto", Self::Auto),
    ];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Fixed(language) => language.tag(),
            Self::Auto => "auto",
        }
    }
}

/// The keys that one table sets; `None` is a key that is not there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct SignOnRules {
    pub(super) required_for: Option<Vec<Written<Who>>>,
    pub(super) exempt: Option<Vec<Written<Who>>>,
    pub(super) trusted_networks: Option<Vec<Written<Network>>>,
    pub(super) unpaired: Option<Mode>,
    pub(super) allow_unpaired_until: Option<u64>,
    pub(super) attempts: Option<u32>,
    pub(super) max_tokens_per_user: Option<u32>,
    pub(super) strip_domain: Option<bool>,
    pub(super) echo_passcode: Option<bool>,
    pub(super) messages: Option<Messages>,
    pub(super) help: Option<String>,
    pub(super) language: Option<LanguageChoice>,
}

impl SignOnRules {
    /// Reads a table. `under` is the table that it lies over: `[sign_on]` under `[service.NAME]`.
    pub(super) fn read(
        table: &DeTable<'_>,
        name: &str,
        under: Option<&Self>,
    ) -> Result<Self, Slip> {
        let mut rules = Self::default();
        let mut unpaired_at = None;
        for item in item::items(table) {
            if item.key() == "unpaired" {
                unpaired_at = Some(item.at());
            }
            rules.read_key(&item, name, under.is_some())?;
        }
        let date = rules
            .allow_unpaired_until
            .or_else(|| under.and_then(|u| u.allow_unpaired_until));
        match (rules.unpaired, unpaired_at, date) {
            (Some(Mode::Allow), Some(at), None) => Err(Slip::new(
                at,
                "unpaired: \"allow\" needs allow_unpaired_until, the date on which it ends",
            )),
            _ => Ok(rules),
        }
    }

    fn read_key(&mut self, item: &Item<'_>, name: &str, of_service: bool) -> Result<(), Slip> {
        match item.key() {
            "required_for" => self.required_for = Some(people(item)?),
            "exempt" => self.exempt = Some(people(item)?),
            "unpaired" => self.unpaired = Some(item.choice(MODES)?),
            "allow_unpaired_until" => self.allow_unpaired_until = Some(item.date()?),
            "attempts" => self.attempts = Some(item.number(1..=10)?),
            "max_tokens_per_user" => {
                let most = u32::try_from(UserRecord::MAX_TOKENS).unwrap_or(u32::MAX);
                self.max_tokens_per_user = Some(item.number(1..=most)?);
            }
            "strip_domain" => self.strip_domain = Some(item.flag()?),
            "echo_passcode" => self.echo_passcode = Some(item.flag()?),
            "messages" => self.messages = Some(item.choice(MESSAGES)?),
            "help" => self.help = Some(item.shown_text(0..=MAX_HELP)?),
            "language" => self.language = Some(item.choice(LanguageChoice::WORDS)?),
            TRUSTED_NETWORKS if of_service => self.trusted_networks = Some(networks(item)?),
            TRUSTED_NETWORKS => {
                return Err(item.wrong_key(
                    "trusted_networks belongs into a [service.NAME]: trust is for one door",
                ));
            }
            _ if of_service => {
                return Err(item.unknown(name, &[SIGN_ON_KEYS, &[TRUSTED_NETWORKS]].concat()));
            }
            _ => return Err(item.unknown(name, SIGN_ON_KEYS)),
        }
        Ok(())
    }

    /// Puts these rules over a policy, but for `unpaired` and `language`.
    pub(super) fn apply(&self, policy: &mut Policy) {
        set(
            &mut policy.required_for,
            self.required_for.as_deref().map(values),
        );
        set(&mut policy.exempt, self.exempt.as_deref().map(values));
        set(
            &mut policy.trusted_networks,
            self.trusted_networks.as_deref().map(values),
        );
        set(&mut policy.attempts, self.attempts);
        set(&mut policy.max_tokens_per_user, self.max_tokens_per_user);
        set(&mut policy.strip_domain, self.strip_domain);
        set(&mut policy.echo_passcode, self.echo_passcode);
        set(&mut policy.messages, self.messages);
        set(&mut policy.help, self.help.clone());
    }
}

/// What `unpaired` means with a service's rules over those of `[sign_on]`.
pub(super) fn unpaired(sign_on: &SignOnRules, service: Option<&SignOnRules>) -> Unpaired {
    let mode = service.and_then(|s| s.unpaired).or(sign_on.unpaired);
    let date = service
        .and_then(|s| s.allow_unpaired_until)
        .or(sign_on.allow_unpaired_until);
    match (mode, date) {
        (Some(Mode::Allow), Some(until)) => Unpaired::AllowUntil(until),
        // "allow" without a date is refused when the config is read; here it lets nobody in.
        (Some(Mode::Deny | Mode::Allow), _) => Unpaired::Deny,
        (Some(Mode::Pair) | None, _) => Unpaired::Pair,
    }
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

fn values<T: Clone>(written: &[Written<T>]) -> Vec<T> {
    written.iter().map(|w| w.value.clone()).collect()
}

fn people(item: &Item<'_>) -> Result<Vec<Written<Who>>, Slip> {
    item.list("a user's name, \"@group\" or \"*\"", |text| {
        (is_name(text) && is_name(text.strip_prefix('@').unwrap_or(text)))
            .then(|| Who::parse(text))
            .flatten()
    })
}

fn networks(item: &Item<'_>) -> Result<Vec<Written<Network>>, Slip> {
    item.list(
        "a network such as \"10.0.0.0/8\" or \"2001:db8::/32\", with no bits set beyond its prefix,",
        Network::parse,
    )
}
