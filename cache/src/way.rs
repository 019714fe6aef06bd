//! From `/` down to a folder: every step must be one that only root or the caller can change.

use crate::fault;
use otpair_core::records::{Fault, FaultKind};
use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};

/// More links than this in one path are a loop.
const MOST_LINKS: u32 = 40;

/// A folder's parent and its own name.
pub(crate) fn split(path: &Path) -> Result<(PathBuf, OsString), Fault> {
    match (path.is_absolute(), path.parent(), path.file_name()) {
        (true, Some(parent), Some(name)) => Ok((parent.to_owned(), name.to_owned())),
        _ => Err(Fault::new(
            FaultKind::Config,
            format!(
                "{}: is no absolute path of a folder or file",
                path.display()
            ),
        )),
    }
}

/// The path without symbolic links, or nothing if it does not exist. Each folder and link on the way must belong to
/// root or the caller, and each folder must be one in which nobody else can replace what it leads to.
///
/// # Errors
/// [`FaultKind::Unsafe`] for the first step that is not, or that is a link to nothing: what was meant to be there is
/// elsewhere, and not missing. [`FaultKind::Io`] if the way can't be looked at.
pub fn resolve(path: &Path) -> Result<Option<PathBuf>, Fault> {
    let mut done = PathBuf::from("/");
    check(
        &done,
        &done
            .symlink_metadata()
            .map_err(|e| fault::io(&done, "look at", e))?,
    )?;
    let mut ahead = Vec::new();
    push(&mut ahead, path);
    let mut links = 0;
    while let Some(part) = ahead.pop() {
        if part == ".." {
            done.pop();
            continue;
        }
        done.push(part);
        let found = match done.symlink_metadata() {
            Ok(found) => found,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(fault::io(&done, "look at", error)),
        };
        if found.is_symlink() {
            links += 1;
            check_owner(&done, found.uid())?;
            if links <= MOST_LINKS && done.metadata().is_err() {
                return Err(fault::unsafe_place(&done, "is a link that leads nowhere"));
            }
            let target = done
                .read_link()
                .map_err(|e| fault::io(&done, "read the link", e))?;
            if links > MOST_LINKS {
                return Err(fault::unsafe_place(&done, "too many symbolic links"));
            }
            done.pop();
            if target.is_absolute() {
                done = PathBuf::from("/");
            }
            push(&mut ahead, &target);
        } else {
            check(&done, &found)?;
        }
    }
    Ok(Some(done))
}

/// Puts a path's components on the pile, the first on top.
fn push(ahead: &mut Vec<OsString>, path: &Path) {
    let parts = path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some(OsString::from("..")),
        Component::Prefix(_) | Component::RootDir | Component::CurDir => None,
    });
    let start = ahead.len();
    ahead.extend(parts);
    if let Some(new) = ahead.get_mut(start..) {
        new.reverse();
    }
}

fn check(path: &Path, found: &std::fs::Metadata) -> Result<(), Fault> {
    const STICKY: u32 = 0o1000;
    if !found.is_dir() {
        return Err(fault::unsafe_place(path, "is no folder"));
    }
    check_owner(path, found.uid())?;
    if found.mode() & 0o022 != 0 && found.mode() & STICKY == 0 {
        let why = "others may write in this folder; chmod go-w it";
        return Err(fault::unsafe_place(path, why));
    }
    Ok(())
}

/// Only root and the caller may own what a sign-on goes by.
///
/// # Errors
/// [`FaultKind::Unsafe`] for any other owner.
pub fn check_owner(path: &Path, owner: u32) -> Result<(), Fault> {
    if owner == 0 || owner == rustix::process::geteuid().as_raw() {
        return Ok(());
    }
    let why = format!("is owned by uid {owner}, not by root; chown it to root");
    Err(fault::unsafe_place(path, why))
}
