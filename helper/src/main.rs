//! `otpair-helper`: holds the sign-on for programs that are not root, one dialog a connection (contract section 4).
//!
//! systemd or launchd starts it with the connection as its standard input (inetd style). It reads nothing else from
//! its surroundings: what the environment holds is thrown away before anything looks at it.

#![forbid(unsafe_code)]

use otpair_host::helper;
use std::env;
use std::ffi::OsString;
use std::io::{Write as _, stderr, stdin, stdout};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const USAGE: &str = "usage: otpair-helper [--config FILE], with a connection as standard input: see otpair-helper(8)";

/// macOS's CoreFoundation puts this into the environment of every program that it is linked into, before `main`. It says
/// which script a user's old applications write in.
const SET_BEFORE_MAIN: &str = "__CF_USER_TEXT_ENCODING";

fn main() -> ExitCode {
    if env::vars_os().any(|(name, _)| name != SET_BEFORE_MAIN) {
        return with_empty_environment();
    }
    match arguments(env::args_os().skip(1)) {
        Ok(Asked::Serve(config)) => serve(config.as_deref()),
        Ok(Asked::Version) => {
            let version = concat!("otpair-helper ", env!("CARGO_PKG_VERSION"));
            match writeln!(stdout(), "{version}") {
                Ok(()) => ExitCode::SUCCESS,
                Err(_) => ExitCode::FAILURE,
            }
        }
        Err(Usage) => {
            complain(USAGE);
            ExitCode::from(2)
        }
    }
}

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Serve(Option<PathBuf>),
    Version,
}

/// The command line makes no sense.
#[derive(Debug, PartialEq, Eq)]
struct Usage;

fn arguments(mut arguments: impl Iterator<Item = OsString>) -> Result<Asked, Usage> {
    let asked = match arguments.next() {
        None => Asked::Serve(None),
        Some(flag) if flag == "--version" => Asked::Version,
        Some(flag) if flag == "--config" => {
            Asked::Serve(Some(arguments.next().map(PathBuf::from).ok_or(Usage)?))
        }
        Some(_) => return Err(Usage),
    };
    arguments.next().map_or(Ok(asked), |_| Err(Usage))
}

/// Starts over without an environment: from its path, or as what it is now if an upgrade has just taken that away.
fn with_empty_environment() -> ExitCode {
    let start = |program: &Path| {
        let arguments = env::args_os().skip(1);
        Command::new(program).args(arguments).env_clear().exec()
    };
    if let Ok(path) = env::current_exe() {
        let _ = start(&path);
    }
    let error = start(Path::new("/proc/self/exe"));
    complain(&format!("it can't be started anew: {error}"));
    ExitCode::FAILURE
}

fn serve(config: Option<&Path>) -> ExitCode {
    match stdin().as_fd().try_clone_to_owned() {
        Ok(connection) => {
            if helper::serve(UnixStream::from(connection), config) {
                ExitCode::SUCCESS
            } else {
                complain("there is no connection to serve: syslog says why");
                ExitCode::FAILURE
            }
        }
        Err(error) => {
            complain(&format!("there is no standard input: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn complain(why: &str) {
    // Where stderr is closed there is nobody left to tell.
    let _ = writeln!(stderr(), "otpair-helper: {why}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<Asked, Usage> {
        arguments(words.iter().map(OsString::from))
    }

    #[test]
    fn the_config_is_named_by_whoever_starts_the_helper() {
        assert_eq!(read(&[]), Ok(Asked::Serve(None)));
        assert_eq!(
            read(&["--config", "/etc/x.toml"]),
            Ok(Asked::Serve(Some("/etc/x.toml".into())))
        );
        assert_eq!(read(&["--version"]), Ok(Asked::Version));
    }

    #[test]
    fn anything_else_is_wrong_usage() {
        for words in [
            &["--config"][..],
            &["--config", "a", "b"],
            &["-h"],
            &["--version", "x"],
        ] {
            assert_eq!(read(words), Err(Usage), "{words:?}");
        }
    }
}
