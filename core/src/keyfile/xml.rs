//! XML as small trees: one child of the root at a time, so that a file of a million entries takes the memory of one.
//!
//! Elements and attributes go by their local names: vendors disagree about namespaces. There is no DTD: no entities
//! but XML's own five, nothing external, nothing that grows. Depth, sizes and counts are bounded.

mod element;

pub(super) use element::Element;

use super::input::{Encoding, Input, TOO_LONG, line_ends};
use element::Elements;
use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesDecl, BytesStart, Event};
use zeroize::Zeroizing;

/// How deep elements may nest.
const DEEPEST: usize = 32;
/// The longest text of an element, or attribute, in bytes.
const LONGEST: usize = 64 * 1024;
/// The most bytes of a tag, a text or a comment as it stands in the file, with all that is escaped in it.
const LONGEST_EVENT: usize = 1024 * 1024;
/// The most elements below one child of the root.
const MOST_ELEMENTS: usize = 4096;
/// The most attributes of an element.
const MOST_ATTRIBUTES: usize = 64;
/// The most memory that one child of the root takes, about, in bytes: texts, and this for each element and attribute.
const MOST_MEMORY: usize = 1024 * 1024;
const ELEMENT: usize = 128;
/// The most elements that wait to be used again.
const MOST_SPARE: usize = 64;
const ATTRIBUTE: usize = 64;

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
    reader: Reader<Input<'a>>,
    /// Elements that are empty again: what they had room for is used again.
    spare: Elements,
    /// The elements that are open; empty between two children of the root.
    open: Vec<Open>,
    /// What the reader works in. It is as long as what one event may take from the start, so that no seed is left
    /// behind by its growing.
    buffer: Zeroizing<Vec<u8>>,
    root: Option<String>,
    /// The child of the root whose own children are given as if they were the root's.
    holder: Option<&'static str>,
    /// Whether the reader is in it.
    held: bool,
    /// The document says that it is in an encoding that is not read: what is ASCII is the same.
    ascii_only: bool,
    /// Where what is read may end.
    end: End,
    ended: bool,
}

/// Where a document, or what there is of it, may end.
enum End {
    /// Behind the root.
    Whole,
    /// Between two children of the root.
    Part,
}

impl<'a> Document<'a> {
    pub(super) fn new(input: Input<'a>) -> Self {
        Self::with_holder(input, None)
    }

    /// The beginning of a document, up to some child of the root.
    pub(super) fn part(input: Input<'a>) -> Self {
        Self {
            end: End::Part,
            ..Self::new(input)
        }
    }

    /// A document whose entries lie in a child of the root that has this local name.
    pub(super) fn with_holder(input: Input<'a>, holder: Option<&'static str>) -> Self {
        let mut reader = Reader::from_reader(input);
        reader.config_mut().expand_empty_elements = true;
        Self {
            reader,
            spare: Vec::new(),
            open: Vec::new(),
            buffer: Zeroizing::new(Vec::with_capacity(2 * LONGEST)),
            root: None,
            holder,
            held: false,
            ascii_only: false,
            end: End::Whole,
            ended: false,
        }
    }

    /// The root's local name, once its start tag was read.
    pub(super) fn root(&self) -> Option<&str> {
        self.root.as_deref()
    }

    /// The next child of the root; nothing after the last, when the document has ended as it should.
    pub(super) fn next_child(&mut self) -> Result<Option<Box<Element>>, Fault> {
        self.next(None)
    }

    /// As [`Document::next_child`], with the very same checks, but of the child there is little more than its name.
    /// What is wanted in it is kept with all that is in that, and hangs on the next element above it that is kept.
    pub(super) fn skim_child(&mut self, wanted: &Wanted) -> Result<Option<Box<Element>>, Fault> {
        self.next(Some(wanted))
    }

    /// Takes an element back that is not needed any more. Its memory is wiped at the latest with the document.
    pub(super) fn recycle(&mut self, mut element: Box<Element>) {
        for child in element.children.drain(..) {
            self.recycle(child);
        }
        if self.spare.len() < MOST_SPARE && element.is_small() {
            element.clear();
            self.spare.push(element);
        }
    }

    fn next(&mut self, wanted: Option<&Wanted>) -> Result<Option<Box<Element>>, Fault> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let mut open = std::mem::take(&mut self.open);
        let child = self.read_child(&mut buffer, &mut open, wanted);
        open.clear();
        (self.buffer, self.open) = (buffer, open);
        child.map_err(|why| Fault {
            line: self.reader.get_mut().line(),
            why,
        })
    }

    fn read_child(
        &mut self,
        buffer: &mut Vec<u8>,
        open: &mut Vec<Open>,
        wanted: Option<&Wanted>,
    ) -> Result<Option<Box<Element>>, String> {
        let (mut elements, mut size) = (0, 0);
        loop {
            if size > MOST_MEMORY {
                return Err("too much in one entry".to_owned());
            }
            self.reader.get_mut().allow(LONGEST_EVENT);
            buffer.clear();
            let event = self.reader.read_event_into(buffer);
            match event.as_ref().map_err(why)? {
                Event::Start(tag) if self.root.is_none() => {
                    let qualified = tag.name();
                    let name = local(qualified.as_ref());
                    self.open(tag, name, false)?;
                    self.root = Some(name.to_owned());
                }
                Event::Start(_) if self.ended => return Err("a second root element".to_owned()),
                Event::Start(tag) if open.is_empty() && self.is_holder(tag) => self.held = true,
                Event::Start(tag) => {
                    elements += 1;
                    if open.len() + 1 >= DEEPEST {
                        return Err(format!("elements are nested deeper than {DEEPEST}"));
                    }
                    if elements > MOST_ELEMENTS {
                        return Err("too many elements in one entry".to_owned());
                    }
                    let qualified = tag.name();
                    let name = local(qualified.as_ref());
                    let kept = keeps(wanted, open.last(), name);
                    let mut opened = self.open(tag, name, kept)?;
                    if kept || open.is_empty() {
                        name.clone_into(&mut opened.element.name);
                        // The reader stands behind the tag, which may take several lines.
                        let line = self.reader.get_mut().line();
                        opened.element.line = line - line_ends(tag.as_bytes());
                    }
                    size += opened.size;
                    open.push(opened);
                }
                Event::End(_) => match (open.pop(), open.last_mut()) {
                    (Some(done), Some(parent)) => self.close(done, parent),
                    (Some(done), None) => return Ok(Some(done.element)),
                    (None, _) if self.held => self.held = false,
                    (None, _) => self.ended = true,
                },
                Event::Text(text) => {
                    size += self.add(open.last_mut(), &text.xml10_content())?;
                }
                Event::CData(text) => {
                    size += self.add(open.last_mut(), &text.xml10_content())?;
                }
                Event::GeneralRef(reference) => {
                    let character =
                        match reference.resolve_char_ref().map_err(|fault| why(&fault))? {
                            Some(character) => character,
                            None => predefined(reference)?,
                        };
                    size += self.add(open.last_mut(), character.encode_utf8(&mut [0; 4]))?;
                }
                Event::DocType(_) => {
                    return Err("a DOCTYPE: document type definitions are not read".to_owned());
                }
                Event::Decl(declaration) => {
                    let encoding = self.reader.get_ref().encoding();
                    self.ascii_only = !says(declaration, encoding)?;
                }
                Event::Comment(_) | Event::PI(_) | Event::Empty(_) => {}
                Event::Eof if self.is_complete(open.is_empty()) => return Ok(None),
                Event::Eof if self.root.is_none() => return Err("no XML element".to_owned()),
                Event::Eof => return Err(UNCLOSED.to_owned()),
            }
        }
    }

    /// Whether the document may end here.
    fn is_complete(&self, between_children: bool) -> bool {
        match self.end {
            End::Whole => self.ended,
            End::Part => self.root.is_some() && !self.ended && between_children,
        }
    }

    /// Gives an element, or what is kept of it, to its parent.
    fn close(&mut self, mut done: Open, parent: &mut Open) {
        if done.kept {
            parent.element.children.push(done.element);
        } else {
            parent.element.children.append(&mut done.element.children);
            self.recycle(done.element);
        }
    }

    fn is_holder(&self, tag: &BytesStart<'_>) -> bool {
        !self.held
            && self
                .holder
                .is_some_and(|holder| local(tag.name().as_ref()) == holder)
    }

    /// Adds text to the element that it stands in, and gives how much. Between the children of the root it has no
    /// meaning.
    fn add(&self, open: Option<&mut Open>, text: &str) -> Result<usize, String> {
        self.check(text)?;
        match open {
            Some(open) => open.push(text).map(|()| text.len()),
            None if (self.root.is_none() || self.ended) && !text.trim().is_empty() => {
                Err("text outside the root element".to_owned())
            }
            None => Ok(0),
        }
    }

    fn check(&self, text: &str) -> Result<(), String> {
        let is_ascii = text.is_ascii();
        let is_blank = |byte| matches!(byte, b'\t' | b'\n' | b'\r');
        // All of it, whatever is found: that takes several bytes at once.
        let has_controls = text.bytes().fold(false, |found, byte| {
            found | (byte.is_ascii_control() & !is_blank(byte))
        });
        if has_controls || (!is_ascii && text.chars().any(|c| !c.is_ascii() && c.is_control())) {
            return Err("control characters in a text".to_owned());
        }
        if self.ascii_only && !is_ascii {
            return Err(NOT_UTF_8.to_owned());
        }
        Ok(())
    }

    /// Checks a start tag, and makes an element of it, which is empty unless it is kept.
    fn open(&mut self, tag: &BytesStart<'_>, name: &str, kept: bool) -> Result<Open, String> {
        let mut element = self.spare.pop().unwrap_or_default();
        let (mut count, mut size) = (0, ELEMENT);
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|fault| why(&fault.into()))?;
            if count == MOST_ATTRIBUTES || attribute.value.len() > LONGEST {
                return Err("too many or too long attributes".to_owned());
            }
            let unescaped = attribute.normalized_value(XmlVersion::Implicit1_0);
            let value =
                unescaped.map_err(|_| "an entity in an attribute: only XML's own five are read")?;
            self.check(&value)?;
            let name = local(attribute.key.as_ref());
            count += 1;
            size += ATTRIBUTE + name.len() + value.len();
            if kept {
                element.attributes.push(name, &value);
            }
        }
        if name.is_empty() || name.len() > 256 {
            return Err("not well-formed XML: a bad element name".to_owned());
        }
        Ok(Open {
            element,
            kept,
            length: 0,
            size: size + name.len(),
        })
    }
}

/// A name without its prefix (Namespaces in XML section 4). Names are short: they are looked through byte by byte.
fn local(name: &str) -> &str {
    let colon = name.bytes().position(|byte| byte == b':');
    colon.map_or(name, |at| name.get(at + 1..).unwrap_or_default())
}

/// The elements, by their local names, that are kept where the others are only checked.
#[derive(Default)]
pub(super) struct Wanted {
    /// Of the children of the root.
    pub(super) children: &'static [&'static str],
    /// Of all that is in any of them.
    pub(super) within: &'static [&'static str],
}

/// Whether an element is kept.
fn keeps(wanted: Option<&Wanted>, parent: Option<&Open>, name: &str) -> bool {
    match (wanted, parent) {
        (None, _) => true,
        (Some(wanted), None) => wanted.children.contains(&name),
        (Some(wanted), Some(parent)) => parent.kept || wanted.within.contains(&name),
    }
}

/// An element whose end tag was not read yet.
struct Open {
    element: Box<Element>,
    /// Whether its attributes and texts are kept.
    kept: bool,
    /// How long its text is, kept or not.
    length: usize,
    /// About how much memory it takes without its children and text, if it is kept.
    size: usize,
}

impl Open {
    /// Adds to its text.
    fn push(&mut self, text: &str) -> Result<(), String> {
        self.length += text.len();
        if self.length > LONGEST {
            return Err("a text is longer than 64 KiB".to_owned());
        }
        if self.kept {
            self.element.push(text);
        }
        Ok(())
    }
}

const NOT_UTF_8: &str = "the file is not in UTF-8: save it as UTF-8";
const UNCLOSED: &str = "the file ends inside an element: it is not complete";

/// A reason that quotes nothing of the file: what stands there may be a seed.
fn why(fault: &quick_xml::Error) -> String {
    use quick_xml::errors::IllFormedError;
    match fault {
        quick_xml::Error::Io(error) if error.to_string() == TOO_LONG => {
            "a tag, text or comment is longer than 1 MiB".to_owned()
        }
        quick_xml::Error::Io(error) => format!("can't be read: {error}"),
        quick_xml::Error::Encoding(_) => NOT_UTF_8.to_owned(),
        quick_xml::Error::Syntax(_) => UNCLOSED.to_owned(),
        quick_xml::Error::IllFormed(
            IllFormedError::MismatchedEndTag { .. } | IllFormedError::UnmatchedEndTag(_),
        ) => "not well-formed XML: an end tag does not fit its start tag".to_owned(),
        quick_xml::Error::InvalidAttr(_) => "not well-formed XML: a bad attribute".to_owned(),
        quick_xml::Error::Escape(_) => "not well-formed XML: a bad character reference".to_owned(),
        _ => "not well-formed XML".to_owned(),
    }
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

/// Whether a document says that it is in the encoding that it was read in.
fn says(declaration: &BytesDecl<'_>, encoding: Encoding) -> Result<bool, String> {
    let said = declaration
        .encoding()
        .transpose()
        .map_err(|fault| why(&fault.into()))?;
    let names: &[&str] = match encoding {
        Encoding::Utf8 => &["UTF-8", "UTF8"],
        Encoding::Utf16Le => &["UTF-16", "UTF-16LE"],
        Encoding::Utf16Be => &["UTF-16", "UTF-16BE"],
    };
    Ok(said.is_none_or(|said| names.iter().any(|name| said.eq_ignore_ascii_case(name))))
}
