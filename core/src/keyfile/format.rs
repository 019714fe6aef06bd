//! The formats, by their names.

use super::{
    SeedFile, authenex, deepnet_xml, entra_csv, feitian, google_authenticator, linotp_csv,
    multiotp_csv, oath_csv, otpauth, ping_csv, pskc, safenet_xml, safeword, users_oath, yubico_csv,
    yubico_traditional,
};
use std::fmt;

/// The formats that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// XML, RFC 6030.
    Pskc,
    /// `SafeNet`'s XML for eToken PASS.
    SafeNetXml,
    /// Deepnet's XML for `SafeID`.
    DeepnetXml,
    /// `SafeWord`'s `.dat` for eToken PASS: blocks of `sccAuthenticatorId` and `sccTokenData`.
    SafeWord,
    /// Authenex's and `ZyXEL`'s `.sql`: `INSERT INTO OTP`.
    Authenex,
    /// `otpauth://totp/LABEL?secret=BASE32&…`, one a line.
    Otpauth,
    /// A header row with `serial number,secret key,time interval`, seeds in base32, perhaps with users.
    EntraCsv,
    /// The log of the `YubiKey` Personalization Tool, traditional: `OATH-HOTP,date,slot,public id,,hexseed,…`.
    YubicoTraditional,
    /// The same log in the Yubico form: `serial,,moving factor,hexseed,,date,`.
    YubicoCsv,
    /// `serial;manufacturer;totp|hotp;hexseed;digits;interval-or-counter`.
    MultiOtpCsv,
    /// As [`Format::OathCsv`], with the hash in a sixth column.
    LinOtpCsv,
    /// `serial,hexseed,totp|hotp,digits,interval-or-counter`, with the user in front in version 2.
    OathCsv,
    /// `serial,hexseed[,counter]`.
    PingCsv,
    /// `serial seed` with blanks, base32 or hexadecimal.
    Feitian,
    /// `TYPE user pin seedhex [counter [last-passcode [time]]]`, of `pam_oath`.
    UsersOath,
    /// A person's secret and options, of `pam_google_authenticator`.
    GoogleAuthenticator,
}

impl Format {
    /// Every format. The first that recognizes a file or a line is taken.
    pub const ALL: [Self; 16] = [
        Self::Pskc,
        Self::SafeNetXml,
        Self::DeepnetXml,
        Self::SafeWord,
        Self::Authenex,
        Self::Otpauth,
        Self::UsersOath,
        Self::GoogleAuthenticator,
        Self::EntraCsv,
        Self::YubicoTraditional,
        Self::YubicoCsv,
        Self::MultiOtpCsv,
        Self::LinOtpCsv,
        Self::OathCsv,
        Self::PingCsv,
        Self::Feitian,
    ];

    /// The name, as `--format` takes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.seed_file().name()
    }

    /// How it is read.
    pub(super) fn seed_file(self) -> &'static dyn SeedFile {
        match self {
            Self::Pskc => &pskc::Pskc,
            Self::SafeNetXml => &safenet_xml::SafeNetXml,
            Self::DeepnetXml => &deepnet_xml::DeepnetXml,
            Self::SafeWord => &safeword::SafeWord,
            Self::Authenex => &authenex::Authenex,
            Self::Otpauth => &otpauth::Otpauth,
            Self::EntraCsv => &entra_csv::EntraCsv,
            Self::YubicoTraditional => &yubico_traditional::YubicoTraditional,
            Self::YubicoCsv => &yubico_csv::YubicoCsv,
            Self::MultiOtpCsv => &multiotp_csv::MultiOtpCsv,
            Self::LinOtpCsv => &linotp_csv::LinOtpCsv,
            Self::UsersOath => &users_oath::UsersOath,
            Self::GoogleAuthenticator => &google_authenticator::GoogleAuthenticator,
            Self::OathCsv => &oath_csv::OathCsv,
            Self::PingCsv => &ping_csv::PingCsv,
            Self::Feitian => &feitian::Feitian,
        }
    }

    /// The format of that name, in any case.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|format| format.name().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
