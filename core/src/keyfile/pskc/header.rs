//! The first walk through a file: whether it is well formed, and what it says once for all packages.

use super::dialect;
use super::halves;
use super::unlock::Encryption;
use crate::keyfile::Unreadable;
use crate::keyfile::assumption::{Assumption, Notes};
use crate::keyfile::input::{Input, Source};
use crate::keyfile::xml::{Document, Element, Wanted};

/// The most `KeyProperties` of a file.
const MOST_PROPERTIES: usize = 16;

/// What the first walk finds out.
#[derive(Default)]
pub(super) struct Header {
    pub(super) encryption: Encryption,
    /// Drafts: what several keys have in common.
    pub(super) properties: Vec<Element>,
    /// There are packages.
    pub(super) packages: bool,
    /// How many children of the container say something for all packages.
    pub(super) common: usize,
}

impl Header {
    /// Walks through a file of which nothing was taken yet.
    pub(super) fn read(
        source: &dyn Source,
        input: Input<'_>,
        notes: &mut Notes,
    ) -> Result<Self, Unreadable> {
        let halves = source.halves();
        match halves.and_then(|source| halves::walk(source, &input, notes)) {
            Some(header) => Ok(header),
            None => Self::walk(Document::new(input), notes),
        }
    }

    /// Walks through a document.
    pub(super) fn walk(mut document: Document<'_>, notes: &mut Notes) -> Result<Self, Unreadable> {
        let mut header = Self::default();
        while let Some(child) = document.skim_child(&header.wanted())? {
            if dialect::is_package(child.name()) {
                header.see(&child, notes);
                document.recycle(child);
            } else {
                header.take(*child, notes)?;
            }
        }
        if document
            .root()
            .is_some_and(|root| dialect::ROOTS.contains(&root))
        {
            Ok(header)
        } else {
            Err(Unreadable::new("the XML is no KeyContainer"))
        }
    }

    /// The elements that the rest of the file may say something by.
    fn wanted(&self) -> Wanted {
        let of_values: &[_] = &["EncryptedValue", "EncryptionMethod", "Value"];
        Wanted {
            children: &[
                "EncryptionKey",
                "EncryptionMethod",
                "MACMethod",
                "DigestMethod",
                "MACAlgorithm",
                "KeyProperties",
            ],
            within: if self.encryption.found {
                &[]
            } else {
                of_values
            },
        }
    }

    fn take(&mut self, child: Element, notes: &mut Notes) -> Result<(), Unreadable> {
        match child.name() {
            "EncryptionKey" | "EncryptionMethod" => self.encryption.take_key(child),
            "MACMethod" | "DigestMethod" | "MACAlgorithm" => self.encryption.take_mac(child),
            "KeyProperties" if self.properties.len() == MOST_PROPERTIES => {
                return Err(Unreadable::new("too many KeyProperties"));
            }
            "KeyProperties" => self.properties.push(child),
            "Signature" => {
                notes.add(Assumption::Signature);
                return Ok(());
            }
            _ => return Ok(()),
        }
        self.common += 1;
        Ok(())
    }

    fn see(&mut self, package: &Element, notes: &mut Notes) {
        if package.name() == "Device" {
            notes.add(Assumption::Draft);
        }
        self.packages = true;
        self.encryption.see(package);
    }
}
