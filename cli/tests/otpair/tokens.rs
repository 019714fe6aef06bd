//! Tokens in a person's hand: their passcodes come from oathtool, which knows nothing of otpair's code.

use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

/// A simulated token with 6 digits and SHA-1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    pub(crate) serial: &'static str,
    /// In hexadecimal.
    pub(crate) seed: &'static str,
    is_totp: bool,
}

pub(crate) const TOTP: Token = Token {
    serial: "12345678",
    seed: "3132333435363738393031323334353637383930",
    is_totp: true,
};
pub(crate) const HOTP: Token = Token {
    serial: "FT-0042",
    seed: "00112233445566778899aabbccddeeff00112233",
    is_totp: false,
};
pub(crate) const OTHER_HOTP: Token = Token {
    serial: "FT-0043",
    seed: "ffeeddccbbaa99887766554433221100ffeeddcc",
    is_totp: false,
};
/// The second token of the sample `safeword.dat`.
pub(crate) const SAFEWORD_TOTP: Token = Token {
    serial: "EXAMPLE02",
    seed: "4142434445464748494a4142434445464748494a",
    is_totp: true,
};

/// This machine's clock, in seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

impl Token {
    /// A line of an OATH CSV file.
    pub(crate) fn csv(&self) -> String {
        let rest = if self.is_totp {
            "totp,6,30,sha1"
        } else {
            "hotp,6,0,sha1"
        };
        format!("{},{},{rest}\n", self.serial, self.seed)
    }

    /// What it shows at a time (seconds since 1970), or at a counter.
    pub(crate) fn at(&self, moving: u64) -> String {
        let mut oathtool = Command::new("oathtool");
        if self.is_totp {
            oathtool.args(["--totp", &format!("--now=@{moving}")]);
        } else {
            oathtool.args(["--hotp", &format!("--counter={moving}")]);
        }
        let output = oathtool
            .arg(self.seed)
            .output()
            .expect("oathtool can't be started: install the Debian package oathtool");
        assert!(
            output.status.success(),
            "oathtool: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// A passcode that a HOTP token shows nowhere near.
    pub(crate) fn wrong(&self) -> String {
        let output = Command::new("oathtool")
            .args(["--hotp", "--window=2000", self.seed])
            .output();
        let near = String::from_utf8(output.unwrap().stdout).unwrap();
        (0..1_000_000)
            .map(|n| format!("{n:06}"))
            .find(|passcode| !near.contains(passcode))
            .unwrap()
    }
}
