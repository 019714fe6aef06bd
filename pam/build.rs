//! Links the unwinder into the module.

use std::path::Path;
use std::{env, fs, io};

/// Rust's standard library asks the linker for `libgcc_s.so`, which unwinds the stack of a panic. Programs in C have
/// not loaded it, so every sign-on would map, relocate and unmap it together with the module. GCC has the same code as
/// a static library, `libgcc_eh.a`, in the package that the linker itself needs. The linker looks here first, and finds
/// a script that names that one instead. Nothing of it is exported, and a panic never leaves the module: the program's
/// own unwinder, if it has one, and this one never meet in one panic. A package that is to run with an older glibc than the
/// compiler's names another such library (packaging/toolchain.sh says why).
const UNWINDER: &str = "OTPAIR_UNWINDER";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed={UNWINDER}");
    let is = |name, value| env::var(name).is_ok_and(|found| found == value);
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        let folder = env::var("OUT_DIR").map_err(io::Error::other)?;
        let library = env::var(UNWINDER).unwrap_or_else(|_| "-lgcc_eh".to_owned());
        let script = format!("INPUT({library})\n");
        fs::write(Path::new(&folder).join("libgcc_s.so"), script)?;
        println!("cargo::rustc-link-search=native={folder}");
    }
    println!("cargo::rerun-if-env-changed=LABLINK");
    if let Ok(l) = env::var("LABLINK") {
        for a in l.split_whitespace() {
            println!("cargo::rustc-link-arg-cdylib={a}");
        }
    }
    Ok(())
}
