//! The credential that only this machine's TPM opens: sealed and opened by systemd-creds(1), unsealed at each boot by a
//! unit.

use crate::failure::Failure;
use crate::files;
use crate::systemd::{last_line, systemctl};
use otpair_cache::SealingKey;
use otpair_host::config::UNSEALED_KEY;
use rustix::fs::{CWD, RenameFlags, renameat_with, statfs};
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::process::{Command, Stdio};
use zeroize::Zeroizing;

/// Where it is kept.
pub(crate) const PATH: &str = "/etc/credstore.encrypted/otpair-cache-key";

/// Where it is written before it gets its name, and where one that was replaced or removed is overwritten.
const UNFINISHED: &str = "/etc/credstore.encrypted/.otpair-cache-key.otpair";

/// Its name, which is sealed with it.
const NAME: &str = "--name=otpair-cache-key";

/// The unit that unseals it.
pub(crate) const UNIT: &str = "otpair-key.service";

/// Is there when a boot starts the unit.
const WANTED: &str = "/etc/systemd/system/sysinit.target.wants/otpair-key.service";

/// The device of a TPM 2.0.
pub(crate) const TPM: &str = "/dev/tpmrm0";

/// Which PCRs it is bound to where the admin names none: none at all. systemd 252 and its like seal that, and then can't
/// open it; PCR 23 is the next best, since nothing but an admin's own program writes to it.
const NO_PCRS: [&str; 2] = ["", "23"];

/// How one begins that the TPM has sealed: the base64 of systemd's ids of the kinds of key, but for the last 2 bits. The
/// others are opened by a file on the same disk, or by nothing at all.
const BY_TPM: [&[u8]; 4] = [
    b"DHzAexF2RZGcSwvqCLwg/",
    b"+vfrk0HjQSyhpDb5Wik2L",
    b"k6iUCUh0RJCQyvL8k8q1U",
    b"r0lQqEkTTrGnOEYwT/MMB",
];

/// Whether there is one.
pub(crate) fn exists() -> bool {
    Path::new(PATH).symlink_metadata().is_ok()
}

/// Whether a boot starts the unit.
pub(crate) fn is_enabled() -> bool {
    Path::new(WANTED).symlink_metadata().is_ok()
}

/// Whether the TPM has sealed it.
pub(crate) fn is_by_tpm() -> bool {
    let starts = |sealed: Vec<u8>| BY_TPM.iter().any(|kind| sealed.starts_with(kind));
    fs::read(PATH).is_ok_and(starts)
}

/// Opens it.
///
/// # Errors
/// Why it can't be opened, as systemd-creds says it.
pub(crate) fn open() -> Result<SealingKey, String> {
    let sealed = fs::read(PATH).map_err(|error| error.to_string())?;
    unseal(&sealed)
}

fn unseal(sealed: &[u8]) -> Result<SealingKey, String> {
    let line = creds(&["decrypt", NAME, "-", "-"], sealed)?;
    SealingKey::parse(&line, PATH).map_err(|fault| fault.detail)
}

/// Seals a key, and makes sure that it can be opened again.
pub(super) fn seal(key: &SealingKey, pcrs: Option<&str>) -> Result<Vec<u8>, Failure> {
    let named = pcrs.filter(|pcrs| !pcrs.is_empty());
    let choices = named.map_or(NO_PCRS.to_vec(), |pcrs| vec![pcrs]);
    let mut opened = Err("it is not tried".to_owned());
    for pcrs in choices {
        let pcrs = format!("--tpm2-pcrs={pcrs}");
        let sealed = creds(
            &["encrypt", "--with-key=tpm2", &pcrs, NAME, "-", "-"],
            &key.line(),
        )
        .map_err(|why| not_sealed(&why))?;
        opened = unseal(&sealed);
        if opened.as_ref() == Ok(key) {
            return Ok(sealed.to_vec());
        }
    }
    let why = opened.err().unwrap_or_else(|| "other bytes".to_owned());
    Err(Failure::new(format!(
        "what the TPM has sealed it does not give back: {why}; nothing was changed"
    )))
}

fn not_sealed(why: &str) -> Failure {
    let hint = if Path::new(TPM).exists() {
        ""
    } else {
        " (there is no /dev/tpmrm0: this machine has no TPM 2.0, or its firmware hides it)"
    };
    Failure::new(format!(
        "the TPM can't seal the key: {why}{hint}; nothing was changed"
    ))
}

/// Writes it, as a whole and durably. The one that was there is overwritten: it may open where the new one does not.
pub(super) fn write(sealed: &[u8]) -> Result<(), Failure> {
    let path = Path::new(PATH);
    let failed = |error| Failure::file(path, &error);
    if let Some(folder) = path.parent().filter(|folder| !folder.is_dir()) {
        DirBuilder::new()
            .mode(0o700)
            .create(folder)
            .map_err(failed)?;
        files::sync_folder(folder).map_err(failed)?;
    }
    clear()?;
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(UNFINISHED)
        .and_then(|mut file| {
            file.write_all(sealed)?;
            file.sync_all()
        })
        .and_then(|()| exchange())
        .and_then(|()| files::sync_folder(path))
        .map_err(failed)?;
    clear()
}

/// Gives the new one its name, and the old one that of the new one.
fn exchange() -> io::Result<()> {
    renameat_with(CWD, UNFINISHED, CWD, PATH, RenameFlags::EXCHANGE)
        // There is no old one, or this file system can't do that.
        .or_else(|_| fs::rename(UNFINISHED, PATH))
}

/// Removes it. What a kill leaves of that has another name, and is no credential any more.
pub(super) fn remove() -> Result<(), Failure> {
    clear()?;
    let path = Path::new(PATH);
    match fs::rename(path, UNFINISHED).and_then(|()| files::sync_folder(path)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Failure::file(path, &error)),
        _ => clear(),
    }
}

/// Overwrites and removes what was not finished, was replaced or was removed.
pub(super) fn clear() -> Result<(), Failure> {
    let path = Path::new(UNFINISHED);
    overwrite(path).map_err(|error| Failure::file(path, &error))?;
    files::remove(path).map(drop)
}

fn overwrite(path: &Path) -> io::Result<()> {
    // An admin's link is not followed.
    let Some(old) = path.symlink_metadata().ok().filter(fs::Metadata::is_file) else {
        return Ok(());
    };
    let mut file = OpenOptions::new().write(true).open(path)?;
    io::copy(&mut io::repeat(0).take(old.len()), &mut file)?;
    file.sync_all()
}

/// Refuses a machine on which no boot could unseal it.
pub(super) fn need_systemd(is_booted: bool) -> Result<(), Failure> {
    if !is_booted {
        return Err(Failure::new(
            "systemd does not run this machine, and a key that is sealed is unsealed by systemd at each boot; nothing was changed",
        ));
    }
    systemctl(&["cat", UNIT]).map_err(|_| {
        Failure::new(format!(
            "{UNIT} is not installed: install it with the package, or from packaging/systemd; nothing was changed"
        ))
    })
}

/// Has each boot start the unit, durably.
pub(super) fn enable() -> Result<(), Failure> {
    systemctl(&["enable", UNIT])?;
    let link = Path::new(WANTED);
    let mut links = [Some(link), link.parent()].into_iter().flatten();
    links
        .try_for_each(files::sync_folder)
        .map_err(|error| Failure::file(link, &error))
}

/// Has no boot start the unit any more. This needs no systemd, so that it works in a rescue system.
pub(super) fn disable(is_booted: bool) -> Result<(), Failure> {
    files::remove(Path::new(WANTED))?;
    if is_booted {
        systemctl(&["daemon-reload"])?;
    }
    Ok(())
}

/// Starts the unit, once more if it runs.
pub(super) fn start() -> Result<(), Failure> {
    // One that has failed too often is else not started again.
    let _ = systemctl(&["reset-failed", UNIT]);
    systemctl(&["restart", UNIT])
        .map_err(|why| Failure::new(format!("{}; see journalctl -u {UNIT}", why.message())))
}

/// Stops the unit: this alone takes nothing away.
pub(super) fn stop() {
    let _ = systemctl(&["stop", UNIT]);
}

/// Whether what the unit has unsealed can be swapped to the disk: it lies in memory that can, and there is swap.
pub(crate) fn may_be_swapped() -> bool {
    /// `RAMFS_MAGIC` of the kernel.
    const RAMFS: u64 = 0x8584_58f6;
    let swaps = fs::read_to_string("/proc/swaps").unwrap_or_default();
    // zram's swap is memory too.
    let mut swaps = swaps.lines().skip(1);
    let kind = statfs(UNSEALED_KEY).map(|found| u64::try_from(found.f_type).unwrap_or_default());
    swaps.any(|swap| !swap.starts_with("/dev/zram")) && !matches!(kind, Ok(RAMFS))
}

/// Takes away the memory of its own that the unit has got.
pub(super) fn unmount() {
    let folder = Path::new(UNSEALED_KEY).parent().unwrap_or(Path::new("/"));
    let mut umount = Command::new("umount");
    // Where it got none there is nothing to take away.
    let _ = umount
        .arg(folder)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status();
}

/// Runs systemd-creds, which reads and writes through pipes alone: no secret stands in an argument or a file.
fn creds(arguments: &[&str], input: &[u8]) -> Result<Zeroizing<Vec<u8>>, String> {
    let mut child = Command::new("systemd-creds")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| {
            format!("systemd-creds can't be started ({error}): it comes with systemd 250 and newer")
        })?;
    let mut written = Ok(());
    if let Some(mut stdin) = child.stdin.take() {
        written = stdin.write_all(input);
    }
    // With room for all of it, so that no copy of a key is left behind where it grows.
    let mut output = Zeroizing::new(Vec::with_capacity(16 * 1024));
    if let Some(mut stdout) = child.stdout.take() {
        stdout
            .read_to_end(&mut output)
            .map_err(|error| error.to_string())?;
    }
    let rest = child
        .wait_with_output()
        .map_err(|error| error.to_string())?;
    if !rest.status.success() {
        return Err(last_line(&rest.stderr));
    }
    written.map_err(|error| error.to_string())?;
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_unseals_this_credential_to_where_sign_ons_look() {
        let unit = include_str!("../../../packaging/systemd/otpair-key.service");
        let name = NAME.strip_prefix("--name=").unwrap();
        assert!(unit.contains(&format!("ConditionPathExists={PATH}\n")));
        assert!(unit.contains(&format!("LoadCredentialEncrypted={name}:{PATH}\n")));
        assert!(unit.contains(UNSEALED_KEY));
        let target = Path::new(WANTED).parent().and_then(Path::file_name);
        let target = target.and_then(|target| target.to_str()).unwrap();
        let target = target.strip_suffix(".wants").unwrap();
        assert!(unit.contains(&format!("WantedBy={target}\n")));
    }
}
