//! The file with the RSA private key that a seed file is encrypted to.

use crate::failure::Failure;
use crate::{found, output, secret};
use otpair_core::keyfile::PrivateKey;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use zeroize::Zeroizing;

/// Reads the key. Whoever can read its file can open every seed file that is encrypted to it: that is said.
pub(super) fn read(path: &Path) -> Result<PrivateKey, Failure> {
    let unreadable = |error: io::Error| Failure::file(path, &error);
    let (mut file, _) = found::open(path).map_err(unreadable)?;
    let about = file.metadata().map_err(unreadable)?;
    if about.is_file() && about.permissions().mode() & 0o077 != 0 {
        output::note(&format!(
            "others may read the private key in {0}: run chmod 600 {0}",
            path.display()
        ));
    }
    let bytes = secret::whole_file(&mut file, path, "private key")?;
    let mut randomness = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *randomness).map_err(|error| Failure::new(error.to_string()))?;
    PrivateKey::read(&bytes, randomness)
        .map_err(|why| Failure::new(format!("{}: {why}", path.display())))
}
