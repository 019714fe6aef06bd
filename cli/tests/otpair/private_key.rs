//! Seed files that are encrypted to an RSA key; openssl makes the keys and encrypts.

use crate::scratch::Scratch;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

const IMPORTED: &str = "new 1, unchanged 0, conflict 0, rejected 0\n";

/// Runs a command of openssl in the scratch folder.
fn openssl(scratch: &Scratch, arguments: &str) {
    let done = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(scratch.path("."))
        .output();
    let done = done.expect("openssl can't be started: install the Debian package openssl");
    assert!(
        done.status.success(),
        "openssl {arguments}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    let key = scratch.path("key.pem");
    if key.exists() {
        fs::set_permissions(key, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

/// A scratch folder with a new key in `key.pem`, and `tokens.xml` with a seed that is encrypted to it with that padding.
fn encrypted(method: &str, padding: &str) -> Scratch {
    let scratch = Scratch::new();
    openssl(&scratch, "genrsa -out key.pem 2048");
    scratch.write("seed", b"12345678901234567890");
    openssl(
        &scratch,
        &format!(
            "pkeyutl -encrypt -inkey key.pem -in seed -out sealed -pkeyopt rsa_padding_mode:{padding}"
        ),
    );
    openssl(&scratch, "base64 -in sealed -out sealed.base64");
    let sealed = fs::read_to_string(scratch.path("sealed.base64")).unwrap();
    let file = format!(
        "<KeyContainer Version=\"1.0\" xmlns=\"urn:ietf:params:xml:ns:keyprov:pskc\"><EncryptionKey><KeyName>office\
         </KeyName></EncryptionKey><KeyPackage><DeviceInfo><SerialNo>12345678</SerialNo></DeviceInfo>\
         <Key Id=\"1\" Algorithm=\"urn:ietf:params:xml:ns:keyprov:pskc:hotp\"><AlgorithmParameters>\
         <ResponseFormat Length=\"6\" Encoding=\"DECIMAL\"/></AlgorithmParameters><Data><Secret><EncryptedValue>\
         <EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#{method}\"/><CipherData><CipherValue>\
         {sealed}</CipherValue></CipherData></EncryptedValue></Secret><Counter><PlainValue>0</PlainValue></Counter>\
         </Data></Key></KeyPackage></KeyContainer>"
    );
    scratch.write("tokens.xml", file);
    scratch
}

#[test]
fn a_file_that_is_encrypted_to_an_rsa_key_is_imported_with_its_private_key() {
    for (method, padding) in [("rsa-1_5", "pkcs1"), ("rsa-oaep-mgf1p", "oaep")] {
        let scratch = encrypted(method, padding);
        let why = scratch.run(&["import", "tokens.xml"]);
        assert!(why.stdout.contains("--private-key FILE"), "{}", why.stdout);
        let done = scratch.run(&["import", "tokens.xml", "--private-key", "key.pem"]);
        assert!(done.stdout.ends_with(IMPORTED), "{}", done.stdout);
        assert_eq!(done.stderr, "");
        // The passcode of RFC 4226 appendix D for the counter 1: the seed is the right one.
        scratch.done(&["user", "pair", "root", "12345678", "--passcode", "287082"]);
    }
}

#[test]
fn a_private_key_may_be_in_pkcs_1_or_der_and_one_with_a_passphrase_says_how_to_take_it_off() {
    let scratch = encrypted("rsa-oaep-mgf1p", "oaep");
    openssl(&scratch, "rsa -in key.pem -traditional -out pkcs1.pem");
    openssl(
        &scratch,
        "pkcs8 -topk8 -nocrypt -in key.pem -outform DER -out pkcs8.der",
    );
    openssl(
        &scratch,
        "rsa -in key.pem -outform DER -traditional -out pkcs1.der",
    );
    openssl(
        &scratch,
        "rsa -in key.pem -aes256 -passout pass:secret -out locked.pem",
    );
    openssl(
        &scratch,
        "rsa -in key.pem -traditional -aes256 -passout pass:secret -out old-locked.pem",
    );
    for key in ["pkcs1.pem", "pkcs8.der", "pkcs1.der"] {
        let arguments = ["import", "tokens.xml", "--dry-run", "--private-key", key];
        assert!(scratch.done(&arguments).contains("new 1"), "{key}");
    }
    for key in ["locked.pem", "old-locked.pem"] {
        let why = scratch.refused(&["import", "tokens.xml", "--private-key", key]);
        assert!(why.contains("openssl pkey -in KEY -out COPY"), "{why}");
    }
    openssl(
        &scratch,
        "pkey -in locked.pem -out copy.pem -passin pass:secret",
    );
    let taken = scratch.done(&["import", "tokens.xml", "--private-key", "copy.pem"]);
    assert!(taken.ends_with(IMPORTED), "{taken}");
}

#[test]
fn a_private_key_that_others_may_read_is_used_and_the_admin_is_told() {
    let scratch = encrypted("rsa-oaep-mgf1p", "oaep");
    let open = fs::Permissions::from_mode(0o640);
    fs::set_permissions(scratch.path("key.pem"), open).unwrap();
    let done = scratch.run(&["import", "tokens.xml", "--private-key", "key.pem"]);
    assert!(done.stdout.ends_with(IMPORTED), "{}", done.stdout);
    assert!(done.stderr.contains("chmod 600 key.pem"), "{}", done.stderr);
}

#[test]
fn a_wrong_private_key_imports_nothing_and_two_ways_to_open_a_file_are_wrong_usage() {
    let scratch = encrypted("rsa-oaep-mgf1p", "oaep");
    openssl(&scratch, "genrsa -out other.pem 2048");
    let done = scratch.run(&["import", "tokens.xml", "--private-key", "other.pem"]);
    assert_eq!(done.status, 1);
    assert!(done.stdout.contains("wrong key"), "{}", done.stdout);
    let both = [
        "import",
        "tokens.xml",
        "--private-key",
        "key.pem",
        "--key",
        "00",
    ];
    assert_eq!(scratch.run(&both).status, 2);
    openssl(&scratch, "genrsa -out small.pem 512");
    let small = scratch.refused(&["import", "tokens.xml", "--private-key", "small.pem"]);
    assert!(small.contains("1024 to 8192 bits"), "{small}");
    let missing = scratch.refused(&["import", "tokens.xml", "--private-key", "nowhere.pem"]);
    assert!(missing.contains("nowhere.pem"), "{missing}");
}
