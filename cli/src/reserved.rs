//! Whom tokens are reserved for, and whether the system knows them: nobody else can pair these tokens.

use crate::machine::Machine;
use crate::output;
use std::collections::HashMap;

/// So many people are looked up: a directory may be far away, and who wrote all names wrong sees it at the first.
const MOST: usize = 1_000;

/// So many are named.
const NAMED: usize = 5;

/// The names that tokens are reserved for.
#[derive(Default)]
pub(crate) struct Names {
    /// Each name, with whether it is a stranger's.
    looked_up: HashMap<String, bool>,
    /// In the order in which they were met.
    strangers: Vec<String>,
    /// So many tokens are theirs.
    tokens: u64,
    /// The system's users can't be read: then nobody is said to be unknown, and no more are waited for.
    failed: bool,
}

impl Names {
    /// Another token is reserved for somebody.
    pub(crate) fn meet(&mut self, machine: &Machine, name: &str) {
        if let Some(is_stranger) = self.looked_up.get(name) {
            self.tokens += u64::from(*is_stranger);
            return;
        }
        if self.failed || self.looked_up.len() == MOST {
            return;
        }
        let Ok(known) = machine.known(name) else {
            self.failed = true;
            return;
        };
        if known.is_none() {
            self.strangers.push(name.to_owned());
            self.tokens += 1;
        }
        self.looked_up.insert(name.to_owned(), known.is_none());
    }

    /// What is to be said of the strangers among them.
    pub(crate) fn strangers(&self) -> Option<String> {
        let (first, rest) = self
            .strangers
            .split_at_checked(NAMED)
            .unwrap_or((&self.strangers, &[]));
        let more = match rest.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let first: Vec<_> = first.iter().map(|name| format!("\"{name}\"")).collect();
        let names = first.join(", ") + &more;
        (self.tokens > 0).then(|| {
            let (are, them) = if self.tokens == 1 { ("is", "it") } else { ("are", "them") };
            format!(
                "{} {are} reserved for people whom this machine does not know, so nobody can pair {them} here: {names}",
                output::count(self.tokens, "token")
            )
        })
    }
}

/// What to do about it.
pub(crate) const ADVICE: &str = "if it knows them by other names, otpair token reserve SERIAL USER; where only a domain is \
    too much, strip_domain = true in the config's [sign_on]";
