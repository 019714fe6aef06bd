//! PSKC files read by `otpair import` and by Debian's `pskctool`, which has nothing to do with otpair: what one reads the
//! other reads the same. Where they differ, [`DIFFERENCES`] says why.
//!
//! pskctool shows secrets, and otpair never does. So what pskctool shows is written down in another format and imported
//! again: every token has to be unchanged.

mod info;
mod package;

use info::shown;
use otpair_tests::artefacts::Artefacts;
use otpair_tests::machine::{run_with_stdin, told};
use package::{Chance, Package, from_base64, plain};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;

/// A seed cache of its own in a scratch folder.
struct Scratch {
    folder: TempDir,
    otpair: PathBuf,
}

impl Scratch {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let scratch = Self {
            folder,
            otpair: Artefacts::find().otpair,
        };
        let cache = scratch.path("cache");
        let config = format!(
            "[cache]\npath = '{}'\n[audit]\nsyslog = false\n",
            cache.display()
        );
        scratch.write("otpair.toml", config);
        scratch
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    fn run(&self, arguments: &[&str], stdin: &str) -> Output {
        let mut command = Command::new(&self.otpair);
        command.arg("--config").arg(self.path("otpair.toml"));
        command.args(arguments).current_dir(self.path("."));
        run_with_stdin(command, stdin)
    }

    fn json(&self, arguments: &[&str], stdin: &str) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat(), stdin);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", told(&output)))
    }

    /// Imports a file of which everything has to be new.
    fn import(&self, words: &[&str], stdin: &str, count: usize) {
        let counts = self.json(&[&["import"], words].concat(), stdin);
        let new = json!({"new": count, "unchanged": 0, "conflict": 0, "rejected": []});
        assert_eq!(counts, new, "{words:?}");
    }

    /// The cache holds what these packages say, and the same secrets.
    fn assert_holds(&self, packages: &[Package]) {
        let list = self.json(&["token", "list"], "");
        let list: BTreeMap<&str, &Value> = list
            .as_array()
            .unwrap()
            .iter()
            .map(|token| (token["serial"].as_str().unwrap(), token))
            .collect();
        for package in packages {
            assert_eq!(*list[package.name()], as_listed(package));
            if package.is_dated() {
                self.assert_dates(package);
            }
        }
        let (dated, others): (Vec<_>, Vec<_>) =
            packages.iter().cloned().partition(Package::is_dated);
        self.write("said.csv", others.iter().map(as_csv).collect::<String>());
        self.write("said.xml", plain(&dated, &mut Chance(0)));
        for (file, said) in [("said.csv", others), ("said.xml", dated)] {
            let counts = self.json(&["import", file], "");
            let unchanged =
                json!({"new": 0, "unchanged": said.len(), "conflict": 0, "rejected": []});
            assert!(said.is_empty() || counts == unchanged, "{file}: {counts}");
        }
    }

    fn assert_dates(&self, package: &Package) {
        let text = told(&self.run(&["token", "show", package.name()], ""));
        let shown = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.map(|date| date.trim().to_owned())
        };
        let dates = (shown("counts from"), shown("counts until"));
        assert_eq!(dates, (package.start.clone(), package.expiry.clone()));
    }
}

/// What the list of tokens has to say of a package.
fn as_listed(package: &Package) -> Value {
    let suite = package.suite.as_deref().unwrap_or("HMAC-SHA1");
    json!({
        "serial": package.name(), "manufacturer": package.manufacturer,
        "type": if package.is_hotp { "HOTP" } else { "TOTP" },
        "algorithm": suite.strip_prefix("HMAC-"), "digits": package.digits,
        "time_interval": (!package.is_hotp).then(|| package.interval.unwrap_or(30)),
        "state": "available", "user": null, "reserved_for": null,
        "drift": (!package.is_hotp).then(|| package.drift.unwrap_or(0)),
        "last_accepted": package.counter.and_then(|counter| counter.checked_sub(1)),
    })
}

/// A package as a line of OATH CSV, whose reader has nothing in common with that of PSKC.
fn as_csv(package: &Package) -> String {
    let secret = from_base64(package.secret.as_deref().unwrap());
    let seed: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let (kind, moving) = if package.is_hotp {
        ("hotp", package.counter.unwrap_or(0))
    } else {
        ("totp", package.interval.unwrap_or(30))
    };
    let suite = package.suite.as_deref().unwrap_or("HMAC-SHA1");
    let hash = suite.trim_start_matches("HMAC-");
    let digits = package.digits.unwrap();
    format!(
        "{},{seed},{kind},{digits},{moving},{hash}\n",
        package.name()
    )
}

fn by_chance(seed: u64, name: &str, count: usize) -> Vec<Package> {
    let mut chance = Chance(seed);
    (0..count)
        .map(|number| Package::by_chance(&mut chance, name, number))
        .collect()
}

/// A file by write.py.
fn written(by: &str, packages: &[Package], scheme: &Value) -> Vec<u8> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pskctool/write.py");
    let mut command = Command::new("/usr/bin/python3");
    command.args([script, by]);
    let packages: Vec<_> = packages.iter().map(Package::json).collect();
    let asked = json!({"packages": packages, "scheme": scheme}).to_string();
    let output = run_with_stdin(command, &asked);
    assert!(
        output.status.success(),
        "{} (are the Debian packages python3-cryptography and pskctool installed?)",
        told(&output)
    );
    output.stdout
}

#[test]
fn what_pskctool_reads_of_a_file_is_what_is_imported() {
    let scratch = Scratch::new();
    let mut chance = Chance(6030);
    let mut all = Vec::new();
    for name in ["PA", "PB", "PC"] {
        let packages = by_chance(chance.below(1 << 60), name, 50);
        let path = scratch.write(&format!("{name}.xml"), plain(&packages, &mut chance));
        let shown = shown(&path).expect("pskctool refuses what the test wrote");
        assert_eq!(shown, packages, "the test's own reading of pskctool");
        scratch.import(&[path.to_str().unwrap()], "", packages.len());
        all.extend(shown);
    }
    scratch.assert_holds(&all);
}

#[test]
fn a_file_that_the_library_of_pskctool_wrote_is_imported_as_pskctool_reads_it() {
    let scratch = Scratch::new();
    let packages = by_chance(4226, "LP", 100);
    let path = scratch.write("tokens.xml", written("libpskc", &packages, &Value::Null));
    let shown = shown(&path).expect("pskctool refuses what its library wrote");
    assert_eq!(shown, packages);
    scratch.import(&["tokens.xml"], "", packages.len());
    scratch.assert_holds(&shown);
}

#[test]
fn a_file_that_pskctool_signed_is_imported_and_the_signature_reported() {
    let scratch = Scratch::new();
    let packages = by_chance(6238, "SI", 30);
    let file = scratch.write("plain.xml", plain(&packages, &mut Chance(1)));
    let made = Command::new("openssl")
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test",
        ])
        .args(["-keyout", "key.pem", "-out", "certificate.pem"])
        .current_dir(scratch.path("."))
        .output()
        .expect("openssl can't be started: install the Debian package openssl");
    assert!(made.status.success(), "{}", told(&made));
    let signed = Command::new("pskctool")
        .args([
            "--sign",
            "--sign-key",
            "key.pem",
            "--sign-crt",
            "certificate.pem",
        ])
        .arg(&file)
        .current_dir(scratch.path("."))
        .output()
        .expect("pskctool can't be started: install the Debian package pskctool");
    assert!(signed.status.success(), "{}", told(&signed));
    let path = scratch.write("signed.xml", signed.stdout);
    let reported = scratch.run(&["import", "signed.xml", "--dry-run"], "");
    assert!(told(&reported).contains("the signature was not checked"));
    scratch.import(&["signed.xml"], "", packages.len());
    scratch.assert_holds(&shown(&path).expect("pskctool refuses what it signed"));
}

/// How files are encrypted, and by which words otpair opens them.
fn schemes() -> Vec<(Value, [&'static str; 2])> {
    let key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    let mut schemes = Vec::new();
    for (bits, flag) in [(128, &key[..32]), (192, &key[..48]), (256, key)] {
        for (mac, hash) in [
            ("key", "sha1"),
            ("key", "sha256"),
            ("no key", "sha512"),
            ("none", ""),
        ] {
            let scheme = json!({
                "key": key, "bits": bits, "mac": mac, "hash": hash,
                // Numbers that are encrypted want a MAC.
                "one_iv": hash == "sha256", "numbers": bits == 192 && mac != "none",
            });
            schemes.push((scheme, ["--key", flag]));
        }
    }
    for (bits, prf, mac) in [
        (128, "", "key"),
        (256, "sha256", "no key"),
        (192, "sha512", "none"),
    ] {
        let scheme = json!({
            "passphrase": "correct horse", "bits": bits, "prf": prf, "mac": mac, "hash": "sha1",
            "one_iv": false, "numbers": bits == 256,
        });
        schemes.push((scheme, ["--passphrase-file", "-"]));
    }
    schemes
}

#[test]
fn encrypted_files_are_opened_with_and_without_macs_and_hold_what_pskctool_shows() {
    let scratch = Scratch::new();
    let mut all = Vec::new();
    for (number, (scheme, open)) in schemes().into_iter().enumerate() {
        let name = format!("E{number:02}");
        let packages = by_chance(number as u64, &name, 10);
        let path = scratch.write(&name, written("encrypted", &packages, &scheme));
        // pskctool opens nothing: of what is encrypted the test knows what it wrote.
        let shown = shown(&path).expect("pskctool refuses what the test wrote");
        assert!(shown.iter().all(|package| package.secret.is_none()));
        let completed = shown.into_iter().zip(&packages);
        let completed: Vec<_> = completed
            .map(|(shown, written)| shown.or(written))
            .collect();
        assert_eq!(completed, packages, "{scheme}");
        scratch.import(
            &[&name, open[0], open[1]],
            "correct horse\n",
            packages.len(),
        );
        all.extend(completed);
    }
    scratch.assert_holds(&all);
}

/// Something in a file, and which reader gives a token then: pskctool, otpair. With the reason.
struct Difference {
    what: &'static str,
    instead: &'static str,
    pskctool: bool,
    otpair: bool,
    reason: &'static str,
}

const fn only_pskctool(
    what: &'static str,
    instead: &'static str,
    reason: &'static str,
) -> Difference {
    Difference {
        what,
        instead,
        pskctool: true,
        otpair: false,
        reason,
    }
}

/// Where they differ on purpose, but for these three, which no file alone shows:
///
/// 1. pskctool shows a negative drift as if it had no sign, and its library writes it so; otpair takes it with its sign.
/// 2. pskctool drops a date's time zone; otpair counts it.
/// 3. pskctool shows the last key of a device only; otpair takes all of them.
const DIFFERENCES: [Difference; 15] = [
    only_pskctool(
        "Length=\"6\"",
        "Length=\"9\"",
        "passcodes have 6 to 8 digits",
    ),
    only_pskctool("DECIMAL", "HEXADECIMAL", "passcodes are decimal"),
    only_pskctool(
        "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=",
        "MTIz",
        "a seed has 10 bytes at least",
    ),
    only_pskctool("MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=", "!!!!", "it is no base64"),
    only_pskctool(
        "<Secret><PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</PlainValue></Secret>",
        "",
        "there is no secret",
    ),
    only_pskctool(
        "<PlainValue>5<",
        "<PlainValue>-1<",
        "a counter is not negative",
    ),
    only_pskctool("<PlainValue>5<", "<PlainValue>5x<", "a counter is a number"),
    only_pskctool("pskc:hotp", "pskc:ocra", "OCRA is challenge and response"),
    only_pskctool(
        "<Response",
        "<Suite>MD5</Suite><Response",
        "there is no HMAC-MD5 in RFC 6238",
    ),
    only_pskctool(
        "</Data>",
        "</Data><Policy><KeyUsage>CR</KeyUsage></Policy>",
        "the policy allows no passcodes",
    ),
    only_pskctool(
        "</Data>",
        "</Data><Policy><StartDate>soon</StartDate></Policy>",
        "it is no date, and must not be taken for 1900",
    ),
    only_pskctool(
        "<KeyContainer",
        "<!DOCTYPE k [<!ENTITY s 'S9'>]><KeyContainer",
        "entities make bombs",
    ),
    only_pskctool(
        "<SerialNo>",
        "<x><x><x><x><x><x><x><x><x><x><x><x><x><x><x><x><x><x><x><x><x><x><x><x><x><x><x><x><x><x><x><x>\
         </x></x></x></x></x></x></x></x></x></x></x></x></x></x></x></x></x></x></x></x></x></x></x></x></x></x></x></x></x></x></x></x>\
         <SerialNo>",
        "nesting is bounded",
    ),
    Difference {
        what: "OTA=",
        instead: "OTA",
        pskctool: false,
        otpair: true,
        reason: "base64 without its padding has one meaning only",
    },
    Difference {
        what: "</KeyContainer>",
        instead: "",
        pskctool: false,
        otpair: false,
        reason: "it is cut off: both refuse it",
    },
];

const WHOLE: &str = "<KeyContainer Version=\"1.0\" xmlns=\"urn:ietf:params:xml:ns:keyprov:pskc\"><KeyPackage><DeviceInfo>\
    <SerialNo>D-1</SerialNo></DeviceInfo><Key Id=\"D-1\" Algorithm=\"urn:ietf:params:xml:ns:keyprov:pskc:hotp\">\
    <AlgorithmParameters><ResponseFormat Length=\"6\" Encoding=\"DECIMAL\"/></AlgorithmParameters><Data>\
    <Secret><PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</PlainValue></Secret>\
    <Counter><PlainValue>5</PlainValue></Counter></Data></Key></KeyPackage></KeyContainer>";

#[test]
fn where_pskctool_and_otpair_differ_there_is_a_reason() {
    let scratch = Scratch::new();
    for difference in DIFFERENCES {
        let Difference {
            what,
            instead,
            reason,
            ..
        } = difference;
        assert!(WHOLE.contains(what), "{what}");
        let path = scratch.write("tokens.xml", WHOLE.replacen(what, instead, 1));
        let by_pskctool = shown(&path).is_some_and(|packages| packages.len() == 1);
        let counts = scratch.json(&["import", "tokens.xml", "--dry-run"], "");
        assert_eq!(
            by_pskctool, difference.pskctool,
            "pskctool, {reason}: {instead}"
        );
        assert_eq!(
            counts["new"] == 1,
            difference.otpair,
            "otpair, {reason}: {counts}"
        );
    }
    scratch.write("tokens.xml", WHOLE);
    scratch.import(&["tokens.xml"], "", 1);
}

#[test]
fn a_dates_zone_and_a_devices_further_keys_count_though_pskctool_drops_them() {
    let scratch = Scratch::new();
    let policy = "</Data><Policy><StartDate>2030-01-01T02:00:00+02:00</StartDate></Policy>";
    let further = WHOLE
        .split("<Key ")
        .nth(1)
        .unwrap()
        .split("</KeyPackage>")
        .next()
        .unwrap();
    let further = format!("<Key {}</KeyPackage>", further.replace("D-1", "D-2"));
    let file = WHOLE
        .replace("</KeyPackage>", &further)
        .replacen("</Data>", policy, 1);
    let path = scratch.write("tokens.xml", file);
    let shown = shown(&path).unwrap();
    assert_eq!((shown.len(), shown[0].id.as_str()), (1, "D-2"));
    scratch.import(&["tokens.xml"], "", 2);
    let text = told(&scratch.run(&["token", "show", "D-1"], ""));
    assert!(text.contains("2030-01-01T00:00:00Z"), "{text}");
}
