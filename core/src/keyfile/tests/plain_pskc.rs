//! PSKC files that are not encrypted.

use super::*;

#[test]
fn a_plain_pskc_file_says_counter_dates_and_manufacturer() {
    let (format, outcome) = outcome(sample!("pskc-plain-hotp.xml"), &Options::default()).unwrap();
    let package = &outcome.packages[0];
    assert_eq!(
        (format, outcome.packages.len(), outcome.assumed.len()),
        (Format::Pskc, 1, 0)
    );
    assert_eq!(
        (
            package.serial.as_str(),
            package.seed.expose(),
            package.counter
        ),
        ("OT-4400017", SEED, 5)
    );
    assert_eq!(package.manufacturer.as_deref(), Some("oath.Example"));
    assert_eq!(package.parameters.not_before, Some(1_767_225_600));
    assert_eq!(package.parameters.not_after, Some(2_082_758_400));
    assert_eq!(package.parameters.token_type, TokenType::Hotp);
}

#[test]
fn a_plain_pskc_file_says_hash_interval_and_signed_drift_and_what_it_does_not_say_is_reported() {
    let outcome = plain(sample!("pskc-plain-totp.xml"));
    let (first, second) = (&outcome.packages[0], &outcome.packages[1]);
    assert_eq!((first.parameters.token_type, first.drift), (totp(60), -4));
    assert_eq!(
        (first.parameters.algorithm, first.parameters.digits.count()),
        (HashAlgorithm::Sha256, 8)
    );
    assert_eq!((second.parameters.token_type, second.drift), (totp(30), 0));
    assert_eq!(
        outcome.assumed,
        [Assumption::Algorithm, Assumption::TimeInterval]
    );
}

#[test]
fn types_and_hashes_are_read_in_the_spellings_of_the_field() {
    for uri in [
        "urn:ietf:params:xml:ns:keyprov:pskc:totp",
        "URN:IETF:params:xml:ns:keyprov:pskc:TOTP",
        "x#totp",
    ] {
        for suite in [
            "<Suite>HMAC-SHA256</Suite>",
            "<Suite> sha256 </Suite>",
            "<Suite hashalgo=\"SHA-256\"/>",
        ] {
            let outcome = plain(pskc(uri, suite, "", ""));
            assert_eq!(
                outcome.packages[0].parameters.algorithm,
                HashAlgorithm::Sha256,
                "{suite}"
            );
            assert_eq!(
                outcome.packages[0].parameters.token_type.name(),
                "TOTP",
                "{uri}"
            );
        }
    }
}

const HOTP: &str = "urn:ietf:params:xml:ns:keyprov:pskc:hotp";
const TOTP: &str = "urn:ietf:params:xml:ns:keyprov:pskc:totp";

/// The file's one key is rejected, at its line, with a reason that has these words.
fn assert_rejected(file: &str, why: &str) {
    let outcome = plain(file);
    assert!(outcome.packages.is_empty(), "{file}");
    let (line, reason) = &outcome.rejected[0];
    assert_eq!(*line, 2);
    assert!(reason.contains(why), "{reason} does not say {why}");
}

#[test]
fn a_key_that_is_not_for_one_time_passcodes_is_rejected() {
    for uri in ["urn:x:OCRA", "urn:x:ocra-1:hotp-sha1-6:qn08"] {
        assert_rejected(&pskc(uri, "", "", ""), "OCRA");
    }
    assert_rejected(&pskc("urn:x:pin", "", "", ""), "algorithm");
    assert_rejected(&pskc(HOTP, "", "", "<KeyUsage>CR</KeyUsage>"), "policy");
    assert_rejected(&container("<KeyPackage/>"), "without a key");
}

#[test]
fn parameters_that_otpair_cannot_use_are_rejected() {
    for (parameters, why) in [
        (
            "<ResponseFormat Length=\"6\" Encoding=\"HEXADECIMAL\"/>",
            "not decimal",
        ),
        (
            "<ResponseFormat Length=\"6\" CheckDigits=\"true\"/>",
            "check digit",
        ),
        (
            "<ResponseFormat Length=\"9\" Encoding=\"DECIMAL\"/>",
            "9 digits",
        ),
        (
            "<ResponseFormat Length=\"x\" Encoding=\"DECIMAL\"/>",
            "whole number",
        ),
        ("<Suite>MD5</Suite>", "hash algorithm"),
    ] {
        assert_rejected(&pskc(HOTP, parameters, "", ""), why);
    }
}

#[test]
fn values_and_dates_out_of_range_are_rejected() {
    let plain =
        |name: &str, value: &str| format!("<{name}><PlainValue>{value}</PlainValue></{name}>");
    for (uri, data, why) in [
        (HOTP, plain("Counter", "-1"), "Counter"),
        (HOTP, plain("Counter", "x"), "Counter"),
        (HOTP, plain("Counter", "18446744073709551616"), "Counter"),
        (TOTP, plain("TimeDrift", "4294967296"), "TimeDrift"),
        (TOTP, plain("TimeInterval", "5"), "5 s"),
    ] {
        assert_rejected(&pskc(uri, "", &data, ""), why);
    }
    assert_rejected(
        &pskc(HOTP, "", "", "<StartDate>soon</StartDate>"),
        "StartDate",
    );
    let dates = "<StartDate>2030-01-01Z</StartDate><ExpiryDate>2029-01-01Z</ExpiryDate>";
    assert_rejected(&pskc(HOTP, "", "", dates), "expires");
}

#[test]
fn a_drift_below_zero_may_have_lost_its_sign() {
    for value in ["-4", "4294967292"] {
        let data = format!("<TimeDrift><PlainValue>{value}</PlainValue></TimeDrift>");
        let outcome = plain(pskc(TOTP, "", &data, ""));
        assert_eq!(outcome.packages[0].drift, -4);
    }
}

#[test]
fn a_secret_that_is_no_seed_is_rejected() {
    for (secret, why) in [("MTIz", "3 bytes"), ("MTIz!", "base64"), ("", "no secret")] {
        let file = pskc(HOTP, "", "", "").replace("MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=", secret);
        assert_rejected(&file, why);
    }
}

#[test]
fn the_narrower_of_the_devices_and_the_keys_dates_counts() {
    let file = pskc(
        HOTP,
        "",
        "",
        "<StartDate>1970-01-02Z</StartDate><ExpiryDate>1970-01-05Z</ExpiryDate>",
    )
    .replace(
        "<SerialNo>",
        "<StartDate>1970-01-03Z</StartDate><ExpiryDate>1970-01-09Z</ExpiryDate><SerialNo>",
    );
    let parameters = plain(file).packages[0].parameters;
    assert_eq!(parameters.not_before, Some(2 * 86_400));
    assert_eq!(parameters.not_after, Some(4 * 86_400));
}

#[test]
fn the_key_id_stands_in_where_there_is_no_serial_number_and_for_a_devices_further_keys() {
    let key = |id: &str, uri: &str| {
        format!(
            "<Key Id=\"{id}\" Algorithm=\"urn:x:{uri}\"><Data><Secret><PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=\
             </PlainValue></Secret></Data></Key>"
        )
    };
    let outcome = plain(container(&format!(
        "<KeyPackage>{}</KeyPackage>",
        key("K7", "hotp")
    )));
    assert_eq!(serials(&outcome), ["K7"]);
    assert!(outcome.assumed.contains(&Assumption::SerialFromKeyId));
    let keys = [
        key("K1", "ocra"),
        key("K2", "hotp"),
        key("K3", "totp"),
        key("S-1", "totp"),
    ]
    .concat();
    let device =
        format!("<KeyPackage><DeviceInfo><SerialNo>S1</SerialNo></DeviceInfo>{keys}</KeyPackage>");
    let outcome = plain(container(&device));
    assert_eq!(serials(&outcome), ["S1", "K3"]);
    assert_eq!(outcome.rejected.len(), 2);
    assert!(outcome.assumed.contains(&Assumption::SeveralKeys));
}

#[test]
fn a_byte_order_mark_odd_prefixes_comments_and_character_references_do_no_harm() {
    let file = pskc("urn:x:hotp", "", "", "")
        .replace("MTIz", "<!-- c -->MT<![CDATA[I]]>&#x7a;&#13;")
        .replace("<Key ", "<p:Key xmlns:p='urn:odd' ")
        .replace("</Key>", "</p:Key>");
    let outcome = plain([b"\xef\xbb\xbf", file.as_bytes()].concat());
    assert_eq!(outcome.packages[0].seed.expose(), SEED);
}

#[test]
fn a_signature_and_a_date_without_a_zone_are_reported() {
    let file = pskc(
        "urn:x:hotp",
        "",
        "",
        "<ExpiryDate>2030-01-01T00:00:00</ExpiryDate>",
    );
    let outcome = plain(file.replace("</KeyContainer>", "<Signature/></KeyContainer>"));
    assert!(outcome.assumed.contains(&Assumption::Signature));
    assert!(outcome.assumed.contains(&Assumption::TimeZone));
}
