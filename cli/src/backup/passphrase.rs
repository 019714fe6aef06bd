//! The passphrase of a backup.

use crate::failure::Failure;
use crate::terminal::Terminal;
use crate::{output, secret};
use std::path::Path;
use zeroize::Zeroizing;

/// A passphrase with fewer characters than this is called short.
const SHORT: usize = 12;

type Passphrase = Zeroizing<Vec<u8>>;

/// The passphrase of a backup that is made: from a file, or typed twice.
pub(super) fn new(file: Option<&Path>) -> Result<Passphrase, Failure> {
    let passphrase = if let Some(path) = file {
        secret::from_file(path, "passphrase")?
    } else {
        let mut terminal = terminal()?;
        let first = ask(&mut terminal, "Passphrase for the backup: ")?;
        check(&first)?;
        if ask(&mut terminal, "The same again: ")? != first {
            return Err(Failure::new(
                "the two are not the same: nothing was backed up",
            ));
        }
        first
    };
    check(&passphrase)?;
    if String::from_utf8_lossy(&passphrase).chars().count() < SHORT {
        output::note(
            "this passphrase is short: whoever has the backup can try many; five words that have nothing to do with each other are better",
        );
    }
    Ok(passphrase)
}

/// The passphrase of a backup that is there: from a file, or typed.
pub(super) fn known(file: Option<&Path>) -> Result<Passphrase, Failure> {
    let passphrase = match file {
        Some(path) => secret::from_file(path, "passphrase")?,
        None => ask(&mut terminal()?, "Passphrase of the backup: ")?,
    };
    check(&passphrase)?;
    Ok(passphrase)
}

fn check(passphrase: &[u8]) -> Result<(), Failure> {
    if passphrase.is_empty() {
        return Err(Failure::new("the passphrase is empty: give another one"));
    }
    Ok(())
}

/// The terminal itself: stdin and stdout may be the backup.
fn terminal() -> Result<Terminal, Failure> {
    Terminal::of_this_process().ok_or_else(|| {
        Failure::new("there is no terminal to ask for the passphrase: give --passphrase-file FILE")
    })
}

fn ask(terminal: &mut Terminal, question: &str) -> Result<Passphrase, Failure> {
    let answer = terminal.question(question, false);
    answer
        .ok()
        .flatten()
        .ok_or_else(|| Failure::new("no passphrase was typed: nothing was done"))
}
