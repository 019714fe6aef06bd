//! One key of the config with its value, read as the type that the key wants.

use crate::clock;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

/// What is wrong, and at which byte of the text.
#[derive(Debug)]
pub(super) struct Slip {
    pub(super) at: usize,
    pub(super) message: String,
}

impl Slip {
    pub(super) fn new(at: usize, message: impl Into<String>) -> Self {
        Self {
            at,
            message: message.into(),
        }
    }
}

/// A key and its value.
pub(super) struct Item<'a> {
    key: &'a Spanned<DeString<'a>>,
    value: &'a Spanned<DeValue<'a>>,
}

/// The keys of a table in the order of the text, so that the first mistake is the one that is named.
pub(super) fn items<'a>(table: &'a DeTable<'a>) -> Vec<Item<'a>> {
    let mut items: Vec<_> = table
        .iter()
        .map(|(key, value)| Item { key, value })
        .collect();
    items.sort_by_key(|item| item.key.span().start);
    items
}

impl<'a> Item<'a> {
    pub(super) fn key(&self) -> &'a str {
        self.key.get_ref()
    }

    /// Where the value begins, in bytes.
    pub(super) fn at(&self) -> usize {
        self.value.span().start
    }

    /// An error about the value.
    pub(super) fn wrong(&self, message: impl AsRef<str>) -> Slip {
        Slip::new(self.at(), format!("{}: {}", self.key(), message.as_ref()))
    }

    /// An error about the key.
    pub(super) fn wrong_key(&self, message: impl Into<String>) -> Slip {
        Slip::new(self.key.span().start, message)
    }

    /// The error for a key that does not exist in a table.
    pub(super) fn unknown(&self, table: &str, known: &[&str]) -> Slip {
        let known = known.join(", ");
        self.wrong_key(format!(
            "unknown key \"{}\" in {table}; known are: {known}",
            printable(self.key())
        ))
    }

    fn not_a(&self, wanted: &str) -> Slip {
        self.wrong(format!(
            "{wanted} is wanted here, not {}",
            article(self.value.get_ref().type_str())
        ))
    }

    pub(super) fn table(&self) -> Result<&'a DeTable<'a>, Slip> {
        let wanted = "a table";
        self.value
            .get_ref()
            .as_table()
            .ok_or_else(|| self.not_a(wanted))
    }

    pub(super) fn flag(&self) -> Result<bool, Slip> {
        self.value
            .get_ref()
            .as_bool()
            .ok_or_else(|| self.not_a("true or false"))
    }

    pub(super) fn number(&self, bounds: RangeInclusive<u32>) -> Result<u32, Slip> {
        let wanted = match *bounds.end() {
            u32::MAX => format!("a whole number of at least {}", bounds.start()),
            end => format!("a whole number from {} to {end}", bounds.start()),
        };
        let Some(integer) = self.value.get_ref().as_integer() else {
            return Err(self.not_a(&wanted));
        };
        i128::from_str_radix(integer.as_str(), integer.radix())
            .ok()
            .and_then(|number| u32::try_from(number).ok())
            .filter(|number| bounds.contains(number))
            .ok_or_else(|| self.wrong(format!("{wanted} is wanted here")))
    }

    /// A length of time in seconds.
    pub(super) fn duration(&self, bounds: RangeInclusive<u64>) -> Result<u64, Slip> {
        let spelled = "a duration such as \"30s\", \"5m\", \"8h\" or \"2d\"";
        let value = self.value.get_ref();
        if value.is_integer() {
            return Err(self.wrong(format!("a number has no unit: write {spelled}")));
        }
        let text = value.as_str().ok_or_else(|| self.not_a(spelled))?;
        let seconds = clock::parse_duration(text)
            .ok_or_else(|| self.wrong(format!("{spelled} is wanted here")))?;
        if bounds.contains(&seconds) {
            return Ok(seconds);
        }
        let [from, to] = [bounds.start(), bounds.end()].map(|s| clock::format_duration(*s));
        Err(self.wrong(format!("a duration from {from} to {to} is wanted here")))
    }

    /// A point in time, in seconds since 1970 UTC: an offset date-time, or the UTC beginning of a date.
    pub(super) fn date(&self) -> Result<u64, Slip> {
        let spelled = "a date such as 2027-01-31, or 2027-01-31T18:00:00Z, without quotes";
        let datetime = self
            .value
            .get_ref()
            .as_datetime()
            .ok_or_else(|| self.not_a(spelled))?;
        clock::unix_seconds(datetime).ok_or_else(|| {
            self.wrong(format!(
                "{spelled} is wanted here; a time of day needs its offset from UTC"
            ))
        })
    }

    pub(super) fn text(&self) -> Result<&'a str, Slip> {
        self.value
            .get_ref()
            .as_str()
            .ok_or_else(|| self.not_a("a text in quotes"))
    }

    /// A text of some length (in characters) that can be shown on a terminal.
    pub(super) fn shown_text(&self, length: RangeInclusive<usize>) -> Result<String, Slip> {
        let text = self.text()?;
        if text.chars().any(char::is_control) {
            return Err(self.wrong("control characters, line breaks among them, are not allowed"));
        }
        if !length.contains(&text.chars().count()) {
            let (from, to) = length.into_inner();
            return Err(self.wrong(format!("{from} to {to} characters are wanted here")));
        }
        Ok(text.to_owned())
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(&self, choices: &[(&str, T)]) -> Result<T, Slip> {
        let text = self.text()?;
        choices
            .iter()
            .find(|(word, _)| *word == text)
            .map(|(_, choice)| *choice)
            .ok_or_else(|| {
                let words: Vec<_> = choices
                    .iter()
                    .map(|(word, _)| format!("\"{word}\""))
                    .collect();
                self.wrong(format!("one of {} is wanted here", words.join(", ")))
            })
    }

    pub(super) fn absolute_path(&self) -> Result<PathBuf, Slip> {
        absolute(self.text()?).ok_or_else(|| self.wrong("an absolute path is wanted here"))
    }

    /// A list of texts, each read by `read`; an error is about the text at fault.
    pub(super) fn list<T>(
        &self,
        wanted: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<Written<T>>, Slip> {
        let array = self
            .value
            .get_ref()
            .as_array()
            .ok_or_else(|| self.not_a("a list in [ ]"))?;
        let element = |value: &Spanned<DeValue<'_>>| {
            let wrong = || {
                Slip::new(
                    value.span().start,
                    format!("{}: {wanted} is wanted here", self.key()),
                )
            };
            let text = value.get_ref().as_str().ok_or_else(wrong)?;
            let value = read(text).ok_or_else(wrong)?;
            Ok(Written {
                text: text.to_owned(),
                value,
            })
        };
        array.iter().map(element).collect()
    }
}

/// A value with the text that it was read from, to show it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written<T> {
    pub(super) text: String,
    pub(super) value: T,
}

/// An absolute path that a system call can take.
pub(super) fn absolute(text: &str) -> Option<PathBuf> {
    (text.starts_with('/') && !text.chars().any(char::is_control)).then(|| PathBuf::from(text))
}

/// Whether a text can be somebody's name: one with blanks around it would never match, and so ask nobody for a token.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.trim() == text && !text.chars().any(char::is_control)
}

fn printable(text: &str) -> String {
    text.chars().flat_map(char::escape_debug).take(80).collect()
}

fn article(type_name: &str) -> String {
    match type_name.chars().next() {
        Some('a' | 'e' | 'i' | 'o' | 'u') => format!("an {type_name}"),
        _ => format!("a {type_name}"),
    }
}
