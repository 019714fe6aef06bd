//! A seed file's bytes.

use otpair_core::keyfile::Format;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use zeroize::Zeroizing;

/// The longest seed file, in bytes.
const LONGEST: u64 = 1024 * 1024 * 1024;

/// The whole file, which is full of seeds: its only copy is wiped.
pub(super) fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let too_long = || io::Error::other("it is longer than 1 GiB");
    let (mut input, length): (Box<dyn Read>, u64) = if path == Path::new("-") {
        (Box::new(io::stdin().lock()), 0)
    } else {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        (Box::new(file), length)
    };
    if length > LONGEST {
        return Err(too_long());
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(length).unwrap_or(0) + 1));
    let mut piece = Zeroizing::new(vec![0; 64 * 1024]);
    loop {
        let read = input.read(&mut piece)?;
        if read == 0 {
            return Ok(bytes);
        }
        if bytes.len() + read > usize::try_from(LONGEST).unwrap_or(usize::MAX) {
            return Err(too_long());
        }
        append(&mut bytes, piece.get(..read).unwrap_or_default());
    }
}

/// Appends to a vector, wiping the old memory where it has to move.
fn append(bytes: &mut Zeroizing<Vec<u8>>, piece: &[u8]) {
    if bytes.capacity() - bytes.len() < piece.len() {
        let mut larger = Zeroizing::new(Vec::with_capacity(2 * (bytes.len() + piece.len())));
        larger.extend_from_slice(bytes);
        *bytes = larger;
    }
    bytes.extend_from_slice(piece);
}

/// About how many entries a file has, for the progress bar.
pub(super) fn estimate(bytes: &[u8], format: Format) -> u64 {
    let count = match format {
        Format::Pskc => {
            bytes
                .windows(9)
                .filter(|window| *window == b"KeyPackag" || *window == b"</Device>")
                .count()
                / 2
        }
        Format::PingCsv | Format::OathCsv | Format::Otpauth => {
            bytes.split(|byte| *byte == b'\n').count()
        }
    };
    u64::try_from(count).unwrap_or(u64::MAX)
}
