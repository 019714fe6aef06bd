//! PAM's folder: a file for each service.

use crate::failure::Failure;
use otpair_host::pamstack::{self, Examined};
use rustix::fs::{XattrFlags, fgetxattr, fsetxattr};
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown,
};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// Where an admin's files are. They win over the distribution's.
pub(crate) const ADMINS: &str = "/etc/pam.d";

/// Where a distribution may have files of its own.
const DISTRIBUTIONS: [&str; 2] = ["/usr/lib/pam.d", "/usr/etc/pam.d"];

/// Files that are parts of others, and what every service gets that has none: no door goes by these names.
const PARTS: [&str; 12] = [
    "other",
    "system-auth",
    "password-auth",
    "fingerprint-auth",
    "smartcard-auth",
    "postlogin",
    "system-login",
    "system-local-login",
    "system-remote-login",
    "config-util",
    "otpair-system-auth",
    "otpair-password-auth",
];

/// The file of a service, which an admin may change.
pub(crate) fn file(service: &str) -> PathBuf {
    Path::new(ADMINS).join(service)
}

/// Whether a file is only a part of others.
pub(crate) fn is_part(name: &str) -> bool {
    PARTS.contains(&name) || name.starts_with("common-")
}

/// The distribution's file of a service.
pub(crate) fn distributions_file(service: &str) -> Option<PathBuf> {
    let files = DISTRIBUTIONS.map(|folder| Path::new(folder).join(service));
    files.into_iter().find(|file| file.is_file())
}

/// The text of a file by its name, as libpam finds it.
pub(crate) fn text(name: &str) -> Option<String> {
    let distributions = DISTRIBUTIONS.iter().copied();
    let mut folders = [ADMINS].into_iter().chain(distributions);
    folders.find_map(|folder| bytes(&Path::new(folder).join(name)).ok().map(as_text))
}

/// What is in a file, for reading: libpam minds no encoding, and what is no UTF-8 is in a comment or means nothing here.
fn as_text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// What is in a file. Anything else than a file is not waited for.
fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::ErrorKind::NotFound.into());
    }
    fs::read(path)
}

/// The names of a folder's files; none where there is no such folder.
fn names(folder: &str) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries.collect::<io::Result<Vec<_>>>()?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    let mut names: Vec<String> = entries
        .into_iter()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort_unstable();
    Ok(names)
}

/// Whether it is what an editor or a package manager has left: no program asks for a service of such a name.
fn is_left_over(name: &str) -> bool {
    let ends = ["~", ".pam-old", ".rpmnew", ".rpmsave", ".rpmorig"];
    name.starts_with('.') || name.contains(".dpkg-") || ends.iter().any(|end| name.ends_with(end))
}

/// Whether it is a link to another name of the folder.
fn is_alias(path: &Path) -> bool {
    let target = || Some(path.canonicalize().ok()?.parent()?.to_owned());
    path.is_symlink() && target() == Path::new(ADMINS).canonicalize().ok()
}

/// The files, services and parts of others, with lines that otpair put in. Whatever their names are, for libpam opens any
/// that something names. One that can't be read is among them: whoever takes the lines out must not overlook it.
pub(crate) fn marked() -> Result<Vec<String>, Failure> {
    let names = names(ADMINS).map_err(|error| Failure::file(Path::new(ADMINS), &error))?;
    let may_be_marked = |name: &String| {
        let path = file(name);
        match bytes(&path) {
            Ok(bytes) => pamstack::is_marked(bytes) && !is_alias(&path),
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        }
    };
    Ok(names.into_iter().filter(may_be_marked).collect())
}

/// Every service of the folder that asks for a first factor or for a passcode, by name, with its text and what is to be
/// said of it.
pub(crate) fn services() -> Vec<(String, String, Examined)> {
    let names = names(ADMINS).unwrap_or_default().into_iter();
    let services = names.filter(|name| !is_part(name) && !is_left_over(name));
    let examined = services.filter_map(|name| {
        let text = as_text(bytes(&file(&name)).ok()?);
        let examined = pamstack::examine(&text, &self::text);
        Some((name, text, examined))
    });
    examined
        .filter(|(_, text, examined)| {
            examined.first_factor || examined.protected || pamstack::is_marked(text)
        })
        .collect()
}

/// The first file, of an admin's or a distribution's, that asks otpair by a line that is not marked, in itself or in what
/// it includes.
pub(crate) fn by_hand() -> Option<String> {
    let without_own = |name: &str| Some(as_text(pamstack::unprotect(text(name)?.as_bytes())));
    let folders = [ADMINS].into_iter().chain(DISTRIBUTIONS);
    let names = folders.flat_map(|folder| names(folder).unwrap_or_default());
    let mut names = names.filter(|name| !is_left_over(name));
    names.find(|name| {
        without_own(name).is_some_and(|text| pamstack::examine(&text, &without_own).protected)
    })
}

/// The services that can't be read, and why.
pub(crate) fn unreadable() -> Vec<Failure> {
    let names = names(ADMINS).unwrap_or_default().into_iter();
    let paths = names
        .filter(|name| !is_left_over(name))
        .map(|name| file(&name));
    let errors = paths.filter_map(|path| Some((bytes(&path).err()?, path)));
    errors
        .filter(|(error, _)| error.kind() != io::ErrorKind::NotFound)
        .map(|(error, path)| Failure::file(&path, &error))
        .collect()
}

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

/// Refuses everybody but root, who alone may change what is here.
pub(crate) fn need_root() -> Result<(), Failure> {
    need_root_for(&format!("what is in {ADMINS}"))
}

/// As [`need_root`], for something else.
pub(crate) fn need_root_for(what: &str) -> Result<(), Failure> {
    if rustix::process::geteuid().is_root() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "only root may change {what}; run this as root"
    )))
}

/// Root's own, so that nobody else can keep it locked.
const LOCK: &str = "/run/otpair-protect.lock";

/// How long one otpair protect waits for another.
const PATIENCE: Duration = Duration::from_secs(10);

/// Keeps every other `otpair protect` waiting until this is dropped.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file is not enough while a process that is just being started has it open too.
        let _ = self.0.unlock();
    }
}

/// Waits for the lock.
pub(crate) fn lock() -> Result<Lock, Failure> {
    lock_at(Path::new(LOCK))
}

/// As [`lock`], by another file.
pub(crate) fn lock_at(path: &Path) -> Result<Lock, Failure> {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(lock) = try_lock_at(path)? {
            return Ok(lock);
        }
        if Instant::now() >= until {
            return Err(Failure::new(format!(
                "another otpair protect is at work and does not end; see fuser {}",
                path.display()
            )));
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// As [`lock_at`], without waiting: nothing while another `otpair protect` is at work.
pub(crate) fn try_lock_at(path: &Path) -> Result<Option<Lock>, Failure> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scripts_of_the_packages_know_the_same_mark_and_the_same_folders() {
        let prerm = include_str!("../../../packaging/debian/debian/otpair.prerm");
        let postrm = include_str!("../../../packaging/debian/debian/otpair.postrm");
        let spec = include_str!("../../../packaging/rpm/otpair.spec");
        let folders: Vec<_> = [ADMINS].into_iter().chain(DISTRIBUTIONS).collect();
        let folders = format!("/etc/pam.conf {}/*", folders.join("/* "));
        for script in [prerm, postrm, spec] {
            let mark = format!("mark='{}'", pamstack::MARK);
            assert!(script.contains(&mark), "{script}");
            assert!(script.contains(&folders), "{folders}: {script}");
        }
        let recovery = include_str!("../../../docs/recovery.md");
        assert!(recovery.contains(pamstack::MARK), "recovery.md");
    }
}
