use super::*;
use crate::backup::TokenCopy;
use crate::records::{Account, Holder};
use crate::seed::Seed;
use crate::throttle::Throttle;
use crate::token::{
    Digits, HashAlgorithm, Parameters, Serial, TimeInterval, TokenState, TokenType,
};
use proptest::prelude::*;

const HEADER: &str = r#"{"otpair_backup":{"version":1,"created":1800000000}}"#;
const TOKEN: &str = r#"{"token":{"serial":"12345678","type":"TOTP","algorithm":"SHA1","digits":6,"time_interval":30,"t0":0,"seed":"3132333435363738393031323334353637383930","last_accepted":60000000,"drift":-1,"below_drift":false,"disabled":false,"manufacturer":"Acme","paired_with":"alice","imported":1700000000,"source":"tokens.csv"}}"#;
const USER: &str = r#"{"user":{"name":"alice","uid":1001,"failures":2,"last_failure":1799999999,"in_doubt":false,"tokens":[{"serial":"12345678","type":"TOTP","algorithm":"SHA1","digits":6,"time_interval":30,"t0":0,"seed":"3132333435363738393031323334353637383930","last_accepted":60000000,"drift":-1,"below_drift":false,"disabled":false}]}}"#;
const END: &str = r#"{"end":{"tokens":1,"users":1}}"#;

fn token() -> TokenCopy {
    TokenCopy {
        serial: Serial::new("12345678").unwrap(),
        parameters: Parameters {
            token_type: TokenType::Totp {
                time_interval: TimeInterval::new(30).unwrap(),
                t0: 0,
            },
            algorithm: HashAlgorithm::Sha1,
            digits: Digits::new(6).unwrap(),
            not_before: None,
            not_after: None,
        },
        seed: Seed::new(b"12345678901234567890".to_vec()).unwrap(),
        state: TokenState {
            last_accepted: Some(60_000_000),
            drift: -1,
            ..TokenState::default()
        },
    }
}

fn stock() -> StockCopy {
    StockCopy {
        token: token(),
        holder: Holder::Paired("alice".into()),
        reserved_for: None,
        manufacturer: Some("Acme".into()),
        imported: 1_700_000_000,
        source: "tokens.csv".into(),
    }
}

fn user() -> UserCopy {
    UserCopy {
        account: Account {
            name: "alice".into(),
            uid: 1001,
        },
        tokens: vec![token()],
        throttle: Throttle {
            failures: 2,
            last_failure: 1_799_999_999,
        },
        in_doubt: false,
    }
}

fn text(lines: &[&str]) -> String {
    lines.join("\n") + "\n"
}

fn read(text: &str) -> Result<Vec<String>, String> {
    let entries = Reader::new(text.as_bytes());
    let told = |entry: Result<_, Unreadable>| entry.map(|entry| format!("{entry:?}"));
    let read: Result<Vec<_>, _> = entries.map(told).collect();
    read.map_err(|error| error.to_string())
}

/// Every entry in the clear, which `Debug` does not show.
fn seeds(text: &str) -> Vec<Vec<u8>> {
    let entries = Reader::new(text.as_bytes()).map(Result::unwrap);
    let tokens = entries.flat_map(|entry| match entry {
        Entry::Token(copy) => vec![copy.token],
        Entry::User(copy) => copy.tokens,
    });
    tokens.map(|token| token.seed.expose().to_vec()).collect()
}

#[test]
fn a_backup_is_text_that_an_admin_can_read() {
    let mut writer = Writer::new(Vec::new(), 1_800_000_000).unwrap();
    writer.token(&stock()).unwrap();
    writer.user(&user()).unwrap();
    let (written, counts) = writer.finish().unwrap();
    let written = String::from_utf8(written).unwrap();
    assert_eq!(written, text(&[HEADER, TOKEN, USER, END]));
    assert_eq!(counts.all(), 2);
}

#[test]
fn what_was_written_is_read() {
    let expected = [
        format!("{:?}", Entry::Token(Box::new(stock()))),
        format!("{:?}", Entry::User(user())),
    ];
    let whole = text(&[HEADER, TOKEN, USER, END]);
    assert_eq!(read(&whole).unwrap(), expected);
    assert_eq!(seeds(&whole), vec![b"12345678901234567890".to_vec(); 2]);
    assert_eq!(read(whole.trim_end()).unwrap(), expected);
}

#[test]
fn a_text_that_lacks_lines_or_has_some_too_many_is_refused() {
    for (lines, why) in [
        (
            &[HEADER, TOKEN, USER][..],
            "line 4 of its text: the end of the backup is missing",
        ),
        (
            &[HEADER, TOKEN, END],
            "line 3 of its text: some entries are missing",
        ),
        (
            &[HEADER, TOKEN, TOKEN, USER, END],
            "line 5 of its text: some entries are missing",
        ),
        (
            &[HEADER, TOKEN, USER, END, USER],
            "line 5 of its text: something stands behind the end",
        ),
        (
            &[HEADER, HEADER],
            "line 2 of its text: a second backup begins",
        ),
        (
            &[TOKEN, USER, END],
            "line 1 of its text: it is no backup of otpair",
        ),
        (
            &[],
            "line 1 of its text: what stands at column 0 is no JSON",
        ),
    ] {
        assert_eq!(read(&text(lines)).unwrap_err(), why);
    }
    let empty = "line 1 of its text: the end of the backup is missing";
    assert_eq!(read("").unwrap_err(), empty);
}

#[test]
fn a_newer_version_is_told() {
    let newer = text(&[&HEADER.replace("\"version\":1", "\"version\":2"), END]);
    let why = "line 1 of its text: version 2 is one that a newer otpair has written";
    assert_eq!(read(&newer).unwrap_err(), why);
}

#[test]
fn a_line_that_is_wrong_is_told_without_a_word_of_it() {
    let seed = "3132333435363738393031323334353637383930";
    let moved = |from: &str, to: &str| {
        assert!(TOKEN.contains(from), "{from}");
        TOKEN.replacen(from, to, 1)
    };
    let quoted = format!("\"{seed}\"");
    for line in [
        moved("\"12345678\"", &format!("{{\"seed\":{quoted}}}")),
        moved("\"TOTP\"", &quoted),
        moved("\"SHA1\"", &quoted),
        moved("\"digits\":6", &format!("\"digits\":{quoted}")),
        moved("\"digits\":6", &format!("{quoted}:6")),
        moved(
            "\"drift\":-1",
            "\"drift\":3132333435363738393031323334353637383930",
        ),
        moved(&quoted, &format!("\"{}\"", &seed[1..])),
        moved(&quoted, "\"31\""),
        moved(&quoted, "\"3132333435363738393031323334353637383g30\""),
        moved(
            &quoted,
            "\"\\u0033132333435363738393031323334353637383930\"",
        ),
        moved(
            "\"paired_with\"",
            "\"pairing_with\":\"bob\",\"paired_with\"",
        ),
        moved("\"time_interval\":30", "\"time_interval\":9"),
        moved("\"time_interval\":30,", ""),
        moved(",\"imported\":1700000000", ""),
        format!("{{{quoted}:1}}"),
        quoted.clone(),
        seed.to_owned(),
        "\"".repeat(lines::LONGEST + 1),
    ] {
        let why = read(&text(&[HEADER, &line, USER, END])).unwrap_err();
        assert!(why.starts_with("line 2 of its text: "), "{why}");
        assert!(!why.contains("31323334"), "{why}");
    }
}

proptest! {
    #[test]
    fn lines_come_out_as_they_are_in_whatever_pieces_they_are_read(
        lines in prop::collection::vec("[a-z]{0,300}", 0..20),
        piece in 1_usize..500,
    ) {
        struct Pieces<'a>(&'a [u8], usize);
        impl Read for Pieces<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let most = self.1.min(buffer.len());
                self.0.read(&mut buffer[..most])
            }
        }
        let all = text(&lines.iter().map(String::as_str).collect::<Vec<_>>());
        let mut read = Lines::new(Pieces(all.as_bytes(), piece));
        for line in all.lines() {
            prop_assert_eq!(read.next().unwrap(), Some(line.as_bytes()));
        }
        prop_assert!(read.next().unwrap().is_none());
    }

    #[test]
    fn no_text_makes_the_reader_panic(bytes: Vec<u8>) {
        let _ = Reader::new(bytes.as_slice()).count();
    }
}
