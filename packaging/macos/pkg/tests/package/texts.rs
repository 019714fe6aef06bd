//! What the package says about itself: the installer's XML files, and property lists, read by Python's `xml` and
//! `plistlib`.

use crate::unpacked::{BUNDLE, Unpacked, run};
use serde_json::{Value, json};
use sha1::Digest;
use std::fs;

/// An XML file as `[name, attributes, text, children]`.
fn xml(unpacked: &Unpacked, name: &str) -> Value {
    const READER: &str = "import json, sys, xml.etree.ElementTree as e\n\
        def f(x): return [x.tag, x.attrib, (x.text or '').strip(), [f(y) for y in x]]\n\
        print(json.dumps(f(e.parse(sys.argv[1]).getroot())))";
    parsed(READER, unpacked, name)
}

/// A property list. Data is in hexadecimal.
fn plist(unpacked: &Unpacked, name: &str) -> Value {
    const READER: &str = "import json, sys, plistlib\n\
        print(json.dumps(plistlib.load(open(sys.argv[1], 'rb')), default=lambda data: data.hex()))";
    parsed(READER, unpacked, name)
}

fn parsed(reader: &str, unpacked: &Unpacked, name: &str) -> Value {
    let path = unpacked.path(name);
    let text = run("/usr/bin/python3", &["-c", reader, path.to_str().unwrap()]);
    serde_json::from_str(&text).unwrap()
}

/// The elements of this name, at any depth.
fn elements(element: &Value, name: &str) -> Vec<Value> {
    let mut found = Vec::new();
    if element[0] == name {
        found.push(element.clone());
    }
    for child in element[3].as_array().unwrap() {
        found.extend(elements(child, name));
    }
    found
}

#[test]
fn the_component_is_roots_stays_where_it_is_and_has_both_scripts() {
    let unpacked = Unpacked::new();
    let info = xml(&unpacked, "archive/otpair.pkg/PackageInfo");
    assert_eq!(info[0], "pkg-info");
    let expected = json!({
        "identifier": "io.otpair.pkg",
        "version": env!("CARGO_PKG_VERSION"),
        "install-location": "/",
        "auth": "root",
        "overwrite-permissions": "true",
        "relocatable": "false",
        "format-version": "2",
        "postinstall-action": "none",
        "generator-version": concat!("otpair-pkg ", env!("CARGO_PKG_VERSION")),
    });
    assert_eq!(info[1], expected);
    for (script, file) in [
        ("preinstall", "./preinstall"),
        ("postinstall", "./postinstall"),
    ] {
        assert_eq!(elements(&info, script)[0][1]["file"], file);
        let there = fs::metadata(unpacked.path(&format!("scripts/{script}"))).unwrap();
        assert!(there.is_file());
    }
    let paths = run("find", &[unpacked.path("payload")]).lines().count();
    let payload = &elements(&info, "payload")[0][1];
    assert_eq!(payload["numberOfFiles"], paths.to_string());
}

#[test]
fn the_installer_takes_it_from_macos_12_on_for_both_processors_and_the_whole_mac() {
    let unpacked = Unpacked::new();
    let distribution = xml(&unpacked, "archive/Distribution");
    assert_eq!(distribution[0], "installer-gui-script");
    let options = &elements(&distribution, "options")[0][1];
    assert_eq!(options["hostArchitectures"], "arm64,x86_64");
    let domains = &elements(&distribution, "domains")[0][1];
    assert_eq!(domains["enable_localSystem"], "true");
    assert_eq!(domains["enable_currentUserHome"], "false");
    assert_eq!(elements(&distribution, "os-version")[0][1]["min"], "12.0");
    let component = elements(&distribution, "pkg-ref");
    let component = component.iter().find(|e| e[2] == "#otpair.pkg").unwrap();
    assert_eq!(component[1]["id"], "io.otpair.pkg");
    assert_eq!(component[1]["version"], env!("CARGO_PKG_VERSION"));
    // What is chosen is a choice, and what a choice names is a component.
    let lines = elements(&distribution, "line");
    let choices = elements(&distribution, "choice");
    for line in lines {
        let named = &line[1]["choice"];
        assert!(
            choices.iter().any(|choice| choice[1]["id"] == *named),
            "{named}"
        );
    }
}

#[test]
fn the_bundle_says_what_it_is() {
    let unpacked = Unpacked::new();
    let version = env!("CARGO_PKG_VERSION");
    let expected = json!({
        "CFBundleDevelopmentRegion": "en",
        "CFBundleExecutable": "otpair",
        "CFBundleIdentifier": "io.otpair.bundle",
        "CFBundleInfoDictionaryVersion": "6.0",
        "CFBundleLocalizations": ["en", "de", "fr", "es", "ja"],
        "CFBundleName": "otpair",
        "CFBundlePackageType": "BNDL",
        "CFBundleShortVersionString": version,
        "CFBundleSupportedPlatforms": ["MacOSX"],
        "CFBundleVersion": version,
        "LSMinimumSystemVersion": "12.0",
        "NSPrincipalClass": "",
    });
    assert_eq!(plist(&unpacked, &format!("{BUNDLE}/Info.plist")), expected);
}

#[test]
fn the_seal_lists_every_file_of_the_bundle_but_those_that_the_signature_itself_binds() {
    let unpacked = Unpacked::new();
    let seal = plist(&unpacked, &format!("{BUNDLE}/_CodeSignature/CodeResources"));
    let listed = run(
        "find",
        &[
            unpacked.path(BUNDLE).as_os_str(),
            "-type".as_ref(),
            "f".as_ref(),
            "-printf".as_ref(),
            "%P\\n".as_ref(),
        ],
    );
    let bound = ["Info.plist", "MacOS/otpair", "_CodeSignature/CodeResources"];
    let files: Vec<_> = listed
        .lines()
        .filter(|path| !bound.contains(path))
        .collect();
    assert!(!files.is_empty());
    for list in ["files", "files2"] {
        let list = seal[list].as_object().unwrap();
        assert_eq!(list.len(), files.len());
    }
    for path in files {
        let bytes = unpacked.bytes(&format!("{BUNDLE}/{path}"));
        let sha1 = hex(&sha1::Sha1::digest(&bytes));
        let sha256 = hex(&sha2::Sha256::digest(&bytes));
        assert_eq!(seal["files"][path], sha1, "{path}");
        assert_eq!(seal["files2"][path], json!({ "hash2": sha256 }), "{path}");
    }
    assert_eq!(seal["rules2"]["^Info\\.plist$"]["omit"], true);
    assert_eq!(seal["rules2"]["^.*"], true);
}

fn hex(bytes: &[u8]) -> String {
    let digits: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}

#[test]
fn launchd_listens_for_the_helper_and_starts_it_as_inetd_would() {
    let unpacked = Unpacked::new();
    let job = plist(
        &unpacked,
        "payload/Library/LaunchDaemons/io.otpair.helper.plist",
    );
    let keys: Vec<_> = job.as_object().unwrap().keys().collect();
    let expected = [
        "Label",
        "ProgramArguments",
        "Sockets",
        "StandardErrorPath",
        "inetdCompatibility",
    ];
    assert_eq!(keys, expected);
    let helper = "/Library/PrivilegedHelperTools/otpair-helper";
    assert_eq!(job["ProgramArguments"], json!([helper]));
    assert_eq!(job["inetdCompatibility"], json!({ "Wait": false }));
    let sockets = job["Sockets"].as_object().unwrap();
    assert_eq!(sockets.len(), 1);
    let socket = sockets.values().next().unwrap();
    assert_eq!(socket["SockPathName"], "/var/run/otpair.sock");
    // _securityagent's, and nobody else's: 0600.
    assert_eq!(socket["SockPathOwner"], 92);
    assert_eq!(socket["SockPathMode"], 0o600);
    // The other two streams are the connection.
    assert_eq!(job["StandardErrorPath"], "/dev/null");
}

#[test]
fn what_launchd_runs_as_root_lies_where_only_root_can_put_it() {
    let unpacked = Unpacked::new();
    let folder = unpacked.path("payload/Library/LaunchDaemons");
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let job = plist(&unpacked, &format!("payload/Library/LaunchDaemons/{name}"));
        assert_eq!(format!("{}.plist", job["Label"].as_str().unwrap()), name);
        let program = job["ProgramArguments"][0].as_str().unwrap();
        assert!(
            program == "/bin/sh" || program.starts_with("/Library/PrivilegedHelperTools/"),
            "{name} runs {program}: others may own that folder"
        );
        if program != "/bin/sh" {
            assert!(unpacked.path("payload").join(&program[1..]).is_file());
        }
    }
}

#[test]
fn the_manuals_are_pages_that_man_reads() {
    let unpacked = Unpacked::new();
    for page in [
        "man5/otpair.toml.5",
        "man8/otpair.8",
        "man8/otpair-helper.8",
        "man8/pam_otpair.8",
    ] {
        let text = unpacked.text(&format!("payload/usr/local/share/man/{page}"));
        assert!(text.contains(".TH") && text.contains(".SH NAME"), "{page}");
    }
}
