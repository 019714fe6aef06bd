//! The maintainer scripts, and the scripts that make the packages.

use crate::unpacked::{Unpacked, deb, run, workspace};
use std::process::Command;

const MAINTAINERS: [&str; 3] = ["postinst", "prerm", "postrm"];

#[test]
fn the_maintainer_scripts_are_sound() {
    let deb = Unpacked::new();
    for script in MAINTAINERS.map(|name| deb.control(name)) {
        run("sh", &["-n".as_ref(), script.as_os_str()]);
        // What debhelper writes has its own ways, which are not always shellcheck's.
        run(
            "shellcheck",
            &[
                "--shell=sh".as_ref(),
                "--severity=error".as_ref(),
                script.as_os_str(),
            ],
        );
    }
    let own = MAINTAINERS.map(|name| format!("packaging/debian/debian/otpair.{name}"));
    let others = [
        "package",
        "packaging/debian/build",
        "packaging/linux/stage",
        "packaging/linux/licences",
        "packaging/linux/arm64.sh",
    ];
    let source_path = format!("--source-path={}", workspace().display());
    for script in own.iter().map(String::as_str).chain(others) {
        let script = workspace().join(script);
        run(
            "shellcheck",
            &[
                "--shell=sh".as_ref(),
                "--external-sources".as_ref(),
                source_path.as_ref(),
                script.as_os_str(),
            ],
        );
    }
}

#[test]
fn an_upgrade_neither_stops_nor_restarts_anything_and_no_unit_but_the_socket_is_started() {
    let deb = Unpacked::new();
    let mut started = Vec::new();
    for name in MAINTAINERS {
        let script = std::fs::read_to_string(deb.control(name)).unwrap();
        for (number, line) in script.lines().enumerate() {
            if !line.contains("deb-systemd-invoke") {
                continue;
            }
            let before: Vec<_> = script.lines().take(number).collect();
            let condition = before
                .iter()
                .rev()
                .find(|line| line.starts_with("if "))
                .unwrap();
            if line.contains(" stop ") {
                assert!(
                    name == "prerm" && condition.contains("\"$1\" = remove"),
                    "{script}"
                );
            } else {
                assert!(line.contains(" start "), "{line}");
                started.push(line.trim().to_owned());
            }
        }
    }
    assert_eq!(started.len(), 1, "{started:?}");
    assert!(started[0].contains("otpair-helper.socket"), "{started:?}");
}

#[test]
fn the_build_refuses_what_it_does_not_know() {
    for (script, argument) in [
        ("package", "msi"),
        ("packaging/debian/build", "--fast"),
        ("packaging/linux/stage", ""),
    ] {
        let output = Command::new(workspace().join(script))
            .arg(argument)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{script}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn without_git_the_packages_carry_the_changelogs_time() {
    let time =
        "git() { return 1; }; . packaging/toolchain.sh; unset SOURCE_DATE_EPOCH; source_date";
    let output = Command::new("sh")
        .args(["-euc", time])
        .current_dir(workspace())
        .output()
        .unwrap();
    let changelog = workspace().join("packaging/debian/debian/changelog");
    let changelog = changelog.to_str().unwrap();
    let expected = run("dpkg-parsechangelog", &["-l", changelog, "-S", "Timestamp"]);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}

#[test]
fn lintian_finds_nothing_that_is_not_reasoned_about() {
    let output = Command::new("lintian")
        .args([
            "--pedantic",
            "--display-info",
            "--display-experimental",
            "--allow-root",
            "--no-cfg",
        ])
        .arg(deb())
        .output()
        .expect("lintian is missing: install the Debian package lintian");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.is_empty(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
