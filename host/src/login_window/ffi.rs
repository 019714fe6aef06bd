//! The name of this run of the machine, from libc.

use std::ffi::CString;
use std::{io, ptr};

/// A UUID as text, its NUL counted.
const LENGTH: usize = 37;

/// `kern.bootsessionuuid` (`sysctlbyname`(3)).
pub(super) fn boot_session() -> io::Result<String> {
    let mut buffer = [0_u8; LENGTH];
    let mut length = buffer.len();
    // SAFETY: the name ends with NUL; `buffer` is a place of `length` bytes; nothing is set.
    let code = unsafe {
        libc::sysctlbyname(
            c"kern.bootsessionuuid".as_ptr(),
            buffer.as_mut_ptr().cast(),
            &raw mut length,
            ptr::null_mut(),
            0,
        )
    };
    if code != 0 {
        return Err(io::Error::last_os_error());
    }
    let text = buffer.split(|byte| *byte == 0).next().unwrap_or_default();
    let text = CString::new(text)?
        .into_string()
        .map_err(io::Error::other)?;
    if text.is_empty() {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok(text)
}
