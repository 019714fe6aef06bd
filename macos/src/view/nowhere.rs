//! There is no view but macOS's: elsewhere the prompt finds that nothing can be shown, and denies.

use crate::engine::ffi::RawEngine;
use crate::screen::{CannotShow, Closed, OnPressed, Screen};
use otpair_core::language::Language;

/// Makes a pane, which is not shown yet.
///
/// # Errors
/// [`CannotShow`] if there is no way to show anything.
pub(crate) fn open(_: RawEngine, _: OnPressed, _: Closed) -> Result<Box<dyn Screen>, CannotShow> {
    Err(CannotShow)
}

/// The language that the login window itself speaks, if that can be found out and there are texts in it.
pub(crate) fn language() -> Option<Language> {
    None
}
