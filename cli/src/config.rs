//! `otpair config`: is it right, and what does it come to.

use crate::args::Json;
use crate::failure::Failure;
use crate::output;
use otpair_host::config::{Config, DEFAULT_PATH};
use serde::Serialize;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Say where a config is wrong, if it is
    Check {
        /// The config, if not the one in use
        file: Option<PathBuf>,
        #[command(flatten)]
        json: Json,
    },
    /// Print the config in force, with every default written out
    Show {
        #[command(flatten)]
        json: Json,
    },
}

#[derive(Serialize)]
struct Checked {
    file: String,
    error: Option<String>,
}

impl Command {
    /// Checks or shows.
    pub(crate) fn run(self, config: Option<&Path>) -> Result<(), Failure> {
        match self {
            Self::Check { file, json } => check(file.as_deref().or(config), json.json),
            Self::Show { json } => {
                let config = Config::load(config)?;
                output::show(json.json, &config.to_json(), || config.to_toml())
            }
        }
    }
}

fn check(file: Option<&Path>, json: bool) -> Result<(), Failure> {
    let shown = file
        .unwrap_or(Path::new(DEFAULT_PATH))
        .display()
        .to_string();
    let error = Config::load(file).err().map(|fault| fault.detail);
    let checked = Checked { file: shown, error };
    if json {
        output::print_json(&checked)?;
    }
    match checked.error {
        Some(error) => Err(Failure::Place(error)),
        None if json => Ok(()),
        None if !Path::new(&checked.file).exists() => output::print(&format!(
            "{}: there is no such file, so the defaults hold\n",
            checked.file
        )),
        None => output::print(&format!("{}: no errors\n", checked.file)),
    }
}
