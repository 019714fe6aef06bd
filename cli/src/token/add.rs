//! `otpair token add`: one token by hand.

use super::list;
use crate::args::Json;
use crate::failure::Failure;
use crate::import::{Said, as_package};
use crate::machine::{self, Machine};
use crate::terminal::Terminal;
use crate::{output, secret};
use otpair_cache::SeedCache;
use otpair_cache::admin::Added;
use otpair_core::event::{Event, EventKind};
use otpair_core::keyfile::{
    self, Assumption, Format, Item, KeyPackage, Kind, Options, Unlock, Unreadable,
};
use otpair_core::token::{Serial, TokenType};
use otpair_host::clock;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use zeroize::Zeroizing;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The number on the back of the token
    #[arg(long, value_parser = machine::serial)]
    serial: Option<Serial>,
    /// A file with the seed in hexadecimal; - reads it from stdin
    #[arg(long, value_name = "FILE")]
    seed_file: Option<PathBuf>,
    /// The seed is in base32 instead of hexadecimal
    #[arg(long)]
    base32: bool,
    /// The counter that a HOTP token stands at
    #[arg(long, value_name = "N", default_value_t = 0)]
    counter: u64,
    /// Who made the token
    #[arg(long, value_name = "NAME")]
    manufacturer: Option<String>,
    #[command(flatten)]
    said: Said,
    #[command(flatten)]
    json: Json,
}

impl Args {
    /// Adds the token.
    pub(crate) fn run(mut self, machine: &Machine) -> Result<(), Failure> {
        let serial = self.serial()?;
        let seed = self.seed()?;
        let mut package = self.package(&serial, &seed)?;
        package.manufacturer.clone_from(&self.manufacturer);
        if package.parameters.token_type == TokenType::Hotp {
            package.counter = self.counter;
        }
        let mut cache = machine.cache()?;
        add(&mut cache, &package)?;
        let event = Event::new(EventKind::Imported)
            .serial(Some(&serial))
            .reason("added by hand");
        machine.record(None, &event);
        let which = super::Which {
            serial,
            json: self.json,
        };
        list::tell(
            &mut cache,
            &which,
            &format!("Token {} is added.", which.serial),
        )
    }

    fn serial(&mut self) -> Result<Serial, Failure> {
        if let Some(serial) = self.serial.take() {
            return Ok(serial);
        }
        let typed = ask("Serial number: ", true, "--serial")?;
        let text = str::from_utf8(&typed).unwrap_or_default();
        machine::serial(text).map_err(Failure::new)
    }

    fn seed(&self) -> Result<Zeroizing<Vec<u8>>, Failure> {
        match &self.seed_file {
            Some(path) => secret::from_file(path, "seed"),
            None if self.base32 => ask("Seed, in base32: ", false, "--seed-file"),
            None => ask("Seed, in hexadecimal: ", false, "--seed-file"),
        }
    }

    /// The package of a seed file with one entry: the same rules and assumptions as for `otpair import`.
    fn package(&self, serial: &Serial, seed: &[u8]) -> Result<KeyPackage, Failure> {
        let (format, file) = if self.base32 {
            (Format::Otpauth, self.as_otpauth(serial, seed))
        } else {
            (Format::PingCsv, as_csv(serial, seed))
        };
        // What would be a further column or parameter is none: a seed is letters and digits.
        if !seed
            .trim_ascii()
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b" =".contains(byte))
        {
            return Err(Failure::new(
                "the seed is neither hexadecimal nor, with --base32, base32",
            ));
        }
        let options = self.said.options(Some(format), Unlock::Nothing);
        let (package, mut assumed) = only_package(&file, &options)?;
        if self.base32 && self.said.kind.is_none() {
            assumed.insert(0, Assumption::Type);
        }
        // The counter has an option of its own, with a default that the manual tells.
        for assumption in assumed
            .into_iter()
            .filter(|assumed| *assumed != Assumption::Counter)
        {
            output::note(
                &assumption
                    .to_string()
                    .replace("the file does not say", "no option says"),
            );
        }
        Ok(package)
    }

    fn as_otpauth(&self, serial: &Serial, seed: &[u8]) -> Zeroizing<Vec<u8>> {
        let kind = self.said.kind.unwrap_or(Kind::Totp).name();
        let serial = serial.as_str().bytes();
        let serial: Vec<_> = serial.map(|byte| format!("%{byte:02X}")).collect();
        let serial = serial.concat();
        joined(&[
            format!("otpauth://{kind}/token?serial={serial}&secret=").as_bytes(),
            seed.trim_ascii(),
        ])
    }
}

fn as_csv(serial: &Serial, seed: &[u8]) -> Zeroizing<Vec<u8>> {
    joined(&[b"\"", serial.as_str().as_bytes(), b"\",", seed.trim_ascii()])
}

fn joined(parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let mut whole = Zeroizing::new(Vec::with_capacity(
        parts.iter().map(|part| part.len()).sum(),
    ));
    for part in parts {
        whole.extend_from_slice(part);
    }
    whole
}

/// The one package of a file, and what was assumed for it.
fn only_package(file: &[u8], options: &Options) -> Result<(KeyPackage, Vec<Assumption>), Failure> {
    let unreadable = |fault: Unreadable| Failure::new(fault.why);
    let items = keyfile::read(&file, options).map_err(unreadable)?;
    let (mut package, mut assumed) = (None, Vec::new());
    for item in items {
        match item.map_err(unreadable)? {
            Item::Package(read) => package = Some(*read),
            Item::Assumed(assumption) => assumed.push(assumption),
            Item::Rejected(rejection) => return Err(Failure::new(rejection.why)),
        }
    }
    let package = package.ok_or_else(|| Failure::new("there is no seed"))?;
    Ok((package, assumed))
}

fn add(cache: &mut SeedCache, package: &KeyPackage) -> Result<(), Failure> {
    let mut import = cache.import("the command line", clock::now(), false)?;
    let added = import.add(&as_package(package))?;
    import.finish()?;
    let serial = &package.serial;
    match added {
        Added::New => Ok(()),
        Added::Unchanged => Err(Failure::new(format!(
            "token {serial} is there already, just the same"
        ))),
        Added::Conflict(_) => Err(Failure::new(format!(
            "token {serial} is there already, with another seed: otpair token remove {serial} first, if it is another token"
        ))),
    }
}

fn ask(question: &str, echo: bool, flag: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let missing = || {
        Failure::Usage(format!(
            "{flag} is missing, and there is no terminal to ask at"
        ))
    };
    if !io::stdin().is_terminal() {
        return Err(missing());
    }
    Terminal::open()
        .question(question, echo)
        .ok()
        .flatten()
        .ok_or_else(missing)
}
