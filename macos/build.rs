//! Gives the library the name by which it is loaded on the Mac; without one the linker takes the build folder's path.

use std::env;

/// Where the package puts it.
const INSTALLED: &str =
    "/Library/Security/SecurityAgentPlugins/otpair.bundle/Contents/MacOS/otpair";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "macos") {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-install_name,{INSTALLED}");
    }
}
