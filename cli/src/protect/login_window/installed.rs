//! Whether all is installed that the login window would run.

use super::mac::Window;
use std::fs;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

/// The launchd job that starts the helper.
pub(super) const HELPER_JOB: &str = "io.otpair.helper";

/// Something that is not as it has to be: with it in the right, nobody would get in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lack {
    /// What is wrong.
    pub(crate) what: String,
    /// How it is mended.
    pub(crate) mend: String,
}

impl Window {
    /// What is wrong with the installation; nothing if all is there.
    pub(crate) fn lack(&self) -> Option<Lack> {
        let missing = self.missing().map(|what| Lack {
            what,
            mend: "install otpair's package again".to_owned(),
        });
        missing
            .or_else(|| self.foreign())
            .or_else(|| self.not_listening())
    }

    /// A part that is not there at all.
    pub(super) fn missing(&self) -> Option<String> {
        let parts = [self.plist(), self.executable(), self.helper.clone()];
        let mut parts = parts.iter();
        let missing = parts.find(|part| !is_plain(part))?;
        Some(format!("{} is missing", missing.display()))
    }

    fn plist(&self) -> PathBuf {
        self.bundle.join("Contents/Info.plist")
    }

    fn executable(&self) -> PathBuf {
        self.bundle.join("Contents/MacOS/otpair")
    }

    /// A part that somebody else than root could change.
    fn foreign(&self) -> Option<Lack> {
        let contents = self.bundle.join("Contents");
        let parts = [
            self.bundle.clone(),
            contents.join("MacOS"),
            contents,
            self.plist(),
            self.executable(),
            self.helper.clone(),
        ];
        let foreign = parts.iter().find(|part| !self.is_roots(part))?;
        Some(Lack {
            what: format!(
                "{} is not root's alone, so macOS may refuse to load it, and others could change it",
                foreign.display()
            ),
            mend: format!(
                "chown -R root:wheel {bundle} {helper}, then chmod -R go-w {bundle} {helper}",
                bundle = self.bundle.display(),
                helper = self.helper.display()
            ),
        })
    }

    fn is_roots(&self, path: &Path) -> bool {
        path.symlink_metadata().is_ok_and(|found| {
            !found.is_symlink() && found.uid() == self.owner && found.mode() & 0o022 == 0
        })
    }

    /// The helper's socket, which launchd makes.
    fn not_listening(&self) -> Option<Lack> {
        let is_socket = |found: fs::Metadata| found.file_type().is_socket();
        let what = if !self.is_loaded(HELPER_JOB) {
            format!("launchd has no job {HELPER_JOB}: nobody answers at the login window")
        } else if !self.socket.symlink_metadata().is_ok_and(is_socket) {
            format!("{} is no socket", self.socket.display())
        } else {
            return None;
        };
        let job = self.daemons.join(format!("{HELPER_JOB}.plist"));
        Some(Lack {
            what,
            mend: format!(
                "launchctl bootout system/{HELPER_JOB}; launchctl bootstrap system {}",
                job.display()
            ),
        })
    }
}

/// Whether a file is there that is no link.
fn is_plain(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|found| found.is_file())
}
