//! Whatever stands in a file.

use super::*;
use proptest::prelude::*;

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
        which in 0_usize..4,
    ) {
        let samples: [(&[u8], Options); 4] = [
            (sample!("pskc-rfc6030-figure6-key.xml"), key("12345678901234567890123456789012")),
            (sample!("pskc-plain-totp.xml"), Options::default()),
            (sample!("oath-version2.csv"), Options::default()),
            (sample!("otpauth.txt"), Options::default()),
        ];
        let mut bytes = samples[which].0.to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(items) = read(&&bytes[..], &samples[which].1) {
            items.for_each(drop);
        }
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
            prop_assert!(outcome.assumed.is_empty());
        }
    }
}
