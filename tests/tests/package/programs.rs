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

/// What `readelf` says of the module with this option.
fn of_the_module(option: &str) -> String {
    let deb = Unpacked::new();
    run(
        "readelf",
        &[
            "--wide".as_ref(),
            option.as_ref(),
            deb.path(&module()).as_os_str(),
        ],
    )
}

/// The number in the line with these words, in the place of a column.
fn number(text: &str, words: &str, column: usize, radix: u32) -> u64 {
    let line = text.lines().find(|line| line.contains(words));
    let line = line.unwrap_or_else(|| panic!("{words}: {text}"));
    let number = line.split_whitespace().nth(column).unwrap();
    u64::from_str_radix(number, radix).unwrap()
}

#[test]
fn loading_the_module_starts_nothing_of_its_own() {
    let dynamic = of_the_module("--dynamic");
    // The compiler's own beginning, and Rust's, which remembers the program's arguments.
    assert_eq!(number(&dynamic, "(INIT_ARRAYSZ)", 2, 10), 2 * 8);
    assert_eq!(number(&dynamic, "(FINI_ARRAYSZ)", 2, 10), 8);
}

#[test]
fn loading_the_module_takes_little() {
    let deb = Unpacked::new();
    let size = std::fs::metadata(deb.path(&module())).unwrap().len();
    assert!(size <= 1_700_000, "{size} bytes");
    let relocations = number(&of_the_module("--dynamic"), "(RELACOUNT)", 2, 10);
    assert!(relocations <= 2_000, "{relocations}");
}

#[test]
fn what_a_sign_on_runs_lies_side_by_side() {
    let sections = of_the_module("--section-headers").replace("[ ", "[");
    let (from, size) = (
        number(&sections, " .text.sign_on ", 3, 16),
        number(&sections, " .text.sign_on ", 5, 16),
    );
    assert!((200 << 10..400 << 10).contains(&size), "{size} bytes");
    let symbols = of_the_module("--dyn-syms");
    let entry = number(&symbols, " pam_sm_authenticate", 1, 16);
    assert!((from..from + size).contains(&entry), "{symbols}");
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
