//! A bundle's seal: `CodeResources` lists every file of the bundle but the program and the property list, each with its
//! hashes; the program's signature holds the hash of this list. Written as `codesign` writes it.

use crate::fault::Fault;
use crate::signature::{self, Subject};
use sha1::{Digest, Sha1};
use sha2::Sha256;
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// Which files are listed, and how strictly: those of every bundle that `codesign` seals with its defaults.
const RULES: &str = include_str!("code_resources_rules.xml");

/// Seals a bundle on the disk: writes `Contents/_CodeSignature/CodeResources`, and signs `Contents/MacOS/PROGRAM`.
///
/// # Errors
/// A file that can't be read or written, or a program that can't be signed.
pub fn seal(bundle: &Path, program: &str, identifier: &str) -> Result<(), Fault> {
    let contents = bundle.join("Contents");
    let info = read(&contents.join("Info.plist"))?;
    let list = code_resources(&resources(&contents.join("Resources"))?)?;
    let folder = contents.join("_CodeSignature");
    fs::create_dir_all(&folder).map_err(|e| Fault::at(&folder, &e))?;
    write(&folder.join("CodeResources"), list.as_bytes())?;
    let program = contents.join("MacOS").join(program);
    let subject = Subject {
        identifier,
        bundle: Some((&info, list.as_bytes())),
    };
    write(&program, &signature::sign(&read(&program)?, subject)?)
}

fn read(path: &Path) -> Result<Vec<u8>, Fault> {
    fs::read(path).map_err(|e| Fault::at(path, &e))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    fs::write(path, bytes).map_err(|e| Fault::at(path, &e))
}

/// Name and bytes of each resource, in the order of the names. There are no folders among them.
fn resources(folder: &Path) -> Result<Vec<(String, Vec<u8>)>, Fault> {
    let mut resources = Vec::new();
    for entry in fs::read_dir(folder).map_err(|e| Fault::at(folder, &e))? {
        let entry = entry.map_err(|e| Fault::at(folder, &e))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        resources.push((name, read(&entry.path())?));
    }
    resources.sort_unstable();
    Ok(resources)
}

/// The list. `files` is for old systems, `files2` is what counts.
fn code_resources(resources: &[(String, Vec<u8>)]) -> Result<String, Fault> {
    let mut old = String::new();
    let mut new = String::new();
    for (name, bytes) in resources {
        if !name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
        {
            return Err(Fault::new(format!(
                "a resource can't be called {name}: use ASCII letters, digits, dots and hyphens"
            )));
        }
        let (sha1, sha256) = (base64(&Sha1::digest(bytes)), base64(&Sha256::digest(bytes)));
        // Writing to a string does not fail.
        let _ = writeln!(
            old,
            "\t\t<key>Resources/{name}</key>\n\t\t<data>{sha1}</data>"
        );
        let _ = writeln!(
            new,
            "\t\t<key>Resources/{name}</key>\n\t\t<dict>\n\t\t\t<key>hash2</key>\n\t\t\t<data>{sha256}</data>\n\t\t</dict>"
        );
    }
    Ok(RULES.replace("@FILES@\n", &old).replace("@FILES2@\n", &new))
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let number = (0..3).fold(0, |number, place| {
            number << 8 | usize::from(group.get(place).copied().unwrap_or_default())
        });
        for place in 0..4 {
            let digit = DIGITS.get(number >> (18 - 6 * place) & 63);
            let digit = digit.filter(|_| place <= group.len());
            text.push(digit.map_or('=', |digit| char::from(*digit)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfcs_test_vectors() {
        let vectors = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("foobar", "Zm9vYmFy"),
        ];
        for (plain, encoded) in vectors {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
        assert_eq!(base64(&[0xfb, 0xff]), "+/8=");
    }

    #[test]
    fn a_name_that_is_not_plain_is_refused_and_not_written_into_xml() {
        assert!(code_resources(&[("a<b".to_owned(), Vec::new())]).is_err());
        assert!(code_resources(&[("a-b.txt".to_owned(), Vec::new())]).is_ok());
    }
}
