//! The built package, taken apart by other people's programs.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// The workspace's root.
pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(3)
        .unwrap()
        .to_path_buf()
}

/// The package that `packaging/macos/build` has made.
pub(crate) fn package() -> PathBuf {
    let name = concat!("otpair-", env!("CARGO_PKG_VERSION"), ".pkg");
    let package = workspace().join("target/macos").join(name);
    assert!(
        package.is_file(),
        "{} is not built: run `packaging/macos/build` first",
        package.display()
    );
    package
}

/// What a program prints; it has to succeed.
pub(crate) fn run<S: AsRef<OsStr>>(program: &str, arguments: &[S]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|e| panic!("{program}: {e}; is its Debian package installed?"));
    assert!(
        output.status.success(),
        "{program}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// The package in a folder of its own, taken apart by `bsdtar`.
pub(crate) struct Unpacked {
    folder: TempDir,
}

impl Unpacked {
    /// The archive in `archive`, and in `payload` and `scripts` what its own archives hold, with their modes and owners.
    pub(crate) fn new() -> Self {
        assert_eq!(
            run("id", &["-u"]).trim(),
            "0",
            "owners can be unpacked by root only: run the tests as root"
        );
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        extract(&package(), &at("archive"));
        extract(&at("archive/otpair.pkg/Payload"), &at("payload"));
        extract(&at("archive/otpair.pkg/Scripts"), &at("scripts"));
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }
}

fn extract(archive: &Path, folder: &Path) {
    std::fs::create_dir(folder).unwrap();
    run(
        "bsdtar",
        &[
            OsStr::new("--numeric-owner"),
            OsStr::new("-xpf"),
            archive.as_os_str(),
            OsStr::new("-C"),
            folder.as_os_str(),
        ],
    );
}

/// Where the bundle lies.
pub(crate) const BUNDLE: &str =
    "payload/Library/Security/SecurityAgentPlugins/otpair.bundle/Contents";
