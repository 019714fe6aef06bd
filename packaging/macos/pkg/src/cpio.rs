//! A gzip'd cpio archive in the portable ASCII format ("odc", POSIX.1-1990), as a package's Payload and Scripts are.

use crate::fault::Fault;
use crate::tree::{Content, Node, OWNER};
use flate2::{Compression, GzBuilder};
use std::io::Write;

/// Archives are filled up to a multiple of this.
const BLOCK: usize = 512;

/// The archive of these nodes, all changed last at `time` (seconds since 1970).
///
/// # Errors
/// A number that does not fit its field.
pub fn archive(nodes: &[Node], time: u64) -> Result<Vec<u8>, Fault> {
    let mut archive = Vec::new();
    for (number, node) in (1..).zip(nodes) {
        let links = if node.content == Content::Folder {
            2
        } else {
            1
        };
        let header = [number, u64::from(node.mode()), links];
        append(
            &mut archive,
            &node.archived_path(),
            header,
            time,
            node.bytes(),
        )?;
    }
    append(&mut archive, "TRAILER!!!", [0, 0, 1], 0, &[])?;
    archive.resize(archive.len().next_multiple_of(BLOCK), 0);
    Ok(archive)
}

/// One entry; `header` is its inode number, its mode and how many links it has.
fn append(
    archive: &mut Vec<u8>,
    name: &str,
    header: [u64; 3],
    time: u64,
    bytes: &[u8],
) -> Result<(), Fault> {
    let [inode, mode, links] = header;
    let owner = u64::from(OWNER);
    archive.extend_from_slice(b"070707");
    for number in [0, inode, mode, owner, owner, links, 0] {
        octal(archive, number, 6)?;
    }
    octal(archive, time, 11)?;
    octal(archive, name.len() as u64 + 1, 6)?;
    octal(archive, bytes.len() as u64, 11)?;
    archive.extend_from_slice(name.as_bytes());
    archive.push(0);
    archive.extend_from_slice(bytes);
    Ok(())
}

fn octal(archive: &mut Vec<u8>, number: u64, width: usize) -> Result<(), Fault> {
    let digits = format!("{number:0width$o}");
    if digits.len() > width {
        return Err(Fault::new(format!(
            "{number} does not fit into an archive's header"
        )));
    }
    archive.extend_from_slice(digits.as_bytes());
    Ok(())
}

/// Compressed, without a name or a time of its own.
///
/// # Errors
/// None that writing to memory has.
pub fn gzip(bytes: &[u8]) -> Result<Vec<u8>, Fault> {
    // 3 is Unix, whatever system packs.
    let mut encoder = GzBuilder::new()
        .operating_system(3)
        .write(Vec::new(), Compression::best());
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    written.map_err(|e| Fault::new(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_laid_out_as_posix_has_it() {
        let nodes = [Node {
            path: "a".to_owned(),
            permissions: 0o644,
            content: Content::File(b"hi".to_vec()),
        }];
        let archive = archive(&nodes, 8).unwrap();
        let expected = "070707000000000001100644000000000000000001000000\
                        00000000010000004\
                        00000000002./a\0hi\
                        070707";
        assert_eq!(archive.len(), BLOCK);
        assert_eq!(&archive[..expected.len()], expected.as_bytes());
    }

    #[test]
    fn a_time_that_does_not_fit_is_a_fault() {
        let mut archive = Vec::new();
        assert!(octal(&mut archive, 1 << 33, 11).is_err());
        assert!(octal(&mut archive, (1 << 33) - 1, 11).is_ok());
    }
}
