//! The system's users and groups, from libc. The only `unsafe` of this crate.

use std::ffi::{CStr, CString, c_char, c_int};
use std::{io, mem, ptr};

/// The buffer that a lookup begins with, and the largest that it is given, in bytes.
const BUFFER: usize = 1024;
const MAX_BUFFER: usize = 1024 * 1024;

/// The most groups that one user is expected to be in.
const MAX_GROUPS: usize = 1 << 20;

/// What the system knows of a user.
#[derive(Debug)]
pub(super) struct Passwd {
    pub(super) name: CString,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) home: CString,
}

/// What the system knows of a group.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) gid: u32,
    pub(super) members: Vec<CString>,
}

/// Looks a user up by name.
pub(super) fn user_by_name(name: &CStr) -> io::Result<Option<Passwd>> {
    look_up(
        |entry, buffer, found| {
            // SAFETY: the name ends with NUL; `entry` and `found` are places for the answer, and the buffer is as long as
            // is said. All outlive the call.
            unsafe {
                libc::getpwnam_r(
                    name.as_ptr(),
                    entry,
                    buffer.as_mut_ptr(),
                    buffer.len(),
                    found,
                )
            }
        },
        passwd,
    )
}

/// Looks a user up by id.
pub(super) fn user_by_id(uid: u32) -> io::Result<Option<Passwd>> {
    look_up(
        |entry, buffer, found| {
            // SAFETY: `entry` and `found` are places for the answer, and the buffer is as long as is said. All outlive
            // the call.
            unsafe { libc::getpwuid_r(uid, entry, buffer.as_mut_ptr(), buffer.len(), found) }
        },
        passwd,
    )
}

/// Looks a group up by name.
pub(super) fn group_by_name(name: &CStr) -> io::Result<Option<Group>> {
    look_up(
        |entry, buffer, found| {
            // SAFETY: the name ends with NUL; `entry` and `found` are places for the answer, and the buffer is as long as
            // is said. All outlive the call.
            unsafe {
                libc::getgrnam_r(
                    name.as_ptr(),
                    entry,
                    buffer.as_mut_ptr(),
                    buffer.len(),
                    found,
                )
            }
        },
        group,
    )
}

/// The ids of all groups that a user is in; `gid` is their primary group's.
pub(super) fn groups_of(user: &CStr, gid: u32) -> io::Result<Vec<u32>> {
    let mut room = 64;
    while room <= MAX_GROUPS {
        let mut groups: Vec<RawGid> = vec![0; room];
        let mut count = c_int::try_from(room).map_err(io::Error::other)?;
        // SAFETY: the name ends with NUL, `groups` has room for `count` ids, and both outlive the call.
        let fits = unsafe {
            libc::getgrouplist(
                user.as_ptr(),
                raw_gid(gid),
                groups.as_mut_ptr(),
                &raw mut count,
            )
        };
        if fits >= 0 {
            groups.truncate(usize::try_from(count).unwrap_or(0));
            return Ok(groups.into_iter().map(plain_gid).collect());
        }
        room *= 4;
    }
    Err(io::Error::other("a user is in too many groups"))
}

/// Calls one of the `_r` functions with an ever larger buffer, and takes its answer over before the buffer goes.
fn look_up<E, T>(
    call: impl Fn(*mut E, &mut [c_char], *mut *mut E) -> c_int,
    take: impl Fn(&E) -> T,
) -> io::Result<Option<T>> {
    let mut length = BUFFER;
    loop {
        let mut buffer: Vec<c_char> = vec![0; length];
        let mut entry = mem::MaybeUninit::<E>::zeroed();
        let mut found: *mut E = ptr::null_mut();
        match call(entry.as_mut_ptr(), &mut buffer, &raw mut found) {
            0 => {
                // SAFETY: `found` is null, or points at `entry`, which the call then has filled in; `entry` and the
                // buffer that it points into live until the end of this block.
                let answer = unsafe { found.as_ref() };
                return Ok(answer.map(take));
            }
            libc::EINTR => {}
            libc::ERANGE if length < MAX_BUFFER => length *= 4,
            // getpwnam(3) and getgrnam(3): "the given name was not found".
            libc::ENOENT | libc::ESRCH | libc::EBADF | libc::EPERM => return Ok(None),
            error => return Err(io::Error::from_raw_os_error(error)),
        }
    }
}

fn passwd(entry: &libc::passwd) -> Passwd {
    Passwd {
        name: text(entry.pw_name),
        uid: entry.pw_uid,
        gid: entry.pw_gid,
        home: text(entry.pw_dir),
    }
}

fn group(entry: &libc::group) -> Group {
    let mut members = Vec::new();
    let mut member = entry.gr_mem;
    while !member.is_null() {
        // SAFETY: `gr_mem` is an array of pointers that ends with a null pointer; the loop ends at that.
        let name = unsafe { *member };
        if name.is_null() {
            break;
        }
        members.push(text(name));
        // SAFETY: this element was not the last, so the next is in the array too.
        member = unsafe { member.add(1) };
    }
    Group {
        gid: entry.gr_gid,
        members,
    }
}

/// Copies a C string of an answer; a null pointer is the empty text.
fn text(pointer: *const c_char) -> CString {
    if pointer.is_null() {
        return CString::default();
    }
    // SAFETY: it is not null, and a name in libc's answer ends with NUL and lies in the caller's buffer.
    unsafe { CStr::from_ptr(pointer) }.to_owned()
}

/// What `getgrouplist` takes a group id for: a signed number on macOS.
#[cfg(not(target_os = "macos"))]
type RawGid = libc::gid_t;
#[cfg(target_os = "macos")]
type RawGid = c_int;

#[cfg(not(target_os = "macos"))]
fn raw_gid(gid: u32) -> RawGid {
    gid
}
#[cfg(target_os = "macos")]
fn raw_gid(gid: u32) -> RawGid {
    gid.cast_signed()
}

#[cfg(not(target_os = "macos"))]
fn plain_gid(gid: RawGid) -> u32 {
    gid
}
#[cfg(target_os = "macos")]
fn plain_gid(gid: RawGid) -> u32 {
    gid.cast_unsigned()
}
