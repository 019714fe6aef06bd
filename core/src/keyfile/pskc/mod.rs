//! PSKC, the Portable Symmetric Key Container (RFC 6030): XML, plain or encrypted.
//!
//! The file is walked twice. First whole, for well-formedness and for the keys of what is encrypted; then package
//! by package. In between the first encrypted value is tried: with the wrong key the file is refused, not each entry.

use super::assumption::Notes;
use super::settle::Said;
use super::xml::{Document, Element, Fault};
use super::{Assumption, Options, Place, Unlock, Unreadable};
use std::collections::VecDeque;
use unlock::{Encryption, Keys};

mod cipher;
mod derive;
mod key;
mod mac;
mod transport;
mod unlock;

/// The longest manufacturer's name and key id that are kept, in characters.
const LONGEST_NAME: usize = 64;

/// A key, or why it is none, and where it stands.
type Entry = (Place, Result<Said, String>);

/// A PSKC file that was found sound.
pub(super) struct Pskc<'a> {
    document: Document<'a>,
    keys: Option<Keys>,
    /// Keys of the package that was read last.
    waiting: VecDeque<Entry>,
}

/// What the first walk finds out.
#[derive(Default)]
struct Header {
    encryption: Encryption,
    packages: bool,
    encrypted: bool,
}

impl<'a> Pskc<'a> {
    /// Checks the whole file for well-formedness, and that what was given opens it.
    pub(super) fn open(
        bytes: &'a [u8],
        options: &Options,
        notes: &mut Notes,
    ) -> Result<Self, Unreadable> {
        let text = str::from_utf8(bytes)
            .map_err(|_| Unreadable::new("the file is not UTF-8: save it as UTF-8"))?;
        let header = Header::read(text, notes)?;
        if !header.packages {
            return Err(Unreadable::new("the file has no key packages"));
        }
        if !header.encrypted {
            if !matches!(options.unlock, Unlock::Nothing) {
                notes.add(Assumption::NotEncrypted);
            }
            return Ok(Self::new(text, None));
        }
        let keys = Keys::new(&header.encryption, &options.unlock, notes);
        let keys = keys.map_err(Unreadable::new)?;
        try_keys(text, &keys)?;
        Ok(Self::new(text, Some(keys)))
    }

    fn new(text: &'a str, keys: Option<Keys>) -> Self {
        Self {
            document: Document::new(text),
            keys,
            waiting: VecDeque::new(),
        }
    }

    /// The next key.
    pub(super) fn next(&mut self, notes: &mut Notes) -> Option<Entry> {
        while self.waiting.is_empty() {
            // The first walk found no fault, so there is none here.
            let child = self.document.next_child().ok()??;
            if child.name() == "KeyPackage" {
                self.waiting = package(&child, self.keys.as_ref(), notes);
            }
        }
        self.waiting.pop_front()
    }
}

impl Header {
    fn read(text: &str, notes: &mut Notes) -> Result<Self, Unreadable> {
        let mut header = Self::default();
        let mut document = Document::new(text);
        while let Some(child) = document.next_child().map_err(unreadable)? {
            match child.name() {
                "EncryptionKey" => header.encryption.key = Some(child),
                "MACMethod" => header.encryption.mac = Some(child),
                "KeyPackage" => {
                    header.packages = true;
                    header.encrypted |= child.has("EncryptedValue");
                    header.encryption.see(&child);
                }
                "Signature" => notes.add(Assumption::Signature),
                "Device" => {
                    return Err(Unreadable::new(
                        "this is a draft of PSKC from before RFC 6030: that is not read yet; ask for an RFC 6030 file",
                    ));
                }
                _ => {}
            }
        }
        if document.root() == Some("KeyContainer") {
            Ok(header)
        } else {
            Err(Unreadable::new("the XML is no KeyContainer"))
        }
    }
}

fn unreadable(fault: Fault) -> Unreadable {
    Unreadable {
        at: Some(Place {
            line: fault.line,
            key: None,
        }),
        why: fault.why,
    }
}

/// Opens values until a MAC proves the keys: with none that does, all. A value that can't be opened is the file's
/// fault, or the keys'; behind the proof it is its own.
fn try_keys(text: &str, keys: &Keys) -> Result<(), Unreadable> {
    let mut document = Document::new(text);
    let mut notes = Notes::default();
    while let Some(child) = document.next_child().map_err(unreadable)? {
        let secrets = child
            .children("Key")
            .filter_map(|key| key.find(&["Data", "Secret"]));
        for secret in secrets.filter(|secret| secret.find(&["EncryptedValue"]).is_some()) {
            let opened = keys.open(secret, &mut notes);
            if opened
                .map_err(|why| Unreadable {
                    at: Some(Place {
                        line: secret.line,
                        key: None,
                    }),
                    why,
                })?
                .proven
            {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The keys of one package. RFC 6030 knows one; vendors put several keys of a device into it.
fn package(package: &Element, keys: Option<&Keys>, notes: &mut Notes) -> VecDeque<Entry> {
    let mut serial_given = false;
    let mut entries = VecDeque::new();
    for key in package.children("Key") {
        let id = key
            .attribute("Id")
            .or(key.attribute("KeyId"))
            .unwrap_or_default();
        let at = Place {
            line: key.line,
            key: printable(id),
        };
        let said = key::said(package, key, keys, serial_given, notes);
        serial_given |= said.is_ok();
        entries.push_back((at, said));
    }
    if entries.is_empty() {
        let at = Place {
            line: package.line,
            key: None,
        };
        entries.push_back((at, Err("a key package without a key".to_owned())));
    }
    entries
}

fn printable(name: &str) -> Option<String> {
    let name: String = name
        .chars()
        .filter(|c| !c.is_control())
        .take(LONGEST_NAME)
        .collect();
    (!name.is_empty()).then_some(name)
}
