//! A reader of code signatures, by Apple's published `cs_blobs.h`; it shares no code with what writes them.

use std::ops::Range;

fn word(bytes: &[u8], at: usize) -> usize {
    let word: [u8; 4] = bytes[at..at + 4].try_into().unwrap();
    u32::from_be_bytes(word) as usize
}

/// A `CS_SuperBlob` with what this package's signatures hold.
pub(crate) struct Signature {
    /// The `CS_CodeDirectory`.
    directory: Vec<u8>,
    /// The requirements, with their head.
    pub(crate) requirements: Vec<u8>,
}

impl Signature {
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        assert_eq!(word(bytes, 0), 0xfade_0cc0, "no super blob");
        assert!(word(bytes, 4) <= bytes.len());
        let blobs = (0..word(bytes, 8)).map(|number| {
            let (kind, at) = (word(bytes, 12 + 8 * number), word(bytes, 16 + 8 * number));
            (kind, bytes[at..at + word(bytes, at + 4)].to_vec())
        });
        let mut blobs = blobs.collect::<Vec<_>>().into_iter();
        let (Some((0, directory)), Some((2, requirements)), Some((0x10000, wrapper)), None) =
            (blobs.next(), blobs.next(), blobs.next(), blobs.next())
        else {
            panic!("other blobs than a code directory, requirements and a wrapper");
        };
        // No identity has signed.
        assert_eq!(wrapper, [0xfa, 0xde, 0x0b, 0x01, 0, 0, 0, 8]);
        assert_eq!(word(&directory, 0), 0xfade_0c02, "no code directory");
        Self {
            directory,
            requirements,
        }
    }

    pub(crate) fn version(&self) -> usize {
        word(&self.directory, 8)
    }

    /// 2 is ad hoc.
    pub(crate) fn flags(&self) -> usize {
        word(&self.directory, 12)
    }

    pub(crate) fn identifier(&self) -> String {
        let at = word(&self.directory, 20);
        let rest = &self.directory[at..];
        let end = rest.iter().position(|byte| *byte == 0).unwrap();
        String::from_utf8(rest[..end].to_vec()).unwrap()
    }

    /// How much of the file is signed.
    pub(crate) fn code_limit(&self) -> usize {
        word(&self.directory, 32)
    }

    /// The size of a page, and of a hash: SHA-256 and nothing else.
    pub(crate) fn page_size(&self) -> usize {
        assert_eq!(self.directory[36..38], [32, 2], "not SHA-256");
        1 << self.directory[39]
    }

    /// The part of the file that holds code, and the flags about it: 1 for a main program.
    pub(crate) fn executable_segment(&self) -> (Range<usize>, usize) {
        let long = |at: usize| word(&self.directory, at) << 32 | word(&self.directory, at + 4);
        (long(64)..long(64) + long(72), long(80))
    }

    /// The hash of a page, or at a negative number that of something else.
    pub(crate) fn hash(&self, number: isize) -> &[u8] {
        let at = word(&self.directory, 16)
            .checked_add_signed(32 * number)
            .unwrap();
        &self.directory[at..at + 32]
    }

    pub(crate) fn pages(&self) -> usize {
        word(&self.directory, 28)
    }

    pub(crate) fn special(&self) -> usize {
        word(&self.directory, 24)
    }
}
