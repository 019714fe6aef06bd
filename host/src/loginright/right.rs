//! A right of the authorization database whose class is `evaluate-mechanisms`: its mechanisms, and where they stand.

use super::Refusal;
use super::xml::{self, Element};
use std::ops::Range;

/// The longest property list that is read, in bytes.
const LONGEST: usize = 1024 * 1024;

/// How a binary property list begins.
const BINARY: &[u8] = b"bplist";

/// A mechanism as it stands in the property list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mechanism {
    /// `plugin:mechanism`, perhaps with `,privileged`.
    pub(super) name: String,
    /// Its element's place.
    span: Range<usize>,
}

/// A right, and the text that it was read from.
#[derive(Debug)]
pub(super) struct Right<'a> {
    text: &'a str,
    pub(super) mechanisms: Vec<Mechanism>,
}

impl<'a> Right<'a> {
    /// Reads what `security authorizationdb read` prints.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Refusal> {
        if bytes.starts_with(BINARY) {
            return Err(Refusal::Binary);
        }
        if bytes.len() > LONGEST {
            return Err(Refusal::damaged("it is longer than 1 MiB"));
        }
        let text = str::from_utf8(bytes).map_err(|_| Refusal::damaged("it is not UTF-8"))?;
        let root = xml::read(text)?;
        let entries = entries(&root)?;
        let class = one(&entries, "class")?.map(|class| class.text.as_str());
        if class != Some("evaluate-mechanisms") {
            return Err(Refusal::Class(class.unwrap_or("none").to_owned()));
        }
        let array = one(&entries, "mechanisms")?.filter(|array| array.name == "array");
        let array = array.ok_or(Refusal::NoMechanisms)?;
        let mechanisms = array.children.iter().map(mechanism);
        Ok(Self {
            text,
            mechanisms: mechanisms.collect::<Result<_, _>>()?,
        })
    }

    /// The mechanisms' names.
    pub(super) fn names(&self) -> Vec<String> {
        let names = self.mechanisms.iter().map(|found| found.name.clone());
        names.collect()
    }

    /// The text without the mechanisms for which this holds.
    pub(super) fn without(&self, is_out: impl Fn(&str) -> bool) -> String {
        let mut text = String::with_capacity(self.text.len());
        let mut copied = 0;
        for mechanism in self.mechanisms.iter().filter(|found| is_out(&found.name)) {
            let begin = mechanism.span.start - self.indent(mechanism).len();
            text.push_str(self.text.get(copied..begin).unwrap_or_default());
            copied = mechanism.span.end;
        }
        text.push_str(self.text.get(copied..).unwrap_or_default());
        text
    }

    /// The text with new mechanisms before the one at `index`, or behind the last one; indented as their neighbour is.
    pub(super) fn with(&self, index: usize, names: &[&str]) -> Option<String> {
        let (neighbour, at) = match self.mechanisms.get(index) {
            Some(next) => (next, next.span.start - self.indent(next).len()),
            None => self.mechanisms.last().map(|last| (last, last.span.end))?,
        };
        let indent = self.indent(neighbour);
        let added = names
            .iter()
            .map(|name| format!("{indent}<string>{name}</string>"));
        let (before, after) = self.text.split_at_checked(at)?;
        Some(format!("{before}{}{after}", added.collect::<String>()))
    }

    /// The line's end before a mechanism and the blanks that it begins its own line with; nothing if it does not begin
    /// one.
    fn indent(&self, mechanism: &Mechanism) -> &'a str {
        let before = self.text.get(..mechanism.span.start).unwrap_or_default();
        let line = before.trim_end_matches([' ', '\t']);
        let Some(line) = line.strip_suffix('\n') else {
            return "";
        };
        let line = line.strip_suffix('\r').unwrap_or(line);
        before.get(line.len()..).unwrap_or_default()
    }
}

/// The keys and values of the property list's dictionary.
fn entries(root: &Element) -> Result<Vec<(&str, &Element)>, Refusal> {
    let dictionary = match root.children.as_slice() {
        [only] if root.name == "plist" && only.name == "dict" => only,
        _ => return Err(Refusal::damaged("it is no dictionary")),
    };
    let pairs = dictionary.children.chunks(2);
    let pairs = pairs.map(|pair| match pair {
        [key, value] if key.name == "key" => Ok((key.text.as_str(), value)),
        _ => Err(Refusal::damaged("a key without a value")),
    });
    pairs.collect()
}

/// The value of a key that must not be there twice.
fn one<'a>(entries: &[(&str, &'a Element)], key: &str) -> Result<Option<&'a Element>, Refusal> {
    let mut values = entries.iter().filter(|(name, _)| *name == key);
    let value = values.next().map(|(_, value)| *value);
    match values.next() {
        Some(_) => Err(Refusal::damaged(format!("two values of {key}"))),
        None => Ok(value),
    }
}

fn mechanism(element: &Element) -> Result<Mechanism, Refusal> {
    if element.name != "string" || !element.children.is_empty() {
        return Err(Refusal::NoMechanisms);
    }
    Ok(Mechanism {
        name: element.text.clone(),
        span: element.span.clone(),
    })
}
