//! PSKC files that were written to keep a machine busy, or to fill its memory.

use super::*;

const KEY: &str = "0102030405060708090a0b0c0d0e0f10";

/// One package that has this in it.
fn package(inside: &str) -> String {
    container(&format!("<KeyPackage>{inside}</KeyPackage>"))
}

#[test]
fn an_entry_takes_no_more_memory_than_a_mebibyte_whatever_it_is_made_of() {
    let long = "x".repeat(60 * 1024);
    let texts = format!("<a>{long}</a>").repeat(20);
    let values = format!("<a b='{long}'/>").repeat(20);
    let attributes: String = (0..60).fold(String::new(), |mut text, n| {
        write!(text, " a{n}=''").unwrap();
        text
    });
    let attributes = format!("<a{attributes}/>").repeat(400);
    let references = format!("<a>{}</a>", "&amp;".repeat(60_000)).repeat(20);
    for inside in [texts, values, attributes, references] {
        let why = refused(package(&inside));
        assert!(why.contains("too much in one entry"), "{why}");
    }
    let why = refused(package(&"<a/>".repeat(4096)));
    assert!(why.contains("too many elements"), "{why}");
}

#[test]
fn a_file_does_not_choose_how_long_its_passphrase_is_worked_on() {
    let sample = String::from_utf8(sample!("pskc-passphrase-sha256.xml").to_vec()).unwrap();
    for count in ["1000000000", "4294967296", "-1", "1e3", ""] {
        let file = sample.replace(">2000<", &format!(">{count}<"));
        let fault = outcome(file.as_bytes(), &passphrase("correct horse"));
        assert!(fault.err().unwrap().why.contains("iteration count"));
    }
    let draft = String::from_utf8(sample!("pskc-draft-hoyer-01-passphrase.xml").to_vec()).unwrap();
    let file = draft.replace(">999<", ">1000000000<");
    let fault = outcome(file.as_bytes(), &passphrase("correct horse"));
    assert!(fault.err().unwrap().why.contains("iteration count"));
}

#[test]
fn values_of_every_length_and_method_give_a_reason_and_no_panic() {
    let methods = [
        "aes128-cbc",
        "aes256-cbc",
        "tripledes-cbc",
        "kw-aes128",
        "kw-aes128-pad",
        "kw-aes-128-pad",
        "rsa-1_5",
        "rsa-oaep",
        "",
    ];
    for method in methods {
        for length in (0..70).chain([8192]) {
            let value = to_base64(&vec![0x5a; length]);
            let file = package(&format!(
                "<Key Id=\"K\"><Data><Secret><EncryptedValue><EncryptionMethod Algorithm=\"x#{method}\"/>\
                 <CipherData><CipherValue>{value}</CipherValue></CipherData></EncryptedValue></Secret></Data></Key>"
            ));
            let taken = outcome(file.as_bytes(), &key(KEY));
            assert!(taken.is_err() || taken.is_ok_and(|(_, taken)| taken.packages.is_empty()));
        }
    }
}
