//! Reading and writing numbers in bytes that somebody else laid out.

use crate::fault::Fault;

/// `length` bytes at `offset`.
pub(crate) fn part(bytes: &[u8], offset: usize, length: usize) -> Result<&[u8], Fault> {
    let end = offset.checked_add(length);
    end.and_then(|end| bytes.get(offset..end))
        .ok_or_else(|| Fault::new(format!("{length} bytes are missing at offset {offset}")))
}

fn array<const N: usize>(bytes: &[u8], offset: usize) -> Result<[u8; N], Fault> {
    let mut array = [0; N];
    array.copy_from_slice(part(bytes, offset, N)?);
    Ok(array)
}

/// A little-endian number, as in a Mach-O for today's processors.
pub(crate) fn u32_le(bytes: &[u8], offset: usize) -> Result<u32, Fault> {
    array(bytes, offset).map(u32::from_le_bytes)
}

/// A little-endian number of 64 bits.
pub(crate) fn u64_le(bytes: &[u8], offset: usize) -> Result<u64, Fault> {
    array(bytes, offset).map(u64::from_le_bytes)
}

/// A big-endian number, as in a universal binary's header.
pub(crate) fn u32_be(bytes: &[u8], offset: usize) -> Result<u32, Fault> {
    array(bytes, offset).map(u32::from_be_bytes)
}

/// Overwrites what is at `offset`.
pub(crate) fn put(bytes: &mut [u8], offset: usize, new: &[u8]) -> Result<(), Fault> {
    let end = offset.checked_add(new.len());
    let old = end.and_then(|end| bytes.get_mut(offset..end));
    old.ok_or_else(|| Fault::new(format!("nothing can be written at offset {offset}")))?
        .copy_from_slice(new);
    Ok(())
}

/// A length as a field of 32 bits.
pub(crate) fn size32(length: usize) -> Result<u32, Fault> {
    u32::try_from(length).map_err(|_| Fault::new(format!("{length} bytes are too many")))
}

/// A number of this file's, as an offset or a length.
pub(crate) fn index(number: u64) -> Result<usize, Fault> {
    usize::try_from(number).map_err(|_| Fault::new(format!("{number} bytes are too many")))
}

/// In lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_past_the_end_is_a_fault_and_no_panic() {
        assert!(u32_le(&[1, 2, 3], 0).is_err());
        assert!(u64_le(&[0; 8], usize::MAX).is_err());
        assert!(put(&mut [0; 4], 1, &[0; 4]).is_err());
        assert_eq!(u32_be(&[0, 0, 0, 1, 2], 1).unwrap(), 0x0000_0102);
    }
}
