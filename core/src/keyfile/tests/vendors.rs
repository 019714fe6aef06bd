//! What the vendors' own formats say, and what is assumed where they say nothing.

use super::*;

fn read_as(bytes: &[u8], kind: Kind) -> Outcome {
    let options = Options {
        token_type: Some(kind),
        ..Options::default()
    };
    outcome(bytes, &options).unwrap().1
}

/// Serial number, type, digits, hash, and counter of each token.
fn tokens(outcome: &Outcome) -> Vec<(&str, TokenType, u8, HashAlgorithm, u64)> {
    outcome
        .packages
        .iter()
        .map(|package| {
            (
                package.serial.as_str(),
                package.parameters.token_type,
                package.parameters.digits.count(),
                package.parameters.algorithm,
                package.counter,
            )
        })
        .collect()
}

fn reasons(outcome: &Outcome) -> Vec<&str> {
    outcome.rejected.iter().map(|(_, why)| &**why).collect()
}

use HashAlgorithm::{Sha1, Sha256};
use TokenType::Hotp;

#[test]
fn a_linotp_file_says_the_hash() {
    let outcome = plain(sample!("linotp.csv"));
    assert_eq!(
        tokens(&outcome),
        [
            ("LSE10001", totp(30), 6, Sha1, 0),
            ("LSE10002", totp(60), 8, Sha256, 0),
            ("LSE10003", Hotp, 6, Sha1, 9),
        ]
    );
    assert_eq!(outcome.assumed, []);
}

#[test]
fn ping_oath_and_linotp_files_may_lie_between_semicolons() {
    for (line, told) in [
        (format!("7;{HEX}"), Format::PingCsv),
        (format!("7;{HEX};totp;6;30"), Format::OathCsv),
        (format!("7;{HEX};totp;6;30;sha1"), Format::LinOtpCsv),
    ] {
        let spoiled = format!("{line}\n1,23E+11;{HEX}\n");
        let (format, outcome) = outcome(spoiled.as_bytes(), &Options::default()).unwrap();
        assert_eq!((format, serials(&outcome)), (told, vec!["7"]));
        let why = &outcome.rejected[0].1;
        assert!(why.contains("power of ten"), "{why}");
    }
}

#[test]
fn an_oath_line_without_a_type_is_hotp_as_its_makers_have_it_and_that_is_said() {
    let (format, outcome) = outcome(
        format!("T1, {HEX}\nT2, {HEX}, totp, 8, 60").as_bytes(),
        &Options::default(),
    )
    .unwrap();
    assert_eq!(format, Format::OathCsv);
    assert_eq!(
        tokens(&outcome),
        [("T1", Hotp, 6, Sha1, 0), ("T2", totp(60), 8, Sha1, 0)]
    );
    assert!(outcome.assumed.contains(&Assumption::Hotp));
    let outcome = read_as(format!("T1,{HEX}\nT2,{HEX},totp").as_bytes(), Kind::Totp);
    assert_eq!(outcome.packages[0].parameters.token_type, totp(30));
    assert!(!outcome.assumed.contains(&Assumption::Hotp));
}

#[test]
fn a_row_of_column_names_is_skipped_and_reported_but_only_as_the_first() {
    for (header, line) in [
        ("serial,seed,type,digits,step", format!("7,{HEX},totp,6,30")),
        (
            "serial,seed,type,digits,step,hash",
            format!("7,{HEX},totp,6,30,sha1"),
        ),
        (
            "serial;maker;type;seed;digits;step",
            format!("7;M;totp;{HEX};6;30"),
        ),
        ("serial seed", format!("7 {BASE32}")),
        ("serial,secret", format!("7,{HEX}")),
    ] {
        for above in ["", "# from the vendor\n", "\n# from the vendor\n\n"] {
            let outcome = plain(format!("{above}{header}\n{line}\n{header}\n"));
            assert_eq!(serials(&outcome), ["7"], "{header}");
            assert_eq!(outcome.assumed[0], Assumption::HeaderRow);
            let lines: Vec<_> = outcome.rejected.iter().map(|(line, _)| *line).collect();
            assert_eq!(lines, [3 + above.lines().count() as u64]);
        }
    }
}

#[test]
fn what_could_be_a_seed_in_the_users_column_is_no_name_and_is_not_shown() {
    for seed in [HEX, BASE32] {
        let outcome = plain(format!(
            "# version: 2\n{seed}, -, -, 7, {HEX}, totp, 6, 30\n"
        ));
        assert_eq!(serials(&outcome), [""; 0]);
        assert_eq!(outcome.rejected[0].1, "the user's column may hold a seed");
    }
    let named = plain(format!(
        "# version: 2\nANNALENASCHMIDTMEIER, -, -, 7, {HEX}, totp, 6, 30\n"
    ));
    assert_eq!(serials(&named), ["7"]);
}

#[test]
fn an_entra_file_is_totp_in_base32_and_its_upn_reserves() {
    let outcome = plain(sample!("entra.csv"));
    assert_eq!(
        tokens(&outcome),
        [
            ("61000001", totp(30), 6, Sha1, 0),
            ("61000002", totp(60), 6, Sha1, 0),
            ("61000003", totp(60), 6, Sha1, 0),
        ]
    );
    assert_eq!(outcome.packages[0].seed.expose(), SEED);
    let of = |n: usize| {
        let package: &KeyPackage = &outcome.packages[n];
        (
            package.reserved_for.as_deref(),
            package.manufacturer.as_deref(),
        )
    };
    assert_eq!(of(0), (Some("alice@example.com"), Some("Example")));
    assert_eq!(of(1), (Some("bob@example.com"), Some("Example, Inc.")));
    assert_eq!(of(2), (None, Some("Example")));
    assert_eq!(
        outcome.assumed,
        [
            Assumption::Digits,
            Assumption::Algorithm,
            Assumption::Base32,
            Assumption::CutBase32,
        ]
    );
}

#[test]
fn an_entra_file_may_leave_out_the_upn_and_have_its_columns_in_any_order() {
    let outcome = plain(sample!("entra-no-upn.csv"));
    assert_eq!(serials(&outcome), ["61000011", "61000012"]);
    assert!(outcome.packages.iter().all(|it| it.reserved_for.is_none()));
    let outcome = plain(format!(
        "secretKey;time_interval;SERIAL-NUMBER;upn\n{BASE32};;7;carol\n"
    ));
    assert_eq!(tokens(&outcome), [("7", totp(30), 6, Sha1, 0)]);
    assert_eq!(outcome.packages[0].reserved_for.as_deref(), Some("carol"));
    assert!(outcome.assumed.contains(&Assumption::TimeInterval));
}

#[test]
fn an_entra_line_with_a_fault_is_rejected_alone() {
    let file = format!(
        "upn,serial number,secret key,time interval,manufacturer,model\n\
         a,1,{HEX},30,M,T\na,2,{BASE32},30,M, Inc.,T\na,3,{BASE32},5,M,T\na,4\na,5,{BASE32},30\n"
    );
    let outcome = plain(file);
    assert_eq!(serials(&outcome), ["5"]);
    assert_eq!(
        reasons(&outcome),
        [
            "the seed is not base32, but hexadecimal",
            "more columns than the header row names",
            "a time interval of 5 s: only 10 to 300 s are supported",
            "a seed of 0 bytes: only 10 to 128 bytes are supported",
        ]
    );
    let options = Options {
        format: Some(Format::EntraCsv),
        ..Options::default()
    };
    let (_, headless) =
        super::outcome(format!("a,1,{BASE32},30,M,T").as_bytes(), &options).unwrap();
    assert!(reasons(&headless)[0].starts_with("no header row stands in front: add upn,"));
}

#[test]
fn a_multiotp_file_lies_between_semicolons_commas_or_tabs() {
    let expected = [
        ("71000001", totp(30), 6, Sha1, 0),
        ("71000002", Hotp, 8, Sha1, 12),
    ];
    let sample = str::from_utf8(sample!("multiotp.csv"))
        .unwrap()
        .replace("Example, Inc.", "Example");
    for separator in [";", ",", "\t", " ; "] {
        let (format, outcome) = outcome(
            sample.replace(';', separator).as_bytes(),
            &Options::default(),
        )
        .unwrap();
        assert_eq!(format, Format::MultiOtpCsv);
        assert_eq!(tokens(&outcome), expected);
        assert_eq!(outcome.packages[0].manufacturer.as_deref(), Some("Example"));
        assert_eq!(outcome.assumed, [Assumption::Algorithm]);
    }
    let outcome = plain(format!(
        "1;M;HOTP;{HEX};6;0;\n2;M;mOTP;{HEX};6;10\n3;M;TOTP;{HEX};6;0\n"
    ));
    assert_eq!((serials(&outcome), outcome.rejected.len()), (vec!["1"], 2));
}

#[test]
fn a_traditional_yubikey_log_says_digits_and_counter_and_goes_by_the_public_id() {
    let outcome = plain(sample!("yubico-traditional.csv"));
    assert_eq!(
        tokens(&outcome),
        [
            ("ubccccccccbc", Hotp, 6, Sha1, 0),
            ("ubccccccccbd", Hotp, 8, Sha1, 16),
        ]
    );
    assert_eq!(
        outcome.assumed,
        [Assumption::SerialFromPublicId, Assumption::MovingFactor]
    );
}

#[test]
fn what_a_yubikey_log_has_besides_hotp_is_rejected_by_name_or_skipped() {
    let key = "000102030405060708090a0b0c0d0e0f";
    let outcome = plain(format!(
        "Yubico OTP,11.12.13 18:55,1,vvcccccccccc,0a0b0c0d0e0f,{key},,,0,0,0,0,0,0,0,0,0,0\n\
         Static Password: Short,1.2.13 1:00,1,,,{key},,,0,0,0,0,0,0,0,0,0,0\n\
         OATH-HOTP,1.2.13 1:00,1,,,{HEX},,,0,0,0,6,0,0,0,0,0,0\n\
         Configuration Swap,1.2.13 1:00,1,,,,,,0,0,0,0,0,0,0,0,0,0\n\
         OATH-HOTP,\"Dec 11, 2013, 6:55 PM\",1,cccccccccccb,,{HEX},,,0,0,0,6,0,0,0,0,0,0\n\
         OATH-HOTP,Dec 11, 2013, 6:55 PM,2,cccccccccccd,,{HEX},,,0,0,0,8,0,0,0,0,0,0\n"
    ));
    assert_eq!(serials(&outcome), ["cccccccccccb", "cccccccccccd"]);
    assert_eq!(outcome.packages[1].parameters.digits.count(), 8);
    let [otp, password, no_id] = &reasons(&outcome)[..] else {
        panic!("{:?}", outcome.rejected);
    };
    assert!(otp.contains("does not hold OATH-HOTP") && password == otp);
    assert!(no_id.contains("no public id") && no_id.contains("Yubico format"));
}

#[test]
fn a_yubikey_log_in_the_yubico_form_goes_by_the_serial_number() {
    let outcome = plain(sample!("yubico.csv"));
    assert_eq!(
        tokens(&outcome),
        [
            ("81000001", Hotp, 6, Sha1, 0),
            ("81000002", Hotp, 6, Sha1, 32)
        ]
    );
    assert_eq!(
        outcome.assumed,
        [Assumption::MovingFactor, Assumption::Digits]
    );
    let key = "000102030405060708090a0b0c0d0e0f";
    let outcome = plain(format!(
        "508326,cccccccccccc,123456123456,{key},,2013-12-12T08:43:17,\n508327,,,{key},,2013-12-12T08:44:34,\n\
         508328,,0,{HEX},,2013-12-12T08:41:07,\n"
    ));
    assert_eq!(
        (serials(&outcome), outcome.rejected.len()),
        (vec!["508328"], 2)
    );
}

#[test]
fn a_feitian_file_is_told_by_the_writing_of_its_seeds() {
    let outcome = plain(sample!("feitian.txt"));
    assert_eq!(
        tokens(&outcome),
        [
            ("2600100000011", totp(60), 6, Sha1, 0),
            ("2600100000012", totp(60), 6, Sha1, 0),
            ("2500100000021", Hotp, 6, Sha1, 0),
        ]
    );
    assert_eq!(outcome.packages[0].seed.expose(), SEED);
    assert_eq!(
        outcome.assumed,
        [
            Assumption::TypeFromSeed,
            Assumption::FeitianInterval,
            Assumption::Digits,
            Assumption::Algorithm,
            Assumption::Counter,
        ]
    );
}

#[test]
fn a_feitian_seed_that_could_be_both_goes_by_the_flag_or_by_the_seeds_before() {
    let either = "2234567a2234567a2234567a2234567a2234567a";
    let lengths = |outcome: &Outcome| -> Vec<usize> {
        let seeds = outcome.packages.iter();
        seeds.map(|package| package.seed.expose().len()).collect()
    };
    let alone = plain(format!("7 {either}"));
    assert_eq!(lengths(&alone), [25]);
    assert_eq!(tokens(&alone)[0].1, totp(60));
    assert!(alone.assumed.contains(&Assumption::Base32));
    let behind = plain(format!("6 {HEX}\n7 {either}"));
    assert_eq!(lengths(&behind), [20, 20]);
    assert_eq!(tokens(&behind)[1].1, Hotp);
    assert!(behind.assumed.contains(&Assumption::Hex));
    let file = format!("7 {either}");
    assert_eq!(lengths(&read_as(file.as_bytes(), Kind::Hotp)), [20]);
    assert_eq!(lengths(&read_as(file.as_bytes(), Kind::Totp)), [25]);
}

#[test]
fn a_flag_tells_the_type_of_a_feitian_file_and_its_interval() {
    let file = format!("7 {HEX}\n8\n9 {HEX} x\n10 0!");
    let options = Options {
        token_type: Some(Kind::Totp),
        time_interval: TimeInterval::new(30).ok(),
        ..Options::default()
    };
    let (_, outcome) = outcome(file.as_bytes(), &options).unwrap();
    assert_eq!(tokens(&outcome), [("7", totp(30), 6, Sha1, 0)]);
    assert_eq!(outcome.assumed, [Assumption::Digits, Assumption::Algorithm]);
    assert_eq!(outcome.rejected.len(), 3);
}

#[test]
fn a_safenet_file_is_hotp_and_its_moving_factor_the_next_counter() {
    let outcome = plain(sample!("safenet.xml"));
    assert_eq!(
        tokens(&outcome),
        [
            ("00040008CFA5", Hotp, 6, Sha1, 1),
            ("00040008CFA6", Hotp, 6, Sha1, 1),
        ]
    );
    assert_eq!(
        outcome.assumed,
        [
            Assumption::MovingFactor,
            Assumption::Digits,
            Assumption::SeedLength
        ]
    );
    let outcome = plain(format!(
        "<Tokens>\n<Token serial=\"1\"/>\n<Token><Application><Seed>{HEX}</Seed></Application></Token>\n\
         <Token serial=\"3\"><Application><Seed>{HEX}</Seed></Application><Application><Seed>{HEX}</Seed></Application>\
         </Token>\n<Token serial=\"4\"><Application><Seed>{HEX}</Seed></Application></Token></Tokens>"
    ));
    assert_eq!(serials(&outcome), ["4"]);
    let lines: Vec<_> = outcome.rejected.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [2, 3, 4]);
    assert!(outcome.assumed.contains(&Assumption::Counter));
}

#[test]
fn time_tokens_of_safeword_count_from_the_year_2000() {
    let outcome = plain(sample!("safeword.dat"));
    let since_2000 = |interval| TokenType::Totp {
        time_interval: TimeInterval::new(interval).unwrap(),
        t0: 946_684_800,
    };
    assert_eq!(
        tokens(&outcome),
        [
            ("EXAMPLE01", Hotp, 6, Sha1, 0),
            ("EXAMPLE02", since_2000(30), 6, Sha1, 0),
            ("EXAMPLE03", since_2000(60), 8, Sha256, 0),
        ]
    );
    assert_eq!(
        outcome.assumed,
        [
            Assumption::Counter,
            Assumption::Since2000,
            Assumption::Algorithm,
        ]
    );
}

#[test]
fn a_safeword_block_with_a_fault_is_rejected_and_the_others_are_taken() {
    let outcome = plain(format!(
        "sccAuthenticatorId: A\nsccTokenData: sccKey={HEX};sccSeq=0007;sccPwLen=6\n\
         sccAuthenticatorId: B\n\nsccAuthenticatorId: C\nsccTokenData: sccKey={HEX};sccMode=X\n\
         sccTokenData: sccKey={HEX};sccMode=E\nsccAuthenticatorId: D\nsccTokenData: sccKey=(aes:00ff)\n\
         no colon\nsccAuthenticatorId: E\n"
    ));
    assert_eq!(tokens(&outcome), [("A", Hotp, 6, Sha1, 7)]);
    assert_eq!(
        outcome.assumed,
        [Assumption::Hotp, Assumption::MovingFactor]
    );
    assert_eq!(
        reasons(&outcome),
        [
            "the token before has a serial number, but no sccTokenData",
            "the sccMode is neither T nor E",
            "no sccAuthenticatorId stands in front",
            "the seed is encrypted by the SafeWord server: take the file that came with the tokens",
            "not a line of the form name: value",
            "the token before has a serial number, but no sccTokenData",
        ]
    );
}

#[test]
fn a_deepnet_file_says_in_its_header_what_all_tokens_have_in_common() {
    let outcome = plain(sample!("deepnet.xml"));
    assert_eq!(
        tokens(&outcome),
        [
            ("91000001", totp(60), 6, Sha1, 0),
            ("91000002", totp(60), 6, Sha1, 0),
        ]
    );
    assert_eq!(outcome.assumed, []);
    let deepnet = |header: &str, seed: &str| {
        plain(format!(
            "<data><header>{header}</header><token><serial>7</serial><seed>{seed}</seed></token></data>"
        ))
    };
    let base64 = deepnet("<encode>BASE64</encode>", "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=");
    assert_eq!(base64.packages[0].seed.expose(), SEED);
    assert!(base64.assumed.contains(&Assumption::Type));
    assert_eq!(
        deepnet("<encode>BASE32</encode>", BASE32).packages[0]
            .seed
            .expose(),
        SEED
    );
    assert_eq!(deepnet("<encode>MODHEX</encode>", HEX).rejected.len(), 1);
    let encrypted = deepnet("<encrypt>AES256</encrypt>", HEX);
    assert!(reasons(&encrypted)[0].contains("encrypted in Deepnet's own way"));
}

#[test]
fn an_xml_file_that_is_cut_off_gives_no_token() {
    for sample in [sample!("safenet.xml").as_slice(), sample!("deepnet.xml")] {
        let cut = &sample[..sample.len() - 12];
        assert!(refused(cut).contains("not complete"));
    }
    let told = Options {
        format: Some(Format::DeepnetXml),
        ..Options::default()
    };
    let other = outcome(sample!("safenet.xml"), &told).err().unwrap();
    assert_eq!(other.to_string(), "the XML's root is not data");
}

#[test]
fn a_long_deepnet_file_is_read_token_by_token() {
    let token = format!("<token><serial>7</serial><seed>{HEX}</seed></token>");
    let outcome = plain(format!(
        "<data><header/><tokens>{}</tokens></data>",
        token.repeat(3000)
    ));
    assert_eq!(outcome.packages.len(), 3000);
}

#[test]
fn an_authenex_script_gives_the_rows_of_its_otp_table() {
    let outcome = plain(sample!("authenex.sql"));
    assert_eq!(
        tokens(&outcome),
        [
            ("AX000001", Hotp, 6, Sha1, 0),
            ("AX000002", Hotp, 6, Sha1, 0)
        ]
    );
    assert_eq!(outcome.assumed, [Assumption::Digits, Assumption::Counter]);
    let outcome = plain(format!(
        "insert into [dbo].[OTP] values('A','{HEX}',NOW());\nINSERT INTO `OTP`(a,b)VALUES( \"B\" , \"{HEX}\" )\n\
         INSERT INTO OTP_LOG VALUES ('x','y');\nINSERT INTO OTP VALUES ('C','{HEX}') , ('D','{HEX}');\n\
         INSERT INTO OTP VALUES ('E');\nINSERT INTO OTP SELECT 1;\n"
    ));
    assert_eq!(serials(&outcome), ["A", "B"]);
    let lines: Vec<_> = outcome.rejected.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [4, 5, 6]);
}

#[test]
fn what_a_spreadsheet_has_spoiled_is_rejected_in_every_csv() {
    for spoiled in [
        format!("1.23E+11,{HEX}"),
        format!("1,23E+11,{HEX}"),
        format!("'0012345,{HEX}"),
        "1,3.13233E+39".to_owned(),
        format!("12345678.00,{HEX},totp,6,30"),
        format!("\"1,23E+11\";M;totp;{HEX};6;30"),
    ] {
        let whole = format!("7,{HEX}\n{spoiled}");
        let file = if spoiled.contains(';') {
            format!("7;M;totp;{HEX};6;30\n{spoiled}")
        } else if spoiled.contains("totp") {
            format!("7,{HEX},totp,6,30\n{spoiled}")
        } else {
            whole
        };
        let outcome = plain(file);
        assert_eq!(serials(&outcome), ["7"]);
        assert!(
            reasons(&outcome)[0].contains("a spreadsheet has spoiled"),
            "{spoiled}"
        );
    }
}

#[test]
fn a_seed_of_unusual_length_is_taken_and_that_is_said_and_never_tells_the_hash() {
    let long = to_hex(&[7; 32]);
    let outcome = plain(format!("7,{long},totp,6,30"));
    assert_eq!(tokens(&outcome), [("7", totp(30), 6, Sha1, 0)]);
    assert!(outcome.assumed.contains(&Assumption::SeedLength));
    let outcome = plain(format!("7,{long},totp,6,30,sha256"));
    assert_eq!(outcome.assumed, []);
}
