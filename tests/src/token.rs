//! A token in a person's hand. Its passcodes come from `oathtool`, which knows nothing of otpair's code.

use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Totp { interval: u64 },
    Hotp,
}

/// A simulated token.
#[derive(Debug, Clone)]
pub struct Token {
    /// The number on its back.
    pub serial: String,
    seed: Vec<u8>,
    digits: u32,
    algorithm: &'static str,
    kind: Kind,
    imported_counter: u64,
}

const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// This machine's clock, in seconds since 1970.
pub fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("the clock is before 1970")
        .as_secs()
}

impl Token {
    /// A TOTP token with 6 digits, 30 s and SHA-1, and a seed of 20 bytes that depends on its serial number.
    pub fn totp(serial: &str) -> Self {
        let seed = (0..20_u8).map(|i| scramble(serial, i)).collect();
        let kind = Kind::Totp { interval: 30 };
        Self {
            serial: serial.to_owned(),
            seed,
            digits: 6,
            algorithm: "SHA1",
            kind,
            imported_counter: 0,
        }
    }

    /// A HOTP token with 6 digits.
    pub fn hotp(serial: &str) -> Self {
        Self {
            kind: Kind::Hotp,
            ..Self::totp(serial)
        }
    }

    /// The token, with another number of digits.
    #[must_use]
    pub fn digits(self, digits: u32) -> Self {
        Self { digits, ..self }
    }

    /// The token, with another hash: `SHA1`, `SHA256`, `SHA512`.
    #[must_use]
    pub fn algorithm(self, algorithm: &'static str) -> Self {
        Self { algorithm, ..self }
    }

    /// The token, with another time interval in seconds.
    #[must_use]
    pub fn interval(self, interval: u64) -> Self {
        Self {
            kind: Kind::Totp { interval },
            ..self
        }
    }

    /// The token, with a seed of another length in bytes.
    #[must_use]
    pub fn seed_length(self, length: u8) -> Self {
        let seed = (0..length).map(|i| scramble(&self.serial, i)).collect();
        Self { seed, ..self }
    }

    /// The token, with the counter that its seed file says it stands at.
    #[must_use]
    pub fn imported_counter(self, imported_counter: u64) -> Self {
        Self {
            imported_counter,
            ..self
        }
    }

    /// Whether it counts, and does not go by the time.
    pub fn is_hotp(&self) -> bool {
        self.kind == Kind::Hotp
    }

    /// The time interval in seconds; for TOTP only.
    pub fn seconds(&self) -> u64 {
        match self.kind {
            Kind::Totp { interval } => interval,
            Kind::Hotp => panic!("a HOTP token has no time interval"),
        }
    }

    /// The seed.
    pub fn seed(&self) -> &[u8] {
        &self.seed
    }

    /// The seed in hexadecimal.
    pub fn hex(&self) -> String {
        use std::fmt::Write;
        self.seed.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    /// The seed in base32, as otpauth URIs have it.
    pub fn base32(&self) -> String {
        encode(&self.seed, BASE32, 1)
    }

    /// The seed in base64, as PSKC files have it.
    pub fn base64(&self) -> String {
        encode(&self.seed, BASE64, 4)
    }

    /// What a TOTP token shows at a time, in seconds since 1970.
    pub fn at(&self, time: u64) -> String {
        self.shown(time, 0).remove(0)
    }

    /// What a TOTP token shows now.
    pub fn now(&self) -> String {
        self.at(now())
    }

    /// What a HOTP token shows at a counter.
    pub fn press(&self, counter: u64) -> String {
        self.shown(counter, 0).remove(0)
    }

    /// What a HOTP token shows from counter 0 on, so many passcodes.
    pub fn presses(&self, count: usize) -> Vec<String> {
        self.presses_from(0, count)
    }

    /// What a HOTP token shows from a counter on, so many passcodes.
    pub fn presses_from(&self, counter: u64, count: usize) -> Vec<String> {
        let more = u32::try_from(count.max(1) - 1).expect("a number that oathtool takes");
        self.shown(counter, more)
    }

    /// A passcode of the right form that the token shows nowhere near: not in the 1,200 steps or counters around
    /// where it stands (a time for TOTP, a counter for HOTP).
    pub fn wrong_around(&self, moving_factor: u64) -> String {
        self.wrong_passcodes_around(moving_factor, 1).remove(0)
    }

    /// Some such passcodes, all different.
    pub fn wrong_passcodes_around(&self, moving_factor: u64, count: usize) -> Vec<String> {
        let start = match self.kind {
            Kind::Totp { interval } => moving_factor.saturating_sub(1200 * interval),
            Kind::Hotp => moving_factor.saturating_sub(1200),
        };
        let near = self.shown(start, 2400);
        let width = self.digits as usize;
        (0..)
            .map(|n: u32| format!("{:0width$}", 111_111 + n))
            .filter(|p| !near.contains(p))
            .take(count)
            .collect()
    }

    /// A wrong passcode around this machine's time, or around counter 0.
    pub fn wrong(&self) -> String {
        match self.kind {
            Kind::Totp { .. } => self.wrong_around(now()),
            Kind::Hotp => self.wrong_around(0),
        }
    }

    /// One line of a seed file, an otpauth URI with the serial number.
    pub fn uri(&self) -> String {
        let moving = match self.kind {
            Kind::Totp { interval } => format!("period={interval}"),
            Kind::Hotp => format!("counter={}", self.imported_counter),
        };
        let kind = if self.kind == Kind::Hotp {
            "hotp"
        } else {
            "totp"
        };
        format!(
            "otpauth://{kind}/otpair:{serial}?secret={secret}&serial={serial}&algorithm={algorithm}&digits={digits}&{moving}\n",
            serial = self.serial.replace(' ', "%20"),
            secret = self.base32(),
            algorithm = self.algorithm,
            digits = self.digits,
        )
    }

    /// Asks oathtool for the passcode at a moving factor and for as many after it as `more` says.
    fn shown(&self, moving_factor: u64, more: u32) -> Vec<String> {
        let mut oathtool = Command::new("oathtool");
        match self.kind {
            Kind::Totp { interval } => oathtool
                .arg(format!("--totp={}", self.algorithm))
                .arg(format!("--time-step-size={interval}s"))
                .arg(format!("--now=@{moving_factor}")),
            Kind::Hotp => oathtool
                .arg("--hotp")
                .arg(format!("--counter={moving_factor}")),
        };
        let output = oathtool
            .arg(format!("--digits={}", self.digits))
            .arg(format!("--window={more}"))
            .arg(self.hex())
            .output()
            .expect("oathtool can't be started: install the Debian package oathtool");
        assert!(
            output.status.success(),
            "oathtool: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout)
            .lines()
            .map(str::to_owned)
            .collect()
    }
}

/// A byte of a seed that is different for every serial number and place (FNV-1a).
fn scramble(serial: &str, place: u8) -> u8 {
    let hash = serial
        .bytes()
        .chain([place])
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    hash.to_le_bytes().into_iter().fold(0, |a, b| a ^ b)
}

/// RFC 4648 section 6 without padding, or section 4 with it: by the alphabet, and by how many characters make a group.
fn encode(bytes: &[u8], alphabet: &[u8], group: usize) -> String {
    let width = alphabet.len().ilog2();
    let mut text = String::new();
    let (mut buffer, mut bits) = (0_u32, 0);
    for byte in bytes {
        buffer = (buffer << 8) | u32::from(*byte);
        bits += 8;
        while bits >= width {
            bits -= width;
            text.push(char::from(
                alphabet[(buffer >> bits) as usize & (alphabet.len() - 1)],
            ));
        }
        buffer &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.push(char::from(alphabet[(buffer << (width - bits)) as usize]));
    }
    text.extend(std::iter::repeat_n(
        '=',
        text.len().next_multiple_of(group) - text.len(),
    ));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_written_as_rfc_4648_has_it() {
        assert_eq!(encode(b"foobar", BASE32, 1), "MZXW6YTBOI");
        assert_eq!(encode(b"fooba", BASE32, 1), "MZXW6YTB");
        assert_eq!(encode(b"fooba", BASE64, 4), "Zm9vYmE=");
        assert_eq!(encode(b"foobar", BASE64, 4), "Zm9vYmFy");
    }

    #[test]
    fn oathtool_gives_the_values_of_rfc_4226_and_rfc_6238() {
        let mut token = Token::hotp("1");
        token.seed = b"12345678901234567890".to_vec();
        assert_eq!(token.press(0), "755224");
        token.kind = Kind::Totp { interval: 30 };
        assert_eq!(token.digits(8).at(59), "94287082");
    }

    #[test]
    fn a_wrong_passcode_is_none_of_those_around() {
        let token = Token::totp("1");
        assert!(
            !token
                .shown(1_000_000, 100)
                .contains(&token.wrong_around(1_000_000))
        );
    }
}
