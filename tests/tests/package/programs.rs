//! What the programs ask of a machine, and what they show to others.

use crate::unpacked::{Unpacked, module, run};
use std::path::Path;

/// glibc 2.34 is RHEL 9's; Ubuntu 22.04, Debian 12 and whatever is newer have more.
const NEWEST_GLIBC: (u32, u32) = (2, 34);

fn symbols(program: &Path) -> String {
    run("objdump", &["-T".as_ref(), program.as_os_str()])
}

#[test]
fn they_ask_for_no_newer_c_library_than_the_readme_says() {
    let deb = Unpacked::new();
    for program in deb.programs() {
        let symbols = symbols(&program);
        let versions = symbols.split("GLIBC_").skip(1);
        let versions: Vec<(u32, u32)> = versions
            .map(|rest| {
                let version = rest.split([')', ' ']).next().unwrap();
                let mut parts = version.split('.').map(|part| part.parse().unwrap());
                (parts.next().unwrap(), parts.next().unwrap())
            })
            .collect();
        let newest = versions.iter().max().expect("every program needs glibc");
        assert!(*newest <= NEWEST_GLIBC, "{}: {newest:?}", program.display());
    }
}

#[test]
fn the_module_shows_pams_functions_and_nothing_else() {
    let deb = Unpacked::new();
    let symbols = symbols(&deb.path(&module()));
    let defined = symbols
        .lines()
        .filter(|line| line.contains(" g ") && !line.contains("*UND*"));
    let defined: Vec<_> = defined
        .filter_map(|line| line.split_whitespace().last())
        .collect();
    assert!(defined.contains(&"pam_sm_authenticate"), "{symbols}");
    for name in defined {
        assert!(name.starts_with("pam_sm_"), "{name}");
    }
}

#[test]
fn the_module_brings_nothing_into_a_program_but_pam_and_the_c_library() {
    let deb = Unpacked::new();
    let needed = run(
        "readelf",
        &["--dynamic".as_ref(), deb.path(&module()).as_os_str()],
    );
    let needed = needed.lines().filter(|line| line.contains("(NEEDED)"));
    for library in needed {
        let is_known = ["[libpam.so.0]", "[libc.so.6]", "[ld-linux-"];
        assert!(
            is_known.iter().any(|known| library.contains(known)),
            "{library}"
        );
    }
}

#[test]
fn their_data_can_not_be_run_and_their_jumps_can_not_be_rewritten() {
    let deb = Unpacked::new();
    for program in deb.programs() {
        let headers = run(
            "readelf",
            &[
                "--wide".as_ref(),
                "--segments".as_ref(),
                "--dynamic".as_ref(),
                program.as_os_str(),
            ],
        );
        let stack = headers
            .lines()
            .find(|line| line.contains("GNU_STACK"))
            .unwrap();
        assert!(stack.contains(" RW "), "{stack}");
        assert!(
            headers.contains("GNU_RELRO") && headers.contains("NOW"),
            "{headers}"
        );
    }
}

#[test]
fn only_the_command_reads_seed_files_and_backups() {
    let deb = Unpacked::new();
    let holds = |place: &str, words: &str| {
        let program = std::fs::read(deb.path(place)).unwrap();
        program.windows(words.len()).any(|w| w == words.as_bytes())
    };
    for words in ["KeyContainer", "sccTokenData", "age-encryption.org/v1"] {
        assert!(holds("/usr/bin/otpair", words), "{words}");
        for place in [module().as_str(), "/usr/libexec/otpair/otpair-helper"] {
            assert!(!holds(place, words), "{place}: {words}");
        }
    }
}
