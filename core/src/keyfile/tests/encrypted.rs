//! PSKC files that are encrypted.

use super::*;
use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeEncrypt, KeyIvInit};
use hmac::{Hmac, KeyInit, Mac};

#[test]
fn figure_6_of_rfc_6030_opens_with_its_key() {
    let file = sample!("pskc-rfc6030-figure6-key.xml");
    let (_, outcome) = outcome(file, &key("12345678901234567890123456789012")).unwrap();
    let package = &outcome.packages[0];
    assert_eq!(
        (package.serial.as_str(), package.seed.expose()),
        ("987654321", SEED)
    );
    assert_eq!(
        (package.parameters.digits.count(), outcome.assumed.len()),
        (8, 0)
    );
}

#[test]
fn figure_7_of_rfc_6030_opens_with_its_passphrase() {
    let (_, outcome) = outcome(
        sample!("pskc-rfc6030-figure7-passphrase.xml"),
        &passphrase("qwerty"),
    )
    .unwrap();
    assert_eq!(outcome.packages[0].seed.expose(), SEED);
    assert_eq!(outcome.assumed, [Assumption::Counter]);
}

#[test]
fn a_missing_wrong_or_unfit_key_refuses_the_whole_file_with_one_reason() {
    let by_key = sample!("pskc-rfc6030-figure6-key.xml");
    let by_passphrase = sample!("pskc-rfc6030-figure7-passphrase.xml");
    for (file, options, why) in [
        (&by_key[..], Options::default(), "give the key"),
        (&by_key[..], passphrase("qwerty"), "give the key"),
        (
            &by_key[..],
            key("12345678901234567890123456789013"),
            "wrong key",
        ),
        (
            &by_key[..],
            key("123456789012345678901234567890121234"),
            "18 bytes",
        ),
        (
            &by_passphrase[..],
            Options::default(),
            "give the passphrase",
        ),
        (
            &by_passphrase[..],
            key("12345678901234567890123456789012"),
            "give the passphrase",
        ),
        (
            &by_passphrase[..],
            passphrase("qwertz"),
            "wrong key or passphrase",
        ),
    ] {
        let fault = outcome(file, &options).err().unwrap().to_string();
        assert!(fault.contains(why), "{fault}");
    }
}

#[test]
fn a_key_for_a_file_that_is_not_encrypted_is_reported() {
    let (_, outcome) = outcome(sample!("pskc-plain-hotp.xml"), &key("00")).unwrap();
    assert_eq!(outcome.assumed, [Assumption::NotEncrypted]);
}

/// Writes encrypted PSKC, in the test's own hand.
#[derive(Clone, Copy, PartialEq)]
enum WriteMac {
    Ciphertext,
    Plaintext,
    Nothing,
}

struct Writer {
    key: Vec<u8>,
    mac: WriteMac,
}

impl Writer {
    fn new(length: usize, mac: WriteMac) -> Self {
        Self {
            key: (1..).take(length).collect(),
            mac,
        }
    }

    fn options(&self) -> Options {
        Options {
            unlock: Unlock::PreSharedKey(Zeroizing::new(self.key.clone())),
            ..Options::default()
        }
    }

    fn encrypt(&self, plaintext: &[u8]) -> Vec<u8> {
        let (key, vector) = (&self.key[..], &[7; 16][..]);
        let body = match key.len() {
            16 => cbc::Encryptor::<aes::Aes128>::new_from_slices(key, vector)
                .unwrap()
                .encrypt_padded_vec::<Pkcs7>(plaintext),
            24 => cbc::Encryptor::<aes::Aes192>::new_from_slices(key, vector)
                .unwrap()
                .encrypt_padded_vec::<Pkcs7>(plaintext),
            _ => cbc::Encryptor::<aes::Aes256>::new_from_slices(key, vector)
                .unwrap()
                .encrypt_padded_vec::<Pkcs7>(plaintext),
        };
        [vector, &body[..]].concat()
    }

    /// The value in its element; without a MAC key of its own the file's key makes the MACs.
    fn value(&self, name: &str, plaintext: &[u8]) -> String {
        let ciphertext = self.encrypt(plaintext);
        let over = if self.mac == WriteMac::Plaintext {
            plaintext
        } else {
            &ciphertext
        };
        let tag = Hmac::<sha2::Sha256>::new_from_slice(&self.key)
            .unwrap()
            .chain_update(over)
            .finalize()
            .into_bytes();
        let tag = match self.mac {
            WriteMac::Nothing => String::new(),
            _ => format!("<ValueMAC>{}</ValueMAC>", to_base64(&tag)),
        };
        format!(
            "<{name}><EncryptedValue><EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#aes{}-cbc\"/>\
             <CipherData><CipherValue>{}</CipherValue></CipherData></EncryptedValue>{tag}</{name}>",
            self.key.len() * 8,
            to_base64(&ciphertext),
        )
    }

    fn file(packages: &[String]) -> String {
        container(&format!(
            "<EncryptionKey><KeyName>k</KeyName></EncryptionKey>\
             <MACMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#hmac-sha256\"/>{}",
            packages.concat()
        ))
    }

    fn package(&self, serial: &str, seed: &[u8], more: &str) -> String {
        format!(
            "\n<KeyPackage><DeviceInfo><SerialNo>{serial}</SerialNo></DeviceInfo><Key Id=\"{serial}\" \
             Algorithm=\"urn:ietf:params:xml:ns:keyprov:pskc:totp\"><Data>{}{more}</Data></Key></KeyPackage>",
            self.value("Secret", seed)
        )
    }
}

#[test]
fn every_key_length_opens_and_numbers_may_be_encrypted_too() {
    for length in [16, 24, 32] {
        let writer = Writer::new(length, WriteMac::Ciphertext);
        let interval = writer.value("TimeInterval", &60_u32.to_be_bytes());
        let drift = writer.value("TimeDrift", &(-3_i32).to_be_bytes());
        let file = Writer::file(&[writer.package("A1", SEED, &[interval, drift].concat())]);
        let (_, outcome) = outcome(file.as_bytes(), &writer.options()).unwrap();
        let package = &outcome.packages[0];
        assert_eq!(
            (
                package.seed.expose(),
                package.parameters.token_type,
                package.drift
            ),
            (SEED, totp(60), -3)
        );
        assert!(!outcome.assumed.contains(&Assumption::NoMac));
    }
}

#[test]
fn an_encrypted_value_without_a_mac_and_a_mac_over_the_plaintext_are_taken_and_reported() {
    for (mac, assumption) in [
        (WriteMac::Nothing, Assumption::NoMac),
        (WriteMac::Plaintext, Assumption::MacOverPlaintext),
    ] {
        let writer = Writer::new(32, mac);
        let file = Writer::file(&[writer.package("A1", SEED, "")]);
        let (_, outcome) = outcome(file.as_bytes(), &writer.options()).unwrap();
        assert_eq!(outcome.packages[0].seed.expose(), SEED);
        assert!(outcome.assumed.contains(&assumption));
        let fault = super::outcome(file.as_bytes(), &key(&"77".repeat(32)))
            .err()
            .unwrap();
        assert!(fault.why.contains("wrong key"), "{fault}");
    }
}

#[test]
fn one_damaged_value_among_good_ones_is_rejected_alone() {
    let writer = Writer::new(16, WriteMac::Ciphertext);
    let mut packages = ["A1", "A2", "A3"].map(|serial| writer.package(serial, SEED, ""));
    packages[1] = packages[1].replace("<CipherValue>B", "<CipherValue>C");
    let (_, outcome) = outcome(Writer::file(&packages).as_bytes(), &writer.options()).unwrap();
    assert_eq!(serials(&outcome), ["A1", "A3"]);
    assert_eq!(outcome.rejected.len(), 1);
    assert_eq!(outcome.rejected[0].0, 4);
}

#[test]
fn a_value_without_a_mac_beside_one_that_has_one_is_not_even_tried() {
    let writer = Writer::new(16, WriteMac::Ciphertext);
    let bare = Writer::new(16, WriteMac::Nothing);
    let good = writer.package("A1", SEED, "");
    let stripped = bare.package("A2", SEED, "");
    let damaged = stripped.replace("<CipherValue>B", "<CipherValue>C");
    let counter = bare.value("Counter", &5_u32.to_be_bytes());
    let counter = writer
        .package("A3", SEED, &counter)
        .replace("pskc:totp", "pskc:hotp");
    for packages in [
        [good.clone(), stripped.clone()],
        [stripped, good.clone()],
        [good.clone(), damaged],
        [good, counter],
    ] {
        let (_, outcome) = outcome(Writer::file(&packages).as_bytes(), &writer.options()).unwrap();
        assert_eq!(serials(&outcome), ["A1"]);
        assert_eq!(outcome.rejected.len(), 1);
        assert!(outcome.rejected[0].1.starts_with("it has no MAC"));
    }
}

#[test]
fn a_number_without_a_mac_is_not_even_tried_for_it_may_be_a_seed_that_was_put_there() {
    let bare = Writer::new(16, WriteMac::Nothing);
    let seed = bare.value("Counter", SEED);
    let damaged = seed.replace("<CipherValue>B", "<CipherValue>C");
    assert_ne!(seed, damaged);
    for counter in [bare.value("Counter", &5_u64.to_be_bytes()), seed, damaged] {
        let package = bare.package("A1", SEED, &counter);
        let file = Writer::file(&[package.replace("pskc:totp", "pskc:hotp")]);
        let (_, outcome) = outcome(file.as_bytes(), &bare.options()).unwrap();
        assert_eq!(serials(&outcome), [""; 0]);
        assert!(outcome.rejected[0].1.starts_with("it has no MAC"));
    }
}

#[test]
fn a_passphrase_file_may_name_sha_256_in_any_namespace_and_its_work_is_bounded() {
    let derive = |iterations: &str, length: &str, prf: &str| {
        let mut writer = Writer::new(32, WriteMac::Ciphertext);
        pbkdf2::pbkdf2_hmac::<sha2::Sha256>(b"open sesame", b"salt", 4, &mut writer.key);
        let header = format!(
            "<EncryptionKey><DerivedKey><KeyDerivationMethod Algorithm=\"http://www.rsasecurity.com/rsalabs/pkcs/\
             schemas/pkcs-5v2-0#pbkdf2\"><a:PBKDF2-params xmlns:a=\"urn:a\"><b:Salt xmlns:b=\"urn:b\"><Specified>\
             c2FsdA==</Specified></b:Salt><IterationCount>{iterations}</IterationCount><a:KeyLength>{length}\
             </a:KeyLength>{prf}</a:PBKDF2-params></KeyDerivationMethod></DerivedKey></EncryptionKey>"
        );
        Writer::file(&[writer.package("A1", SEED, "")]).replace(
            "<EncryptionKey><KeyName>k</KeyName></EncryptionKey>",
            &header,
        )
    };
    let sha256 = "<a:PRF Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#hmac-sha256\"/>";
    let opened = |file: String| outcome(file.as_bytes(), &passphrase("open sesame"));
    assert_eq!(
        opened(derive("4", "32", sha256)).unwrap().1.packages[0]
            .seed
            .expose(),
        SEED
    );
    for (file, why) in [
        (derive("10000001", "32", sha256), "iteration count"),
        (derive("0", "32", sha256), "iteration count"),
        (
            derive("99999999999999999999", "32", sha256),
            "iteration count",
        ),
        (derive("4", "1000000000", sha256), "key length"),
        (
            derive("4", "32", "<PRF Algorithm=\"urn:hmac-md5\"/>"),
            "PRF",
        ),
        (derive("4", "32", ""), "wrong key"),
    ] {
        let fault = opened(file).err().unwrap().to_string();
        assert!(fault.contains(why), "{fault}");
    }
}

#[test]
fn what_is_encrypted_in_another_way_is_refused_by_its_name() {
    let writer = Writer::new(16, WriteMac::Ciphertext);
    let file = Writer::file(&[writer.package("A1", SEED, "")]);
    for (method, name) in [
        ("aes128-gcm", "AES-GCM"),
        ("camellia128-cbc", "Camellia"),
        ("kw-tripledes", "Triple-DES key wrap"),
        ("rot13", "unknown"),
    ] {
        let fault = outcome(
            file.replace("aes128-cbc", method).as_bytes(),
            &writer.options(),
        )
        .err()
        .unwrap();
        assert!(fault.why.contains(name), "{fault}");
    }
}

#[test]
fn a_mac_key_of_no_keys_length_is_a_wrong_key_for_it_may_be_a_part_of_a_seed() {
    let writer = Writer::new(16, WriteMac::Ciphertext);
    let file = |mac_key: &[u8]| {
        let ciphertext = writer.encrypt(SEED);
        let tag = Hmac::<sha2::Sha256>::new_from_slice(mac_key).unwrap();
        let tag = tag.chain_update(&ciphertext).finalize().into_bytes();
        let method = writer.value("MACKey", mac_key);
        let (method, _) = method.split_once("<ValueMAC>").unwrap();
        let method = method
            .replace("<EncryptedValue>", "")
            .replace("</EncryptedValue>", "");
        let package = writer.package("A1", SEED, "");
        let (before, rest) = package.split_once("<ValueMAC>").unwrap();
        let (_, after) = rest.split_once("</ValueMAC>").unwrap();
        let package = format!("{before}<ValueMAC>{}</ValueMAC>{after}", to_base64(&tag));
        Writer::file(&[package]).replace(
            "hmac-sha256\"/>",
            &format!("hmac-sha256\">{method}</MACKey></MACMethod>"),
        )
    };
    let read = |length| outcome(file(&vec![5; length]).as_bytes(), &writer.options());
    for length in [16, 20, 32, 64] {
        assert_eq!(serials(&read(length).unwrap().1), ["A1"], "{length}");
    }
    for length in [0, 1, 2, 15, 17, 33] {
        let why = read(length).err().unwrap().why;
        assert!(
            why.contains("a wrong key or passphrase, or a damaged file"),
            "{why}"
        );
    }
}
