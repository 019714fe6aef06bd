//! Links the unwinder into the module, and lays what a sign-on runs side by side.

use std::path::Path;
use std::{env, fs, io};

/// Rust's standard library asks the linker for `libgcc_s.so`, which unwinds the stack of a panic. Programs in C have
/// not loaded it, so every sign-on would map, relocate and unmap it together with the module. GCC has the same code as
/// a static library, `libgcc_eh.a`, in the package that the linker itself needs. The linker looks here first, and finds
/// a script that names that one instead. Nothing of it is exported, and a panic never leaves the module: the program's
/// own unwinder, if it has one, and this one never meet in one panic. A package that is to run with an older glibc than the
/// compiler's names another such library (packaging/toolchain.sh says why).
const UNWINDER: &str = "OTPAIR_UNWINDER";

/// The order of what is linked, for what is released: only there does the compiler see all of it at once.
const ORDER: &str = "sign-on.ld";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={ORDER}");
    println!("cargo::rerun-if-env-changed={UNWINDER}");
    let is = |name, value| env::var(name).is_ok_and(|found| found == value);
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        let folder = env::var("OUT_DIR").map_err(io::Error::other)?;
        let library = env::var(UNWINDER).unwrap_or_else(|_| "-lgcc_eh".to_owned());
        let script = format!("INPUT({library})\n");
        fs::write(Path::new(&folder).join("libgcc_s.so"), script)?;
        println!("cargo::rustc-link-search=native={folder}");
        if is("PROFILE", "release") {
            let here = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
            println!("cargo::rustc-link-arg-cdylib=-Wl,-T,{here}/{ORDER}");
        }
    }
    Ok(())
}
