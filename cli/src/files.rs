//! Files that root alone changes: written as a whole and durably, removed, and locked.

use crate::failure::Failure;
use rustix::fs::{XattrFlags, fgetxattr, fsetxattr};
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown,
};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// Replaces a file as a whole: with the same owner, mode and security label, and durably.
pub(crate) fn replace(path: &Path, text: impl AsRef<[u8]>) -> io::Result<()> {
    let old = open_plain(path)?;
    let metadata = old.metadata()?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = path.with_file_name(format!(".{name}.otpair"));
    let written = write_beside(&temporary, text.as_ref(), &old, &metadata)
        .and_then(|()| fs::rename(&temporary, path))
        .and_then(|()| sync_folder(path));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn write_beside(
    temporary: &Path,
    text: &[u8],
    old: &File,
    metadata: &fs::Metadata,
) -> io::Result<()> {
    let _ = fs::remove_file(temporary);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(temporary)?;
    file.write_all(text)?;
    fchown(&file, Some(metadata.uid()), Some(metadata.gid()))?;
    file.set_permissions(fs::Permissions::from_mode(metadata.mode() & 0o7777))?;
    let mut label = [0; 256];
    // Without SELinux there is none.
    if let Ok(length) = fgetxattr(old, "security.selinux", &mut label[..]) {
        let label = label.get(..length).unwrap_or_default();
        fsetxattr(&file, "security.selinux", label, XattrFlags::empty())?;
    }
    file.sync_all()
}

/// Takes something out of a file. Where the disk has no room for another file, in place: that needs none.
pub(crate) fn shrink(path: &Path, text: &[u8]) -> io::Result<()> {
    replace(path, text).or_else(|_| shrink_in_place(path, text))
}

fn shrink_in_place(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .custom_flags(libc_nofollow())
        .open(path)?;
    let length = u64::try_from(text.len()).map_err(io::Error::other)?;
    if length > file.metadata()?.len() {
        return Err(io::Error::other("it would grow"));
    }
    file.write_all(text)?;
    file.set_len(length)?;
    file.sync_all()
}

/// `O_NOFOLLOW`, as a number.
fn libc_nofollow() -> i32 {
    rustix::fs::OFlags::NOFOLLOW.bits().cast_signed()
}

/// Opens a file that is no link.
fn open_plain(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .custom_flags(libc_nofollow())
        .open(path)
}

/// The text of a service's own file, which must be a plain one.
pub(crate) fn own_text(path: &Path) -> io::Result<String> {
    String::from_utf8(own_bytes(path)?)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// The same, in whatever encoding it is.
pub(crate) fn own_bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_plain(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Makes a change of a folder durable.
pub(crate) fn sync_folder(file: &Path) -> io::Result<()> {
    match file.parent() {
        // A name alone is in the folder that the command runs in.
        Some(folder) if folder == Path::new("") => File::open(".")?.sync_all(),
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// Writes a file that need not be there yet, durably.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error| Failure::file(path, &error);
    if let Some(folder) = path.parent() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o755)
            .create(folder)
            .map_err(failed)?;
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = path.with_file_name(format!(".{name}.otpair"));
    let written = File::create(&temporary)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            // Whatever the umask is: what is written here root will run.
            file.set_permissions(fs::Permissions::from_mode(0o644))?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&temporary, path))
        .and_then(|()| sync_folder(path));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written.map_err(failed)
}

/// Removes a file, durably. Whether it was there.
pub(crate) fn remove(path: &Path) -> Result<bool, Failure> {
    match fs::remove_file(path) {
        Ok(()) => {
            let _ = sync_folder(path);
            Ok(true)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Failure::file(path, &error)),
    }
}

/// Refuses everybody but root, who alone may change `what`.
pub(crate) fn need_root_for(what: &str) -> Result<(), Failure> {
    if rustix::process::geteuid().is_root() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "only root may change {what}; run this as root"
    )))
}

/// How long one command waits for another.
const PATIENCE: Duration = Duration::from_secs(10);

/// Keeps every other one waiting until this is dropped.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file is not enough while a process that is just being started has it open too.
        let _ = self.0.unlock();
    }
}

/// Waits for a lock, which is a file of root's own; `whose` is the command that may have it.
pub(crate) fn lock(path: &Path, whose: &str) -> Result<Lock, Failure> {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(lock) = try_lock(path)? {
            return Ok(lock);
        }
        if Instant::now() >= until {
            return Err(Failure::new(format!(
                "another {whose} is at work and does not end; see fuser {}",
                path.display()
            )));
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// As [`lock`], without waiting: nothing while another one has it.
pub(crate) fn try_lock(path: &Path) -> Result<Option<Lock>, Failure> {
    let failed = |error| Failure::file(path, &error);
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .custom_flags(libc_nofollow())
        .open(path)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Lock(file))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}
