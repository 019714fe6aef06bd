//! Which format a file is in.

use super::*;

#[test]
fn what_is_known_and_cannot_be_read_is_refused_by_its_name() {
    let files: [(&[u8], &str); 17] = [
        (
            b"<?xml version=\"1.0\"?>\n<TKNBatch><TKNHeader/></TKNBatch>",
            "RSA SecurID",
        ),
        (b"G0 SERNUMB8 IPIN PINLNG\nA0 SERNUMB8 A_IVLEFT\n", "VASCO"),
        (b"<tokenList><tokenInfo><token><![CDATA[<data>", "Deepnet"),
        (b"PK\x03\x04abc", "7z x FILE"),
        (b"\x1f\x8b\x08", "packed archive"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            "serial numbers as text",
        ),
        (b"%PDF-1.7\n", "document"),
        (b"{\\rtf1", "document"),
        (b"\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5", "KeePass"),
        (b"<KeePassFile/>", "KeePass"),
        (
            b"otpauth-migration://offline?data=x",
            "Google Authenticator",
        ),
        (b"{\"version\":1,\"db\":{\"entries\":[]}}", "Aegis"),
        (b"[{\"secret\":\"x\"}]", "andOTP"),
        (b"-----BEGIN PGP MESSAGE-----\n", "gpg"),
        (b"age-encryption.org/v1\n", "otpair restore"),
        (b"Salted__abcdefgh", "openssl"),
        (b"<!doctype html><title>x</title>", "web page"),
    ];
    for (file, name) in files {
        assert!(refused(file).contains(name), "{name}");
    }
}

#[test]
fn an_unknown_file_is_refused_with_the_list_of_formats() {
    for file in ["hello\nworld\n", "<Tokens/>", "a;b;c", "\u{1}\u{2}\u{3}"] {
        let names = Format::ALL.map(Format::name).join(", ");
        assert!(refused(file).contains(&names), "{file}");
    }
}

#[test]
fn a_format_has_a_name_that_reads_back_and_a_told_format_is_not_doubted() {
    assert!(
        Format::ALL
            .iter()
            .all(|format| Format::parse(&format.name().to_uppercase()) == Some(*format))
    );
    assert_eq!(Format::parse("csv"), None);
    let options = Options {
        format: Some(Format::OathCsv),
        ..Options::default()
    };
    let (format, outcome) = outcome(format!("1,{HEX}").as_bytes(), &options).unwrap();
    assert_eq!((format, serials(&outcome)), (Format::OathCsv, vec!["1"]));
}

#[test]
fn a_pskc_file_may_name_a_proprietary_product() {
    let file =
        pskc("urn:x:hotp", "", "", "").replace("<KeyPackage>", "<!-- VACMAN --><KeyPackage>");
    assert_eq!(serials(&plain(file)), ["S1"]);
}

#[test]
fn a_pre_shared_key_is_read_from_hexadecimal() {
    assert!(
        matches!(Unlock::from_hex("12 AB cd"), Some(Unlock::PreSharedKey(key)) if *key == [0x12, 0xab, 0xcd])
    );
    assert!(
        ["", " ", "1", "xy"]
            .iter()
            .all(|text| Unlock::from_hex(text).is_none())
    );
}
