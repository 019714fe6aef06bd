//! Where things stand, and under which name: RFC 6030, and the drafts from before it that vendors took up.
//!
//! - draft-hoyer-keyprov-portable-symmetric-key-container-00: `SecretContainer`, `Device`, `DeviceId`, `Secret` with
//!   `SecretId` and `SecretAlgorithm`; from -01 on `KeyContainer` and `Key` with `KeyId` and `KeyAlgorithm`.
//! - Both and draft-ietf-keyprov-portable-symmetric-key-container: `Usage` with the `ResponseFormat`, `<Data
//!   Name="SECRET"><Value>`, `ValueDigest`; one `EncryptionMethod` and `DigestMethod` for the file; later
//!   `KeyProperties`, to which keys refer.
//! - draft-ietf-keyprov-pskc: `DeviceInfo` and `<Data><Secret>`, as in RFC 6030.

use crate::keyfile::assumption::{Assumption, Notes};
use crate::keyfile::date;
use crate::keyfile::xml::Element;

/// The roots of containers.
pub(super) const ROOTS: [&str; 2] = ["KeyContainer", "SecretContainer"];

/// A key of a package, with what it refers to.
#[derive(Clone, Copy)]
pub(super) struct Key<'a> {
    pub(super) element: &'a Element,
    pub(super) package: &'a Element,
    /// What several keys have in common.
    properties: Option<&'a Element>,
}

/// Whether a child of the container with this local name is a package; drafts call it a device.
pub(super) fn is_package(name: &str) -> bool {
    matches!(name, "KeyPackage" | "Device")
}

/// The keys of a package.
pub(super) fn keys<'a>(
    package: &'a Element,
    properties: &'a [Element],
) -> impl Iterator<Item = Key<'a>> {
    let own = package.elements();
    own.filter(|child| matches!(child.name(), "Key" | "Secret"))
        .map(move |element| Key {
            element,
            package,
            properties: element.attribute("KeyPropertiesId").and_then(|id| {
                let mut properties = properties.iter();
                properties.find(|shared| shared.attribute("KeyPropertiesId") == Some(id))
            }),
        })
}

impl<'a> Key<'a> {
    /// The key itself, and behind it what it refers to.
    fn holders(self) -> impl Iterator<Item = &'a Element> {
        std::iter::once(self.element).chain(self.properties)
    }

    /// Its first attribute of these names.
    fn attribute(self, names: [&str; 3]) -> Option<&'a str> {
        let of = move |holder: &'a Element| {
            let mut values = names.iter().filter_map(|name| holder.attribute(name));
            values.find(|value| !value.is_empty())
        };
        self.holders().find_map(of)
    }

    /// Its id.
    pub(super) fn id(self) -> Option<&'a str> {
        self.attribute(["Id", "KeyId", "SecretId"])
    }

    /// The URI or name of its algorithm.
    pub(super) fn algorithm(self) -> Option<&'a str> {
        self.attribute(["Algorithm", "KeyAlgorithm", "SecretAlgorithm"])
    }

    /// The elements that say how its passcodes are made.
    pub(super) fn parameters(self) -> impl Iterator<Item = &'a Element> {
        self.holders().flat_map(|holder| {
            let own = holder.elements();
            own.filter(|child| matches!(child.name(), "AlgorithmParameters" | "Usage"))
        })
    }

    /// What it may be used for.
    pub(super) fn policies(self) -> impl Iterator<Item = &'a Element> {
        self.holders().flat_map(|holder| holder.children("Policy"))
    }

    /// The device that it is for.
    pub(super) fn device(self) -> Option<&'a Element> {
        let package = self.package;
        package
            .find(&["DeviceInfo"])
            .or_else(|| package.find(&["DeviceId"]))
    }

    /// An error if a draft's `Usage` names uses, and one-time passcodes are none of them.
    pub(super) fn check_usage(self) -> Result<(), String> {
        const USES: [&str; 5] = ["OTP", "CR", "Integrity", "Encrypt", "Unlock"];
        let is = |usage: &Element, name: &str| matches!(usage.attribute(name), Some("true" | "1"));
        let mut usages = self.parameters();
        if usages.any(|usage| USES.iter().any(|name| is(usage, name)) && !is(usage, "OTP")) {
            return Err("the key's usage does not allow one-time passcodes".to_owned());
        }
        Ok(())
    }

    /// Where its dates stand.
    pub(super) fn dated(self) -> impl Iterator<Item = &'a Element> {
        let device = self.device().into_iter();
        device.chain(self.policies()).chain(self.holders())
    }
}

/// The expiry date of a draft's device, `MM/DD/YYYY` or as in RFC 6030.
pub(super) fn expiry(text: &str, notes: &mut Notes) -> Option<date::Date> {
    let mut parts = text.split('/');
    let (Some(month), Some(day), Some(year), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return date::parse(text);
    };
    notes.add(Assumption::MonthFirst);
    date::parse(&format!("{year:0>4}-{month:0>2}-{day:0>2}"))
}
