//! The first walk through a long file: two readers at once, a half each.
//!
//! Where the second half begins is guessed: at what looks like a package's start tag. The first half tells whether it
//! is one: then that half ends, as XML, between two packages. The second half is read behind the beginning of the
//! file, up to its first package, so that it stands in its root too. Whenever anything is otherwise, or wrong, there
//! is no answer, and the file is walked from its first byte to its last: only that finds the first fault.

use super::dialect;
use super::header::Header;
use crate::keyfile::assumption::Notes;
use crate::keyfile::input::{Encoding, Halves, Input};
use crate::keyfile::xml::Document;
use std::io::{self, Read};
use zeroize::Zeroizing;

/// How far behind the middle a package is looked for, in bytes.
const WINDOW: u64 = 256 * 1024;

/// What [`Header::walk`] gives for a file of which nothing was taken yet, if it gives anything.
pub(super) fn walk(source: &dyn Halves, input: &Input<'_>, notes: &mut Notes) -> Option<Header> {
    let head = input.head();
    let (at, package) = tags(head).find(|(_, name)| is_package(name))?;
    if input.encoding() != Encoding::Utf8 {
        return None;
    }
    let beginning = head.get(..at)?;
    let own = half(Ok(Box::new(beginning)), Document::part)?.0;
    let middle = middle(source, package)?;
    let begin = || Ok(Box::new(source.open_at(0)?.take(middle)) as Box<dyn Read + Send>);
    let go_on = || Ok(Box::new(beginning.chain(source.open_at(middle)?)) as Box<dyn Read + Send>);
    let (mut first, mut second) = (None, None);
    source.both(&mut || first = half(begin(), Document::part), &mut || {
        second = half(go_on(), Document::new);
    });
    let ((mut first, first_notes), (second, second_notes)) = (first?, second?);
    // What is said for all packages behind some of them, and the first encrypted value behind plain ones: who reads
    // the other half does not know of it.
    let all_is_said_first = first.common == own.common && second.common == own.common;
    if !all_is_said_first || (second.encryption.found && !first.encryption.found) {
        return None;
    }
    first.packages |= second.packages;
    notes.take(first_notes);
    notes.take(second_notes);
    Some(first)
}

/// Walks through one half; nothing if something is wrong with it.
fn half<'a>(
    from: io::Result<Box<dyn Read + Send + 'a>>,
    document: fn(Input<'a>) -> Document<'a>,
) -> Option<(Header, Notes)> {
    let input = Input::of(from.ok()?).ok()?;
    let mut notes = Notes::default();
    let header = Header::walk(document(input), &mut notes).ok()?;
    Some((header, notes))
}

/// Where a tag of this name begins, near the middle.
fn middle(source: &dyn Halves, package: &[u8]) -> Option<u64> {
    let near = source.length() / 2;
    let mut window = Zeroizing::new(Vec::with_capacity(usize::try_from(WINDOW).ok()?));
    let mut from = source.open_at(near).ok()?.take(WINDOW);
    from.read_to_end(&mut window).ok()?;
    let (at, _) = tags(&window).find(|(_, name)| *name == package)?;
    Some(near + u64::try_from(at).ok()?)
}

/// What looks like start tags: where they begin, and their names.
fn tags(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let begins = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'<');
    begins.filter_map(|(at, _)| {
        let tag = bytes.get(at + 1..)?;
        let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/');
        let end = tag.iter().position(ends)?;
        Some((at, tag.get(..end)?))
    })
}

/// Whether it is a package's name, with a prefix or without.
fn is_package(name: &[u8]) -> bool {
    let local = name.rsplit(|byte| *byte == b':').next();
    local
        .and_then(|local| std::str::from_utf8(local).ok())
        .is_some_and(dialect::is_package)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that counts its readers.
    struct File(String);

    impl Halves for File {
        fn length(&self) -> u64 {
            self.0.len() as u64
        }

        fn open_at(&self, at: u64) -> io::Result<Box<dyn Read + Send + '_>> {
            Ok(Box::new(&self.0.as_bytes()[usize::try_from(at).unwrap()..]))
        }

        fn both(&self, one: &mut (dyn FnMut() + Send), other: &mut (dyn FnMut() + Send)) {
            one();
            other();
        }
    }

    /// Whether a file's halves say enough.
    fn is_halved(between: &str, behind: &str) -> bool {
        let package = "<KeyPackage><Key/></KeyPackage>";
        let file = File(format!(
            "<KeyContainer>{between}{package}{package}{package}{behind}</KeyContainer>"
        ));
        let input = Input::of(Box::new(file.0.as_bytes())).unwrap();
        walk(&file, &input, &mut Notes::default()).is_some()
    }

    #[test]
    fn a_sound_file_is_read_in_halves() {
        assert!(is_halved("", ""));
        assert!(is_halved(
            "\n<EncryptionKey/><MACMethod/>\n",
            "<Signature/>"
        ));
        assert!(is_halved("<!-- no package -->", "<!-- <KeyPackage> -->"));
    }

    #[test]
    fn a_file_of_which_a_half_does_not_know_enough_is_not() {
        assert!(!is_halved("<!-- <KeyPackage> -->", ""));
        assert!(!is_halved("", "<MACMethod/>"));
        let encrypted =
            "<KeyPackage><Key><Data><Secret><EncryptedValue/></Secret></Data></Key></KeyPackage>";
        assert!(!is_halved("", encrypted));
        assert!(!is_halved("", "<KeyPackage>"));
    }
}
