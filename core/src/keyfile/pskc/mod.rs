//! PSKC, the Portable Symmetric Key Container (RFC 6030): XML, plain or encrypted.
//!
//! The file is walked twice. First whole, for well-formedness and for the keys of what is encrypted; then package
//! by package. In between encrypted values are tried, until one proves the key: with the wrong one the file is refused,
//! not each entry.

use super::assumption::Notes;
use super::input::Input;
use super::recognize::Head;
use super::xml::{Document, Element};
use super::{Assumption, Entries, Entry, Opening, Options, Place, SeedFile, Unlock, Unreadable};
use header::Header;
use sealed::NO_MAC;
use std::collections::VecDeque;
use unlock::Keys;

mod cipher;
mod derive;
mod dialect;
mod halves;
mod header;
mod key;
mod mac;
mod method;
mod policy;
mod sealed;
mod transport;
mod unlock;
mod values;

/// The longest manufacturer's name and key id that are kept, in characters.
const LONGEST_NAME: usize = 64;

/// PSKC.
pub(super) struct Pskc;

impl SeedFile for Pskc {
    fn name(&self) -> &'static str {
        "pskc"
    }

    fn is_whole(&self, head: &Head<'_>) -> bool {
        head.is_xml() && (head.has("KeyContainer") || head.has("SecretContainer"))
    }

    fn entries<'a>(
        &self,
        opening: Opening<'a>,
        notes: &mut Notes,
    ) -> Result<Box<dyn Entries + 'a>, Unreadable> {
        Ok(Box::new(Packages::open(opening, notes)?))
    }
}

/// The packages of a PSKC file that was found sound.
struct Packages<'a> {
    document: Document<'a>,
    keys: Option<Keys>,
    /// Drafts: what several keys have in common.
    properties: Vec<Element>,
    /// Keys of the package that was read last.
    waiting: VecDeque<Entry>,
}

impl<'a> Packages<'a> {
    /// Checks the whole file for well-formedness, and that what was given opens it.
    fn open(opening: Opening<'a>, notes: &mut Notes) -> Result<Self, Unreadable> {
        let Opening {
            source,
            input,
            options,
        } = opening;
        let header = Header::read(source, input, notes)?;
        if !header.packages {
            return Err(Unreadable::new("the file has no key packages"));
        }
        let keys = if header.encryption.found {
            let keys = Keys::new(&header.encryption, &options.unlock, notes);
            let mut keys = keys.map_err(Unreadable::new)?;
            try_keys(Input::open(source)?, &mut keys)?;
            Some(keys)
        } else {
            if !matches!(options.unlock, Unlock::Nothing) {
                notes.add(Assumption::NotEncrypted);
            }
            None
        };
        Ok(Self {
            document: Document::new(Input::open(source)?),
            keys,
            properties: header.properties,
            waiting: VecDeque::new(),
        })
    }

    /// The keys of one package. RFC 6030 knows one; vendors put several keys of a device into it.
    fn take(&mut self, package: &Element, notes: &mut Notes) {
        let mut serial_given = false;
        for key in dialect::keys(package, &self.properties) {
            let at = Place {
                line: key.element.line,
                key: key.id().and_then(printable),
            };
            let said = key::said(key, self.keys.as_ref(), serial_given, notes);
            serial_given |= said.is_ok();
            self.waiting.push_back((at, said));
        }
        if self.waiting.is_empty() {
            let at = Place {
                line: package.line,
                key: None,
            };
            let why = "a key package without a key".to_owned();
            self.waiting.push_back((at, Err(why)));
        }
    }
}

impl Entries for Packages<'_> {
    fn next(&mut self, _: &Options, notes: &mut Notes) -> Result<Option<Entry>, Unreadable> {
        while self.waiting.is_empty() {
            // The first walk found no fault: one that is here now has come since.
            let Some(child) = self.document.next_child()? else {
                return Ok(None);
            };
            if dialect::is_package(child.name()) {
                self.take(&child, notes);
            }
            self.document.recycle(child);
        }
        Ok(self.waiting.pop_front())
    }
}

/// Opens values until a MAC proves the keys: with none that does, all. A value that can't be opened is the file's
/// fault, or the keys'; behind the proof it is its own. Of a file that anybody can have made nothing is proved by anything,
/// so all are opened: who could have them refused one by one would learn more of each.
fn try_keys(input: Input<'_>, keys: &mut Keys) -> Result<(), Unreadable> {
    let mut document = Document::new(input);
    let mut notes = Notes::default();
    while let Some(child) = document.next_child()? {
        if !dialect::is_package(child.name()) {
            continue;
        }
        for key in dialect::keys(&child, &[]) {
            let Some(secret) = values::element(key.element, "Secret") else {
                continue;
            };
            let opened = match keys.open(secret, &mut notes) {
                // It is not even decrypted.
                Err(why) if why == NO_MAC => None,
                opened => opened.map_err(|why| Unreadable {
                    at: Some(Place {
                        line: secret.line,
                        key: None,
                    }),
                    why,
                })?,
            };
            if opened.is_some_and(|opened| opened.proven) {
                keys.prove();
                if !keys.anybody_can_encrypt() {
                    return Ok(());
                }
            }
        }
        document.recycle(child);
    }
    Ok(())
}

fn printable(name: &str) -> Option<String> {
    let name: String = name
        .chars()
        .filter(|c| !c.is_control())
        .take(LONGEST_NAME)
        .collect();
    (!name.is_empty()).then_some(name)
}
