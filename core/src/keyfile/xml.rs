//! XML as small trees: one child of the root at a time, so that a file of a million entries takes the memory of one.
//!
//! Elements and attributes go by their local names: vendors disagree about namespaces. There is no DTD: no entities
//! but XML's own five, nothing external, nothing that grows. Depth, sizes and counts are bounded.

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use zeroize::Zeroizing;

/// How deep elements may nest.
const DEEPEST: usize = 32;
/// The longest text of an element, or attribute, in bytes.
const LONGEST: usize = 64 * 1024;
/// The most elements below one child of the root.
const MOST_ELEMENTS: usize = 4096;
/// The most attributes of an element.
const MOST_ATTRIBUTES: usize = 64;

/// An element with all that is in it.
pub(super) struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    text: Zeroizing<String>,
    children: Vec<Element>,
    /// The line of its start tag, from 1.
    pub(super) line: u64,
}

impl Element {
    /// Its local name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Its own text, without blanks around it.
    pub(super) fn text(&self) -> &str {
        self.text.trim()
    }

    /// The attribute of that local name, in any case.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }

    /// The children of that local name.
    pub(super) fn children<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The first element at the end of a path of local names.
    pub(super) fn find(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |element, name| {
            element.children.iter().find(|child| child.name == *name)
        })
    }

    /// The text at the end of a path, if there is any.
    pub(super) fn text_at(&self, path: &[&str]) -> Option<&str> {
        self.find(path)
            .map(Self::text)
            .filter(|text| !text.is_empty())
    }

    /// Whether it, or anything in it, has that local name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.name == name || self.children.iter().any(|child| child.has(name))
    }

    /// Everything in it of that local name, whatever lies between.
    pub(super) fn descendants(&self, name: &str) -> Vec<&Self> {
        let mut found = Vec::new();
        for child in &self.children {
            if child.name == name {
                found.push(child);
            }
            found.append(&mut child.descendants(name));
        }
        found
    }

    /// Adds to its text. A string that must grow is replaced and wiped, so that no seed is left behind.
    fn push(&mut self, text: &str) -> Result<(), String> {
        let length = self.text.len() + text.len();
        if length > LONGEST {
            return Err("a text is longer than 64 KiB".to_owned());
        }
        if length > self.text.capacity() {
            let mut longer = Zeroizing::new(String::with_capacity(length.max(2 * self.text.len())));
            longer.push_str(&self.text);
            self.text = longer;
        }
        self.text.push_str(text);
        Ok(())
    }
}

/// Where and why XML can't be read.
#[derive(Debug)]
pub(super) struct Fault {
    /// The line, from 1.
    pub(super) line: u64,
    /// The reason.
    pub(super) why: String,
}

/// A document that is being read.
pub(super) struct Document<'a> {
    reader: Reader<&'a [u8]>,
    text: &'a str,
    /// The line that `counted` is in.
    line: u64,
    counted: usize,
    root: Option<String>,
    ended: bool,
}

impl<'a> Document<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        Self {
            reader,
            text,
            line: 1,
            counted: 0,
            root: None,
            ended: false,
        }
    }

    /// The root's local name, once its start tag was read.
    pub(super) fn root(&self) -> Option<&str> {
        self.root.as_deref()
    }

    /// The next child of the root; nothing after the last, when the document has ended as it should.
    pub(super) fn next_child(&mut self) -> Result<Option<Element>, Fault> {
        let child = self.read_child();
        child.map_err(|why| {
            let at = if why == UNCLOSED {
                self.text.len()
            } else {
                self.position()
            };
            Fault {
                line: self.line_of(at),
                why,
            }
        })
    }

    fn read_child(&mut self) -> Result<Option<Element>, String> {
        let mut open: Vec<Element> = Vec::new();
        let mut elements = 0;
        loop {
            let before = self.position();
            match self.reader.read_event().map_err(|fault| why(&fault))? {
                Event::Start(tag) if self.root.is_none() => {
                    self.root = Some(element(&tag, 0)?.name);
                }
                Event::Start(_) if self.ended => return Err("a second root element".to_owned()),
                Event::Start(tag) => {
                    elements += 1;
                    if open.len() + 1 >= DEEPEST {
                        return Err(format!("elements are nested deeper than {DEEPEST}"));
                    }
                    if elements > MOST_ELEMENTS {
                        return Err("too many elements in one entry".to_owned());
                    }
                    let line = self.line_of(before);
                    open.push(element(&tag, line)?);
                }
                Event::End(_) => match (open.pop(), open.last_mut()) {
                    (Some(done), Some(parent)) => parent.children.push(done),
                    (Some(done), None) => return Ok(Some(done)),
                    (None, _) => self.ended = true,
                },
                Event::Text(text) => self.add(open.last_mut(), &text.xml10_content())?,
                Event::CData(text) => self.add(open.last_mut(), &text.xml10_content())?,
                Event::GeneralRef(reference) => {
                    let character =
                        match reference.resolve_char_ref().map_err(|fault| why(&fault))? {
                            Some(character) => character,
                            None => predefined(&reference)?,
                        };
                    self.add(open.last_mut(), character.encode_utf8(&mut [0; 4]))?;
                }
                Event::DocType(_) => {
                    return Err("a DOCTYPE: document type definitions are not read".to_owned());
                }
                Event::Decl(declaration) => check_encoding(&declaration, self.text)?,
                Event::Comment(_) | Event::PI(_) | Event::Empty(_) => {}
                Event::Eof if self.ended => return Ok(None),
                Event::Eof if self.root.is_none() => return Err("no XML element".to_owned()),
                Event::Eof => return Err(UNCLOSED.to_owned()),
            }
        }
    }

    /// Adds text to the element that it stands in. Between the children of the root it has no meaning.
    fn add(&self, element: Option<&mut Element>, text: &str) -> Result<(), String> {
        if text
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r'))
        {
            return Err("control characters in a text".to_owned());
        }
        match element {
            Some(element) => element.push(text),
            None if (self.root.is_none() || self.ended) && !text.trim().is_empty() => {
                Err("text outside the root element".to_owned())
            }
            None => Ok(()),
        }
    }

    fn position(&self) -> usize {
        usize::try_from(self.reader.buffer_position())
            .unwrap_or(usize::MAX)
            .min(self.text.len())
    }

    /// The line of a place at or behind the last one asked for.
    fn line_of(&mut self, place: usize) -> u64 {
        let between = self
            .text
            .as_bytes()
            .get(self.counted..place)
            .unwrap_or_default();
        self.line += between
            .iter()
            .map(|byte| u64::from(*byte == b'\n'))
            .sum::<u64>();
        self.counted = self.counted.max(place);
        self.line
    }
}

const UNCLOSED: &str = "the file ends inside an element: it is not complete";

/// A reason that quotes nothing of the file: what stands there may be a seed.
fn why(fault: &quick_xml::Error) -> String {
    use quick_xml::errors::IllFormedError;
    match fault {
        quick_xml::Error::Syntax(_) => UNCLOSED.to_owned(),
        quick_xml::Error::IllFormed(
            IllFormedError::MismatchedEndTag { .. } | IllFormedError::UnmatchedEndTag(_),
        ) => "not well-formed XML: an end tag does not fit its start tag".to_owned(),
        quick_xml::Error::InvalidAttr(_) => "not well-formed XML: a bad attribute".to_owned(),
        quick_xml::Error::Escape(_) => "not well-formed XML: a bad character reference".to_owned(),
        _ => "not well-formed XML".to_owned(),
    }
}

fn element(tag: &BytesStart<'_>, line: u64) -> Result<Element, String> {
    let mut attributes = Vec::new();
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|fault| why(&fault.into()))?;
        if attributes.len() == MOST_ATTRIBUTES || attribute.value.len() > LONGEST {
            return Err("too many or too long attributes".to_owned());
        }
        let unescaped = attribute.normalized_value(XmlVersion::Implicit1_0);
        let value =
            unescaped.map_err(|_| "an entity in an attribute: only XML's own five are read")?;
        attributes.push((
            attribute.key.local_name().as_ref().to_owned(),
            value.into_owned(),
        ));
    }
    let name = tag.local_name().as_ref().to_owned();
    if name.is_empty() || name.len() > 256 {
        return Err("not well-formed XML: a bad element name".to_owned());
    }
    Ok(Element {
        name,
        attributes,
        text: Zeroizing::default(),
        children: Vec::new(),
        line,
    })
}

fn predefined(name: &str) -> Result<char, String> {
    match name {
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "amp" => Ok('&'),
        "apos" => Ok('\''),
        "quot" => Ok('"'),
        _ => Err("an entity: only XML's own five are read".to_owned()),
    }
}

/// A file that says another encoding than UTF-8 is refused only if that makes a difference.
fn check_encoding(
    declaration: &quick_xml::events::BytesDecl<'_>,
    text: &str,
) -> Result<(), String> {
    let said = declaration
        .encoding()
        .transpose()
        .map_err(|fault| why(&fault.into()))?;
    let utf8 = said.is_none_or(|name| name.eq_ignore_ascii_case("UTF-8"));
    if utf8 || text.is_ascii() {
        Ok(())
    } else {
        Err("the file is not in UTF-8: save it as UTF-8".to_owned())
    }
}
