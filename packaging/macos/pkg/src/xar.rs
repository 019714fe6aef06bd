//! A xar archive: a header of 28 bytes, a table of contents (zlib-compressed XML), and a heap that begins with the
//! table's checksum. SHA-1 throughout, as Apple's own `productbuild` has it: integrity here is the signature's affair.

use crate::bytes::hex;
use crate::fault::Fault;
use flate2::{Compression, write::ZlibEncoder};
use sha1::{Digest, Sha1};
use std::fmt::Write as _;
use std::io::Write as _;

/// The length of a SHA-1, the first thing in the heap.
const CHECKSUM: usize = 20;

/// What an archive holds.
#[derive(Debug, Clone)]
pub enum Entry {
    /// A folder with what is in it.
    Folder(&'static str, Vec<Entry>),
    /// A file that is compressed here.
    Text(&'static str, Vec<u8>),
    /// A file that is compressed already.
    Packed(&'static str, Vec<u8>),
}

/// The archive of these entries, made at `time` (seconds since 1970).
///
/// # Errors
/// None that writing to memory has.
pub fn write(entries: &[Entry], time: u64) -> Result<Vec<u8>, Fault> {
    let mut contents = Contents {
        heap: Vec::new(),
        files: String::new(),
        next: 1,
        time: timestamp(time),
    };
    contents.add_all(entries)?;
    let table = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<xar>\n<toc>\n\
         <checksum style=\"sha1\"><offset>0</offset><size>{CHECKSUM}</size></checksum>\n\
         <creation-time>{}</creation-time>\n{}</toc>\n</xar>\n",
        contents.time, contents.files
    );
    let compressed = zlib(table.as_bytes())?;
    let mut archive = header(table.len(), compressed.len());
    archive.extend_from_slice(&compressed);
    archive.extend_from_slice(&Sha1::digest(&compressed));
    archive.extend_from_slice(&contents.heap);
    Ok(archive)
}

/// Magic, own size, version 1, both lengths of the table, and 1 for SHA-1.
fn header(table: usize, compressed: usize) -> Vec<u8> {
    let mut header = b"xar!".to_vec();
    header.extend(28_u16.to_be_bytes());
    header.extend(1_u16.to_be_bytes());
    header.extend((compressed as u64).to_be_bytes());
    header.extend((table as u64).to_be_bytes());
    header.extend(1_u32.to_be_bytes());
    header
}

struct Contents {
    heap: Vec<u8>,
    files: String,
    next: u32,
    time: String,
}

impl Contents {
    fn add_all(&mut self, entries: &[Entry]) -> Result<(), Fault> {
        for entry in entries {
            match entry {
                Entry::Folder(name, entries) => {
                    self.open(name, "directory", "0755");
                    self.add_all(entries)?;
                }
                Entry::Text(name, bytes) => {
                    self.open(name, "file", "0644");
                    self.data(bytes, &zlib(bytes)?, "application/x-gzip");
                }
                Entry::Packed(name, bytes) => {
                    self.open(name, "file", "0644");
                    self.data(bytes, bytes, "application/octet-stream");
                }
            }
            self.files.push_str("</file>\n");
        }
        Ok(())
    }

    fn open(&mut self, name: &str, kind: &str, mode: &str) {
        let (id, time) = (self.next, &self.time);
        // Writing to a string does not fail.
        let _ = write!(
            self.files,
            "<file id=\"{id}\">\n<name>{name}</name><type>{kind}</type><mode>{mode}</mode>\n\
             <uid>0</uid><user>root</user><gid>0</gid><group>wheel</group>\n\
             <mtime>{time}</mtime>\n"
        );
        self.next += 1;
    }

    /// Puts the archived form into the heap, and says where.
    fn data(&mut self, extracted: &[u8], archived: &[u8], encoding: &str) {
        let offset = CHECKSUM + self.heap.len();
        let (length, size) = (archived.len(), extracted.len());
        let [archived_sum, extracted_sum] =
            [archived, extracted].map(|bytes| hex(&Sha1::digest(bytes)));
        let _ = write!(
            self.files,
            "<data>\n<archived-checksum style=\"sha1\">{archived_sum}</archived-checksum>\n\
             <extracted-checksum style=\"sha1\">{extracted_sum}</extracted-checksum>\n\
             <encoding style=\"{encoding}\"/>\n\
             <offset>{offset}</offset><length>{length}</length><size>{size}</size>\n</data>\n"
        );
        self.heap.extend_from_slice(archived);
    }
}

fn zlib(bytes: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    written.map_err(|e| Fault::new(e.to_string()))
}

/// Seconds since 1970 as ISO 8601 in UTC.
fn timestamp(time: u64) -> String {
    let (days, second) = (time / 86400, time % 86400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Year, month and day of a number of days since 1970-01-01. Years are counted from March, so that a leap day is the last
/// of its year, and in eras of 400 years.
fn date(days: u64) -> (u64, u64, u64) {
    let from_0000_03_01 = days + 719_468;
    let (era, day) = (from_0000_03_01 / 146_097, from_0000_03_01 % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let from_march = (5 * day + 2) / 153;
    let month = (from_march + 2) % 12 + 1;
    let next_year = u64::from(month <= 2);
    let day = day - (153 * from_march + 2) / 5 + 1;
    (era * 400 + year + next_year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_date_does() {
        assert_eq!(timestamp(0), "1970-01-01T00:00:00Z");
        assert_eq!(timestamp(951_827_696), "2000-02-29T12:34:56Z");
        assert_eq!(timestamp(1_735_689_599), "2024-12-31T23:59:59Z");
        assert_eq!(timestamp(4_107_542_400), "2100-03-01T00:00:00Z");
    }

    #[test]
    fn the_heap_begins_with_the_checksum_of_the_compressed_table() {
        let archive = write(&[Entry::Packed("a", b"bytes".to_vec())], 0).unwrap();
        let compressed = usize::from(archive[15]) + 256 * usize::from(archive[14]);
        let table = &archive[28..28 + compressed];
        let heap = &archive[28 + compressed..];
        assert_eq!(heap[..20], Sha1::digest(table)[..]);
        assert_eq!(&heap[20..], b"bytes");
    }
}
