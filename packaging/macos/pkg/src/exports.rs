//! What a library shows to the program that loads it. Zig's linker takes no list of symbols to export, adds some of its
//! own, and keeps those that link a class to its parts; here all but one become private, as with Apple's linker.

use crate::bytes::{index, part, put, size32, u32_le, u64_le};
use crate::fault::Fault;
use crate::macho::{self, commands};

const LC_SYMTAB: u32 = 0x2;
const LC_DYSYMTAB: u32 = 0xb;
const LC_DYLD_INFO_ONLY: u32 = 0x8000_0022;
const LC_DYLD_EXPORTS_TRIE: u32 = 0x8000_0033;
/// The length of a symbol, and in its type the bits for "others may use it" and "nobody else may any more".
const SYMBOL: usize = 16;
const EXTERNAL: u8 = 0x01;
const PRIVATE: u8 = 0x10;

/// The library, thin or universal, with this one symbol exported.
///
/// # Errors
/// A library that does not export it, or what is no library.
pub fn only(library: &[u8], name: &str) -> Result<Vec<u8>, Fault> {
    let parts = macho::split(library)?;
    let parts: Vec<_> = parts
        .iter()
        .map(|part| only_in(part, name))
        .collect::<Result<_, _>>()?;
    macho::join(&parts)
}

fn only_in(library: &[u8], name: &str) -> Result<Vec<u8>, Fault> {
    let mut library = library.to_vec();
    let address = hide_others(&mut library, name)?;
    let trie = trie(name, address);
    let (place, size) = trie_fields(&library)?;
    let offset = index(u32_le(&library, place)?.into())?;
    let old = index(u32_le(&library, size)?.into())?;
    if trie.len() > old {
        return Err(Fault::new("its list of exports has no room"));
    }
    put(&mut library, offset, &vec![0; old])?;
    put(&mut library, offset, &trie)?;
    put(&mut library, size, &size32(trie.len())?.to_le_bytes())?;
    Ok(library)
}

fn command(library: &[u8], kind: u32) -> Result<usize, Fault> {
    let commands = commands(library)?;
    let found = commands.iter().find(|command| command.1 == kind);
    found
        .map(|command| command.0)
        .ok_or_else(|| Fault::new(format!("it has no command {kind:#x}")))
}

/// Where the offset and the size of the list of exports stand.
fn trie_fields(library: &[u8]) -> Result<(usize, usize), Fault> {
    match command(library, LC_DYLD_INFO_ONLY) {
        Ok(at) => Ok((at + 40, at + 44)),
        Err(_) => command(library, LC_DYLD_EXPORTS_TRIE).map(|at| (at + 8, at + 12)),
    }
}

/// A list of one export: a root with one edge, the name, to a node with no flags and the address.
fn trie(name: &str, address: u64) -> Vec<u8> {
    let address = uleb128(address);
    // Nothing ends at the root; one edge; and after the name the node's offset, which is the root's length.
    let mut trie = vec![0, 1];
    trie.extend_from_slice(name.as_bytes());
    let node = trie.len() + 2;
    trie.push(0);
    let offset = uleb128(node as u64);
    // A longer offset moves the node on by what it is longer.
    trie.extend(uleb128((node + offset.len() - 1) as u64));
    let length = 1 + address.len();
    trie.extend(uleb128(length as u64));
    trie.push(0);
    trie.extend(address);
    trie.push(0);
    trie.resize(trie.len().next_multiple_of(8), 0);
    trie
}

fn uleb128(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = number.to_le_bytes()[0] & 0x7f;
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// Makes every other symbol that is defined here private, moves it to the private ones, and returns this one's address.
/// The table's order is private symbols, exported ones, and those of others.
fn hide_others(library: &mut [u8], name: &str) -> Result<u64, Fault> {
    let (table, order) = (command(library, LC_SYMTAB)?, command(library, LC_DYSYMTAB)?);
    let [symbols, strings] = [table + 8, table + 16].map(|at| u32_le(library, at));
    let (symbols, strings) = (index(symbols?.into())?, index(strings?.into())?);
    let first = u32_le(library, order + 16)?;
    let count = u32_le(library, order + 20)?;

    let mut hidden = Vec::new();
    let mut shown = Vec::new();
    for number in first..first.saturating_add(count) {
        let at = symbols + SYMBOL * index(number.into())?;
        let mut symbol = part(library, at, SYMBOL)?.to_vec();
        let text = strings + index(u32_le(&symbol, 0)?.into())?;
        if part(library, text, name.len() + 1)? == [name.as_bytes(), &[0]].concat() {
            shown.push((number, symbol));
        } else {
            let kind = *part(&symbol, 4, 1)?.first().unwrap_or(&0);
            put(&mut symbol, 4, &[kind & !EXTERNAL | PRIVATE])?;
            hidden.push((number, symbol));
        }
    }
    let [(_, kept)] = shown.as_slice() else {
        return Err(Fault::new(format!("it does not export {name}")));
    };
    let address = u64_le(kept, 8)?;

    let private = u32_le(library, order + 12)? + size32(hidden.len())?;
    let moved: Vec<_> = hidden.into_iter().chain(shown).collect();
    for (place, (_, symbol)) in (first..).zip(&moved) {
        put(library, symbols + SYMBOL * index(place.into())?, symbol)?;
    }
    renumber(library, order, first, &moved)?;
    put(library, order + 12, &private.to_le_bytes())?;
    let exported = first + count - 1;
    put(library, order + 16, &exported.to_le_bytes())?;
    put(library, order + 20, &1_u32.to_le_bytes())?;
    Ok(address)
}

/// The stubs and pointers name symbols by number: they follow those that moved.
fn renumber(
    library: &mut [u8],
    order: usize,
    first: u32,
    moved: &[(u32, Vec<u8>)],
) -> Result<(), Fault> {
    let [offset, count] = [order + 56, order + 60].map(|at| u32_le(library, at));
    let offset = index(offset?.into())?;
    for entry in 0..index(count?.into())? {
        let at = offset + 4 * entry;
        let number = u32_le(library, at)?;
        let place = moved.iter().position(|(old, _)| *old == number);
        if let Some(place) = place {
            put(library, at, &(first + size32(place)?).to_le_bytes())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_coded_as_leb128_has_it() {
        assert_eq!(uleb128(0), [0]);
        assert_eq!(uleb128(624_485), [0xe5, 0x8e, 0x26]);
    }

    #[test]
    fn the_list_of_one_export_leads_from_its_root_to_its_node() {
        let trie = trie("_f", 0x1888);
        let expected = [0, 1, b'_', b'f', 0, 6, 3, 0, 0x88, 0x31, 0, 0, 0, 0, 0, 0];
        assert_eq!(trie, expected);
        let long = "_".repeat(200);
        let trie = super::trie(&long, 0);
        let node = usize::from(trie[203] & 0x7f) | usize::from(trie[204]) << 7;
        assert_eq!(trie[node..node + 4], [2, 0, 0, 0]);
        assert_eq!(node, 205);
    }

    /// A library of 64-bit header, its three commands and tables, with the symbols `_a` (exported), `_f` (exported) and
    /// `_g` (somebody else's), and an indirect table that names all three.
    fn library() -> Vec<u8> {
        let words = |words: &[u32]| words.iter().flat_map(|w| w.to_le_bytes()).collect();
        let header: Vec<u8> = words(&[0xfeed_facf, 0x0100_000c, 0, 6, 3, 152, 0, 0]);
        let info: Vec<u8> = words(&[LC_DYLD_INFO_ONLY, 48, 0, 0, 0, 0, 0, 0, 0, 0, 184, 24]);
        let table: Vec<u8> = words(&[LC_SYMTAB, 24, 208, 3, 256, 10]);
        let mut order = [0_u32; 20];
        order[..8].copy_from_slice(&[LC_DYSYMTAB, 80, 0, 0, 0, 2, 2, 1]);
        order[14..16].copy_from_slice(&[268, 3]);
        let mut bytes = [header, info, table, words(&order)].concat();
        bytes.resize(208, 0);
        for (name, kind, value) in [(1, 0x0f_u8, 64_u64), (4, 0x0f, 128), (7, 0x01, 0)] {
            let symbol = [
                words(&[name]),
                vec![kind, 1, 0, 0],
                value.to_le_bytes().to_vec(),
            ];
            bytes.extend(symbol.concat());
        }
        bytes.extend(b"\0_a\0_f\0_g\0\0\0");
        bytes.extend(words(&[2, 0, 1]));
        bytes
    }

    #[test]
    fn the_others_become_private_and_whoever_names_them_by_number_still_does() {
        let hidden = macho::split(&only(&library(), "_f").unwrap())
            .unwrap()
            .remove(0);
        let word = |at| u32_le(&hidden, at).unwrap();
        let order = 32 + 48 + 24;
        assert_eq!([12, 16, 20].map(|field| word(order + field)), [1, 1, 1]);
        assert_eq!([208, 224].map(word), [1, 4]);
        assert_eq!([hidden[212], hidden[228]], [0x1e, 0x0f]);
        assert_eq!([268, 272, 276].map(word), [2, 0, 1]);
        assert_eq!(hidden[184..192], [0, 1, b'_', b'f', 0, 6, 3, 0]);
        let hidden = macho::split(&only(&library(), "_a").unwrap())
            .unwrap()
            .remove(0);
        let word = |at| u32_le(&hidden, at).unwrap();
        assert_eq!([208, 224].map(word), [4, 1]);
        assert_eq!([268, 272, 276].map(word), [2, 1, 0]);
    }

    #[test]
    fn a_library_that_does_not_export_it_is_refused() {
        for name in ["_", "_g", "_fg"] {
            assert!(only(&library(), name).is_err(), "{name}");
        }
    }
}
