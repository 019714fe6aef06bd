//! The built deb, taken apart by `dpkg-deb`.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// The workspace's root.
pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// What a program prints; it has to succeed.
pub(crate) fn run<S: AsRef<OsStr>>(program: &str, arguments: &[S]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}; is its Debian package installed?"));
    assert!(
        output.status.success(),
        "{program}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// The deb's name.
pub(crate) fn name() -> String {
    let architecture = run("dpkg", &["--print-architecture"]);
    format!(
        "otpair_{}_{}.deb",
        env!("CARGO_PKG_VERSION"),
        architecture.trim()
    )
}

/// The deb that `packaging/debian/build` has made.
pub(crate) fn deb() -> PathBuf {
    let deb = workspace().join("target/packages").join(name());
    assert!(
        deb.is_file(),
        "{} is not built: run `./package deb` first",
        deb.display()
    );
    deb
}

/// The deb in a folder of its own.
pub(crate) struct Unpacked {
    folder: TempDir,
}

impl Unpacked {
    /// The deb under test.
    pub(crate) fn new() -> Self {
        Self::of(&deb())
    }

    pub(crate) fn of(deb: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (how, name) in [("-x", "root"), ("-e", "control")] {
            let into = folder.path().join(name);
            run(
                "dpkg-deb",
                &[OsStr::new(how), deb.as_os_str(), into.as_os_str()],
            );
        }
        Self { folder }
    }

    /// A file, by its place on the machine.
    pub(crate) fn path(&self, place: &str) -> PathBuf {
        self.folder
            .path()
            .join("root")
            .join(place.trim_start_matches('/'))
    }

    /// What dpkg is told about the package: `control`, `conffiles`, a maintainer script.
    pub(crate) fn control(&self, member: &str) -> PathBuf {
        self.folder.path().join("control").join(member)
    }

    /// The module, the command and the helper.
    pub(crate) fn programs(&self) -> Vec<PathBuf> {
        let mut programs = vec![self.path(&module())];
        programs.extend(PROGRAMS.map(|place| self.path(place)));
        programs
    }

    /// Every file, for dpkg and for the machine: its place in the deb, and where it is unpacked.
    pub(crate) fn files(&self) -> Vec<(PathBuf, PathBuf)> {
        let (mut folders, mut files) = (vec![self.folder.path().to_path_buf()], Vec::new());
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let place = path.strip_prefix(self.folder.path()).unwrap();
                    files.push((place.to_path_buf(), path));
                }
            }
        }
        files
    }
}

/// Where the module is.
pub(crate) fn module() -> String {
    format!(
        "/usr/lib/{}-linux-gnu/security/pam_otpair.so",
        env::consts::ARCH
    )
}

/// What is started.
pub(crate) const PROGRAMS: [&str; 2] = ["/usr/bin/otpair", "/usr/libexec/otpair/otpair-helper"];
