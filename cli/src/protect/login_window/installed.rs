//! Whether all is installed that the login window would run.

use super::mac::{Window, run};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// The launchd job that starts the helper.
pub(super) const HELPER_JOB: &str = "io.otpair.helper";

/// How long launchd may take to make the helper's socket.
const PATIENCE: Duration = Duration::from_secs(10);

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
        self.unsound().or_else(|| self.not_listening())
    }

    /// As [`Self::lack`], after launchd was given the helper's job, where that is what lacks.
    pub(super) fn lack_once_loaded(&self) -> Option<Lack> {
        // What others could change is not started.
        if self.unsound().is_none() && !self.is_loaded(HELPER_JOB) {
            self.load_helper();
        }
        self.lack()
    }

    /// Gives launchd the helper's job, also where somebody has disabled it. Whatever comes of that, [`Self::lack`] tells.
    fn load_helper(&self) {
        let job = format!("system/{HELPER_JOB}");
        let _ = run(&self.launchctl, &["enable", &job], b"");
        let plist = self.helper_plist();
        let arguments = ["bootstrap", "system", &plist.to_string_lossy()];
        if run(&self.launchctl, &arguments, b"").is_err() {
            return;
        }
        let until = Instant::now() + PATIENCE;
        while !self.is_listening() && Instant::now() < until {
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// A part that is not there, or is not root's alone.
    fn unsound(&self) -> Option<Lack> {
        let missing = self.missing().map(|what| Lack {
            what,
            mend: "install otpair's package again".to_owned(),
        });
        missing.or_else(|| self.foreign())
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

    /// The helper's job or its socket, where there is none.
    fn not_listening(&self) -> Option<Lack> {
        let start = format!(
            "launchctl enable system/{HELPER_JOB}; launchctl bootout system/{HELPER_JOB}; launchctl bootstrap system {}",
            self.helper_plist().display()
        );
        if !self.is_loaded(HELPER_JOB) {
            return Some(Lack {
                what: format!(
                    "launchd has no job {HELPER_JOB}: nobody answers at the login window"
                ),
                mend: format!(
                    "allow otpair in System Settings, General, Login Items, if it is off there, then {start}"
                ),
            });
        }
        if !self.is_listening() {
            return Some(Lack {
                what: format!("{} is no socket", self.socket.display()),
                mend: start,
            });
        }
        None
    }

    /// Whether the helper's socket is there, which launchd makes.
    fn is_listening(&self) -> bool {
        let is_socket = |found: fs::Metadata| found.file_type().is_socket();
        self.socket.symlink_metadata().is_ok_and(is_socket)
    }

    fn helper_plist(&self) -> PathBuf {
        self.daemons.join(format!("{HELPER_JOB}.plist"))
    }
}

/// Whether a file is there that is no link. What can't be looked at is not said to be missing.
fn is_plain(path: &Path) -> bool {
    match path.symlink_metadata() {
        Ok(found) => found.is_file(),
        Err(error) => !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
    }
}
