//! XML files with one entry an element.

use super::assumption::Notes;
use super::input::Input;
use super::settle::Said;
use super::xml::{Document, Element, Fault, Wanted};
use super::{Entries, Entry, Opening, Options, Place, Unreadable};

/// A format with one entry an element: a child of the root, or of one element that holds all the entries.
pub(super) trait ElementFormat: Send {
    /// The root's local name.
    const ROOT: &'static str;
    /// The child of the root, if any, whose own children are taken as if they were the root's.
    const HOLDER: Option<&'static str>;

    /// What an element adds: an entry, or nothing where it is none.
    fn element(
        &mut self,
        element: &Element,
        options: &Options,
        notes: &mut Notes,
    ) -> Result<Option<Said>, String>;
}

/// The entries of an XML file that was found sound.
pub(super) struct ElementEntries<'a, F> {
    document: Document<'a>,
    format: F,
}

impl<'a, F: ElementFormat> ElementEntries<'a, F> {
    /// Checks the whole file for well-formedness, so that nothing is half imported.
    pub(super) fn open(opening: Opening<'a>, format: F) -> Result<Self, Unreadable> {
        let mut document = Document::with_holder(opening.input, F::HOLDER);
        while let Some(child) = document.skim_child(&Wanted::default())? {
            document.recycle(child);
        }
        if document.root() != Some(F::ROOT) {
            return Err(Unreadable::new(format!(
                "the XML's root is not {}",
                F::ROOT
            )));
        }
        let input = Input::open(opening.source)?;
        Ok(Self {
            document: Document::with_holder(input, F::HOLDER),
            format,
        })
    }
}

impl<F: ElementFormat> Entries for ElementEntries<'_, F> {
    fn next(&mut self, options: &Options, notes: &mut Notes) -> Result<Option<Entry>, Unreadable> {
        while let Some(element) = self.document.next_child()? {
            let said = self.format.element(&element, options, notes);
            let place = Place {
                line: element.line,
                key: None,
            };
            self.document.recycle(element);
            if let Some(said) = said.transpose() {
                return Ok(Some((place, said)));
            }
        }
        Ok(None)
    }
}

impl From<Fault> for Unreadable {
    fn from(fault: Fault) -> Self {
        Self {
            at: Some(Place {
                line: fault.line,
                key: None,
            }),
            why: fault.why,
        }
    }
}
