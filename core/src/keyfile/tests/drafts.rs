//! Drafts of PSKC from before RFC 6030, as vendors took them up.

use super::*;

const KEY: &str = "0102030405060708090a0b0c0d0e0f10";

fn text(sample: &[u8]) -> String {
    String::from_utf8(sample.to_vec()).unwrap()
}

#[test]
fn the_first_draft_is_read_with_its_own_names_and_its_numbers_in_base64() {
    let outcome = plain(sample!("pskc-draft-hoyer-00.xml"));
    let package = &outcome.packages[0];
    assert_eq!(
        (package.serial.as_str(), package.seed.expose()),
        ("34000001", SEED)
    );
    assert_eq!(
        (package.parameters.digits.count(), package.counter),
        (8, 12)
    );
    assert_eq!(package.parameters.not_after, Some(2_145_830_400));
    assert_eq!(
        outcome.assumed,
        [
            Assumption::Draft,
            Assumption::MonthFirst,
            Assumption::TimeZone,
            Assumption::NumberInBase64,
        ]
    );
}

#[test]
fn a_drafts_passphrase_is_taken_with_pbkdf2_and_that_is_reported() {
    let sample = sample!("pskc-draft-hoyer-01-passphrase.xml");
    let (_, taken) = outcome(sample, &passphrase("correct horse")).unwrap();
    let package = &taken.packages[0];
    assert_eq!((package.seed.expose(), package.counter), (SEED, 100));
    assert_eq!(
        taken.assumed,
        [Assumption::Draft, Assumption::DraftPassphrase]
    );
    for (options, why) in [
        (passphrase("wrong"), "wrong key or passphrase"),
        (Options::default(), "give the passphrase"),
        (key(KEY), "give the passphrase"),
    ] {
        let fault = outcome(sample, &options).err().unwrap().why;
        assert!(fault.contains(why), "{fault}");
    }
}

#[test]
fn a_draft_with_one_vector_a_mac_over_the_plaintext_and_a_plain_counter_is_read() {
    let sample = sample!("pskc-draft-one-vector.xml");
    let (_, taken) = outcome(sample, &key(KEY)).unwrap();
    let package = &taken.packages[0];
    assert_eq!((package.seed.expose(), package.counter), (SEED, 12));
    assert_eq!(
        taken.assumed,
        [
            Assumption::Draft,
            Assumption::OneVector,
            Assumption::MacOverPlaintext,
            Assumption::NumberInBase64,
        ]
    );
    let wrong = outcome(sample, &key(&"77".repeat(16))).err().unwrap().why;
    assert!(wrong.contains("wrong key"), "{wrong}");
}

#[test]
fn a_secret_in_an_encrypted_draft_that_is_not_marked_as_encrypted_is_rejected() {
    let sample = text(sample!("pskc-draft-one-vector.xml"));
    let (before, rest) = sample.split_once("<ValueDigest>").unwrap();
    let (_, after) = rest.split_once("</ValueDigest>").unwrap();
    let (_, outcome) = outcome(format!("{before}{after}").as_bytes(), &key(KEY)).unwrap();
    assert!(outcome.packages.is_empty());
    assert!(outcome.rejected[0].1.contains("no MAC"));
}

#[test]
fn what_keys_have_in_common_is_taken_from_their_key_properties() {
    let outcome = plain(sample!("pskc-draft-key-properties.xml"));
    let package = &outcome.packages[0];
    assert_eq!(package.serial.as_str(), "34000004");
    assert_eq!(
        (package.parameters.token_type, package.drift),
        (totp(60), -4)
    );
    assert_eq!(package.parameters.digits.count(), 8);
    assert_eq!(package.parameters.not_after, Some(2_145_830_400));
    let file = text(sample!("pskc-draft-key-properties.xml"));
    let other = file.replace(
        "KeyPropertiesId=\"P1\" KeyAlgorithm",
        "KeyPropertiesId=\"P2\" KeyAlgorithm",
    );
    assert!(plain(other).assumed.contains(&Assumption::Type));
}

#[test]
fn the_last_drafts_are_read_with_the_mac_inside_of_the_value_and_the_cipher_in_a_scheme() {
    let sample = sample!("pskc-draft-ietf-02-passphrase.xml");
    let (_, outcome) = outcome(sample, &passphrase("correct horse")).unwrap();
    assert_eq!(outcome.packages[0].seed.expose(), SEED);
    assert_eq!(outcome.assumed, [Assumption::Draft]);
}

#[test]
fn a_draft_key_that_is_not_for_one_time_passcodes_is_rejected() {
    let file = text(sample!("pskc-draft-key-properties.xml"));
    let file = file.replace("OTP=\"true\"", "OTP=\"false\" CR=\"true\"");
    assert!(plain(file).rejected[0].1.contains("usage"));
}

#[test]
fn an_expiry_date_that_is_none_with_the_month_first_is_rejected() {
    let file = text(sample!("pskc-draft-hoyer-00.xml"));
    let outcome = plain(file.replace("12/31/2037", "31/12/2037"));
    assert!(outcome.rejected[0].1.contains("Expiry"));
}

#[test]
fn no_file_keeps_more_key_properties_in_memory_than_a_few() {
    let many = "<KeyProperties KeyPropertiesId=\"P\"/>".repeat(17);
    assert!(refused(container(&many)).contains("KeyProperties"));
}
