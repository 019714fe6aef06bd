//! `otpair-helper`: holds the sign-on for programs that are not root, one dialog a connection (contract section 4).

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::FAILURE
}
