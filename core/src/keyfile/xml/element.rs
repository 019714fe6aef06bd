//! One element of a document, with all that is in it.

use super::ELEMENT;
use zeroize::Zeroizing;

/// Elements, each in a place of its own: they go from hand to hand while a file is read, and a pointer is moved more
/// quickly than an element.
pub(super) type Elements = Vec<Box<Element>>;

/// An element with all that is in it.
#[derive(Clone, Default)]
pub(in crate::keyfile) struct Element {
    pub(super) name: String,
    pub(super) attributes: Attributes,
    text: Zeroizing<String>,
    pub(super) children: Elements,
    /// The line of its start tag, from 1.
    pub(in crate::keyfile) line: u64,
}

impl Element {
    /// Its local name.
    pub(in crate::keyfile) fn name(&self) -> &str {
        &self.name
    }

    /// Its own text, without blanks around it.
    pub(in crate::keyfile) fn text(&self) -> &str {
        self.text.trim()
    }

    /// The attribute of that local name, in any case.
    pub(in crate::keyfile) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }

    /// Its children.
    pub(in crate::keyfile) fn elements(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().map(|child| &**child)
    }

    /// The children of that local name.
    pub(in crate::keyfile) fn children<'a>(
        &'a self,
        name: &'a str,
    ) -> impl Iterator<Item = &'a Self> {
        self.elements().filter(move |child| child.name == name)
    }

    /// The first element at the end of a path of local names.
    pub(in crate::keyfile) fn find(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |element, name| {
            element.elements().find(|child| child.name == *name)
        })
    }

    /// The text at the end of a path, if there is any.
    pub(in crate::keyfile) fn text_at(&self, path: &[&str]) -> Option<&str> {
        self.find(path)
            .map(Self::text)
            .filter(|text| !text.is_empty())
    }

    /// Whether it, or anything in it, has that local name.
    pub(in crate::keyfile) fn has(&self, name: &str) -> bool {
        self.name == name || self.children.iter().any(|child| child.has(name))
    }

    /// Everything in it of that local name, whatever lies between.
    pub(in crate::keyfile) fn descendants(&self, name: &str) -> Vec<&Self> {
        let mut found = Vec::new();
        for child in self.elements() {
            if child.name == name {
                found.push(child);
            }
            found.append(&mut child.descendants(name));
        }
        found
    }

    /// Whether it takes little memory when it is empty.
    pub(super) fn is_small(&self) -> bool {
        self.text.capacity() + self.attributes.text.capacity() <= 4 * ELEMENT
            && self.children.capacity() <= 16
    }

    /// Empties it; what it had room for stays.
    pub(super) fn clear(&mut self) {
        self.name.clear();
        self.attributes.text.clear();
        self.attributes.ends.clear();
        self.text.clear();
    }

    /// Adds to its text. A string that must grow is replaced and wiped, so that no seed is left behind.
    pub(super) fn push(&mut self, text: &str) {
        let length = self.text.len() + text.len();
        if length > self.text.capacity() {
            let mut longer = Zeroizing::new(String::with_capacity(length.max(2 * self.text.len())));
            longer.push_str(&self.text);
            self.text = longer;
        }
        self.text.push_str(text);
    }
}

/// The attributes of an element, one behind the other in one string.
#[derive(Clone, Default)]
pub(super) struct Attributes {
    text: String,
    /// Where each name ends, and its value.
    ends: Vec<(usize, usize)>,
}

impl Attributes {
    pub(super) fn push(&mut self, name: &str, value: &str) {
        self.text.push_str(name);
        let end = self.text.len();
        self.text.push_str(value);
        self.ends.push((end, self.text.len()));
    }

    fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut begin = 0;
        self.ends.iter().map(move |(middle, end)| {
            let name = self.text.get(begin..*middle).unwrap_or_default();
            let value = self.text.get(*middle..*end).unwrap_or_default();
            begin = *end;
            (name, value)
        })
    }
}
