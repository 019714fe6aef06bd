//! Samples under pre-shared keys and passphrases, made by other hands, and what may be wrong with such files.

use super::*;

const KEY16: &str = "0102030405060708090a0b0c0d0e0f10";
const KEY24: &str = "0102030405060708090a0b0c0d0e0f101112131415161718";
const KEY32: &str = "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20";

fn text(sample: &[u8]) -> String {
    String::from_utf8(sample.to_vec()).unwrap()
}

/// The reason why the whole file is refused.
fn refusal(file: impl AsRef<[u8]>, options: &Options) -> String {
    outcome(file.as_ref(), options).err().unwrap().why
}

/// What was assumed about a file that opens to the one seed.
fn opened(file: impl AsRef<[u8]>, options: &Options) -> Vec<Assumption> {
    let (_, outcome) = outcome(file.as_ref(), options).unwrap();
    assert_eq!(outcome.rejected, []);
    assert_eq!(outcome.packages[0].seed.expose(), SEED);
    outcome.assumed
}

#[test]
fn aes_and_triple_des_in_cbc_mode_open_with_their_mac_key() {
    assert_eq!(opened(sample!("pskc-aes256.xml"), &key(KEY32)), []);
    assert_eq!(opened(sample!("pskc-3des.xml"), &key(KEY24)), []);
}

#[test]
fn triple_des_opens_with_two_keys_as_with_three_of_which_two_are_the_same() {
    use aes::cipher::block_padding::Pkcs7;
    use aes::cipher::{BlockModeEncrypt, KeyIvInit};
    let two = super::super::decode::hex(KEY16).unwrap();
    let three = [&two[..], &two[..8]].concat();
    let body = cbc::Encryptor::<des::TdesEde3>::new_from_slices(&three, &[7; 8])
        .unwrap()
        .encrypt_padded_vec::<Pkcs7>(SEED);
    let sealed = to_base64(&[&[7; 8][..], &body].concat());
    let file = pskc("urn:ietf:params:xml:ns:keyprov:pskc:totp", "", "", "").replace(
        "<PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</PlainValue>",
        &format!(
            "<EncryptedValue><EncryptionMethod Algorithm=\"x#tripledes-cbc\"/><CipherData><CipherValue>{sealed}\
             </CipherValue></CipherData></EncryptedValue>"
        ),
    );
    assert!(opened(&file, &key(KEY16)).contains(&Assumption::NoMac));
    assert!(opened(&file, &key(&to_hex(&three))).contains(&Assumption::NoMac));
}

#[test]
fn a_mac_over_the_plaintext_with_the_encryption_key_is_taken_and_reported() {
    let sample = sample!("pskc-aes192-mac-over-plaintext.xml");
    assert_eq!(opened(sample, &key(KEY24)), [Assumption::MacOverPlaintext]);
}

#[test]
fn a_value_without_a_mac_is_taken_and_reported() {
    let sample = sample!("pskc-aes128-no-mac.xml");
    assert_eq!(opened(sample, &key(KEY16)), [Assumption::NoMac]);
}

#[test]
fn without_a_mac_method_the_macs_length_tells_its_hash_and_that_is_reported() {
    let sample = sample!("pskc-aes128-no-mac-method.xml");
    assert_eq!(opened(sample, &key(KEY16)), [Assumption::MacMethod]);
    let short = text(sample).replace("<ValueMAC>", "<ValueMAC>AAAA");
    assert!(refusal(short, &key(KEY16)).contains("wrong key"));
}

#[test]
fn one_initialization_vector_for_all_values_is_taken_and_reported() {
    let sample = sample!("pskc-one-vector.xml");
    assert_eq!(opened(sample, &key(KEY16)), [Assumption::OneVector]);
    let short = text(sample).replace("<IV>", "<IV>AAAA");
    assert!(refusal(short, &key(KEY16)).contains("initialization vector"));
}

#[test]
fn aes_key_wrap_needs_no_mac_for_it_checks_itself() {
    let sample = text(sample!("pskc-kw-aes256.xml"));
    let (_, taken) = outcome(sample.as_bytes(), &key(KEY32)).unwrap();
    assert_eq!(taken.packages[0].seed.expose(), b"123456789012345678901234");
    assert_eq!(taken.assumed, [Assumption::SeedLength]);
    let wrong = key(&KEY32.replace("01", "02"));
    assert!(refusal(&sample, &wrong).contains("wrong key"));
    assert!(refusal(&sample, &key(KEY16)).contains("16 bytes"));
    let damaged = sample.replace("<xenc:CipherValue>", "<xenc:CipherValue>AAAAAAAAAAA=");
    assert!(refusal(damaged, &key(KEY32)).contains("base64"));
}

#[test]
fn aes_key_wrap_with_padding_takes_a_seed_of_any_length() {
    let sample = sample!("pskc-kw-aes128-pad.xml");
    assert_eq!(opened(sample, &key(KEY16)), []);
    assert!(refusal(sample, &key(&"77".repeat(16))).contains("wrong key"));
}

#[test]
fn a_key_that_is_wrapped_with_the_pre_shared_key_opens() {
    let sample = sample!("pskc-wrapped-key.xml");
    assert_eq!(opened(sample, &key(KEY16)), []);
    assert!(refusal(sample, &key(&"77".repeat(16))).contains("wrong key"));
}

#[test]
fn a_value_may_bring_its_own_key_wrapped_with_the_pre_shared_key() {
    let sample = text(sample!("pskc-wrapped-key.xml"));
    let (before, rest) = sample.split_once("<xenc:EncryptedKey>").unwrap();
    let (wrapped, after) = rest.split_once("</xenc:EncryptedKey>").unwrap();
    let named = format!("{before}<ds:KeyName>k</ds:KeyName>{after}");
    let (before, after) = named.rsplit_once("<xenc:CipherData>").unwrap();
    let file = format!(
        "{before}<ds:KeyInfo><xenc:EncryptedKey>{wrapped}</xenc:EncryptedKey></ds:KeyInfo><xenc:CipherData>{after}"
    );
    assert_eq!(opened(&file, &key(KEY16)), []);
    assert!(refusal(&file, &key(&"77".repeat(16))).contains("wrong key"));
}

#[test]
fn interval_and_drift_may_be_encrypted_and_so_may_the_time_which_nobody_needs() {
    let (_, outcome) = outcome(sample!("pskc-encrypted-numbers.xml"), &key(KEY16)).unwrap();
    let package = &outcome.packages[0];
    assert_eq!(
        (package.parameters.token_type, package.drift),
        (totp(60), -3)
    );
    assert_eq!(outcome.assumed, []);
}

#[test]
fn a_counter_that_is_encrypted_as_digits_is_taken_as_digits_and_that_is_reported() {
    let (_, outcome) = outcome(sample!("pskc-encrypted-digits.xml"), &key(KEY16)).unwrap();
    assert_eq!(outcome.packages[0].counter, 298_507);
    assert_eq!(outcome.assumed, [Assumption::NumberInDigits]);
}

#[test]
fn a_pbkdf2_file_opens_whatever_its_prf_and_the_namespaces_of_its_elements() {
    let options = passphrase("correct horse");
    assert_eq!(opened(sample!("pskc-passphrase-sha256.xml"), &options), []);
    assert_eq!(opened(sample!("pskc-passphrase-no-prf.xml"), &options), []);
}

#[test]
fn a_passphrases_key_without_a_length_is_as_long_as_its_cipher_wants_and_that_is_reported() {
    let sample = sample!("pskc-passphrase-no-length.xml");
    let assumed = opened(sample, &passphrase("correct horse"));
    assert_eq!(assumed, [Assumption::KeyLength]);
}

#[test]
fn a_passphrases_key_without_a_length_is_cut_to_a_shorter_cipher_too() {
    let sample = text(sample!("pskc-rfc6030-figure7-passphrase.xml"));
    let bare = sample.replace("<KeyLength>16</KeyLength>", "");
    assert_ne!(bare, sample);
    let assumed = opened(bare, &passphrase("qwerty"));
    assert!(assumed.contains(&Assumption::KeyLength));
}

#[test]
fn a_passphrases_key_length_in_bits_is_read_as_such() {
    let sample = text(sample!("pskc-passphrase-sha256.xml"));
    let bits = sample.replace("<KeyLength>32<", "<KeyLength>256<");
    assert_ne!(bits, sample);
    assert_eq!(opened(bits, &passphrase("correct horse")), []);
}

#[test]
fn a_salt_may_stand_without_specified_around_it_but_not_be_missing() {
    let sample = text(sample!("pskc-passphrase-sha256.xml"));
    let bare = sample
        .replace("<Specified>", "")
        .replace("</Specified>", "");
    assert_eq!(opened(bare, &passphrase("correct horse")), []);
    let missing = sample.replace("Salt>", "Pepper>");
    assert!(refusal(missing, &passphrase("correct horse")).contains("no salt"));
}

#[test]
fn a_key_for_a_passphrases_file_and_a_passphrase_for_a_keys_say_what_to_give() {
    let by_key = refusal(sample!("pskc-aes256.xml"), &passphrase("correct horse"));
    assert!(
        by_key.contains("pre-shared key: give the key with --key-file"),
        "{by_key}"
    );
    let by_phrase = refusal(sample!("pskc-passphrase-sha256.xml"), &key(KEY32));
    assert!(
        by_phrase.contains("give the passphrase with --passphrase-file"),
        "{by_phrase}"
    );
}

#[test]
fn a_mac_key_that_the_file_only_names_is_tried_as_the_encryption_key() {
    let sample = text(sample!("pskc-aes192-mac-over-plaintext.xml"));
    let named = sample.replace(
        "\"></MACMethod>",
        "\"><MACKeyReference>other</MACKeyReference></MACMethod>",
    );
    assert_ne!(named, sample);
    assert_eq!(opened(&named, &key(KEY24)), [Assumption::MacOverPlaintext]);
    let other = named.replace("<ValueMAC>", "<ValueMAC>AAAA");
    assert!(refusal(other, &key(KEY24)).contains("does not bring"));
}

#[test]
fn a_value_that_is_cut_off_anywhere_gives_no_seed() {
    let sample = text(sample!("pskc-aes256.xml"));
    let (before, rest) = sample.rsplit_once("<xenc:CipherValue>").unwrap();
    let (value, after) = rest.split_once('<').unwrap();
    for length in 0..value.len() {
        let cut = format!("{before}<xenc:CipherValue>{}<{after}", &value[..length]);
        let outcome = outcome(cut.as_bytes(), &key(KEY32));
        assert!(outcome.is_err() || outcome.is_ok_and(|(_, o)| o.packages.is_empty()));
    }
}

#[test]
fn a_wrapped_key_that_does_not_check_itself_is_not_even_decrypted() {
    let sample = text(sample!("pskc-wrapped-key.xml"));
    let (before, after) = sample.split_once("<xenc:EncryptedKey>").unwrap();
    for method in ["aes128-cbc", "tripledes-cbc"] {
        let after = after.replacen("kw-aes128", method, 1);
        let file = format!("{before}<xenc:EncryptedKey>{after}");
        let why = refusal(&file, &key(KEY16));
        assert!(why.contains("AES key wrap"), "{why}");
    }
}
