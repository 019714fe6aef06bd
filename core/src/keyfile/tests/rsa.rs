//! Samples that are encrypted to an RSA key. Nobody may learn from an import whether a PKCS#1 v1.5 padding was right.

use super::*;
use crate::keyfile::PrivateKey;

const KEY: &[u8] = sample!("throw-away-rsa-key.pem");

fn private(key: &[u8]) -> Options {
    let unlock = Unlock::PrivateKey(Box::new(PrivateKey::read(key, [7; 32]).unwrap()));
    Options {
        unlock,
        ..Options::default()
    }
}

fn refusal(file: impl AsRef<[u8]>, options: &Options) -> String {
    outcome(file.as_ref(), options).err().unwrap().why
}

fn text(sample: &[u8]) -> String {
    String::from_utf8(sample.to_vec()).unwrap()
}

/// The same file, with a base64 digit in the middle of its last `CipherValue` changed.
fn damaged(sample: &[u8]) -> String {
    let sample = text(sample);
    let (before, rest) = sample.rsplit_once("<xenc:CipherValue>").unwrap();
    let (start, end) = rest.split_at(40);
    let digit = if end.starts_with('A') { "B" } else { "A" };
    format!("{before}<xenc:CipherValue>{start}{digit}{}", &end[1..])
}

/// The same file without what names the public key.
fn anonymous(sample: &[u8]) -> String {
    text(sample)
        .replace("X509Certificate>", "KeyName>")
        .replace("Modulus>", "KeyName>")
}

#[test]
fn a_seed_or_its_key_that_is_encrypted_to_an_rsa_key_opens_in_every_layout() {
    for (sample, assumed) in [
        (&sample!("pskc-rsa-1_5.xml")[..], &[Assumption::NoMac][..]),
        (&sample!("pskc-rsa-oaep.xml")[..], &[]),
        (&sample!("pskc-rsa-1_5-mac.xml")[..], &[]),
        (&sample!("pskc-rsa-1_5-key.xml")[..], &[]),
        (&sample!("pskc-rsa-oaep-key.xml")[..], &[]),
        (&sample!("pskc-rsa-oaep-sha256-key.xml")[..], &[]),
        (&sample!("pskc-rsa-key-in-value.xml")[..], &[]),
    ] {
        let (_, outcome) = outcome(sample, &private(KEY)).unwrap();
        assert_eq!(outcome.packages[0].seed.expose(), SEED);
        assert_eq!(outcome.assumed, assumed);
    }
}

#[test]
fn a_private_key_is_read_from_pem_and_der_in_pkcs_1_and_pkcs_8() {
    for pem in [KEY, &sample!("throw-away-rsa-key.pkcs1.pem")[..]] {
        let body: String = text(pem)
            .lines()
            .filter(|line| !line.starts_with("-----"))
            .collect();
        let der = super::super::decode::base64(&body).unwrap();
        let bundle = [&sample!("throw-away-rsa-certificate.pem")[..], pem].concat();
        for key in [pem, &der, &bundle] {
            let (_, outcome) = outcome(sample!("pskc-rsa-1_5.xml"), &private(key)).unwrap();
            assert_eq!(outcome.packages.len(), 1);
        }
    }
}

#[test]
fn what_is_no_private_key_is_refused_with_what_to_do() {
    for (file, why) in [
        (&sample!("throw-away-rsa-key.encrypted.pem")[..], "openssl pkey"),
        (
            b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----",
            "openssl pkey",
        ),
        (
            &sample!("throw-away-rsa-certificate.pem")[..],
            "not the certificate",
        ),
        (
            b"-----BEGIN OPENSSH PRIVATE KEY-----\n",
            "ssh-keygen -p -m PEM",
        ),
        (b"-----BEGIN PRIVATE KEY-----\nMIIE", "not complete"),
        (
            b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
            "no RSA private key",
        ),
        (b"", "no RSA private key"),
        (b"\x30\x82\x00\x00", "no RSA private key"),
    ] {
        let fault = PrivateKey::read(file, [0; 32]).err().unwrap();
        assert!(fault.contains(why), "{fault}");
    }
}

#[test]
fn a_file_to_an_rsa_key_asks_for_the_private_key_and_another_files_key_is_told_apart() {
    for sample in [
        &sample!("pskc-rsa-1_5.xml")[..],
        &sample!("pskc-rsa-oaep-sha256-key.xml")[..],
        &sample!("pskc-rsa-key-in-value.xml")[..],
    ] {
        for options in [Options::default(), passphrase("x"), key("00")] {
            assert!(refusal(sample, &options).contains("with --private-key FILE"));
        }
    }
    let by_key = refusal(sample!("pskc-aes256.xml"), &private(KEY));
    assert!(
        by_key.contains("pre-shared key: give the key with --key-file"),
        "{by_key}"
    );
    let by_phrase = refusal(sample!("pskc-passphrase-sha256.xml"), &private(KEY));
    assert!(
        by_phrase.contains("give the passphrase with --passphrase-file"),
        "{by_phrase}"
    );
    for sample in [
        &sample!("pskc-rsa-1_5.xml")[..],
        &sample!("pskc-rsa-oaep-key.xml")[..],
    ] {
        let fault = refusal(sample, &private(sample!("throw-away-other-rsa-key.pem")));
        assert!(fault.contains("another RSA key"), "{fault}");
    }
}

#[test]
fn a_wrong_private_key_and_a_damaged_value_get_the_one_same_reason() {
    let other = private(sample!("throw-away-other-rsa-key.pem"));
    let ours = private(KEY);
    let wrong = "can't be decrypted: a wrong key or passphrase, or a damaged file";
    for sample in [
        &sample!("pskc-rsa-oaep.xml")[..],
        &sample!("pskc-rsa-1_5-mac.xml")[..],
        &sample!("pskc-rsa-1_5-key.xml")[..],
        &sample!("pskc-rsa-oaep-key.xml")[..],
        &sample!("pskc-rsa-key-in-value.xml")[..],
    ] {
        assert_eq!(refusal(anonymous(sample), &other), wrong);
        assert_eq!(refusal(damaged(sample), &ours), wrong);
    }
}

#[test]
fn a_ciphertext_of_another_length_than_the_key_is_refused_with_the_same_reason() {
    let sample = text(sample!("pskc-rsa-1_5.xml"));
    let short = sample.replace("<xenc:CipherValue>", "<xenc:CipherValue>AAAA");
    assert!(refusal(short, &private(KEY)).contains("wrong key or passphrase, or a damaged file"));
}

#[test]
fn of_keys_for_several_recipients_the_one_for_ours_is_taken() {
    let sample = text(sample!("pskc-rsa-1_5-key.xml"));
    let (before, rest) = sample.split_once("<xenc:EncryptedKey>").unwrap();
    let (ours, after) = rest.split_once("</xenc:EncryptedKey>").unwrap();
    let theirs = "<xenc:EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#rsa-1_5\"/><ds:X509Data>\
                  <ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data><xenc:CipherData><xenc:CipherValue>AAAA\
                  </xenc:CipherValue></xenc:CipherData>";
    let file = format!(
        "{before}<xenc:EncryptedKey>{theirs}</xenc:EncryptedKey><xenc:EncryptedKey>{ours}</xenc:EncryptedKey>{after}"
    );
    let (_, outcome) = outcome(file.as_bytes(), &private(KEY)).unwrap();
    assert_eq!(outcome.packages[0].seed.expose(), SEED);
}

#[test]
fn a_mac_on_a_seed_that_is_encrypted_to_an_rsa_key_needs_a_mac_key_of_its_own() {
    let sample = text(sample!("pskc-rsa-1_5-mac.xml"));
    let (before, rest) = sample.split_once("<MACKey>").unwrap();
    let (_, after) = rest.split_once("</MACKey>").unwrap();
    let fault = refusal(format!("{before}{after}"), &private(KEY));
    assert!(fault.contains("no key to check it with"), "{fault}");
}

#[test]
fn a_number_that_is_encrypted_where_anybody_can_encrypt_is_not_even_decrypted() {
    for sample in [
        &sample!("pskc-rsa-1_5-mac.xml")[..],
        &sample!("pskc-rsa-oaep.xml")[..],
    ] {
        let sample = text(sample);
        let (_, value) = sample.split_once("<Secret>").unwrap();
        let (value, _) = value.split_once("</Secret>").unwrap();
        let (before, rest) = sample.split_once("<PlainValue>").unwrap();
        let (_, after) = rest.split_once("</PlainValue>").unwrap();
        let file = format!("{before}{value}{after}");
        let (_, outcome) = outcome(file.as_bytes(), &private(KEY)).unwrap();
        assert_eq!(serials(&outcome), [""; 0]);
        let why = &outcome.rejected[0].1;
        assert!(why.contains("a number is encrypted to an RSA key"), "{why}");
    }
}

#[test]
fn one_damaged_value_where_anybody_can_encrypt_refuses_the_whole_file() {
    for sample in [
        &sample!("pskc-rsa-oaep.xml")[..],
        &sample!("pskc-rsa-1_5-mac.xml")[..],
        &sample!("pskc-rsa-oaep-key.xml")[..],
    ] {
        let package = |sample: &str| {
            let begin = sample.find("<KeyPackage>").unwrap();
            let end = sample.find("</KeyContainer>").unwrap();
            sample[begin..end].to_owned()
        };
        let good = text(sample);
        let bad = package(&damaged(sample));
        let file = good.replace("</KeyContainer>", &format!("{bad}</KeyContainer>"));
        assert!(refusal(&file, &private(KEY)).contains("can't be decrypted"));
        let twice = package(&good);
        let file = good.replace("</KeyContainer>", &format!("{twice}</KeyContainer>"));
        let (_, outcome) = outcome(file.as_bytes(), &private(KEY)).unwrap();
        assert_eq!(outcome.packages.len(), 2);
    }
}
