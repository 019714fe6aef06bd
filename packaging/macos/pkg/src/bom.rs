//! A bill of materials, as `mkbom` makes it: what the installer records as a package's receipt.
//!
//! Apple has not published the format; this is what open readers and writers agree on. A `BOMStore` is numbered blocks,
//! some of them named. `Paths` is a tree whose one leaf has, for each path, its number with its metadata, and its parent's
//! number with its name. The other trees (hard links, virtual paths, sizes above 4 GiB) are empty here.

use crate::bytes::size32;
use crate::fault::Fault;
use crate::tree::{Content, Node, OWNER};
use std::collections::HashMap;

/// Where blocks begin: the header is filled up to this.
const FIRST_BLOCK: usize = 512;
/// A tree's node, and that of the virtual paths.
const TREE_NODE: usize = 4096;
const SMALL_TREE_NODE: usize = 128;
/// What fits into one leaf beside its head of 12 bytes.
const MOST_PATHS: usize = (TREE_NODE - 12) / 8;

/// The Bom of these nodes, all changed last at `time` (seconds since 1970).
///
/// # Errors
/// More paths than one leaf holds, a path before its folder, or a size of 4 GiB.
pub fn write(nodes: &[Node], time: u64) -> Result<Vec<u8>, Fault> {
    if nodes.len() > MOST_PATHS {
        return Err(Fault::new(format!(
            "a Bom of more than {MOST_PATHS} paths can't be written"
        )));
    }
    let time = u32::try_from(time).map_err(|_| Fault::new("the time is past 2106"))?;
    let mut store = Store::default();
    let info = store.add(&info(nodes)?)?;
    let leaf = paths(&mut store, nodes, time)?;
    let paths = store.tree(&leaf, TREE_NODE)?;
    let hard_links = store.tree(&[], TREE_NODE)?;
    let virtual_paths = store.tree(&[], SMALL_TREE_NODE)?;
    let virtual_index = store.add(&words(&[1, virtual_paths, 0], &[0]))?;
    let sizes = store.tree(&[], TREE_NODE)?;
    store.finish(&[
        ("BomInfo", info),
        ("Paths", paths),
        ("HLIndex", hard_links),
        ("VIndex", virtual_index),
        ("Size64", sizes),
    ])
}

/// Big-endian words, and then bytes.
fn words(words: &[u32], rest: &[u8]) -> Vec<u8> {
    let words = words.iter().flat_map(|word| word.to_be_bytes());
    words.chain(rest.iter().copied()).collect()
}

/// The number of paths, and the size of all files of no processor in particular.
fn info(nodes: &[Node]) -> Result<Vec<u8>, Fault> {
    let size = size32(nodes.iter().map(|node| node.bytes().len()).sum())?;
    // As `mkbom` counts them: one more than there are.
    let paths = size32(nodes.len() + 1)?;
    Ok(words(&[1, paths, 1, 0, 0, size, 0], &[]))
}

/// Adds what is known about each path; returns the leaf's pairs of blocks. The tree is searched by parent and name, so
/// paths get their numbers from the top, folder by folder: siblings come in the order of their names as they are.
fn paths(store: &mut Store, nodes: &[Node], time: u32) -> Result<Vec<u32>, Fault> {
    let mut order: Vec<&Node> = nodes.iter().collect();
    order.sort_by_key(|node| node.archived_path().matches('/').count());
    let mut numbers: HashMap<String, u32> = HashMap::new();
    let mut leaf = Vec::new();
    for (number, node) in (1..).zip(order) {
        let path = node.archived_path();
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
        let parent = match folder {
            "" => 0,
            folder => *numbers
                .get(folder)
                .ok_or_else(|| Fault::new(format!("{folder} is not in the list")))?,
        };
        let metadata = store.add(&metadata(node, time)?)?;
        let key = store.add(&words(&[number, metadata], &[]))?;
        let value = store.add(&words(&[parent], &[name.as_bytes(), &[0]].concat()))?;
        leaf.extend([key, value]);
        numbers.insert(path, number);
    }
    Ok(leaf)
}

/// Kind, mode, owner, time, size and, where there are bytes, their checksum.
fn metadata(node: &Node, time: u32) -> Result<Vec<u8>, Fault> {
    /// Everything is recorded; no processor in particular.
    const FLAGS: u16 = 0x000f;
    let kind = match node.content {
        Content::File(_) => 1,
        Content::Folder => 2,
        Content::Link(_) => 3,
    };
    let mut block = vec![kind, 1];
    block.extend(FLAGS.to_be_bytes());
    block.extend(node.mode().to_be_bytes());
    let size = size32(node.bytes().len())?;
    block.extend(words(&[OWNER, OWNER, time, size], &[1]));
    if node.content != Content::Folder {
        block.extend(checksum(node.bytes()).to_be_bytes());
    }
    if let Content::Link(target) = &node.content {
        let target = [target.as_bytes(), &[0]].concat();
        block.extend(words(&[size32(target.len())?], &target));
    }
    block.extend([0; 8]);
    Ok(block)
}

/// The checksum of cksum(1), POSIX: CRC-32 with the polynomial 0x04C11DB7, over the bytes and then their length.
#[must_use]
pub fn checksum(bytes: &[u8]) -> u32 {
    let length = bytes.len().to_le_bytes();
    let used = length.len() - length.iter().rev().take_while(|byte| **byte == 0).count();
    let all = bytes.iter().chain(length.iter().take(used));
    !all.fold(0, |crc, byte| step(crc ^ (u32::from(*byte) << 24)))
}

/// Eight bits of it.
fn step(crc: u32) -> u32 {
    (0..8).fold(crc, |crc, _| {
        let polynomial = if crc >> 31 == 1 { 0x04C1_1DB7 } else { 0 };
        (crc << 1) ^ polynomial
    })
}

/// The blocks so far, one after another.
#[derive(Default)]
struct Store {
    bytes: Vec<u8>,
    /// Where each is, and how long. The number of the first is 1.
    blocks: Vec<(u32, u32)>,
}

impl Store {
    fn add(&mut self, block: &[u8]) -> Result<u32, Fault> {
        let offset = size32(FIRST_BLOCK + self.bytes.len())?;
        self.blocks.push((offset, size32(block.len())?));
        self.bytes.extend_from_slice(block);
        size32(self.blocks.len())
    }

    /// A tree of one leaf with these pairs of blocks.
    fn tree(&mut self, pairs: &[u32], node: usize) -> Result<u32, Fault> {
        let count = size32(pairs.len() / 2)?;
        // A leaf (1 in the upper half), so many entries, no leaf after or before it.
        let mut leaf = words(&[1 << 16 | count, 0, 0], &words(pairs, &[]));
        leaf.resize(node, 0);
        let leaf = self.add(&leaf)?;
        let tree = words(&[1, leaf, size32(node)?, count], &[0]);
        self.add(&[b"tree", tree.as_slice()].concat())
    }

    /// Header, blocks, names, and the index with its list of free blocks, which is empty.
    fn finish(self, names: &[(&str, u32)]) -> Result<Vec<u8>, Fault> {
        let mut variables = words(&[size32(names.len())?], &[]);
        for (name, block) in names {
            let length = u8::try_from(name.len()).map_err(|e| Fault::new(e.to_string()))?;
            variables.extend(words(&[*block], &[&[length], name.as_bytes()].concat()));
        }
        let count = size32(self.blocks.len())?;
        let mut index = words(&[count + 1, 0, 0], &[]);
        for (offset, length) in self.blocks {
            index.extend(words(&[offset, length], &[]));
        }
        index.extend([0; 4 + 2 * 8]);

        let variables_at = size32(FIRST_BLOCK + self.bytes.len())?;
        let variables_length = size32(variables.len())?;
        let index_at = variables_at + variables_length;
        let index_length = size32(index.len())?;
        let header = [
            1,
            count,
            index_at,
            index_length,
            variables_at,
            variables_length,
        ];
        let mut bom = [b"BOMStore", words(&header, &[]).as_slice()].concat();
        bom.resize(FIRST_BLOCK, 0);
        Ok([bom, self.bytes, variables, index].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_cksum() {
        assert_eq!(checksum(b""), 4_294_967_295);
        assert_eq!(checksum(b"123456789"), 930_766_865);
        assert_eq!(checksum(&[0; 300]), 351_385_237);
    }

    fn node(path: &str, content: Content) -> Node {
        Node {
            path: path.to_owned(),
            permissions: 0o755,
            content,
        }
    }

    #[test]
    fn the_metadata_of_each_kind_is_as_long_as_mkboms() {
        let length = |content| metadata(&node("a", content), 0).unwrap().len();
        assert_eq!(length(Content::Folder), 31);
        assert_eq!(length(Content::File(vec![1])), 35);
        assert_eq!(length(Content::Link("target".to_owned())), 39 + 7);
    }

    #[test]
    fn a_path_whose_folder_is_missing_is_a_fault() {
        let nodes = [
            node("", Content::Folder),
            node("a/b", Content::File(Vec::new())),
        ];
        assert!(write(&nodes, 0).is_err());
    }
}
