//! What the deb lays where, and whose it is.

use crate::unpacked::{PROGRAMS, Unpacked, deb, module, run, workspace};
use std::collections::BTreeMap;
use std::fs;

const CONFIG: &str = "/etc/otpair/otpair.toml";

/// Every place in the deb, with its mode and owner as `tar` shows them.
fn places() -> BTreeMap<String, String> {
    let listing = run("dpkg-deb", &["--contents".as_ref(), deb().as_os_str()]);
    let place = |line: &str| {
        let words: Vec<_> = line.split_whitespace().collect();
        let place = words[5].trim_start_matches('.').to_owned();
        (place, format!("{} {}", words[0], words[1]))
    };
    listing.lines().map(place).collect()
}

/// The names of the files in a folder of the repository.
fn names(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(workspace().join(folder)).unwrap();
    let entries = entries.map(|entry| entry.unwrap());
    let files = entries.filter(|entry| entry.file_type().unwrap().is_file());
    files
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect()
}

#[test]
fn everything_is_roots_and_only_the_programs_can_be_started() {
    for (place, whose) in places() {
        let expected = if place.ends_with('/') {
            "drwxr-xr-x root/root"
        } else if PROGRAMS.contains(&&*place) {
            "-rwxr-xr-x root/root"
        } else {
            "-rw-r--r-- root/root"
        };
        assert_eq!(whose, expected, "{place}");
    }
}

#[test]
fn all_that_otpair_needs_is_at_its_place() {
    let places = places();
    let mut wanted = vec![module()];
    wanted.extend(PROGRAMS.map(str::to_owned));
    wanted.extend(
        [
            CONFIG,
            "/usr/lib/tmpfiles.d/otpair.conf",
            "/usr/share/pam-configs/otpair",
            "/usr/share/bash-completion/completions/otpair",
            "/usr/share/zsh/vendor-completions/_otpair",
            "/usr/share/fish/vendor_completions.d/otpair.fish",
            "/usr/share/doc/otpair/copyright",
            "/usr/share/doc/otpair/README.Debian",
            "/usr/share/doc/otpair/third-party-licences.gz",
            "/usr/share/doc/otpair/otpair.toml.example",
            "/usr/share/doc/otpair/recovery.md",
            "/usr/share/doc/otpair/doors/fedora.md",
        ]
        .map(str::to_owned),
    );
    let units = names("packaging/systemd").into_iter();
    wanted.extend(units.map(|unit| format!("/lib/systemd/system/{unit}")));
    let manuals = names("docs").into_iter().filter_map(|page| {
        let name = page.strip_suffix(".md")?;
        let (_, section @ ("5" | "8")) = name.rsplit_once('.')? else {
            return None;
        };
        Some(format!("/usr/share/man/man{section}/{name}.gz"))
    });
    wanted.extend(manuals);
    assert!(wanted.len() > 15, "{wanted:?}");
    for place in wanted {
        assert!(places.contains_key(&place), "{place} is missing");
    }
}

#[test]
fn nothing_is_where_an_admin_or_another_package_may_have_something() {
    for place in places().into_keys().filter(|place| !place.ends_with('/')) {
        assert!(place.contains("otpair"), "{place} does not say whose it is");
        let is_known = [
            "/etc/otpair/",
            "/etc/apparmor.d/",
            "/lib/systemd/system/",
            "/usr/",
        ];
        assert!(
            is_known.iter().any(|folder| place.starts_with(folder)),
            "{place}"
        );
        assert!(!place.starts_with("/usr/local"), "{place}");
    }
}

#[test]
fn what_is_in_etc_is_the_admins_to_change() {
    let deb = Unpacked::new();
    let conffiles = fs::read_to_string(deb.control("conffiles")).unwrap();
    let in_etc: Vec<_> = places()
        .into_keys()
        .filter(|place| place.starts_with("/etc/") && !place.ends_with('/'))
        .collect();
    let mut conffiles: Vec<_> = conffiles.lines().collect();
    conffiles.sort_unstable();
    assert_eq!(conffiles, in_etc);
    assert!(conffiles.contains(&CONFIG));
}

#[test]
fn the_sample_config_changes_nothing() {
    let deb = Unpacked::new();
    let otpair = deb.path("/usr/bin/otpair");
    let otpair = otpair.to_str().unwrap();
    let shown = |config: &str| run(otpair, &["--config", config, "config", "show"]);
    let sample = deb.path(CONFIG);
    let empty = deb.path("/etc/otpair/empty.toml");
    fs::write(&empty, "").unwrap();
    assert_eq!(
        shown(sample.to_str().unwrap()),
        shown(empty.to_str().unwrap())
    );
}

#[test]
fn no_path_of_the_building_machine_is_in_any_file() {
    let deb = Unpacked::new();
    let cargo = std::env::var("CARGO_HOME").unwrap_or_else(|_| {
        let home = std::env::var("HOME").expect("HOME says where cargo keeps the crates");
        format!("{home}/.cargo")
    });
    let sysroot = run("rustc", &["--print", "sysroot"]);
    let of_this_machine = [workspace().to_str().unwrap(), &cargo, sysroot.trim()];
    for (place, file) in deb.files() {
        let bytes = if file.extension().is_some_and(|extension| extension == "gz") {
            run("gzip", &["-dc".as_ref(), file.as_os_str()]).into_bytes()
        } else {
            fs::read(&file).unwrap()
        };
        for path in of_this_machine {
            let found = bytes
                .windows(path.len())
                .any(|part| part == path.as_bytes());
            assert!(!found, "{} has {path} in it", place.display());
        }
    }
}

#[test]
fn the_profile_is_off_and_comes_after_the_password() {
    let deb = Unpacked::new();
    let profile = fs::read_to_string(deb.path("/usr/share/pam-configs/otpair")).unwrap();
    for line in [
        "Default: no",
        "Auth-Type: Additional",
        "\trequired\tpam_otpair.so",
    ] {
        assert!(profile.lines().any(|one| one == line), "{line}: {profile}");
    }
}

#[test]
fn every_crate_that_is_linked_is_named_with_its_licence() {
    let deb = Unpacked::new();
    let file = deb.path("/usr/share/doc/otpair/third-party-licences.gz");
    let licences = run("gzip", &["-dc".as_ref(), file.as_os_str()]);
    for (name, licence, notice) in [
        ("subtle", "BSD-3-Clause", "Isis Agora Lovecruft"),
        ("libsqlite3-sys", "MIT", "The rusqlite developers"),
        ("clap", "MIT OR Apache-2.0", "Permission is hereby granted"),
    ] {
        let entry = licences
            .split("----\n")
            .find(|entry| entry.starts_with(&format!("{name} ")));
        let entry = entry.unwrap_or_else(|| panic!("{name} is not named"));
        assert!(entry.lines().next().unwrap().ends_with(licence), "{entry}");
        assert!(entry.contains(notice), "{entry}");
    }
}
