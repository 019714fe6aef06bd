//! `otpair-pkg`, the steps of `packaging/macos/build` that on a Mac `lipo`, `codesign` and `productbuild` would do.

#![forbid(unsafe_code)]

use clap::{Parser, Subcommand};
use otpair_pkg::fault::Fault;
use otpair_pkg::signature::{self, Subject};
use otpair_pkg::{exports, macho, manifest, product, seal, tree};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Makes the Mac's installer package on any system.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    step: Step,
}

#[derive(Subcommand)]
enum Step {
    /// Join programs for several processors into one universal file.
    Join {
        /// The universal file.
        output: PathBuf,
        /// The programs, one a processor.
        #[arg(required = true)]
        programs: Vec<PathBuf>,
    },
    /// Make all symbols of a library private but one, in place.
    Export {
        /// The symbol that stays exported.
        #[arg(long)]
        only: String,
        /// The library, thin or universal.
        library: PathBuf,
    },
    /// Sign a program ad hoc, in place.
    Sign {
        /// What macOS calls the program.
        #[arg(long)]
        identifier: String,
        /// The program, thin or universal.
        program: PathBuf,
    },
    /// Seal a bundle ad hoc, in place.
    Seal {
        /// The bundle's `CFBundleIdentifier`.
        #[arg(long)]
        identifier: String,
        /// The bundle's `CFBundleExecutable`.
        #[arg(long)]
        executable: String,
        /// The bundle.
        bundle: PathBuf,
    },
    /// Pack a folder that holds everything as it lies on the Mac.
    Pack {
        /// The package's version.
        #[arg(long)]
        version: String,
        /// The time of everything in it, in seconds since 1970.
        #[arg(long)]
        time: u64,
        /// The folder.
        #[arg(long)]
        root: PathBuf,
        /// The folder with preinstall and postinstall.
        #[arg(long)]
        scripts: PathBuf,
        /// The package.
        output: PathBuf,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().step) {
        Ok(()) => ExitCode::SUCCESS,
        #[expect(
            clippy::print_stderr,
            reason = "it is how a command says what is wrong"
        )]
        Err(fault) => {
            eprintln!("otpair-pkg: {fault}");
            ExitCode::FAILURE
        }
    }
}

fn run(step: Step) -> Result<(), Fault> {
    match step {
        Step::Join { output, programs } => {
            let programs: Vec<_> = programs.iter().map(|p| read(p)).collect::<Result<_, _>>()?;
            write(&output, &macho::join(&programs)?)
        }
        Step::Export { only, library } => write(&library, &exports::only(&read(&library)?, &only)?),
        Step::Sign {
            identifier,
            program,
        } => {
            let subject = Subject {
                identifier: &identifier,
                bundle: None,
            };
            write(&program, &signature::sign(&read(&program)?, subject)?)
        }
        Step::Seal {
            identifier,
            executable,
            bundle,
        } => seal::seal(&bundle, &executable, &identifier),
        Step::Pack {
            version,
            time,
            root,
            scripts,
            output,
        } => {
            let payload = tree::read(&root, manifest::PAYLOAD)?;
            let scripts = tree::read(&scripts, manifest::SCRIPTS)?;
            write(
                &output,
                &product::package(&version, time, &payload, &scripts)?,
            )
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Fault> {
    fs::read(path).map_err(|e| Fault::at(path, &e))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    fs::write(path, bytes).map_err(|e| Fault::at(path, &e))
}
