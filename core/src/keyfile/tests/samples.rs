//! Every sample is recognized as what it is, however it was saved, and as nothing else.

use super::*;
use crate::keyfile::recognize::Head;

/// Each sample, its format, and how many tokens are in it.
pub(super) const SAMPLES: [(Format, &[u8], usize); 20] = [
    (Format::Pskc, sample!("pskc-plain-hotp.xml"), 1),
    (Format::Pskc, sample!("pskc-plain-totp.xml"), 2),
    (Format::SafeNetXml, sample!("safenet.xml"), 2),
    (Format::DeepnetXml, sample!("deepnet.xml"), 2),
    (Format::SafeWord, sample!("safeword.dat"), 3),
    (Format::Authenex, sample!("authenex.sql"), 2),
    (Format::Otpauth, sample!("otpauth.txt"), 2),
    (Format::UsersOath, sample!("users.oath"), 4),
    (
        Format::GoogleAuthenticator,
        sample!("google-authenticator"),
        1,
    ),
    (Format::EntraCsv, sample!("entra.csv"), 3),
    (Format::EntraCsv, sample!("entra-no-upn.csv"), 2),
    (
        Format::YubicoTraditional,
        sample!("yubico-traditional.csv"),
        2,
    ),
    (Format::YubicoCsv, sample!("yubico.csv"), 2),
    (Format::MultiOtpCsv, sample!("multiotp.csv"), 2),
    (Format::LinOtpCsv, sample!("linotp.csv"), 3),
    (Format::OathCsv, sample!("oath.csv"), 3),
    (Format::OathCsv, sample!("oath-version2.csv"), 2),
    (Format::PingCsv, sample!("ping.csv"), 3),
    (Format::Feitian, sample!("feitian.txt"), 3),
    (
        Format::Feitian,
        b"SN Seed\n2600100000011 GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n",
        1,
    ),
];

fn text(sample: &'static [u8]) -> &'static str {
    str::from_utf8(sample).unwrap()
}

/// Reads it as recognized: the format, and how many tokens there are if nothing was rejected.
fn recognized(bytes: &[u8]) -> (Format, usize) {
    let options = Options {
        owner: Some("alice".to_owned()),
        ..Options::default()
    };
    let (format, outcome) = outcome(bytes, &options).unwrap();
    assert_eq!(outcome.rejected, []);
    (format, outcome.packages.len())
}

#[test]
fn every_format_has_a_sample_and_every_sample_is_recognized() {
    for (format, sample, tokens) in SAMPLES {
        assert_eq!(recognized(sample), (format, tokens));
    }
    assert!(
        Format::ALL
            .iter()
            .all(|format| SAMPLES.iter().any(|(own, ..)| own == format))
    );
}

#[test]
fn a_sample_looks_like_no_other_format() {
    for (own, sample, _) in SAMPLES {
        for other in Format::ALL.into_iter().filter(|other| *other != own) {
            let also = match (own, other) {
                // What it adds to OATH CSV is a column that OATH CSV may have: the order of the formats decides.
                (Format::LinOtpCsv, Format::OathCsv) => continue,
                // A line of it has what a line of LinOTP's CSV has: the first line decides.
                (Format::OathCsv, Format::LinOtpCsv) => text(sample).lines().take(2).collect(),
                _ => text(sample).to_owned(),
            };
            let looks = other.seed_file();
            assert!(!looks.is_whole(&Head::new(sample)), "{own} as {other}");
            let line = also
                .lines()
                .filter(|line| !line.starts_with('#'))
                .find(|line| looks.is_line(line.trim()));
            assert_eq!(line, None, "{own} as {other}");
        }
    }
}

#[test]
fn a_sample_is_recognized_with_every_line_end_and_encoding_and_with_blank_lines_in_front() {
    for (format, sample, tokens) in SAMPLES {
        let text = text(sample);
        let wide = |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect();
        let little: Vec<u8> = wide(u16::to_le_bytes);
        let big: Vec<u8> = wide(u16::to_be_bytes);
        for saved in [
            text.replace('\n', "\r\n").into_bytes(),
            [b"\xef\xbb\xbf", sample].concat(),
            [b"\xff\xfe", &little[..]].concat(),
            [b"\xfe\xff", &big[..]].concat(),
            little,
            [&b"\r\n \n"[..], sample].concat(),
        ] {
            assert_eq!(recognized(&saved), (format, tokens));
        }
    }
}

#[test]
fn words_may_be_in_upper_or_lower_case() {
    let lines = SAMPLES
        .iter()
        .filter(|(_, sample, _)| !sample.starts_with(b"<"))
        // The modules that these are written for take their words in upper case only.
        .filter(|(format, ..)| !matches!(format, Format::GoogleAuthenticator | Format::UsersOath));
    for (format, sample, tokens) in lines {
        for case in [text(sample).to_uppercase(), text(sample).to_lowercase()] {
            assert_eq!(recognized(case.as_bytes()), (*format, *tokens));
        }
    }
}

#[test]
fn a_told_format_is_read_as_told_and_gives_nothing_of_another() {
    for (own, sample, _) in SAMPLES {
        for told in Format::ALL {
            let options = Options {
                format: Some(told),
                ..Options::default()
            };
            let Ok((format, outcome)) = outcome(sample, &options) else {
                continue;
            };
            assert_eq!(format, told);
            // OATH CSV may leave out all but the first two columns: what has only these is OATH CSV too.
            let columns = [Format::PingCsv, Format::OathCsv, Format::LinOtpCsv];
            let same = own == told || columns.contains(&own) && columns[1..].contains(&told);
            assert!(same || outcome.packages.is_empty(), "{own} as {told}");
        }
    }
}

#[test]
fn a_file_that_mixes_formats_is_rejected_line_by_line() {
    for (format, sample, tokens) in SAMPLES {
        // These are no lists of lines.
        let others = [
            Format::SafeWord,
            Format::Authenex,
            Format::GoogleAuthenticator,
        ];
        if sample.starts_with(b"<") || others.contains(&format) {
            continue;
        }
        let stranger = if format == Format::PingCsv {
            "7 GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ".to_owned()
        } else {
            format!("7,{HEX},8")
        };
        let (read, outcome) = outcome(
            format!("{}{stranger}\n", text(sample)).as_bytes(),
            &Options::default(),
        )
        .unwrap();
        assert_eq!((read, outcome.packages.len()), (format, tokens));
        assert_eq!(outcome.rejected.len(), 1, "{format}");
    }
}

#[test]
fn the_examples_of_the_docs_are_read_as_the_format_that_they_stand_under() {
    let page = include_str!("../../../../docs/seed-files.md");
    let mut read = Vec::new();
    for section in page.split("\n## ").skip(1) {
        let named = |format: &Format| section.contains(&format!("`{format}`"));
        let blocks = section.split("```").skip(1).step_by(2);
        for block in blocks.filter(|block| block.starts_with('\n') || block.starts_with("xml\n")) {
            if Format::ALL.iter().any(named) {
                let (format, _) = recognized(block.split_once('\n').unwrap().1.as_bytes());
                assert!(named(&format), "{format} in: {section}");
                read.push(format);
            }
        }
    }
    // The pages' other sections do not say the names that `--format` takes.
    assert!(read.len() >= 10, "{read:?}");
}
