//! What can't be taken of a seed file, and where it stands.

use std::fmt;

/// Where in a file something stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The line, from 1.
    pub line: u64,
    /// The serial number or key id, where the format tells it apart from a seed for certain.
    pub key: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        self.key
            .as_ref()
            .map_or(Ok(()), |key| write!(f, ", key {key}"))
    }
}

/// An entry that can't be taken, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Where it stands.
    pub at: Place,
    /// The reason, one line.
    pub why: String,
}

/// A file of which nothing can be taken, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Where the fault is, if it has a place.
    pub at: Option<Place>,
    /// The reason, one line, and what to do.
    pub why: String,
}

impl Unreadable {
    /// A fault that has no place in the file.
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self {
            at: None,
            why: why.into(),
        }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.at {
            Some(at) => write!(f, "{at}: {}", self.why),
            None => f.write_str(&self.why),
        }
    }
}

impl std::error::Error for Unreadable {}
