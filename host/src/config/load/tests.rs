use super::*;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

/// A folder that only the caller can write, and a config in it.
fn scratch(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let path = folder.path().join("otpair.toml");
    fs::write(&path, text).unwrap();
    chmod(&path, 0o644);
    (folder, path)
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn refusal(path: &Path) -> String {
    let fault: Fault = Config::load(Some(path)).expect_err("this config is refused");
    assert_eq!(fault.kind, FaultKind::Config);
    // Where a missing file would mean the defaults, this is no missing file.
    let or_default = load_or(path, Some(Config::default()));
    assert!(
        or_default == Err(fault.clone()) || !path.exists(),
        "{fault}"
    );
    fault.detail
}

#[test]
fn a_config_is_loaded_from_the_file_named() {
    let (_folder, path) = scratch("[sign_on]\nattempts = 7");
    assert_eq!(Config::load(Some(&path)).unwrap().policy("x").attempts, 7);
}

#[test]
fn a_named_config_that_is_missing_is_a_fault_and_a_missing_default_means_the_defaults() {
    let (folder, path) = scratch("");
    fs::remove_file(&path).unwrap();
    assert!(refusal(&path).contains("otpair.toml"));
    assert_eq!(
        load_or(&path, Some(Config::default())),
        Ok(Config::default())
    );
    let deep = folder.path().join("not/there/otpair.toml");
    assert_eq!(
        load_or(&deep, Some(Config::default())),
        Ok(Config::default())
    );
}

#[test]
fn a_mistake_in_the_file_is_a_fault_with_line_and_column() {
    let (_folder, path) = scratch("[sign_on]\natempts = 7");
    assert!(refusal(&path).starts_with(&format!("{}:2:1: unknown key", path.display())));
    fs::write(&path, b"[sign_on]\nhelp = \"\xff\"").unwrap();
    assert!(
        refusal(&path).contains(":2:9: this is not UTF-8"),
        "{}",
        refusal(&path)
    );
}

#[test]
fn a_config_that_others_may_write_is_refused() {
    let (folder, path) = scratch("");
    for mode in [0o664, 0o646, 0o666] {
        chmod(&path, mode);
        assert!(refusal(&path).contains("others may write"), "{mode:o}");
    }
    chmod(&path, 0o600);
    assert!(Config::load(Some(&path)).is_ok());
    for mode in [0o775, 0o757, 0o777] {
        chmod(folder.path(), mode);
        assert!(refusal(&path).contains("others may write"), "{mode:o}");
    }
}

#[test]
fn a_missing_default_in_a_folder_that_others_may_write_is_a_fault() {
    let (folder, path) = scratch("");
    fs::remove_file(&path).unwrap();
    chmod(folder.path(), 0o777);
    assert!(load_or(&path, Some(Config::default())).is_err());
}

#[test]
fn a_config_of_somebody_else_is_refused() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let (folder, path) = scratch("");
    std::os::unix::fs::chown(&path, Some(12_345), None).unwrap();
    assert!(refusal(&path).contains("is owned by uid"));
    std::os::unix::fs::chown(&path, Some(0), None).unwrap();
    std::os::unix::fs::chown(folder.path(), Some(12_345), None).unwrap();
    assert!(refusal(&path).contains("is owned by uid"));
}

#[test]
fn a_link_in_the_configs_place_is_refused() {
    let (folder, path) = scratch("");
    let link = folder.path().join("link.toml");
    symlink(&path, &link).unwrap();
    assert!(refusal(&link).contains("symbolic link"));
}

#[test]
fn a_linked_folder_is_as_good_as_the_way_it_leads() {
    let (folder, path) = scratch("");
    let (other, _) = scratch("");
    let link = other.path().join("otpair");
    symlink(folder.path(), &link).unwrap();
    let through = link.join("otpair.toml");
    assert!(Config::load(Some(&through)).is_ok());
    chmod(folder.path(), 0o777);
    assert!(refusal(&through).contains("others may write"));
    chmod(folder.path(), 0o755);
    fs::remove_file(&path).unwrap();
    fs::remove_dir(folder.path()).unwrap();
    assert!(
        load_or(&through, Some(Config::default())).is_err(),
        "a link that leads nowhere is no missing config"
    );
}

#[test]
fn links_in_a_circle_are_refused() {
    let (folder, _) = scratch("");
    let link = folder.path().join("circle");
    symlink(&link, &link).unwrap();
    assert!(Config::load(Some(&link.join("otpair.toml"))).is_err());
}

#[test]
fn a_fifo_a_folder_and_a_device_are_refused_without_waiting() {
    let (folder, _) = scratch("");
    let fifo = folder.path().join("fifo.toml");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &fifo,
        rustix::fs::FileType::Fifo,
        0o600.into(),
        0,
    )
    .unwrap();
    assert!(refusal(&fifo).contains("not a regular file"));
    assert!(refusal(folder.path()).contains("not a regular file"));
    assert!(refusal(Path::new("/dev/null")).contains("not a regular file"));
}

#[test]
fn a_config_of_more_than_a_mebibyte_is_refused() {
    let (_folder, path) = scratch(&format!("#{}", "x".repeat(1024 * 1024 - 1)));
    assert!(Config::load(Some(&path)).is_ok());
    fs::write(&path, format!("#{}", "x".repeat(1024 * 1024))).unwrap();
    assert!(refusal(&path).contains("longer than 1 MiB"));
}
