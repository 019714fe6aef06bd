//! Which format a file is in.

use super::*;

#[test]
fn what_is_known_and_cannot_be_read_is_refused_by_its_name() {
    for (file, name) in [
        (
            "<?xml version=\"1.0\"?>\n<TKNBatch><TKNHeader/></TKNBatch>",
            "RSA SecurID",
        ),
        ("G0 SERNUMB8 IPIN PINLNG\nA0 SERNUMB8 A_IVLEFT\n", "VASCO"),
        ("PK\u{3}\u{4}abc", "ZIP"),
        ("otpauth-migration://offline?data=x", "authenticator"),
    ] {
        assert!(refused(file).contains(name), "{file}");
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
