//! Writes an installer package for macOS without a Mac: what `lipo`, `codesign`, `mkbom`, `pkgbuild` and `productbuild`
//! do there, as far as otpair's own package needs it. The same input gives the same bytes.
//!
//! A package is a xar archive that holds `Distribution` (what the installer asks and checks) and one component of four
//! files: `PackageInfo`, `Bom` (path, mode, owner, size and checksum of everything), `Payload` and `Scripts` (gzip'd
//! cpio archives).

#![forbid(unsafe_code)]

pub mod bom;
mod bytes;
pub mod cpio;
pub mod exports;
pub mod fault;
pub mod macho;
pub mod manifest;
pub mod product;
pub mod seal;
pub mod signature;
pub mod tree;
pub mod xar;
