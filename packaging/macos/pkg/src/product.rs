//! The package as a whole: a product archive with one component.

use crate::bom;
use crate::cpio::{archive, gzip};
use crate::fault::Fault;
use crate::tree::Node;
use crate::xar::{self, Entry};

/// The receipt's name on the Mac, for `pkgutil`.
pub const IDENTIFIER: &str = "io.otpair.pkg";

/// The package that installs `payload` at the Mac's root and runs `scripts` (`preinstall`, `postinstall`). `time` is
/// everything's, in seconds since 1970.
///
/// # Errors
/// A version that is no version, or what the parts' writers can't write.
pub fn package(
    version: &str,
    time: u64,
    payload: &[Node],
    scripts: &[Node],
) -> Result<Vec<u8>, Fault> {
    // It stands in XML as it is.
    if !version
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || ".-+".contains(c))
    {
        return Err(Fault::new(format!("{version} is no version")));
    }
    let bytes: usize = payload.iter().map(|node| node.bytes().len()).sum();
    let kilobytes = bytes.div_ceil(1024);
    let component = vec![
        Entry::Text("Bom", bom::write(payload, time)?),
        Entry::Packed("Payload", gzip(&archive(payload, time)?)?),
        Entry::Packed("Scripts", gzip(&archive(scripts, time)?)?),
        Entry::Text(
            "PackageInfo",
            package_info(version, payload.len(), kilobytes).into_bytes(),
        ),
    ];
    let entries = [
        Entry::Text(
            "Distribution",
            distribution(version, kilobytes).into_bytes(),
        ),
        Entry::Folder("otpair.pkg", component),
    ];
    xar::write(&entries, time)
}

/// About the component: it belongs to root, replaces whatever version is there, and stays where it is put.
fn package_info(version: &str, paths: usize, kilobytes: usize) -> String {
    format!(
        r#"<?xml version="1.0" encoding="utf-8"?>
<pkg-info format-version="2" identifier="{IDENTIFIER}" version="{version}" install-location="/" auth="root" overwrite-permissions="true" relocatable="false" postinstall-action="none" generator-version="otpair-pkg {version}">
    <payload numberOfFiles="{paths}" installKBytes="{kilobytes}"/>
    <bundle-version/>
    <upgrade-bundle/>
    <update-bundle/>
    <atomic-update-bundle/>
    <strict-identifier/>
    <relocate/>
    <scripts>
        <preinstall file="./preinstall"/>
        <postinstall file="./postinstall"/>
    </scripts>
</pkg-info>
"#
    )
}

/// What the installer asks and checks. Without `arm64` among the architectures it would want Rosetta for the scripts.
fn distribution(version: &str, kilobytes: usize) -> String {
    format!(
        r#"<?xml version="1.0" encoding="utf-8"?>
<installer-gui-script minSpecVersion="2">
    <title>otpair {version}</title>
    <options customize="never" require-scripts="false" hostArchitectures="arm64,x86_64"/>
    <domains enable_anywhere="false" enable_currentUserHome="false" enable_localSystem="true"/>
    <volume-check>
        <allowed-os-versions>
            <os-version min="12.0"/>
        </allowed-os-versions>
    </volume-check>
    <choices-outline>
        <line choice="default">
            <line choice="{IDENTIFIER}"/>
        </line>
    </choices-outline>
    <choice id="default"/>
    <choice id="{IDENTIFIER}" visible="false">
        <pkg-ref id="{IDENTIFIER}"/>
    </choice>
    <pkg-ref id="{IDENTIFIER}" version="{version}" installKBytes="{kilobytes}" auth="root" onConclusion="none">#otpair.pkg</pkg-ref>
    <product id="{IDENTIFIER}" version="{version}"/>
</installer-gui-script>
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Content;

    fn nodes() -> Vec<Node> {
        vec![Node {
            path: String::new(),
            permissions: 0o755,
            content: Content::Folder,
        }]
    }

    #[test]
    fn the_same_input_gives_the_same_bytes_and_another_time_others() {
        let package = |time| package("1.2.3", time, &nodes(), &nodes()).unwrap();
        assert_eq!(package(1), package(1));
        assert_ne!(package(1), package(2));
    }

    #[test]
    fn a_version_that_would_break_out_of_the_xml_is_refused() {
        assert!(package("1\"/>", 0, &nodes(), &nodes()).is_err());
    }
}
