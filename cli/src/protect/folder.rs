//! PAM's folder: a file for each service.

use crate::failure::Failure;
use crate::files::{self, Lock};
use otpair_host::pamstack::{self, Examined};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

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

/// Refuses everybody but root, who alone may change what is here.
pub(crate) fn need_root() -> Result<(), Failure> {
    files::need_root_for(&format!("what is in {ADMINS}"))
}

/// Root's own, so that nobody else can keep it locked.
const LOCK: &str = "/run/otpair-protect.lock";

/// Keeps every other `otpair protect` waiting until it is dropped.
pub(crate) fn lock() -> Result<Lock, Failure> {
    files::lock(Path::new(LOCK), "otpair protect")
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
