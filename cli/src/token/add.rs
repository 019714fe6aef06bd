//! `otpair token add`: one token by hand.

use super::ask::Questions;
use super::list;
use crate::args::Json;
use crate::failure::Failure;
use crate::import::{Said, as_package};
use crate::machine::{self, Machine};
use crate::pairing::Pairing;
use crate::{output, secret};
use otpair_cache::SeedCache;
use otpair_cache::admin::There;
use otpair_core::acceptance::Windows;
use otpair_core::event::{Event, EventKind};
use otpair_core::keyfile::{
    self, Assumption, Format, Item, KeyPackage, Kind, Options, Unlock, Unreadable,
};
use otpair_core::records::{Fault, FaultKind};
use otpair_core::token::{Serial, TokenType};
use otpair_host::clock;
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
    /// The counter that a HOTP token stands at, 0 if not given
    #[arg(long, value_name = "N")]
    counter: Option<u64>,
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
        let mut cache = machine.cache()?;
        let package = match (self.serial.take(), self.seed_file.as_ref()) {
            (Some(serial), Some(path)) => {
                let seed = secret::from_file(path, "seed")?;
                let (package, assumed) = self.package(&serial, &seed)?;
                tell(&assumed);
                package
            }
            (serial, _) => self.asked(&mut cache, serial, &machine.policy().windows)?,
        };
        add(&mut cache, &package)?;
        let serial = package.serial;
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

    /// The package of what no flag says and somebody at the terminal does; checked by a passcode, if they give one.
    fn asked(
        &mut self,
        cache: &mut SeedCache,
        serial: Option<Serial>,
        windows: &Windows,
    ) -> Result<KeyPackage, Failure> {
        let mut questions = Questions::open(if serial.is_none() {
            "--serial"
        } else {
            "--seed-file"
        })?;
        let serial = match serial {
            Some(serial) => serial,
            None => questions.ask("Serial number", None, machine::serial)?,
        };
        // Before the long part is typed.
        if Pairing::find(cache, &serial)?.is_some() {
            return Err(Failure::new(format!(
                "token {serial} is there already (otpair token show {serial}): otpair token remove {serial} first, if it is another token"
            )));
        }
        let seed = self.asked_seed(&serial, &mut questions)?;
        questions.fill(&mut self.said, &mut self.counter)?;
        let (mut package, _) = self.package(&serial, &seed)?;
        questions.check(&mut package, windows)?;
        Ok(package)
    }

    /// The seed from its file, or as it is typed: asked for again until it is one.
    fn asked_seed(
        &mut self,
        serial: &Serial,
        questions: &mut Questions,
    ) -> Result<Zeroizing<Vec<u8>>, Failure> {
        if let Some(path) = &self.seed_file {
            return secret::from_file(path, "seed");
        }
        if !self.base32 {
            let question = "Seed in hex or in base32";
            self.base32 = questions.ask(question, Some("hex"), is_base32)?;
        }
        let text = if self.base32 {
            "Seed, in base32: "
        } else {
            "Seed, in hexadecimal: "
        };
        loop {
            let seed = questions.hidden(text)?;
            match self.package(serial, &seed) {
                Ok(_) => return Ok(seed),
                Err(failure) => questions.again(failure.message())?,
            }
        }
    }

    /// The package of a seed file with one entry: the same rules and assumptions as for `otpair import`.
    fn package(
        &self,
        serial: &Serial,
        seed: &[u8],
    ) -> Result<(KeyPackage, Vec<Assumption>), Failure> {
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
        let (mut package, mut assumed) = only_package(&file, &options)?;
        if self.base32 && self.said.kind.is_none() {
            assumed.insert(0, Assumption::Type);
        }
        // The counter has an option of its own, with a default that the manual tells.
        assumed.retain(|assumed| *assumed != Assumption::Counter);
        package.manufacturer.clone_from(&self.manufacturer);
        if package.parameters.token_type == TokenType::Hotp {
            package.counter = self.counter.unwrap_or(0);
        }
        Ok((package, assumed))
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

fn is_base32(encoding: &str) -> Result<bool, String> {
    match encoding.to_ascii_lowercase().as_str() {
        "hex" | "hexadecimal" => Ok(false),
        "base32" => Ok(true),
        _ => Err(
            "it is hex, which has 0 to 9 and A to F, or base32, which has A to Z and 2 to 7"
                .to_owned(),
        ),
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

fn tell(assumed: &[Assumption]) {
    for assumption in assumed {
        let said = assumption.to_string();
        output::note(&said.replace("the file does not say", "no option says"));
    }
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
    import.add(&as_package(package))?;
    let added = import.finish()?;
    let serial = &package.serial;
    match added.left.into_iter().next().map(|left| left.there) {
        None if added.new > 0 => Ok(()),
        None | Some(There::Reserved { .. }) => Err(Failure::new(format!(
            "token {serial} is there already, just the same"
        ))),
        Some(There::Other { .. }) => Err(Failure::new(format!(
            "token {serial} is there already, with another seed: otpair token remove {serial} first, if it is another token"
        ))),
        Some(There::Damaged(why)) => Err(Fault::new(FaultKind::Damaged, why).into()),
    }
}
