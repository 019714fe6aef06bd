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
}

impl Names {
    /// Another token is reserved for somebody. Where the system's users can't be read, they are not said to be unknown.
    pub(crate) fn meet(&mut self, machine: &Machine, name: &str) {
        let is_stranger = match self.looked_up.get(name) {
            Some(is_stranger) => *is_stranger,
            None if self.looked_up.len() == MOST => return,
            None => {
                let is_stranger = matches!(machine.known(name), Ok(None));
                self.looked_up.insert(name.to_owned(), is_stranger);
                if is_stranger {
                    self.strangers.push(name.to_owned());
                }
                is_stranger
            }
        };
        self.tokens += u64::from(is_stranger);
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
