//! What an admin says about seed files on the command line.

use super::private_key;
use crate::failure::Failure;
use crate::secret;
use otpair_core::keyfile::{Format, Kind, Options, Unlock};
use otpair_core::token::{Digits, HashAlgorithm, TimeInterval};
use std::path::PathBuf;

/// What an encrypted file is opened with.
#[derive(Debug, Default, clap::Args)]
#[group(multiple = false)]
pub(super) struct UnlockArgs {
    /// The key of an encrypted file, in hexadecimal; - reads it from stdin
    #[arg(long, value_name = "HEX")]
    key: Option<String>,
    /// A file with the key of an encrypted file, in hexadecimal
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// A file with the passphrase of an encrypted file; - asks for it, or reads it from stdin
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// A file with the RSA private key that an encrypted file is encrypted to, in PEM or DER
    #[arg(long, value_name = "PEM")]
    private_key: Option<PathBuf>,
}

/// What the admin says of the tokens, where the file does not.
#[derive(Debug, clap::Args)]
pub(crate) struct Said {
    /// The type, where no file says it: totp or hotp
    #[arg(long = "type", value_parser = kind)]
    pub(crate) kind: Option<Kind>,
    /// The length of the passcodes, where no file says it: 6, 7 or 8
    #[arg(long, value_parser = digits)]
    pub(crate) digits: Option<Digits>,
    /// The length of a time step in seconds, where no file says it: 10 to 300
    #[arg(long, value_name = "S", value_parser = time_interval)]
    pub(crate) time_interval: Option<TimeInterval>,
    /// The hash algorithm, where no file says it: SHA1, SHA256 or SHA512
    #[arg(long, value_parser = algorithm)]
    pub(crate) algorithm: Option<HashAlgorithm>,
}

pub(super) fn format(text: &str) -> Result<Format, String> {
    Format::parse(text).ok_or_else(|| format!("the formats are {}", format_names()))
}

pub(super) fn format_help() -> String {
    let names = format_names();
    format!("The format of the files, if it should not be recognized: {names}")
}

/// The names of all formats, as a sentence lists them.
pub(crate) fn format_names() -> String {
    let names = Format::ALL.map(Format::name).join(", ");
    names
        .rsplit_once(", ")
        .map_or(names.clone(), |(others, last)| {
            format!("{others} or {last}")
        })
}

pub(crate) fn kind(text: &str) -> Result<Kind, String> {
    Kind::parse(text).ok_or_else(|| "it is totp or hotp".to_owned())
}

pub(crate) fn digits(text: &str) -> Result<Digits, String> {
    let number = text.parse().map_err(|_| "it is 6, 7 or 8".to_owned())?;
    Digits::new(number).map_err(|error| error.to_string())
}

pub(crate) fn time_interval(text: &str) -> Result<TimeInterval, String> {
    let number = text.parse().map_err(|_| "it is 10 to 300".to_owned())?;
    TimeInterval::new(number).map_err(|error| error.to_string())
}

pub(crate) fn algorithm(text: &str) -> Result<HashAlgorithm, String> {
    HashAlgorithm::parse(text).map_err(|error| error.to_string())
}

impl Said {
    /// As the options of a seed file in this format.
    pub(crate) fn options(&self, format: Option<Format>, unlock: Unlock) -> Options {
        Options {
            format,
            token_type: self.kind,
            digits: self.digits,
            time_interval: self.time_interval,
            algorithm: self.algorithm,
            owner: None,
            unlock,
        }
    }
}

impl UnlockArgs {
    /// Reads what was given.
    pub(super) fn read(self) -> Result<Unlock, Failure> {
        if let Some(path) = self.private_key {
            return Ok(Unlock::PrivateKey(Box::new(private_key::read(&path)?)));
        }
        let from = self.key_file.as_ref().map_or_else(
            || "--key".to_owned(),
            |path| format!("--key-file {}", path.display()),
        );
        let key = match (self.key, self.key_file) {
            (Some(key), _) => Some(secret::from_argument(key, "key")?),
            (None, Some(path)) => Some(secret::from_file(&path, "key")?),
            (None, None) => None,
        };
        let no_hex = || {
            let why = "the key is not hexadecimal: two digits for each byte";
            Failure::new(format!("{from}: {why}"))
        };
        match (key, self.passphrase_file) {
            (Some(key), _) => {
                let text = std::str::from_utf8(&key).unwrap_or_default();
                Unlock::from_hex(text.trim()).ok_or_else(no_hex)
            }
            (None, Some(path)) => Ok(Unlock::Passphrase(secret::from_file(&path, "passphrase")?)),
            (None, None) => Ok(Unlock::Nothing),
        }
    }
}
