//! The three programs in the package, read by the crate `object`: both processors, what they need of the system, what
//! they show to it, and their signatures.

use crate::signature::Signature;
use crate::unpacked::{BUNDLE, Unpacked, run, workspace};
use object::Endianness;
use object::macho::{self, MachHeader64};
use object::read::macho::{
    FatArch, LoadCommandVariant, MachHeader, MachOFatFile32, Nlist, Segment, SymbolTable,
};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs;

type Header = MachHeader64<Endianness>;

const PROGRAMS: [(&str, &str); 3] = [
    (
        "Library/Security/SecurityAgentPlugins/otpair.bundle/Contents/MacOS/otpair",
        "io.otpair.bundle",
    ),
    ("Library/PrivilegedHelperTools/otpair", "io.otpair"),
    (
        "Library/PrivilegedHelperTools/otpair-helper",
        "io.otpair-helper",
    ),
];

/// One processor's part of a program.
struct Part {
    bytes: Vec<u8>,
    /// The path in the payload and the processor, for messages.
    name: String,
}

impl Part {
    fn header(&self) -> &Header {
        Header::parse(self.bytes.as_slice(), 0).unwrap()
    }

    /// All load commands, by what they say.
    fn commands(&self) -> Vec<LoadCommandVariant<'_, Endianness>> {
        let header = self.header();
        let mut commands = header
            .load_commands(Endianness::Little, self.bytes.as_slice(), 0)
            .unwrap();
        std::iter::from_fn(|| commands.next().unwrap())
            .map(|command| command.variant().unwrap())
            .collect()
    }

    /// The install names of the libraries, in the order of their ordinals.
    fn libraries(&self) -> Vec<String> {
        let header = self.header();
        let mut commands = header
            .load_commands(Endianness::Little, self.bytes.as_slice(), 0)
            .unwrap();
        let mut libraries = Vec::new();
        while let Some(command) = commands.next().unwrap() {
            if let Some(library) = command.dylib().unwrap() {
                let name = command
                    .string(Endianness::Little, library.dylib.name)
                    .unwrap();
                libraries.push(String::from_utf8(name.to_vec()).unwrap());
            }
        }
        libraries
    }

    /// Each symbol that somebody else has to have, with the library that is said to have it.
    fn undefined(&self) -> Vec<(String, String)> {
        let libraries = self.libraries();
        let symbols = self.symbols();
        let mut undefined = Vec::new();
        for symbol in symbols.iter().filter(|s| s.is_undefined()) {
            let name = symbol.name(Endianness::Little, symbols.strings()).unwrap();
            let ordinal = Nlist::library_ordinal(symbol, Endianness::Little).index();
            let library = ordinal.and_then(|ordinal| libraries.get(usize::from(ordinal) - 1));
            let library = library.unwrap_or_else(|| {
                panic!(
                    "{}: {} has no library",
                    self.name,
                    String::from_utf8_lossy(name)
                )
            });
            undefined.push((String::from_utf8(name.to_vec()).unwrap(), library.clone()));
        }
        undefined
    }

    fn symbols(&self) -> SymbolTable<'_, Header> {
        let table = self
            .commands()
            .into_iter()
            .find_map(|command| match command {
                LoadCommandVariant::Symtab(table) => Some(table),
                _ => None,
            });
        table
            .unwrap()
            .symbols(Endianness::Little, self.bytes.as_slice())
            .unwrap()
    }

    /// Offset and size of the signature.
    fn signature(&self) -> (usize, usize) {
        let place = self
            .commands()
            .into_iter()
            .find_map(|command| match command {
                LoadCommandVariant::LinkeditData(data)
                    if data.cmd.get(Endianness::Little) == macho::LC_CODE_SIGNATURE =>
                {
                    Some((
                        data.dataoff.get(Endianness::Little) as usize,
                        data.datasize.get(Endianness::Little) as usize,
                    ))
                }
                _ => None,
            });
        place.unwrap_or_else(|| panic!("{} is not signed", self.name))
    }
}

/// The parts of a program: Intel's, and Apple's.
fn parts(unpacked: &Unpacked, path: &str) -> [Part; 2] {
    let bytes = unpacked.bytes(&format!("payload/{path}"));
    let universal = MachOFatFile32::parse(bytes.as_slice()).unwrap();
    let parts: Vec<_> = universal
        .arches()
        .iter()
        .map(|arch| {
            let part = arch.data(bytes.as_slice()).unwrap().to_vec();
            (arch.cputype.get(object::BigEndian), part)
        })
        .collect();
    let processors: Vec<_> = parts.iter().map(|(processor, _)| *processor).collect();
    assert_eq!(
        processors,
        [macho::CPU_TYPE_X86_64, macho::CPU_TYPE_ARM64],
        "{path}"
    );
    let [(_, intel), (_, apple)] = parts.try_into().unwrap();
    [(intel, "x86_64"), (apple, "arm64")].map(|(bytes, processor)| Part {
        bytes,
        name: format!("{path} for {processor}"),
    })
}

fn all(unpacked: &Unpacked) -> Vec<Part> {
    PROGRAMS
        .iter()
        .flat_map(|(path, _)| parts(unpacked, path))
        .collect()
}

#[test]
fn every_program_is_there_for_both_processors_and_asks_for_macos_12() {
    let unpacked = Unpacked::new();
    for part in all(&unpacked) {
        let versions: Vec<_> = part
            .commands()
            .into_iter()
            .filter_map(|command| match command {
                LoadCommandVariant::BuildVersion(version, _) => Some((
                    version.platform.get(Endianness::Little),
                    version.minos.get(Endianness::Little),
                )),
                _ => None,
            })
            .collect();
        assert_eq!(
            versions,
            [(macho::PLATFORM_MACOS, macho::Version(12 << 16))],
            "{}",
            part.name
        );
        let kind = part.header().filetype(Endianness::Little);
        let expected = if part.name.contains("otpair.bundle") {
            macho::MH_DYLIB
        } else {
            macho::MH_EXECUTE
        };
        assert_eq!(kind, expected, "{}", part.name);
    }
}

/// The version that a framework of the system's has in its install name.
fn version(framework: &str) -> char {
    match framework {
        "AppKit" | "Foundation" => 'C',
        _ => 'A',
    }
}

#[test]
fn the_library_in_the_bundle_is_called_by_where_it_lies() {
    let unpacked = Unpacked::new();
    for part in parts(&unpacked, PROGRAMS[0].0) {
        let header = part.header();
        let mut commands = header
            .load_commands(Endianness::Little, part.bytes.as_slice(), 0)
            .unwrap();
        let mut names = Vec::new();
        while let Some(command) = commands.next().unwrap() {
            if let LoadCommandVariant::IdDylib(id) = command.variant().unwrap() {
                let name = command.string(Endianness::Little, id.dylib.name).unwrap();
                names.push(String::from_utf8(name.to_vec()).unwrap());
            }
        }
        assert_eq!(names, [format!("/{}", PROGRAMS[0].0)], "{}", part.name);
    }
}

#[test]
fn only_the_systems_own_libraries_are_loaded_by_their_real_names() {
    let unpacked = Unpacked::new();
    for part in all(&unpacked) {
        let libraries = part.libraries();
        assert!(libraries.contains(&"/usr/lib/libSystem.B.dylib".to_owned()));
        for library in libraries {
            let of_framework = library
                .strip_prefix("/System/Library/Frameworks/")
                .and_then(|rest| rest.split_once(".framework/Versions/"))
                .is_some_and(|(name, file)| file == format!("{}/{name}", version(name)));
            let of_unix = library
                .strip_prefix("/usr/lib/lib")
                .and_then(|rest| rest.strip_suffix(".dylib"))
                .is_some_and(|name| !name.contains('/'));
            assert!(of_framework || of_unix, "{} loads {library}", part.name);
        }
    }
}

/// What a stub names: its install name and its symbols, Objective-C's classes among them.
fn stubs() -> Vec<(String, BTreeSet<String>)> {
    let listed = run(
        "find",
        &[
            workspace().join("packaging/macos/stubs").as_os_str(),
            "-name".as_ref(),
            "*.tbd".as_ref(),
        ],
    );
    listed
        .lines()
        .map(|path| {
            let text = fs::read_to_string(path).unwrap();
            let name = text
                .lines()
                .find_map(|line| line.strip_prefix("install-name:"));
            let name = name.unwrap_or_else(|| panic!("{path} has no install-name"));
            let words = text.split(|c: char| c.is_whitespace() || "[],'\"".contains(c));
            (
                name.trim().trim_matches(['\'', '"']).to_owned(),
                words.map(str::to_owned).collect(),
            )
        })
        .collect()
}

#[test]
fn every_symbol_of_others_is_libsystems_or_is_named_in_a_stub() {
    let unpacked = Unpacked::new();
    let stubs = stubs();
    for part in all(&unpacked) {
        for (symbol, library) in part.undefined() {
            // Zig brings its own lists of what is in these, taken from Apple's.
            let known = ["libSystem.B", "libiconv.2", "libcharset.1"];
            if known
                .iter()
                .any(|name| library == format!("/usr/lib/{name}.dylib"))
            {
                continue;
            }
            let class = symbol
                .strip_prefix("_OBJC_CLASS_$_")
                .or_else(|| symbol.strip_prefix("_OBJC_METACLASS_$_"));
            let found = stubs
                .iter()
                .any(|(name, words)| *name == library && words.contains(class.unwrap_or(&symbol)));
            assert!(found, "{}: no stub of {library} names {symbol}", part.name);
        }
    }
}

#[test]
fn the_bundle_shows_its_one_entry_point_and_nothing_else() {
    let unpacked = Unpacked::new();
    for part in parts(&unpacked, PROGRAMS[0].0) {
        let name = &part.name;
        let tries: Vec<_> = part
            .commands()
            .into_iter()
            .filter_map(|command| match command {
                LoadCommandVariant::DyldInfo(info) => info
                    .exports_trie(Endianness::Little, part.bytes.as_slice())
                    .ok(),
                LoadCommandVariant::LinkeditData(data) => data
                    .exports_trie(Endianness::Little, part.bytes.as_slice())
                    .ok(),
                _ => None,
            })
            .collect();
        assert_eq!(tries.len(), 1, "{name}");
        let exported: Vec<_> = tries
            .into_iter()
            .flatten()
            .map(|export| String::from_utf8(export.unwrap().name().to_vec()).unwrap())
            .collect();
        assert_eq!(exported, ["_AuthorizationPluginCreate"], "{name}");
    }
}

#[test]
fn no_path_of_the_machine_that_built_them_is_inside() {
    let unpacked = Unpacked::new();
    let workspace = workspace().canonicalize().unwrap();
    let home = std::env::var("HOME").unwrap();
    let paths = [
        workspace.to_str().unwrap().to_owned(),
        format!("{home}/.cargo"),
        "/rustlib/src/".to_owned(),
        "/registry/src/".to_owned(),
    ];
    for part in all(&unpacked) {
        let text = String::from_utf8_lossy(&part.bytes);
        for path in &paths {
            assert!(!text.contains(path.as_str()), "{} names {path}", part.name);
        }
    }
}

#[test]
fn every_page_of_every_program_is_signed() {
    let unpacked = Unpacked::new();
    for (path, identifier) in PROGRAMS {
        for part in parts(&unpacked, path) {
            let name = &part.name;
            let (offset, size) = part.signature();
            assert_eq!(offset + size, part.bytes.len(), "{name}");
            let signature = Signature::parse(&part.bytes[offset..]);
            assert_eq!(signature.identifier(), identifier, "{name}");
            assert_eq!((signature.version(), signature.flags()), (0x20400, 2));
            assert_eq!(signature.code_limit(), offset, "{name}");
            let pages = part.bytes[..offset].chunks(signature.page_size());
            assert_eq!(pages.len(), signature.pages(), "{name}");
            for (number, page) in (0..).zip(pages) {
                let hash = Sha256::digest(page);
                assert_eq!(
                    signature.hash(number),
                    hash.as_slice(),
                    "{name}, page {number}"
                );
            }
            let requirements = Sha256::digest(&signature.requirements);
            assert_eq!(signature.hash(-2), requirements.as_slice(), "{name}");
        }
    }
}

#[test]
fn the_last_segment_ends_with_the_signature_and_the_code_segment_is_the_one_named() {
    let unpacked = Unpacked::new();
    for part in all(&unpacked) {
        let name = &part.name;
        let (offset, size) = part.signature();
        let signature = Signature::parse(&part.bytes[offset..]);
        let mut segments = Vec::new();
        for command in part.commands() {
            if let LoadCommandVariant::Segment64(segment, _) = command {
                let (at, length) = segment.file_range(Endianness::Little);
                let range = usize::try_from(at).unwrap()..usize::try_from(at + length).unwrap();
                segments.push((
                    segment.name().to_vec(),
                    range,
                    segment.vmsize.get(Endianness::Little),
                ));
            }
        }
        let (last, range, in_memory) = segments.last().unwrap();
        assert_eq!(last, b"__LINKEDIT", "{name}");
        assert_eq!(range.end, offset + size, "{name}");
        assert!(
            *in_memory >= range.len() as u64 && in_memory % 0x1000 == 0,
            "{name}"
        );
        let text = segments
            .iter()
            .find(|(name, ..)| name == b"__TEXT")
            .unwrap();
        let main = usize::from(!name.contains("otpair.bundle"));
        assert_eq!(
            signature.executable_segment(),
            (text.1.clone(), main),
            "{name}"
        );
    }
}

#[test]
fn the_seal_binds_the_property_list_and_the_list_of_resources() {
    let unpacked = Unpacked::new();
    let bound = [(-1, "Info.plist"), (-3, "_CodeSignature/CodeResources")];
    for part in parts(&unpacked, PROGRAMS[0].0) {
        let (offset, _) = part.signature();
        let signature = Signature::parse(&part.bytes[offset..]);
        assert_eq!(signature.special(), 3);
        for (number, file) in bound {
            let hash = Sha256::digest(unpacked.bytes(&format!("{BUNDLE}/{file}")));
            assert_eq!(signature.hash(number), hash.as_slice(), "{file}");
        }
    }
    for (path, _) in &PROGRAMS[1..] {
        for part in parts(&unpacked, path) {
            let (offset, _) = part.signature();
            let signature = Signature::parse(&part.bytes[offset..]);
            assert_eq!((signature.special(), signature.hash(-1)), (2, &[0; 32][..]));
        }
    }
}
