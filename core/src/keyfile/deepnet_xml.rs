//! Deepnet's XML for `SafeID`, the "`DualShield` Token File Format": `<data>`, in it `<header>` with what all tokens have
//! in common, then for each `<token><serial>…</serial><seed>…</seed></token>`, mostly in `<tokens>`.

use super::assumption::Notes;
use super::elements::{ElementEntries, ElementFormat};
use super::lines::number;
use super::recognize::Head;
use super::settle::Said;
use super::xml::Element;
use super::{Entries, Kind, Opening, Options, SeedFile, Unreadable, column, decode};
use crate::seed::Seed;
use crate::token::{Digits, HashAlgorithm, TimeInterval};

/// Deepnet's XML.
pub(super) struct DeepnetXml;

impl SeedFile for DeepnetXml {
    fn name(&self) -> &'static str {
        "deepnet-xml"
    }

    fn is_whole(&self, head: &Head<'_>) -> bool {
        head.is_xml() && head.has("<data") && head.has("<header") && head.has("<token")
    }

    fn entries<'a>(
        &self,
        opening: Opening<'a>,
        _: &mut Notes,
    ) -> Result<Box<dyn Entries + 'a>, Unreadable> {
        Ok(Box::new(ElementEntries::open(
            opening,
            Elements::default(),
        )?))
    }
}

/// The elements of a file, with its header once it has come.
#[derive(Default)]
struct Elements {
    header: Option<Element>,
}

impl ElementFormat for Elements {
    const ROOT: &'static str = "data";
    const HOLDER: Option<&'static str> = Some("tokens");

    fn element(
        &mut self,
        element: &Element,
        _: &Options,
        notes: &mut Notes,
    ) -> Result<Option<Said>, String> {
        match element.name() {
            "header" => {
                self.header = Some(element.clone());
                Ok(None)
            }
            "token" => {
                let header = self.header.as_ref().ok_or("no header stands in front")?;
                said(element, header, notes).map(Some)
            }
            _ => Ok(None),
        }
    }
}

fn said(token: &Element, header: &Element, notes: &mut Notes) -> Result<Said, String> {
    let common = |name: &str| header.text_at(&[name]).unwrap_or_default();
    let own = |name: &str| token.text_at(&[name]).unwrap_or_default();
    if !matches!(common("encrypt").to_ascii_uppercase().as_str(), "" | "NONE") {
        return Err(
            "the seeds are encrypted in Deepnet's own way: ask for a file with <encrypt>NONE"
                .to_owned(),
        );
    }
    let serial = column::serial(own("serial"))?;
    let mut said = Said::new(serial, seed(own("seed"), common("encode"), notes)?);
    said.manufacturer = column::manufacturer("Deepnet Security");
    let digits = number(common("digits"), "number of digits")?.map(Digits::new);
    said.digits = digits.transpose().map_err(|fault| fault.to_string())?;
    let interval = number(common("timeWindow"), "timeWindow")?.map(TimeInterval::new);
    said.time_interval = interval.transpose().map_err(|fault| fault.to_string())?;
    said.counter = number(own("counter"), "counter")?;
    said.kind = match (said.time_interval, said.counter) {
        (Some(_), _) => Some(Kind::Totp),
        (None, Some(_)) => Some(Kind::Hotp),
        (None, None) => None,
    };
    if !common("crypto").is_empty() {
        let hash = HashAlgorithm::parse(common("crypto"));
        said.algorithm = Some(hash.map_err(|fault| fault.to_string())?);
    }
    Ok(said)
}

/// A seed as the header says that seeds are written.
fn seed(text: &str, encode: &str, notes: &mut Notes) -> Result<Seed, String> {
    match encode.to_ascii_uppercase().as_str() {
        "" | "HEX" => column::hex_seed(text, notes),
        "BASE32" => column::base32_seed(text, notes),
        "BASE64" => {
            let bytes = decode::base64(text).ok_or("the seed is not base64")?;
            Seed::new(bytes).map_err(|fault| fault.to_string())
        }
        _ => Err("the header says an encode that is none of HEX, BASE32, BASE64".to_owned()),
    }
}
