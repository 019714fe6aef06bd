//! The command line: the tree of commands, and what is said about a wrong one.

use crate::failure::Failure;
use crate::{
    backup, completions, config, doctor, import, log, protect, protect_key, sign_on, status, token,
    user,
};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Parser, Subcommand};
use std::ffi::OsString;
use std::path::PathBuf;

/// Hardware tokens for signing on: import seed files, look after tokens and people
#[derive(Debug, Parser)]
#[command(
    name = "otpair",
    version,
    propagate_version = true,
    max_term_width = 100
)]
pub(crate) struct Cli {
    /// Read this config instead of the machine's own
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Import the tokens of seed files
    Import(import::Args),
    /// Look after tokens
    #[command(subcommand)]
    Token(token::Command),
    /// Look after people and their tokens
    #[command(subcommand)]
    User(user::Command),
    /// Hold a sign-on in this terminal, without PAM
    SignOn(sign_on::Args),
    /// Put otpair in front of PAM services, and take it back unless that is confirmed
    Protect(protect::Args),
    /// Take otpair out of PAM services
    Unprotect(protect::unprotect::Args),
    /// Seal the seed cache's key with this machine's TPM, or put it back into a file
    ProtectKey(protect_key::Args),
    /// List the PAM services, and which of them otpair is in front of
    Status(status::Args),
    /// Say what would stop a sign-on here, and how to mend it
    Doctor(doctor::Args),
    /// Check or show the config
    #[command(subcommand)]
    Config(config::Command),
    /// Show the audit log
    Log(log::Args),
    /// Back up tokens and people's records into a file that a passphrase opens
    Backup(backup::Args),
    /// Restore a backup, and keep what is here and newer
    Restore(backup::restore::Args),
    /// Print a completion script for a shell
    Completions(completions::Args),
}

/// A switch that every command has which prints.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Json {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

impl Cli {
    /// Does what the command line asks for.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let config = self.config.as_deref();
        match self.command {
            Command::Import(args) => args.run(config),
            Command::Token(command) => command.run(config),
            Command::User(command) => command.run(config),
            Command::SignOn(args) => args.run(config),
            Command::Protect(args) => args.run(config),
            Command::Unprotect(args) => args.run(config),
            Command::ProtectKey(args) => args.run(config),
            Command::Status(args) => args.run(),
            Command::Doctor(args) => args.run(config),
            Command::Config(command) => command.run(config),
            Command::Log(args) => args.run(config),
            Command::Backup(args) => args.run(config),
            Command::Restore(args) => args.run(config),
            Command::Completions(args) => args.run(),
        }
    }
}

/// Reads the command line.
pub(crate) fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Cli, Failure> {
    Cli::try_parse_from(arguments).map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            Failure::Help(error.render().to_string())
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            Failure::Usage("a command is missing: see otpair --help".to_owned())
        }
        _ => Failure::Usage(in_one_line(&error)),
    })
}

/// clap's message in one line, without its usage. An argument too many may be a passcode: it is not repeated.
fn in_one_line(error: &clap::Error) -> String {
    let what = match (error.kind(), error.get(ContextKind::InvalidArg)) {
        (ErrorKind::UnknownArgument, Some(ContextValue::String(argument)))
            if !argument.starts_with('-') =>
        {
            "an argument too many".to_owned()
        }
        _ => {
            let text = error.render().to_string();
            let text = text.split("\n\nUsage:").next().unwrap_or_default();
            let text = text.split("\n\nFor more").next().unwrap_or_default();
            let words: Vec<_> = text.split_whitespace().collect();
            let text = words.join(" ");
            text.strip_prefix("error: ").unwrap_or(&text).to_owned()
        }
    };
    format!("{what} (otpair --help says what there is)")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(line: &str) -> String {
        match parse(line.split(' ').map(OsString::from)) {
            Err(Failure::Usage(message)) => message,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn a_wrong_command_line_is_told_in_one_line() {
        for line in [
            "otpair",
            "otpair token",
            "otpair nonsense",
            "otpair import",
            "otpair token list --nonsense",
            "otpair user bypass alice --uses many",
        ] {
            let said = said(line);
            assert!(!said.contains('\n') && said.contains("otpair"), "{said}");
        }
    }

    #[test]
    fn an_argument_too_many_is_not_repeated() {
        assert!(!said("otpair token resync 1 123456 234567 345678").contains("345678"));
        assert!(!said("otpair user unpair alice 1 345678").contains("345678"));
        assert!(!said("otpair user unlock alice --passcode=345678").contains("345678"));
    }
}
