//! What has to hold of whatever is read of a seed file.

use otpair_core::keyfile::{Assumption, Halves, Item, KeyPackage, Options, Source, read};
use otpair_core::seed::Seed;
use otpair_core::token::{Digits, Serial, TokenType};
use std::fmt::Write as _;
use std::io::{self, Read};

/// A file that gives its bytes one by one, and can be read in halves.
struct Drip<'a>(&'a [u8]);

impl Source for Drip<'_> {
    fn open(&self) -> io::Result<Box<dyn Read + Send + '_>> {
        self.open_at(0)
    }

    fn halves(&self) -> Option<&dyn Halves> {
        Some(self)
    }
}

impl Halves for Drip<'_> {
    fn length(&self) -> u64 {
        self.0.len() as u64
    }

    fn open_at(&self, at: u64) -> io::Result<Box<dyn Read + Send + '_>> {
        let at = usize::try_from(at).map_err(io::Error::other)?;
        Ok(Box::new(Dripping(self.0.get(at..).unwrap_or_default())))
    }

    fn both(&self, one: &mut (dyn FnMut() + Send), other: &mut (dyn FnMut() + Send)) {
        one();
        other();
    }
}

struct Dripping<'a>(&'a [u8]);

impl Read for Dripping<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = into.len().min(1);
        self.0.read(&mut into[..most])
    }
}

/// The same file gives the same again, byte by byte and in halves; what it gives is within its bounds; no reason quotes it.
pub(super) fn hold(data: &[u8], options: &Options) {
    let words = words(&super::text(data));
    let at_once = said(&data, options, &words);
    assert_eq!(at_once, said(&Drip(data), options, &words));
}

/// All that a file gives, as text.
fn said(source: &dyn Source, options: &Options, words: &[String]) -> String {
    let mut said = String::new();
    let mut assumed: Vec<Assumption> = Vec::new();
    let mut items = match read(source, options) {
        Ok(items) => items,
        Err(refusal) => {
            unquoted(&refusal.why, words);
            return refusal.to_string();
        }
    };
    for item in &mut items {
        // Writing into a string can't fail.
        let _ = match item {
            Ok(Item::Package(package)) => {
                within_bounds(&package);
                let seed = package.seed.expose();
                writeln!(said, "{package:?} {seed:?}")
            }
            Ok(Item::Rejected(rejection)) => {
                unquoted(&rejection.why, words);
                writeln!(said, "{}: {}", rejection.at, rejection.why)
            }
            Ok(Item::Assumed(assumption)) => {
                assert!(
                    !assumed.contains(&assumption),
                    "assumed twice: {assumption}"
                );
                assumed.push(assumption);
                unquoted(&assumption.to_string(), words);
                writeln!(said, "{assumption}")
            }
            Err(refusal) => {
                unquoted(&refusal.why, words);
                writeln!(said, "{refusal}")
            }
        };
    }
    assert!(items.next().is_none(), "there is something behind the end");
    said
}

fn within_bounds(package: &KeyPackage) {
    let serial = package.serial.as_str();
    assert!(!package.serial.canonical().is_empty() && serial.len() <= Serial::MAX_LEN);
    assert!(
        serial.bytes().all(|byte| (b' '..=b'~').contains(&byte)),
        "{serial:?}"
    );
    let seed = package.seed.expose().len();
    assert!(
        (Seed::MIN_LEN..=Seed::MAX_LEN).contains(&seed),
        "{seed} bytes"
    );
    assert!((Digits::MIN..=Digits::MAX).contains(&package.parameters.digits.count()));
    match package.parameters.token_type {
        TokenType::Hotp => assert_eq!(package.drift, 0),
        TokenType::Totp { time_interval, .. } => {
            assert!((10..=300).contains(&time_interval.seconds()));
            assert_eq!(package.counter, 0);
        }
    }
    for text in [&package.manufacturer, &package.reserved_for]
        .into_iter()
        .flatten()
    {
        assert!(
            !text.is_empty() && !text.chars().any(char::is_control),
            "{text:?}"
        );
    }
    let manufacturer = package.manufacturer.as_deref().unwrap_or_default();
    assert!(manufacturer.chars().count() <= 64, "{manufacturer}");
}

/// A format's own word that is as long as a seed, and that a reason may say.
const OURS: &str = "sccAuthenticatorId";

/// What in a file is long enough to be a seed in any writing.
fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words
        .filter(|word| word.len() >= 16 && !OURS.contains(word))
        .map(str::to_owned)
        .collect()
}

fn unquoted(why: &str, words: &[String]) {
    assert!(!why.contains('\n'), "{why}");
    let quoted = words.iter().find(|word| why.contains(*word));
    assert!(quoted.is_none(), "{why}");
}
