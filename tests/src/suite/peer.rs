//! What the peers' set-ups share.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Fails with a sentence unless a peer's module is installed.
pub fn assert_installed(module: &str, package: &str) {
    let multiarch = format!("/lib/{}-linux-gnu/security", std::env::consts::ARCH);
    let folders = [multiarch.as_str(), "/lib/security", "/lib64/security"];
    assert!(
        folders
            .iter()
            .any(|folder| Path::new(folder).join(module).is_file()),
        "{module} is missing: install the Debian package {package}"
    );
}

/// Writes a file for its owner alone.
pub fn write_private(path: &Path, text: &str) {
    fs::write(path, text)
        .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o600)))
        .expect("a peer's file can't be written");
}

/// What makes `setpriv` run a program as a user and nobody else.
pub fn as_user(uid: u32) -> [String; 3] {
    [
        format!("--reuid={uid}"),
        format!("--regid={uid}"),
        "--clear-groups".to_owned(),
    ]
}
