//! The module's arguments, as they stand in the PAM file.

use std::ffi::{CStr, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// What the module does at a door with one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OneField {
    /// Splits what was typed, before the password is checked.
    Split,
    /// Decides on the passcode, after it.
    Appended,
}

/// The arguments.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// `config=FILE`
    pub(crate) config: Option<PathBuf>,
    /// `passcode=split` or `passcode=appended`
    pub(crate) one_field: Option<OneField>,
    /// `messages=in-prompt`
    pub(crate) messages_in_prompt: bool,
    /// `debug`
    pub(crate) debug: bool,
}

impl Arguments {
    /// Reads them; the error names the first that is unknown.
    pub(crate) fn parse(args: &[&CStr]) -> Result<Self, String> {
        let mut arguments = Self::default();
        for arg in args {
            let bytes = arg.to_bytes();
            match bytes.strip_prefix(b"config=") {
                Some(path) if path.starts_with(b"/") => {
                    arguments.config = Some(PathBuf::from(OsStr::from_bytes(path)));
                }
                Some(_) => {
                    return Err("the module's argument config= needs an absolute path".to_owned());
                }
                None if bytes == b"passcode=split" => arguments.one_field = Some(OneField::Split),
                None if bytes == b"passcode=appended" => {
                    arguments.one_field = Some(OneField::Appended);
                }
                None if bytes == b"messages=in-prompt" => arguments.messages_in_prompt = true,
                None if bytes == b"debug" => arguments.debug = true,
                None => {
                    return Err(format!(
                        "unknown module argument {:?}",
                        arg.to_string_lossy()
                    ));
                }
            }
        }
        Ok(arguments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_arguments_are_read() {
        let read = Arguments::parse(&[
            c"config=/etc/x.toml",
            c"passcode=appended",
            c"messages=in-prompt",
            c"debug",
        ])
        .unwrap();
        assert_eq!(
            read,
            Arguments {
                config: Some("/etc/x.toml".into()),
                one_field: Some(OneField::Appended),
                messages_in_prompt: true,
                debug: true
            }
        );
        assert_eq!(Arguments::parse(&[]).unwrap(), Arguments::default());
        let split = Arguments::parse(&[c"passcode=split"]).unwrap();
        assert_eq!(split.one_field, Some(OneField::Split));
    }

    #[test]
    fn an_unknown_argument_is_an_error_that_names_it() {
        for wrong in [
            c"nullok",
            c"config=relative",
            c"Debug",
            c"messages=",
            c"passcode=",
            c"",
        ] {
            assert!(Arguments::parse(&[wrong]).is_err(), "{wrong:?}");
        }
        assert!(
            Arguments::parse(&[c"nullok"])
                .unwrap_err()
                .contains("nullok")
        );
    }
}
