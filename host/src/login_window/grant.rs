//! Grants as files, in a folder that only root can look into: `UID-TICKET`, with the boot and the second of it.

use super::{Ticket, moment};
use crate::own_folder;
use otpair_core::grant::{self, Moment};
use otpair_core::records::{Fault, FaultKind};
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Where grants are left.
pub(crate) const GRANTS: &str = if cfg!(target_os = "macos") {
    "/var/run/otpair-grants"
} else {
    "/run/otpair/grants"
};

/// The longest that is read of a grant, in bytes.
const LONGEST: u64 = 128;

/// Leaves a grant for this user's sign-on.
pub(crate) fn leave(folder: &Path, uid: u32, ticket: &Ticket) -> Result<(), Fault> {
    let path = path(folder, uid, ticket);
    let left = own_folder::make(folder).and_then(|()| {
        let now = moment::now()?;
        let mut file = open(OpenOptions::new().write(true).create_new(true), &path)?;
        file.write_all(format!("{} {}\n", now.boot, now.seconds).as_bytes())
    });
    left.map_err(|error| fault(&path, &error))
}

/// Takes away every grant that was left for this user.
pub(crate) fn withdraw(folder: &Path, uid: u32) -> Result<(), Fault> {
    let all = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        all => all.map_err(|error| fault(folder, &error))?,
    };
    let own = format!("{uid}-");
    for entry in all {
        let entry = entry.map_err(|error| fault(folder, &error))?;
        if entry.file_name().to_string_lossy().starts_with(&own) {
            remove(&entry.path()).map_err(|error| fault(&entry.path(), &error))?;
        }
    }
    Ok(())
}

/// Takes the grant that was left under this ticket, if there is one: of two that try only one gets it. Whether it counts.
pub(super) fn take(folder: &Path, uid: u32, ticket: &Ticket) -> Result<bool, Fault> {
    let path = path(folder, uid, ticket);
    take_at(folder, &path).map_err(|error| fault(&path, &error))
}

fn take_at(folder: &Path, path: &Path) -> io::Result<bool> {
    match own_folder::check(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        checked => checked?,
    }
    let file = match open(OpenOptions::new().read(true), path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        file => file?,
    };
    if !remove(path)? {
        return Ok(false);
    }
    let mut text = String::new();
    file.take(LONGEST).read_to_string(&mut text)?;
    let now = moment::now()?;
    Ok(parse(&text).is_some_and(|granted| grant::counts(&granted, &now)))
}

/// Removes a file; false if somebody else has done so.
fn remove(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        removed => removed.map(|()| true),
    }
}

fn open(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    options.mode(0o600).custom_flags(flags).open(path)
}

fn path(folder: &Path, uid: u32, ticket: &Ticket) -> PathBuf {
    folder.join(format!("{uid}-{ticket}"))
}

fn parse(text: &str) -> Option<Moment> {
    let (boot, seconds) = text.strip_suffix('\n')?.split_once(' ')?;
    Some(Moment {
        boot: boot.to_owned(),
        seconds: seconds.parse().ok()?,
    })
}

fn fault(path: &Path, error: &io::Error) -> Fault {
    Fault::new(FaultKind::Helper, format!("{}: {error}", path.display()))
}
