//! Backups: the text that is in one, and age's format around it.

use crate::bytes::Bytes;
use otpair_core::age::{Header, Random, Reader, Writer};
use otpair_core::backup::{Entry, text};
use std::io::{Read as _, Write as _};
use zeroize::Zeroizing;

/// Reads a backup's text. What is read is written again and reads the same.
pub fn backup(data: &[u8]) {
    let entries: Vec<Entry> = text::Reader::new(data).map_while(Result::ok).collect();
    let once = written(&entries);
    let again: Vec<Entry> = text::Reader::new(&once[..]).map(Result::unwrap).collect();
    assert_eq!(entries.len(), again.len());
    assert_eq!(once, written(&again));
}

fn written(entries: &[Entry]) -> Vec<u8> {
    let mut writer = text::Writer::new(Vec::new(), 0).unwrap();
    for entry in entries {
        match entry {
            Entry::Token(copy) => writer.token(copy).unwrap(),
            Entry::User(copy) => writer.user(copy).unwrap(),
        }
    }
    writer.finish().unwrap().0
}

/// Reads a header of age's. Then encrypts the bytes, changes one byte or cuts the end off, and demands that it is seen.
pub fn age(data: &[u8]) {
    let _ = Header::read(&mut &data[..]);
    let mut bytes = Bytes::new(data);
    let (at, change) = (usize::from(bytes.u16()), bytes.u8());
    let plain = bytes.up_to(usize::MAX);
    let random = Random {
        file_key: Zeroizing::new([1; 16]),
        salt: [2; 16],
        nonce: [3; 16],
    };
    let mut writer = Writer::new(Vec::new(), b"passphrase", 1, random).unwrap();
    writer.write_all(plain).unwrap();
    let mut file = writer.finish().unwrap();
    assert_eq!(opened(&file).as_deref(), Some(plain));
    let at = at % file.len();
    if change == 0 {
        file.truncate(at);
    } else {
        file[at] ^= change;
    }
    // The work factor is tried before the header is authenticated: a large one costs time, and is no fault here.
    if Header::read(&mut &file[..]).is_ok_and(|header| header.work_factor() == 1) {
        assert_eq!(opened(&file), None);
    }
}

fn opened(mut file: &[u8]) -> Option<Vec<u8>> {
    let header = Header::read(&mut file).ok()?;
    let key = header.unlock(b"passphrase").ok()?;
    let mut plain = Vec::new();
    let mut reader = Reader::new(file, &key).ok()?;
    reader.read_to_end(&mut plain).ok()?;
    Some(plain)
}
