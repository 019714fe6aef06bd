//! The package as archives: xar, cpio and Bom, read by `bsdtar`, `7z`, `cksum` and the crate `apple-bom`.

use crate::unpacked::{Unpacked, package, run, workspace};
use apple_bom::ParsedBom;
use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

const ARCHIVE: [&str; 6] = [
    "Distribution",
    "otpair.pkg",
    "otpair.pkg/Bom",
    "otpair.pkg/PackageInfo",
    "otpair.pkg/Payload",
    "otpair.pkg/Scripts",
];

/// Mode and path of all that is installed but for launchd's jobs, as the contract has it.
const INSTALLED: [(u32, &str); 34] = [
    (0o040_755, ""),
    (0o040_755, "Library"),
    (0o040_755, "Library/LaunchDaemons"),
    (0o041_755, "Library/PrivilegedHelperTools"),
    (0o100_755, "Library/PrivilegedHelperTools/otpair"),
    (0o100_755, "Library/PrivilegedHelperTools/otpair-helper"),
    (0o040_755, "Library/Security"),
    (0o040_755, "Library/Security/SecurityAgentPlugins"),
    (0o040_755, "@"),
    (0o040_755, "@/Contents"),
    (0o100_644, "@/Contents/Info.plist"),
    (0o040_755, "@/Contents/MacOS"),
    (0o100_755, "@/Contents/MacOS/otpair"),
    (0o040_755, "@/Contents/Resources"),
    (0o100_644, "@/Contents/Resources/LICENSE"),
    (0o100_644, "@/Contents/Resources/LICENSE-APACHE"),
    (0o100_644, "@/Contents/Resources/LICENSE-MIT"),
    (0o040_755, "@/Contents/_CodeSignature"),
    (0o100_644, "@/Contents/_CodeSignature/CodeResources"),
    (0o040_755, "usr"),
    (0o040_755, "usr/local"),
    (0o040_755, "usr/local/bin"),
    (0o120_755, "usr/local/bin/otpair"),
    (0o040_755, "usr/local/libexec"),
    (0o040_755, "usr/local/libexec/otpair"),
    (0o100_755, "usr/local/libexec/otpair/uninstall"),
    (0o040_755, "usr/local/share"),
    (0o040_755, "usr/local/share/man"),
    (0o040_755, "usr/local/share/man/man5"),
    (0o100_644, "usr/local/share/man/man5/otpair.toml.5"),
    (0o040_755, "usr/local/share/man/man8"),
    (0o100_644, "usr/local/share/man/man8/otpair-helper.8"),
    (0o100_644, "usr/local/share/man/man8/otpair.8"),
    (0o100_644, "usr/local/share/man/man8/pam_otpair.8"),
];

/// Every path of the folder below `base`, with what stat(2) says about it.
fn walk(base: &Path) -> BTreeMap<String, fs::Metadata> {
    let listed = run(
        "find",
        &[base.as_os_str(), "-printf".as_ref(), "%P\\n".as_ref()],
    );
    let paths = listed.lines().map(str::to_owned);
    paths
        .map(|path| {
            let metadata = fs::symlink_metadata(base.join(&path)).unwrap();
            (path, metadata)
        })
        .collect()
}

/// Every job that has a file in the sources.
fn jobs() -> Vec<(String, u32)> {
    let jobs = fs::read_dir(workspace().join("packaging/macos/launchd")).unwrap();
    let names = jobs.map(|job| job.unwrap().file_name().into_string().unwrap());
    names
        .map(|name| (format!("Library/LaunchDaemons/{name}"), 0o100_644))
        .collect()
}

#[test]
fn bsdtar_and_7z_find_the_same_files_with_the_same_bytes() {
    let unpacked = Unpacked::new();
    let mut found: Vec<_> = walk(&unpacked.path("archive")).into_keys().collect();
    found.retain(|path| !path.is_empty());
    assert_eq!(found, ARCHIVE);

    // 7z also compares the checksums that the table of contents has.
    let out = format!("-o{}", unpacked.path("seven").display());
    let package = package();
    run("7z", &["x", "-bd", "-y", &out, package.to_str().unwrap()]);
    for path in ARCHIVE.iter().filter(|path| **path != "otpair.pkg") {
        let [ours, theirs] =
            ["archive", "seven"].map(|folder| unpacked.bytes(&format!("{folder}/{path}")));
        assert!(ours == theirs, "{path} differs");
    }
}

#[test]
fn everything_is_where_the_contract_says_with_its_mode_and_is_roots() {
    let unpacked = Unpacked::new();
    let bundle = "Library/Security/SecurityAgentPlugins/otpair.bundle";
    let installed: BTreeMap<_, _> = INSTALLED
        .iter()
        .map(|(mode, path)| (path.replace('@', bundle), *mode))
        .chain(jobs())
        .collect();
    let payload = walk(&unpacked.path("payload"));
    // bsdtar makes a link with all permissions, as Linux has it.
    let mode = |m: &fs::Metadata| if m.is_symlink() { 0o120_755 } else { m.mode() };
    let found: BTreeMap<_, _> = payload
        .iter()
        .map(|(path, metadata)| (path.clone(), mode(metadata)))
        .collect();
    assert_eq!(found, installed);
    for (path, metadata) in &payload {
        assert_eq!((metadata.uid(), metadata.gid()), (0, 0), "{path}");
    }
    let link = fs::read_link(unpacked.path("payload/usr/local/bin/otpair")).unwrap();
    assert_eq!(
        link,
        Path::new("../../../Library/PrivilegedHelperTools/otpair")
    );
}

#[test]
fn bom_and_payload_agree_about_every_path() {
    let unpacked = Unpacked::new();
    let bytes = unpacked.bytes("archive/otpair.pkg/Bom");
    let bom = ParsedBom::parse(&bytes).unwrap();
    let payload = walk(&unpacked.path("payload"));
    let listed = bom.paths().unwrap();
    assert_eq!(listed.len(), payload.len());
    let info = bom.bom_info().unwrap();
    assert_eq!(info.number_of_paths as usize, payload.len() + 1);
    for entry in &listed {
        let path = entry.path().trim_start_matches('.').trim_start_matches('/');
        let there = &payload[path];
        let own = unpacked.path("payload").join(path);
        assert_eq!((entry.user_id(), entry.group_id()), (0, 0), "{path}");
        // bsdtar leaves the folder that it is told to unpack into as it is.
        let unpacked_there = if path.is_empty() {
            &payload["Library"]
        } else {
            there
        };
        assert_eq!(
            entry.modified_time().timestamp(),
            unpacked_there.mtime(),
            "{path}"
        );
        if there.is_symlink() {
            assert_eq!(u32::from(entry.file_mode()), 0o120_755, "{path}");
            let target = fs::read_link(&own).unwrap();
            assert_eq!(entry.link_name(), target.to_str(), "{path}");
            continue;
        }
        assert_eq!(u32::from(entry.file_mode()), there.mode(), "{path}");
        if there.is_file() {
            assert_eq!(entry.size() as u64, there.len(), "{path}");
            let sum = run("cksum", &[&own]);
            let sum = sum.split(' ').next().unwrap().parse().ok();
            assert_eq!(entry.crc32(), sum, "{path}");
        }
    }
    for empty in [bom.hl_index(), bom.size64(), bom.vindex()] {
        assert!(empty.unwrap().is_empty());
    }
}

#[test]
fn packing_the_same_again_gives_the_same_bytes_whatever_the_modes_on_the_disk_are() {
    let unpacked = Unpacked::new();
    let payload = walk(&unpacked.path("payload"));
    for (path, metadata) in payload.iter().filter(|(_, m)| m.is_file()) {
        let mode = Permissions::from_mode(metadata.mode() ^ 0o037);
        fs::set_permissions(unpacked.path("payload").join(path), mode).unwrap();
    }
    let again = unpacked.path("again.pkg");
    let status = Command::new(env!("CARGO_BIN_EXE_otpair-pkg"))
        .args(["pack", "--version", env!("CARGO_PKG_VERSION"), "--time"])
        .arg(payload["Library"].mtime().to_string())
        .arg("--root")
        .arg(unpacked.path("payload"))
        .arg("--scripts")
        .arg(unpacked.path("scripts"))
        .arg(&again)
        .status()
        .unwrap();
    assert!(status.success());
    let [built, again] = [package(), again].map(|path| fs::read(path).unwrap());
    assert!(built == again, "the packages differ");
}
