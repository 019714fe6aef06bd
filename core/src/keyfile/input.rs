//! A seed file as a stream of UTF-8 text, in the same memory however long it is.

use super::Unreadable;
use std::io::{self, BufRead, Read};
use zeroize::Zeroizing;

/// How much is read at a time, in bytes.
const PIECE: usize = 64 * 1024;
/// The most bytes of UTF-8 that a piece of UTF-16 becomes: three for each two.
const DECODED: usize = PIECE / 2 * 3 + 3;

/// A seed file. It is read from its beginning as often as it takes: PSKC is checked as a whole first.
pub trait Source {
    /// Its bytes, from the first one on.
    ///
    /// # Errors
    /// Whatever keeps it from being read.
    fn open(&self) -> io::Result<Box<dyn Read + Send + '_>>;

    /// How two halves of it are read at once; nothing where it can't be, or where it is too short to be worth it.
    fn halves(&self) -> Option<&dyn Halves> {
        None
    }
}

/// A seed file that can be read from any place on, by two readers at once.
pub trait Halves: Sync {
    /// How many bytes it has.
    fn length(&self) -> u64;

    /// Its bytes, from a place on.
    ///
    /// # Errors
    /// Whatever keeps it from being read.
    fn open_at(&self, at: u64) -> io::Result<Box<dyn Read + Send + '_>>;

    /// Does both, at the same time if it can.
    fn both(&self, one: &mut (dyn FnMut() + Send), other: &mut (dyn FnMut() + Send));
}

impl Source for &[u8] {
    fn open(&self) -> io::Result<Box<dyn Read + Send + '_>> {
        Ok(Box::new(*self))
    }
}

/// How text is written as bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// RFC 3629.
    Utf8,
    /// RFC 2781, the low byte first.
    Utf16Le,
    /// RFC 2781, the high byte first.
    Utf16Be,
}

/// A file that is being read, less its byte order mark. Its memory is wiped.
pub(super) struct Input<'a> {
    from: Box<dyn Read + Send + 'a>,
    encoding: Encoding,
    /// What was read and is not decoded yet. Unused for UTF-8.
    raw: Piece,
    /// What is read next.
    text: Piece,
    /// How many bytes may be given until [`Input::allow`] is called again.
    allowed: usize,
    /// The line of what stands at `counted` in the text.
    line: u64,
    counted: usize,
}

/// Some bytes of a file.
struct Piece {
    bytes: Zeroizing<Vec<u8>>,
    at: usize,
}

impl Piece {
    fn new() -> Self {
        Self {
            bytes: Zeroizing::new(Vec::new()),
            at: 0,
        }
    }

    fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Drops what was taken, and reads until there are `PIECE` bytes or the file is at its end.
    fn fill(&mut self, from: &mut dyn Read) -> io::Result<()> {
        self.bytes.drain(..self.at);
        self.at = 0;
        let kept = self.bytes.len();
        self.bytes.resize(PIECE, 0);
        let mut length = kept;
        while let Some(room) = self.bytes.get_mut(length..).filter(|room| !room.is_empty()) {
            match from.read(room) {
                Ok(0) => break,
                Ok(read) => length += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.bytes.truncate(length);
                    return Err(error);
                }
            }
        }
        self.bytes.truncate(length);
        Ok(())
    }
}

impl<'a> Input<'a> {
    /// Opens a file and reads its first piece.
    pub(super) fn open(source: &'a dyn Source) -> Result<Self, Unreadable> {
        Self::of(source.open().map_err(|error| unreadable(&error))?)
    }

    /// Reads the first piece of what comes from anywhere.
    pub(super) fn of(from: Box<dyn Read + Send + 'a>) -> Result<Self, Unreadable> {
        let mut input = Self {
            from,
            encoding: Encoding::Utf8,
            raw: Piece::new(),
            text: Piece::new(),
            allowed: usize::MAX,
            line: 1,
            counted: 0,
        };
        input.raw.bytes.reserve_exact(PIECE);
        let filled = input.raw.fill(&mut *input.from);
        filled.map_err(|error| unreadable(&error))?;
        let mark = input.recognize_encoding();
        input.raw.at = mark;
        if input.encoding == Encoding::Utf8 {
            std::mem::swap(&mut input.raw, &mut input.text);
            input.counted = mark;
        } else {
            input.text.bytes.reserve_exact(DECODED);
            input.decode().map_err(|error| unreadable(&error))?;
        }
        Ok(input)
    }

    /// Tells the encoding by the byte order mark, or by a NUL that every other byte is; the length of the mark.
    fn recognize_encoding(&mut self) -> usize {
        let (encoding, mark) = match self.raw.rest() {
            [0xef, 0xbb, 0xbf, ..] => (Encoding::Utf8, 3),
            [0xff, 0xfe, ..] => (Encoding::Utf16Le, 2),
            [0xfe, 0xff, ..] => (Encoding::Utf16Be, 2),
            [first, 0, second, 0, ..] if *first != 0 && *second != 0 => (Encoding::Utf16Le, 0),
            [0, first, 0, second, ..] if *first != 0 && *second != 0 => (Encoding::Utf16Be, 0),
            _ => (Encoding::Utf8, 0),
        };
        self.encoding = encoding;
        mark
    }

    /// The beginning of the file, before anything was taken.
    pub(super) fn head(&self) -> &[u8] {
        self.text.rest()
    }

    /// How the file's text was written.
    pub(super) fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The line of what comes next, from 1. Lines are counted when they are asked for: that takes many bytes at once.
    pub(super) fn line(&mut self) -> u64 {
        let at = self.text.at;
        let taken = self.text.bytes.get(self.counted..at).unwrap_or_default();
        self.line += line_ends(taken);
        self.counted = at;
        self.line
    }

    /// Allows so many bytes to be read from here on; then reading fails with [`TOO_LONG`].
    pub(super) fn allow(&mut self, bytes: usize) {
        self.allowed = bytes;
    }

    /// Makes text of a piece of UTF-16.
    fn decode(&mut self) -> io::Result<()> {
        let wide = |pair: [u8; 2]| match self.encoding {
            Encoding::Utf16Be => u16::from_be_bytes(pair),
            _ => u16::from_le_bytes(pair),
        };
        let raw = self.raw.rest();
        let (pairs, odd) = raw.as_chunks::<2>();
        // A character of two pairs may be cut: its second half is in the next piece.
        let cut = raw.len() >= PIECE
            && pairs
                .last()
                .is_some_and(|pair| (0xd800..0xdc00).contains(&wide(*pair)));
        let whole = pairs
            .get(..pairs.len() - usize::from(cut))
            .unwrap_or_default();
        if whole.is_empty() && !odd.is_empty() {
            return Err(io::Error::other(CUT));
        }
        self.text.bytes.clear();
        self.text.at = 0;
        for character in char::decode_utf16(whole.iter().map(|pair| wide(*pair))) {
            let character = character.map_err(|_| io::Error::other(NOT_UTF_16))?;
            self.text
                .bytes
                .extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
        self.raw.at += whole.len() * 2;
        Ok(())
    }

    fn next_piece(&mut self) -> io::Result<()> {
        self.line();
        self.counted = 0;
        if self.encoding == Encoding::Utf8 {
            return self.text.fill(&mut *self.from);
        }
        self.raw.fill(&mut *self.from)?;
        self.decode()
    }
}

impl Read for Input<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Input<'_> {
    #[inline]
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.text.at >= self.text.bytes.len() {
            self.next_piece()?;
        }
        let rest = self.text.rest();
        if self.allowed == 0 && !rest.is_empty() {
            return Err(io::Error::other(TOO_LONG));
        }
        Ok(rest.get(..self.allowed).unwrap_or(rest))
    }

    #[inline]
    fn consume(&mut self, count: usize) {
        let taken = count.min(self.text.rest().len());
        self.text.at += taken;
        self.allowed = self.allowed.saturating_sub(taken);
    }
}

/// How many lines end in these bytes.
pub(super) fn line_ends(bytes: &[u8]) -> u64 {
    // As many as a byte can count: that takes many bytes at once.
    let pieces = bytes.chunks(usize::from(u8::MAX));
    let ends = |piece: &[u8]| {
        piece
            .iter()
            .map(|byte| u8::from(*byte == b'\n'))
            .sum::<u8>()
    };
    pieces.map(|piece| u64::from(ends(piece))).sum()
}

/// Why reading ends where more comes than was allowed.
pub(super) const TOO_LONG: &str = "longer than 1 MiB";
const CUT: &str = "the file ends inside a character of UTF-16: it is not complete";
const NOT_UTF_16: &str = "the file has something in it that is no text in UTF-16";

/// A file that can't be read (on).
pub(super) fn unreadable(error: &io::Error) -> Unreadable {
    Unreadable::new(format!("can't be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives its bytes one by one.
    struct OneByOne(Vec<u8>);

    impl Source for OneByOne {
        fn open(&self) -> io::Result<Box<dyn Read + Send + '_>> {
            struct Reader<'a>(&'a [u8]);
            impl Read for Reader<'_> {
                fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
                    let most = into.len().min(1);
                    self.0.read(&mut into[..most])
                }
            }
            Ok(Box::new(Reader(&self.0)))
        }
    }

    fn text(bytes: &[u8]) -> Result<String, String> {
        let mut read = Vec::new();
        let mut input = Input::open(&bytes).map_err(|fault| fault.to_string())?;
        input
            .read_to_end(&mut read)
            .map_err(|error| error.to_string())?;
        let slow = OneByOne(bytes.to_vec());
        let mut again = Vec::new();
        Input::open(&slow).unwrap().read_to_end(&mut again).unwrap();
        assert_eq!(read, again);
        Ok(String::from_utf8(read).unwrap())
    }

    #[test]
    fn a_byte_order_mark_is_dropped_and_utf_16_becomes_utf_8() {
        let said = "<é>𝄞\nx";
        let wide = |order: fn(u16) -> [u8; 2]| said.encode_utf16().flat_map(order).collect();
        let little: Vec<u8> = wide(u16::to_le_bytes);
        let big: Vec<u8> = wide(u16::to_be_bytes);
        for bytes in [
            said.as_bytes().to_vec(),
            [b"\xef\xbb\xbf", said.as_bytes()].concat(),
            [b"\xff\xfe", &little[..]].concat(),
            [b"\xfe\xff", &big[..]].concat(),
            little,
            big,
        ] {
            assert_eq!(text(&bytes).as_deref(), Ok(said));
        }
    }

    #[test]
    fn characters_that_lie_across_two_pieces_are_whole() {
        for filler in PIECE / 2 - 4..PIECE / 2 + 4 {
            let said = "a".repeat(filler) + &"𝄞é".repeat(PIECE);
            let bytes: Vec<u8> = said.encode_utf16().flat_map(u16::to_be_bytes).collect();
            assert_eq!(text(&bytes).as_deref(), Ok(said.as_str()));
        }
    }

    #[test]
    fn utf_16_that_is_cut_or_wrong_is_told() {
        let cut = [&b"\xff\xfea\0b"[..], b""].concat();
        assert_eq!(text(&cut).unwrap_err(), CUT);
        assert!(
            text(b"\xff\xfea\0\x00\xdcb\0")
                .unwrap_err()
                .ends_with(NOT_UTF_16)
        );
        assert!(
            text(b"\xff\xfea\0\x00\xd8")
                .unwrap_err()
                .ends_with(NOT_UTF_16)
        );
    }

    #[test]
    fn lines_are_counted_and_no_more_is_read_than_allowed() {
        let file = &b"a\nb\nc"[..];
        let mut input = Input::open(&file).unwrap();
        assert_eq!((input.line(), input.head()), (1, &b"a\nb\nc"[..]));
        input.allow(3);
        let mut read = [0; 8];
        assert_eq!(input.read(&mut read).unwrap(), 3);
        assert_eq!(input.line(), 2);
        assert_eq!(input.read(&mut read).unwrap_err().to_string(), TOO_LONG);
        input.allow(8);
        assert_eq!(input.read(&mut read).unwrap(), 2);
        assert_eq!(input.line(), 3);
        input.allow(0);
        assert_eq!(input.read(&mut read).unwrap(), 0);
    }
}
