//! `SafeNet`'s (Aladdin's) XML for eToken PASS: `<Tokens>`, and in it for each HOTP token `<Token serial="…">` with
//! `<Applications><Application><Seed>HEX</Seed><MovingFactor>1</MovingFactor></Application></Applications>`.

use super::assumption::Notes;
use super::elements::{ElementEntries, ElementFormat};
use super::lines::number;
use super::recognize::Head;
use super::settle::Said;
use super::xml::Element;
use super::{Assumption, Entries, Kind, Opening, Options, SeedFile, Unreadable, column};

/// `SafeNet`'s XML.
pub(super) struct SafeNetXml;

impl SeedFile for SafeNetXml {
    fn name(&self) -> &'static str {
        "safenet-xml"
    }

    fn is_whole(&self, head: &Head<'_>) -> bool {
        head.is_xml() && head.has("<Tokens") && head.has("<Token ") && head.has("serial=")
    }

    fn entries<'a>(
        &self,
        opening: Opening<'a>,
        _: &mut Notes,
    ) -> Result<Box<dyn Entries + 'a>, Unreadable> {
        Ok(Box::new(ElementEntries::open(opening, Elements)?))
    }
}

struct Elements;

impl ElementFormat for Elements {
    const ROOT: &'static str = "Tokens";
    const HOLDER: Option<&'static str> = None;

    fn element(
        &mut self,
        token: &Element,
        _: &Options,
        notes: &mut Notes,
    ) -> Result<Option<Said>, String> {
        if token.name() != "Token" {
            return Ok(None);
        }
        let serial = column::serial(token.attribute("serial").unwrap_or_default())?;
        let application = application(token)?;
        let seed = application.text_at(&["Seed"]).unwrap_or_default();
        let mut said = Said::new(serial, column::hex_seed(seed, notes)?);
        said.manufacturer = column::manufacturer("SafeNet");
        said.kind = Some(Kind::Hotp);
        let factor = application.text_at(&["MovingFactor"]).unwrap_or_default();
        said.counter = number(factor, "MovingFactor")?;
        if said.counter.is_some() {
            notes.add(Assumption::MovingFactor);
        }
        Ok(Some(said))
    }
}

/// The one application that has a seed; it stands in `Applications`, or right in the token.
fn application(token: &Element) -> Result<&Element, String> {
    let holder = token.find(&["Applications"]).unwrap_or(token);
    let mut seeded = holder
        .children("Application")
        .filter(|application| application.find(&["Seed"]).is_some());
    let first = seeded.next().ok_or("the token has no seed")?;
    if seeded.next().is_some() {
        return Err("the token has several seeds".to_owned());
    }
    Ok(first)
}
