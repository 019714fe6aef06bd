//! Key packages by chance, always the same ones, and a plain PSKC file of them.

use serde_json::{Value, json};
use std::fmt::Write;

/// `SplitMix64`: numbers that look random and are the same in every run.
pub struct Chance(pub u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below another.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Something, half of the time.
    pub fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.below(2) == 0).then(|| make(self))
    }

    fn one_of<T: Copy>(&mut self, values: &[T]) -> T {
        values[usize::try_from(self.below(values.len() as u64)).unwrap()]
    }
}

/// What a PSKC file says of a key. What it leaves out is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Package {
    pub serial: Option<String>,
    pub id: String,
    pub manufacturer: Option<String>,
    /// The algorithm is HOTP, not TOTP.
    pub is_hotp: bool,
    pub suite: Option<String>,
    pub digits: Option<u64>,
    pub counter: Option<u64>,
    pub interval: Option<u64>,
    pub drift: Option<i32>,
    /// As `2030-01-01T00:00:00Z`.
    pub start: Option<String>,
    pub expiry: Option<String>,
    /// In base64; missing where it could not be read.
    pub secret: Option<String>,
}

impl Package {
    /// A package by chance; the number makes it unlike any other of the same name.
    pub fn by_chance(chance: &mut Chance, name: &str, number: usize) -> Self {
        let is_hotp = chance.below(2) == 0;
        let length = chance.one_of(&[10, 16, 20, 20, 32, 64, 128]);
        let secret: Vec<u8> = (0..length)
            .map(|_| u8::try_from(chance.below(256)).unwrap())
            .collect();
        let mut package = Self {
            serial: (chance.below(8) > 0).then(|| format!("{name}-{number:04}")),
            id: format!("{name}-key-{number:04}"),
            manufacturer: chance.maybe(|chance| {
                chance
                    .one_of(&["oath.Example", "Söhne & <Co>", "a \"b\" 'c'"])
                    .to_owned()
            }),
            is_hotp,
            digits: Some(6 + chance.below(3)),
            start: chance.maybe(|chance| date(chance, 2020)),
            expiry: chance.maybe(|chance| date(chance, 2040)),
            secret: Some(base64(&secret)),
            ..Self::default()
        };
        if is_hotp {
            let largest = chance.one_of(&[2, 1000, u64::from(u32::MAX), 1 << 62]);
            package.counter = chance.maybe(|chance| chance.below(largest));
        } else {
            let suites = ["HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512"];
            package.suite = chance.maybe(|chance| chance.one_of(&suites).to_owned());
            package.interval = chance.maybe(|chance| 10 + chance.below(291));
            let drift = chance.maybe(|chance| chance.below(2000));
            package.drift = drift.map(|drift| i32::try_from(drift).unwrap() - 1000);
        }
        package
    }

    /// The serial number on the token, or what takes its place.
    pub fn name(&self) -> &str {
        self.serial.as_deref().unwrap_or(&self.id)
    }

    /// Whether it has a date.
    pub fn is_dated(&self) -> bool {
        self.start.is_some() || self.expiry.is_some()
    }

    /// This, with what is missing taken from another.
    pub fn or(self, other: &Self) -> Self {
        let other = other.clone();
        Self {
            counter: self.counter.or(other.counter),
            interval: self.interval.or(other.interval),
            drift: self.drift.or(other.drift),
            secret: self.secret.or(other.secret),
            ..self
        }
    }

    /// For the writers that are not written in Rust.
    pub fn json(&self) -> Value {
        json!({
            "serial": self.serial, "id": self.id, "manufacturer": self.manufacturer, "is_hotp": self.is_hotp,
            "suite": self.suite, "digits": self.digits, "counter": self.counter, "interval": self.interval,
            "drift": self.drift, "start": self.start, "expiry": self.expiry, "secret": self.secret,
        })
    }
}

fn date(chance: &mut Chance, year: u64) -> String {
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        year + chance.below(10),
        1 + chance.below(12),
        1 + chance.below(28),
        chance.below(24),
        chance.below(60),
        chance.below(60)
    )
}

/// RFC 4648 section 4.
pub fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let groups = bytes.chunks(3).map(|group| {
        let number = (0..3).fold(0_usize, |n, at| {
            n << 8 | usize::from(group.get(at).copied().unwrap_or(0))
        });
        let digits = (0..4).map(|at| {
            if at > group.len() {
                '='
            } else {
                char::from(ALPHABET[number >> (18 - 6 * at) & 63])
            }
        });
        digits.collect::<String>()
    });
    groups.collect()
}

/// The other way round.
pub fn from_base64(text: &str) -> Vec<u8> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut number, mut bits) = (Vec::new(), 0_usize, 0);
    for digit in text.chars().filter(|c| *c != '=') {
        number = (number << 6 | ALPHABET.find(digit).unwrap()) & 0xffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(number >> bits & 0xff).unwrap());
        }
    }
    bytes
}

/// A plain file; chance decides how it is laid out.
pub fn plain(packages: &[Package], chance: &mut Chance) -> String {
    let prefix = chance.one_of(&["", "pskc:", "p:"]);
    let mut xml = Xml {
        text: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(),
        prefix,
        chance,
    };
    let name = prefix.trim_end_matches(':');
    let colon = if name.is_empty() { "" } else { ":" };
    let namespace = format!("xmlns{colon}{name}=\"urn:ietf:params:xml:ns:keyprov:pskc\"");
    xml.inside(
        "KeyContainer",
        &[namespace, "Version=\"1.0\"".to_owned()],
        |xml| {
            for package in packages {
                xml.package(package);
            }
        },
    );
    xml.text
}

/// XML on its way.
struct Xml<'c> {
    text: String,
    prefix: &'static str,
    chance: &'c mut Chance,
}

impl Xml<'_> {
    fn inside(&mut self, name: &str, attributes: &[String], write: impl FnOnce(&mut Self)) {
        self.gap();
        write!(self.text, "<{}{name}", self.prefix).unwrap();
        let turn =
            usize::try_from(self.chance.below(2)).unwrap() * usize::from(!attributes.is_empty());
        for attribute in attributes[turn..].iter().chain(&attributes[..turn]) {
            write!(self.text, " {attribute}").unwrap();
        }
        self.text.push('>');
        write(self);
        write!(self.text, "</{}{name}>", self.prefix).unwrap();
    }

    fn leaf(&mut self, name: &str, value: &str) {
        let value = value.replace('&', "&amp;").replace('<', "&lt;");
        self.inside(name, &[], |xml| xml.text.push_str(&value));
    }

    fn value(&mut self, name: &str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.inside(name, &[], |xml| xml.leaf("PlainValue", &value.to_string()));
        }
    }

    /// What may stand between two elements.
    fn gap(&mut self) {
        let gap = self.chance.one_of(&["", "\n", "\r\n\t", "<!-- <Key> -->"]);
        self.text.push_str(gap);
    }

    fn package(&mut self, package: &Package) {
        let kind = if package.is_hotp { "hotp" } else { "totp" };
        let algorithm = format!("Algorithm=\"urn:ietf:params:xml:ns:keyprov:pskc:{kind}\"");
        self.inside("KeyPackage", &[], |xml| {
            xml.inside("DeviceInfo", &[], |xml| {
                if let Some(manufacturer) = &package.manufacturer {
                    xml.leaf("Manufacturer", manufacturer);
                }
                if let Some(serial) = &package.serial {
                    xml.leaf("SerialNo", serial);
                }
            });
            let id = format!("Id=\"{}\"", package.id);
            xml.inside("Key", &[id, algorithm], |xml| xml.key(package));
        });
    }

    fn key(&mut self, package: &Package) {
        self.inside("AlgorithmParameters", &[], |xml| {
            if let Some(suite) = &package.suite {
                xml.leaf("Suite", suite);
            }
            let digits = package.digits.unwrap();
            let length = format!("Length=\"{digits}\"");
            let encoding = "Encoding=\"DECIMAL\"".to_owned();
            xml.inside("ResponseFormat", &[length, encoding], |_| ());
        });
        self.inside("Data", &[], |xml| {
            xml.value("Secret", package.secret.as_ref());
            xml.value("Counter", package.counter);
            xml.value("TimeInterval", package.interval);
            xml.value("TimeDrift", package.drift);
        });
        if package.is_dated() {
            self.inside("Policy", &[], |xml| {
                if let Some(start) = &package.start {
                    xml.leaf("StartDate", start);
                }
                if let Some(expiry) = &package.expiry {
                    xml.leaf("ExpiryDate", expiry);
                }
            });
        }
    }
}
