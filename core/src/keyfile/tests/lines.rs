//! Files with one entry a line.

use super::*;

#[test]
fn a_ping_file_is_totp_of_six_digits_and_thirty_seconds_and_says_so() {
    let (format, outcome) = outcome(sample!("ping.csv"), &Options::default()).unwrap();
    assert_eq!(
        (format, serials(&outcome)),
        (Format::PingCsv, vec!["20100001", "20100002", "20100003"])
    );
    assert_eq!(outcome.packages[0].seed.expose(), SEED);
    assert_eq!(outcome.packages[2].parameters.token_type, totp(30));
    let all = [
        Assumption::Type,
        Assumption::Digits,
        Assumption::Algorithm,
        Assumption::TimeInterval,
    ];
    assert_eq!(outcome.assumed, all);
}

#[test]
fn flags_fill_what_the_file_does_not_say() {
    let options = Options {
        token_type: Some(Kind::Totp),
        digits: Digits::new(8).ok(),
        time_interval: TimeInterval::new(60).ok(),
        algorithm: Some(HashAlgorithm::Sha512),
        ..Options::default()
    };
    let (_, outcome) = outcome(format!("1,{HEX}\n2,{HEX},9\n").as_bytes(), &options).unwrap();
    let parameters = &outcome.packages[1].parameters;
    assert_eq!(
        (parameters.token_type, parameters.digits.count()),
        (totp(60), 8)
    );
    assert_eq!(
        (parameters.algorithm, outcome.packages[1].counter),
        (HashAlgorithm::Sha512, 0)
    );
    assert_eq!(outcome.assumed, [Assumption::SeedLength]);
}

#[test]
fn a_flag_that_contradicts_the_file_rejects_the_entry() {
    let options = Options {
        digits: Digits::new(8).ok(),
        ..Options::default()
    };
    let (_, outcome) = outcome(
        format!("1,{HEX},totp,6,30\n2,{HEX},totp,8,30").as_bytes(),
        &options,
    )
    .unwrap();
    assert_eq!(serials(&outcome), ["2"]);
    assert_eq!(
        outcome.rejected,
        [(
            1,
            "the file says 6 digits, the flag says 8 digits".to_owned()
        )]
    );
}

#[test]
fn a_third_column_in_a_ping_file_is_a_counter_and_a_header_row_is_skipped_and_both_are_reported() {
    let outcome = plain(format!(
        "Serial Number,Secret Key,Counter\r\n1,{HEX},17\r\n2,{HEX}\r\n"
    ));
    assert_eq!(outcome.packages[0].parameters.token_type, TokenType::Hotp);
    assert_eq!(outcome.packages[0].counter, 17);
    assert_eq!(outcome.packages[1].parameters.token_type.name(), "TOTP");
    assert_eq!(
        outcome.assumed[..2],
        [Assumption::HeaderRow, Assumption::ThirdColumn]
    );
    let second = plain(format!("1,{HEX}\nserial,seed\n"));
    assert_eq!(second.rejected[0].0, 2);
}

#[test]
fn an_oath_file_says_all_but_the_hash() {
    let (format, outcome) = outcome(sample!("oath.csv"), &Options::default()).unwrap();
    assert_eq!(
        (format, serials(&outcome)),
        (Format::OathCsv, vec!["OATH0001", "OATH0002", "OATH0003"])
    );
    assert_eq!(
        (
            outcome.packages[1].counter,
            outcome.packages[1].parameters.digits.count()
        ),
        (12, 8)
    );
    assert_eq!(outcome.packages[2].parameters.token_type, totp(60));
    assert_eq!(
        outcome.packages[2].parameters.algorithm,
        HashAlgorithm::Sha256
    );
    assert_eq!(outcome.assumed, [Assumption::Algorithm]);
}

#[test]
fn version_2_of_an_oath_file_reserves_its_tokens() {
    let (format, outcome) = outcome(sample!("oath-version2.csv"), &Options::default()).unwrap();
    let reserved: Vec<_> = outcome
        .packages
        .iter()
        .map(|package| package.reserved_for.as_deref())
        .collect();
    assert_eq!(
        (format, reserved),
        (Format::OathCsv, vec![Some("alice"), None])
    );
    assert_eq!(serials(&outcome), ["OATH0011", "OATH0012"]);
}

#[test]
fn otpauth_addresses_are_read_and_the_label_gives_a_missing_serial_number() {
    let (format, outcome) = outcome(sample!("otpauth.txt"), &Options::default()).unwrap();
    assert_eq!(
        (format, serials(&outcome)),
        (Format::Otpauth, vec!["OT-5500001", "OT-5500002"])
    );
    assert_eq!(
        (
            outcome.packages[1].counter,
            outcome.packages[1].seed.expose()
        ),
        (7, SEED)
    );
    assert_eq!(outcome.assumed, [Assumption::SerialFromLabel]);
    let spaced = plain(format!(
        "OTPAUTH://TOTP/a%3A7?Secret={}",
        "GEZD%20GNBV GY3TQOJQ"
    ));
    assert_eq!(
        (serials(&spaced), spaced.packages[0].seed.expose()),
        (vec!["7"], &SEED[..10])
    );
}

#[test]
fn an_otpauth_address_with_a_fault_is_rejected_alone() {
    for bad in [
        "otpauth://totp/a?issuer=x",
        "otpauth://totp/a?secret=1&serial=7",
        "otpauth://totp/a%2?secret=GEZDGNBVGY3TQOJQ",
        "otpauth://totp/a%+1?secret=GEZDGNBVGY3TQOJQ",
        "otpauth://totp/%ff?secret=GEZDGNBVGY3TQOJQ",
        "otpauth://totp/?secret=GEZDGNBVGY3TQOJQ",
        "otpauth://steam/a?secret=GEZDGNBVGY3TQOJQ",
        "otpauth://totp/a?secret=GEZDGNBVGY3TQOJQ&encoder=steam",
        "otpauth://totp/a?secret=GEZDGNBVGY3TQOJQ&secret=GEZDGNBVGY3TQOJQ",
        "otpauth://totp/a?secret=GEZDGNBVGY3TQOJQ&digits=10",
        "otpauth://totp/a?secret=GEZDGNBVGY3TQOJQ&period=1",
        "otpauth://totp/a?secret=GEZDGNBVGY3TQOJQ&algorithm=MD5",
        "otpauth://totp/a?secret",
        "otpauth://totp",
        "\u{20ac}tpauth://totp/a",
    ] {
        let outcome = plain(format!("otpauth://totp/ok?secret={BASE32}\n{bad}\n"));
        assert_eq!(
            (serials(&outcome), outcome.rejected.len()),
            (vec!["ok"], 1),
            "{bad}"
        );
        assert_eq!(outcome.rejected[0].0, 2);
    }
}

#[test]
fn a_bad_line_is_rejected_with_its_number_and_the_others_are_taken() {
    let mut file = format!("1,{HEX}\n").into_bytes();
    for bad in [
        &b"2,\xff\xfe"[..],
        b"3,41\0",
        b"4,4142",
        b"5,xyz",
        b",4142434445464748494a",
        b"7,\"41",
        b"8",
    ] {
        file.extend_from_slice(bad);
        file.push(b'\n');
    }
    file.extend_from_slice(",".repeat(100_000).as_bytes());
    file.extend_from_slice(format!("\n10,{HEX}").as_bytes());
    let outcome = plain(&file);
    assert_eq!(serials(&outcome), ["1", "10"]);
    assert_eq!(
        outcome
            .rejected
            .iter()
            .map(|(line, _)| *line)
            .collect::<Vec<_>>(),
        (2..=9).collect::<Vec<_>>()
    );
}

#[test]
fn a_reason_never_quotes_the_file() {
    let swapped = format!("1,{HEX}\n{HEX}00,serial\n2,{HEX}zz\n3,{HEX},{HEX}\n4,{HEX},5,{HEX}");
    let outcome = plain(swapped);
    assert_eq!(outcome.rejected.len(), 4);
    assert!(
        outcome
            .rejected
            .iter()
            .all(|(_, why)| !why.contains("3132"))
    );
    let xml = pskc("urn:x:hotp", "", "", "")
        .replace("<PlainValue>MTIz", "<PlainValue>MTIz<MTIz/></MTIz>");
    assert!(!refused(xml).contains("MTIz"));
}
