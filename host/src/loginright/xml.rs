//! A property list's XML as a tree that knows where each element stands, so that an edit touches nothing else.

use super::Refusal;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::ops::Range;

/// How deep elements may nest.
const DEEPEST: usize = 32;

/// An element with all that is in it.
#[derive(Debug)]
pub(super) struct Element {
    /// Its name, with what may stand before a colon.
    pub(super) name: String,
    /// Its own text, references resolved.
    pub(super) text: String,
    /// What is in it, in order.
    pub(super) children: Vec<Element>,
    /// From the first byte of its start tag to behind its end tag.
    pub(super) span: Range<usize>,
}

/// Reads a whole document.
pub(super) fn read(text: &str) -> Result<Element, Refusal> {
    let mut reader = Reader::from_str(text);
    // An empty element then has a start and an end too.
    reader.config_mut().expand_empty_elements = true;
    let mut tree = Tree::default();
    loop {
        let begin = position(&reader);
        let event = reader.read_event();
        let event = event.map_err(|error| Refusal::damaged(error.to_string()))?;
        match event {
            Event::Start(tag) => tree.open(&tag, begin)?,
            Event::End(_) => tree.close(position(&reader))?,
            Event::Text(text) => tree.add(&text.xml10_content())?,
            Event::CData(text) => tree.add(&text.xml10_content())?,
            Event::GeneralRef(reference) => {
                let resolved = reference.resolve_char_ref();
                let resolved = resolved.map_err(|error| Refusal::damaged(error.to_string()))?;
                let character = resolved.or_else(|| predefined(&reference));
                let character = character.ok_or_else(|| Refusal::damaged("an unknown entity"))?;
                tree.add(character.encode_utf8(&mut [0; 4]))?;
            }
            // `<!ENTITY` could make text mean something else than it says.
            Event::DocType(doctype) if doctype.contains('[') => {
                return Err(Refusal::damaged("a document type of its own"));
            }
            Event::DocType(_)
            | Event::Decl(_)
            | Event::Comment(_)
            | Event::PI(_)
            | Event::Empty(_) => {}
            Event::Eof => return tree.finish(),
        }
    }
}

fn position(reader: &Reader<&[u8]>) -> usize {
    usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX)
}

fn predefined(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "apos" => Some('\''),
        "quot" => Some('"'),
        _ => None,
    }
}

/// A document as far as it has been read.
#[derive(Default)]
struct Tree {
    open: Vec<Element>,
    root: Option<Element>,
}

impl Tree {
    fn open(&mut self, tag: &BytesStart<'_>, begin: usize) -> Result<(), Refusal> {
        if self.root.is_some() || self.open.len() >= DEEPEST {
            return Err(Refusal::damaged("elements where none belong"));
        }
        self.open.push(Element {
            name: tag.name().as_ref().to_owned(),
            text: String::new(),
            children: Vec::new(),
            span: begin..begin,
        });
        Ok(())
    }

    fn close(&mut self, end: usize) -> Result<(), Refusal> {
        let done = self.open.pop();
        let mut done = done.ok_or_else(|| Refusal::damaged("an end tag too many"))?;
        done.span.end = end;
        match self.open.last_mut() {
            Some(parent) => parent.children.push(done),
            None => self.root = Some(done),
        }
        Ok(())
    }

    fn add(&mut self, text: &str) -> Result<(), Refusal> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text.trim().is_empty() => {}
            None => return Err(Refusal::damaged("text outside of it")),
        }
        Ok(())
    }

    fn finish(self) -> Result<Element, Refusal> {
        let root = self.root.filter(|_| self.open.is_empty());
        root.ok_or_else(|| Refusal::damaged("it is not complete"))
    }
}
