//! Secrets that an admin gives: in an argument, in a file, or on stdin.

use crate::failure::Failure;
use crate::found;
use crate::terminal::{Terminal, read_line};
use otpair_core::otp::Otp;
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::os::fd::AsFd;
use std::path::Path;
use zeroize::Zeroizing;

/// The longest secret file, in bytes.
const LONGEST: usize = 64 * 1024;

/// A secret from an argument; `-` reads a line of stdin, hidden where that is a terminal.
pub(crate) fn from_argument(argument: String, name: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let argument = Zeroizing::new(argument);
    if *argument == "-" {
        from_stdin(name)
    } else {
        Ok(Zeroizing::new(argument.as_bytes().to_vec()))
    }
}

fn from_stdin(name: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let missing = || Failure::new(format!("stdin has no line with the {name}"));
    if io::stdin().is_terminal() {
        let answer = Terminal::open().question(&format!("The {name}: "), false);
        return answer.ok().flatten().ok_or_else(missing);
    }
    let line = read_line(io::stdin().as_fd());
    line.map_err(|error| Failure::new(format!("stdin: {error}")))?
        .ok_or_else(missing)
}

/// The content of a file without the line end at its end; `-` reads a line of stdin.
pub(crate) fn from_file(path: &Path, name: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    if path == Path::new("-") {
        return from_stdin(name);
    }
    let (mut file, _) = found::open(path).map_err(|error| Failure::file(path, &error))?;
    let mut bytes = whole_file(&mut file, path, name)?;
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
    }
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    Ok(bytes)
}

/// The whole content of a file.
pub(crate) fn whole_file(
    file: &mut File,
    path: &Path,
    name: &str,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut bytes = Zeroizing::new(vec![0; LONGEST + 1]);
    let length = fill(file, &mut bytes).map_err(|error| Failure::file(path, &error))?;
    if length > LONGEST {
        let path = path.display();
        return Err(Failure::new(format!("{path}: too long to be the {name}")));
    }
    bytes.truncate(length);
    Ok(bytes)
}

/// Reads until the buffer is full or the file ends, and gives how much there was.
fn fill(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while let Some(rest) = buffer.get_mut(length..).filter(|rest| !rest.is_empty()) {
        match file.read(rest)? {
            0 => break,
            read => length += read,
        }
    }
    Ok(length)
}

/// A passcode from an argument or stdin.
pub(crate) fn passcode(argument: String, name: &str) -> Result<Otp, Failure> {
    let typed = from_argument(argument, name)?;
    let otp = str::from_utf8(&typed).ok().and_then(Otp::parse);
    otp.ok_or_else(|| Failure::new(format!("the {name} is not 6 to 8 digits")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_file_loses_the_line_end_at_its_end_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        for (written, read) in [
            ("a b ", &b"a b "[..]),
            ("x\n", b"x"),
            ("x\r\n", b"x"),
            ("x\n\n", b"x\n"),
        ] {
            std::fs::write(&path, written).unwrap();
            assert_eq!(&**from_file(&path, "passphrase").unwrap(), read);
        }
        std::fs::write(&path, vec![b'1'; LONGEST + 1]).unwrap();
        assert!(from_file(&path, "passphrase").is_err());
    }
}
