//! A key's policy, and other things that files say of their keys.

use super::*;

const HOTP: &str = "urn:ietf:params:xml:ns:keyprov:pskc:hotp";
const TOTP: &str = "urn:ietf:params:xml:ns:keyprov:pskc:totp";

#[test]
fn a_rule_that_is_not_known_forbids_the_key_as_rfc_6030_says() {
    let outcome = plain(pskc(
        HOTP,
        "",
        "",
        "<x:Curfew xmlns:x=\"urn:x\">22:00</x:Curfew>",
    ));
    assert!(outcome.packages.is_empty());
    assert!(outcome.rejected[0].1.contains("RFC 6030 forbids"));
}

#[test]
fn an_extension_anywhere_else_is_passed_over() {
    let extension =
        "<Extensions definition=\"urn:x\"><x:Colour xmlns:x=\"urn:x\">blue</x:Colour></Extensions>";
    let file = pskc(
        HOTP,
        "",
        "<Counter><PlainValue>1</PlainValue></Counter>",
        "",
    )
    .replace("</Key>", &format!("{extension}</Key>"))
    .replace(
        "</KeyPackage>",
        &format!("{extension}</KeyPackage>{extension}"),
    )
    .replace("<Policy></Policy>", "");
    assert_eq!(serials(&plain(file)), ["S1"]);
}

#[test]
fn a_limit_to_transactions_is_reported_for_it_is_not_counted() {
    let file = pskc(
        HOTP,
        "",
        "",
        "<NumberOfTransactions>100</NumberOfTransactions>",
    );
    assert!(plain(file).assumed.contains(&Assumption::Transactions));
}

#[test]
fn a_pin_that_belongs_to_the_passcode_is_reported_and_one_of_the_tokens_own_is_not() {
    let pin = |mode: &str| {
        let policy = format!("<PINPolicy MinLength=\"4\" PINUsageMode=\"{mode}\"/>");
        plain(pskc(HOTP, "", "", &policy))
    };
    for mode in ["Prepend", "Append"] {
        assert!(pin(mode).assumed.contains(&Assumption::PinNotAsked));
    }
    let local = pin("Local");
    assert_eq!(serials(&local), ["S1"]);
    assert!(!local.assumed.contains(&Assumption::PinNotAsked));
    assert!(pin("Algorithmic").rejected[0].1.contains("PIN"));
}

#[test]
fn a_number_in_base64_is_taken_as_bytes_or_as_digits_and_that_is_reported() {
    for (text, counter) in [("NzA5Nzkx", 709_791), ("AAYxSg==", 405_834)] {
        let counter_element = format!("<Counter><PlainValue>{text}</PlainValue></Counter>");
        let outcome = plain(pskc(HOTP, "", &counter_element, ""));
        assert_eq!(outcome.packages[0].counter, counter);
        assert!(outcome.assumed.contains(&Assumption::NumberInBase64));
    }
    let outcome = plain(pskc(
        HOTP,
        "",
        "<Counter><PlainValue>abcd</PlainValue></Counter>",
        "",
    ));
    assert!(outcome.rejected[0].1.contains("Counter"));
}

#[test]
fn the_hash_is_read_from_suite_or_hashalgo_and_never_from_the_seeds_length() {
    for parameters in [
        "<Suite>HMAC-SHA256</Suite>",
        "<Suite>sha256</Suite>",
        "<Suite hashalgo=\"SHA-256\"/>",
        "<Suite>HmacSHA256</Suite>",
    ] {
        let outcome = plain(pskc(TOTP, parameters, "", ""));
        let parameters = outcome.packages[0].parameters;
        assert_eq!(parameters.algorithm, HashAlgorithm::Sha256);
    }
    let long = pskc(TOTP, "", "", "").replace(
        "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=",
        "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=",
    );
    let outcome = plain(long);
    assert_eq!(outcome.packages[0].seed.expose().len(), 32);
    let parameters = outcome.packages[0].parameters;
    assert_eq!(parameters.algorithm, HashAlgorithm::Sha1);
    assert!(outcome.assumed.contains(&Assumption::Algorithm));
}
