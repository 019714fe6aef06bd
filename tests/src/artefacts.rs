//! The built programs under test: found, never built here.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// The programs under test, and the test's own libpam client.
#[derive(Debug, Clone)]
pub struct Artefacts {
    /// `pam_otpair.so`.
    pub module: PathBuf,
    /// The admin's command.
    pub otpair: PathBuf,
    /// The helper for callers that are not root.
    pub helper: PathBuf,
    /// The test's libpam client.
    pub pamloop: PathBuf,
    /// A hostile client of the helper.
    pub hostile: PathBuf,
}

impl Artefacts {
    /// Finds them: `OTPAIR_SO`, `OTPAIR_BIN` and `OTPAIR_HELPER`, else whichever of the release and the debug build is newer.
    ///
    /// # Panics
    /// If one is missing, with a sentence that says how to build it.
    pub fn find() -> Self {
        let target = target_folder();
        Self {
            module: named_or_built(
                "OTPAIR_SO",
                &target,
                "libpam_otpair.so",
                "cargo build -p otpair-pam",
            ),
            otpair: named_or_built("OTPAIR_BIN", &target, "otpair", "cargo build -p otpair"),
            helper: named_or_built(
                "OTPAIR_HELPER",
                &target,
                "otpair-helper",
                "cargo build -p otpair-helper",
            ),
            pamloop: newest(&target, "pamloop", "cargo build -p otpair-tests"),
            hostile: newest(&target, "hostile", "cargo build -p otpair-tests"),
        }
    }
}

/// The login window's plugin: `OTPAIR_PLUGIN`, else as in [`Artefacts::find`].
///
/// # Panics
/// If it is missing, with a sentence that says how to build it.
pub fn plugin() -> PathBuf {
    named_or_built(
        "OTPAIR_PLUGIN",
        &target_folder(),
        "libotpair_plugin.so",
        "cargo build -p otpair-macos",
    )
}

/// The test's authorization host.
///
/// # Panics
/// As [`plugin`].
pub fn authhost() -> PathBuf {
    newest(&target_folder(), "authhost", "cargo build -p otpair-tests")
}

/// The TPM for a container.
///
/// # Panics
/// As [`plugin`].
pub fn tpm() -> PathBuf {
    newest(&target_folder(), "tpm", "cargo build -p otpair-tests")
}

/// A test's executable is `target/PROFILE/deps/NAME`, another program's `target/PROFILE/NAME`.
fn target_folder() -> PathBuf {
    let exe = env::current_exe().expect("the test's own path can't be found");
    let folder = exe.parent().expect("a program lies in a folder");
    let profile = if folder.ends_with("deps") {
        folder.parent()
    } else {
        Some(folder)
    };
    let target = profile.and_then(Path::parent);
    target
        .map(Path::to_path_buf)
        .expect("the test does not lie in a target folder")
}

fn named_or_built(variable: &str, target: &Path, file: &str, how: &str) -> PathBuf {
    match env::var_os(variable) {
        Some(path) => {
            let path = PathBuf::from(path);
            assert!(
                path.is_file(),
                "{variable} names {}, which is no file",
                path.display()
            );
            path
        }
        None => newest(target, file, how),
    }
}

fn newest(target: &Path, file: &str, how: &str) -> PathBuf {
    ["release", "debug"]
        .iter()
        .map(|profile| target.join(profile).join(file))
        .filter_map(|path| Some((path.metadata().ok()?.modified().ok()?, path)))
        .max()
        .map_or_else(
            || panic!("{file} is not built: run `{how}` first"),
            |(_, path)| path,
        )
}

/// Fails with a sentence unless the tests run as root and every program that they drive is installed.
pub fn assert_equipped() {
    assert!(
        rustix::process::geteuid().is_root(),
        "the end-to-end tests must run as root: they start sshd, sudo and login"
    );
    let programs = [
        ("unshare", "util-linux"),
        ("nsenter", "util-linux"),
        ("setpriv", "util-linux"),
        ("setsid", "util-linux"),
        ("ip", "iproute2"),
        ("sshd", "openssh-server"),
        ("ssh", "openssh-client"),
        ("sudo", "sudo"),
        ("su", "util-linux"),
        ("login", "login"),
        ("pamtester", "pamtester"),
        ("oathtool", "oathtool"),
        ("faketime", "faketime"),
        ("strace", "strace"),
    ];
    for (program, package) in programs {
        assert!(
            installed(program),
            "{program} is missing: install the Debian package {package}"
        );
    }
}

/// Fails with a sentence unless a container can be booted here.
pub fn assert_booting() {
    assert_equipped();
    for (program, package) in [
        ("systemd-nspawn", "systemd-container"),
        ("systemd-id128", "systemd"),
    ] {
        assert!(
            installed(program),
            "{program} is missing: install the Debian package {package}"
        );
    }
}

/// Fails with a sentence unless a container can have a TPM here.
pub fn assert_tpm() {
    for (program, package) in [("swtpm", "swtpm"), ("tpm2_pcrextend", "tpm2-tools")] {
        assert!(
            installed(program),
            "{program} is missing: install the Debian package {package}"
        );
    }
    let library = "libtss2-tcti-swtpm.so.0";
    let folders = ["/usr/lib", "/lib", "/usr/lib64"].map(Path::new);
    let entries = folders
        .iter()
        .filter_map(|folder| fs::read_dir(folder).ok());
    let mut folders = entries.flatten().flatten().map(|entry| entry.path());
    assert!(
        folders.any(|path| path.ends_with(library) || path.join(library).exists()),
        "{library} is missing: install the Debian package libtss2-tcti-swtpm0"
    );
}

fn installed(program: &str) -> bool {
    ["/usr/bin", "/usr/sbin", "/bin", "/sbin"]
        .iter()
        .any(|folder| Path::new(folder).join(program).exists())
}
