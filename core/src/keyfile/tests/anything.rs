//! Whatever stands in a file.

use super::*;
use crate::keyfile::input::Input;
use crate::keyfile::xml::{Document, Wanted};
use proptest::prelude::*;

const XML: [&[u8]; 5] = [
    sample!("pskc-plain-totp.xml"),
    sample!("pskc-rfc6030-figure6-key.xml"),
    sample!("pskc-draft-hoyer-01-passphrase.xml"),
    b"<a><b c='&lt;' d=\"e\">&#65;<![CDATA[]]><f/></b>\r\n<b>\xc2\x85<!-- g --></b></a>",
    b"<a><b>\x7f</b><c d='1' d='2'/></a>",
];
const WANTED: Wanted = Wanted {
    children: &["EncryptionKey", "b"],
    within: &["EncryptedValue", "PlainValue", "f"],
};

/// A child of the root: its name and its line.
type Child = (String, u64);

/// The names and lines of the children of the root, and the fault that ends the walk, if one does.
fn walk(bytes: &[u8], wanted: Option<&Wanted>) -> (Vec<Child>, Option<(u64, String)>) {
    let Ok(input) = Input::open(&bytes) else {
        return (Vec::new(), None);
    };
    let mut document = Document::new(input);
    let mut children = Vec::new();
    loop {
        let child = match wanted {
            None => document.next_child(),
            Some(wanted) => document.skim_child(wanted),
        };
        match child {
            Ok(Some(child)) => children.push((child.name().to_owned(), child.line)),
            Ok(None) => return (children, None),
            Err(fault) => return (children, Some((fault.line, fault.why))),
        }
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic_in_any_format(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        for format in Format::ALL.map(Some).into_iter().chain([None]) {
            if let Ok(items) = read(&&bytes[..], &Options { format, ..key("00") }) {
                items.for_each(drop);
            }
        }
    }

    #[test]
    fn a_file_with_a_few_bytes_changed_never_panics(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..5),
        which in 0..=samples::SAMPLES.len(),
    ) {
        let encrypted: &[u8] = sample!("pskc-rfc6030-figure6-key.xml");
        let sample = samples::SAMPLES.get(which).map_or(encrypted, |(_, sample, _)| *sample);
        let mut bytes = sample.to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(items) = read(&&bytes[..], &key("12345678901234567890123456789012")) {
            items.for_each(drop);
        }
    }

    #[test]
    fn whoever_only_skims_damaged_xml_meets_the_same_fault(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..4),
        which in 0..XML.len(),
    ) {
        let mut bytes = XML[which].to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        prop_assert_eq!(walk(&bytes, None), walk(&bytes, Some(&Wanted::default())));
        prop_assert_eq!(walk(&bytes, None), walk(&bytes, Some(&WANTED)));
    }

    #[test]
    fn every_package_reads_back_from_every_format(
        serial in "[A-Z0-9]{1,32}",
        seed in proptest::collection::vec(any::<u8>(), 10..=128),
        hotp in any::<bool>(),
        digits in 6_u64..=8,
        interval in 10_u64..=300,
        counter in any::<u64>(),
        hash in 0_usize..3,
    ) {
        let (kind, last) = if hotp { ("hotp", counter) } else { ("totp", interval) };
        let hash = [HashAlgorithm::Sha1, HashAlgorithm::Sha256, HashAlgorithm::Sha512][hash];
        let plain = |name: &str, value: &str| format!("<{name}><PlainValue>{value}</PlainValue></{name}>");
        let data = plain("Counter", &counter.to_string()) + &plain("TimeInterval", &interval.to_string());
        let form = format!("<Suite>{hash}</Suite><ResponseFormat Length=\"{digits}\" Encoding=\"DECIMAL\"/>");
        let files = [
            format!("{serial},{},{kind},{digits},{last},{hash}", to_hex(&seed)),
            format!(
                "otpauth://{kind}/x?serial={serial}&secret={}&digits={digits}&period={interval}&counter={counter}\
                 &algorithm={hash}",
                to_base32(&seed)
            ),
            pskc(&format!("urn:x:{kind}"), &form, &data, "")
                .replace("S1", &serial)
                .replace("MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=", &to_base64(&seed)),
        ];
        for file in files {
            let outcome = super::plain(&file);
            let package = &outcome.packages[0];
            prop_assert_eq!(package.serial.as_str(), &serial);
            prop_assert_eq!(package.seed.expose(), &seed[..]);
            prop_assert_eq!(package.parameters.token_type, if hotp { TokenType::Hotp } else { totp(interval) });
            prop_assert_eq!(package.parameters.algorithm, hash);
            prop_assert_eq!(u64::from(package.parameters.digits.count()), digits);
            prop_assert_eq!(package.counter, if hotp { counter } else { 0 });
            prop_assert!(outcome.assumed.iter().all(|it| matches!(it, Assumption::SeedLength | Assumption::Hex)));
        }
    }

    #[test]
    fn every_package_reads_back_from_the_formats_that_say_all_but_the_hash_or_the_type(
        serial in "[A-Z0-9]{1,32}",
        seed in proptest::collection::vec(any::<u8>(), 10..=128),
        hotp in any::<bool>(),
        digits in 6_u64..=8,
        interval in 10_u64..=300,
        counter in any::<u64>(),
    ) {
        let seed_hex = to_hex(&seed);
        let (kind, mode, last) = if hotp { ("HOTP", "E", counter) } else { ("TOTP", "T", interval) };
        let moving = if hotp { format!("sccSeq={counter}") } else { format!("sccTick={interval}") };
        let mut files = vec![
            format!("{serial};M;{kind};{seed_hex};{digits};{last}"),
            format!(
                "sccAuthenticatorId: {serial}\n\
                 sccTokenData: sccKey={seed_hex};sccMode={mode};sccPwLen={digits};{moving};crypto=HmacSHA1"
            ),
        ];
        if !hotp {
            files.push(format!(
                "<data><header><digits>{digits}</digits><timeWindow>{interval}</timeWindow></header>\
                 <token><serial>{serial}</serial><seed>{seed_hex}</seed></token></data>"
            ));
        }
        for file in files {
            let outcome = plain(&file);
            let package = &outcome.packages[0];
            prop_assert_eq!(package.serial.as_str(), &serial);
            prop_assert_eq!(package.seed.expose(), &seed[..]);
            prop_assert_eq!(package.parameters.token_type.name(), kind);
            let read = package.parameters.token_type.time_interval().map(TimeInterval::seconds);
            prop_assert_eq!(read, (!hotp).then_some(interval));
            prop_assert_eq!(u64::from(package.parameters.digits.count()), digits);
            prop_assert_eq!(package.counter, if hotp { counter } else { 0 });
        }
    }
}
