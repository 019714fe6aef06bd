//! Whose a seed file is, and so what it may decide: who has a token, or only which tokens there are.
//!
//! People can put anything in their own folders, also while root reads there, and exchange the folders themselves. So the
//! folder is opened once, and what is asked and opened next is asked of it, never of the path again.

use crate::failure::Failure;
use crate::found::Found;
use crate::machine::Machine;
use otpair_core::keyfile::provenance::{Disk, Provenance};
use otpair_host::accounts;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Who owns and may change an open file.
#[derive(Debug)]
pub(super) struct Ownership(Provenance);

#[cfg(target_os = "linux")]
fn is_on_fuse(file: &File) -> io::Result<bool> {
    // FUSE_SUPER_MAGIC, statfs(2).
    Ok(rustix::fs::fstatfs(file)?.f_type == 0x6573_5546)
}

#[cfg(not(target_os = "linux"))]
#[allow(clippy::unnecessary_wraps, reason = "as on Linux")]
fn is_on_fuse(_: &File) -> io::Result<bool> {
    Ok(false)
}

/// Which file system a device number is that of. `cache` is the seed cache's folder: whoever gave this machine's seeds
/// their place there trusts it.
fn disk(device: u64, uid: u32, cache: &Path) -> Disk {
    let is_of = |folder: &Path| fs::metadata(folder).is_ok_and(|about| about.dev() == device);
    let roots = ["/", "/etc", "/root"].map(Path::new);
    if roots.into_iter().chain([cache]).any(is_of) {
        return Disk::Machines;
    }
    match accounts::home_of(uid) {
        Ok(Some(home)) if is_of(&home) => Disk::Home,
        _ => Disk::Other,
    }
}

impl Ownership {
    /// Of an open file, and where it was found; nowhere is stdin.
    pub(super) fn of(
        file: &File,
        metadata: &Metadata,
        found: Option<&Found>,
        machine: &Machine,
    ) -> io::Result<Self> {
        // A file of an overlay may have the number of the layer that it is in, but no folder has.
        let device = found.map_or(metadata.dev(), |found| found.device);
        Ok(Self(Provenance {
            uid: metadata.uid(),
            caller: rustix::process::geteuid().as_raw(),
            mode: metadata.mode(),
            is_plain: metadata.is_file(),
            is_link: found.is_some_and(|found| found.is_link),
            on_fuse: is_on_fuse(file)?,
            disk: disk(device, metadata.uid(), &machine.config.cache.path),
            folder: found.map(|found| found.folder),
        }))
    }

    /// Whether others than its owner may read a file, which is full of seeds.
    pub(super) fn others_may_read(&self) -> bool {
        self.0.others_may_read()
    }

    /// Whether the file may say of anybody which token they have.
    ///
    /// # Errors
    /// Why not, and what to do.
    pub(super) fn may_name_anybody(&self) -> Result<(), String> {
        self.0.may_name_anybody().map_err(ToOwned::to_owned)
    }

    /// Whose token the file is, where it is one person's and does not say whose: its owner's, whatever is in it. Of a
    /// file that is root's the admin says it (`user`).
    ///
    /// # Errors
    /// Why nobody's, and what to do.
    pub(super) fn person(&self, machine: &Machine, user: Option<&str>) -> Result<String, String> {
        let words = |failure: Failure| failure.message().to_owned();
        self.0.may_name_its_owner(user.is_some())?;
        let Some(user) = user else {
            let account = accounts::lookup_uid(self.0.uid).map_err(|fault| words(fault.into()))?;
            let account = account.ok_or("its owner has no account here")?;
            return Ok(account.name);
        };
        let account = machine.account(user).map_err(words)?;
        if account.uid == self.0.uid || self.0.is_ours() {
            return Ok(account.name);
        }
        Err("its owner is somebody else than --user says".to_owned())
    }
}
