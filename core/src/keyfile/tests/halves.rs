//! Files that two readers walk through: they say what one says.

use super::*;
use crate::keyfile::Halves;
use proptest::prelude::*;
use std::io::{self, Read};

/// A file whose second half is looked for from some place on.
struct InHalves<'a>(&'a [u8], usize);

impl Source for InHalves<'_> {
    fn open(&self) -> io::Result<Box<dyn Read + Send + '_>> {
        self.open_at(0)
    }

    fn halves(&self) -> Option<&dyn Halves> {
        Some(self)
    }
}

impl Halves for InHalves<'_> {
    fn length(&self) -> u64 {
        2 * self.1 as u64
    }

    fn open_at(&self, at: u64) -> io::Result<Box<dyn Read + Send + '_>> {
        Ok(Box::new(&self.0[usize::try_from(at).unwrap()..]))
    }

    fn both(&self, one: &mut (dyn FnMut() + Send), other: &mut (dyn FnMut() + Send)) {
        other();
        one();
    }
}

const BEGIN: &str = "<?xml version='1.0'?><k:KeyContainer xmlns:k='urn:k' xmlns:x='urn:x'>";
const PACKAGE: &str = "<k:KeyPackage>\n<k:DeviceInfo><k:SerialNo>S</k:SerialNo></k:DeviceInfo><k:Key Id='S' \
    Algorithm='urn:x:hotp'><k:Data><k:Secret><k:PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</k:PlainValue></k:Secret>\
    </k:Data></k:Key></k:KeyPackage>\n";
const END: &str = "</k:KeyContainer>";

/// What may stand between two packages, or must not.
const BETWEEN: [&str; 24] = [
    "<!-- <k:KeyPackage> -->",
    "<?p <k:KeyPackage> ?>",
    "<![CDATA[<k:KeyPackage>]]>",
    "<k:Extensions><![CDATA[<k:KeyPackage>]]></k:Extensions>",
    "<k:Extensions a='<k:KeyPackage >'/>",
    "<k:Extensions><k:KeyPackage></k:KeyPackage></k:Extensions>",
    "<k:KeyPackage/>",
    "<KeyPackage></KeyPackage>",
    "<k:Signature/>",
    "<k:EncryptionKey><x:KeyName>n</x:KeyName></k:EncryptionKey>",
    "<k:EncryptionMethod Algorithm='http://www.w3.org/2001/04/xmlenc#aes128-cbc'/>",
    "<k:MACMethod Algorithm='http://www.w3.org/2000/09/xmldsig#hmac-sha1'/>",
    "<k:KeyProperties KeyPropertiesId='p'/>",
    "<k:KeyPackage><k:Key><k:Data><k:Secret><k:EncryptedValue/></k:Secret></k:Data></k:Key></k:KeyPackage>",
    "<k:Device><k:Secret SecretId='d'><k:Data><k:Value>MTIz</k:Value></k:Data></k:Secret></k:Device>",
    "text",
    "&amp;",
    "&am",
    "&unknown;",
    "<!--",
    "<k:KeyPackage>",
    "</k:KeyPackage>",
    END,
    "\u{1}",
];

/// All that a file gives.
fn said(source: &dyn Source) -> String {
    match read(source, &Options::default()) {
        Ok(items) => format!("{:?}", items.collect::<Vec<_>>()),
        Err(unreadable) => unreadable.to_string(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_file_says_the_same_in_halves(
        places in proptest::collection::vec(proptest::option::weighted(0.2, 0..BETWEEN.len()), 1..8),
        near in any::<proptest::sample::Index>(),
    ) {
        let piece = |place: Option<usize>| place.map_or(PACKAGE, |which| BETWEEN[which]);
        let middle: String = places.into_iter().map(piece).collect();
        let file = format!("{BEGIN}{middle}{END}").into_bytes();
        let halves = InHalves(&file, near.index(file.len()));
        prop_assert_eq!(said(&halves), said(&&file[..]));
    }

    #[test]
    fn a_file_with_a_byte_changed_says_the_same_in_halves(
        at in any::<proptest::sample::Index>(),
        byte in any::<u8>(),
        near in any::<proptest::sample::Index>(),
    ) {
        let mut file = [BEGIN, PACKAGE, PACKAGE, PACKAGE, END].concat().into_bytes();
        let at = at.index(file.len());
        file[at] = byte;
        let halves = InHalves(&file, near.index(file.len()));
        prop_assert_eq!(said(&halves), said(&&file[..]));
    }
}

#[test]
fn every_sample_says_the_same_in_halves_wherever_it_is_cut() {
    for (_, sample, _) in samples::SAMPLES {
        let whole = said(&sample);
        for near in 0..sample.len() {
            assert_eq!(said(&InHalves(sample, near)), whole, "cut at {near}");
        }
    }
}
