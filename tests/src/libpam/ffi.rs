//! libpam, as its header files have it. All `unsafe` of this crate is here.

use super::{Answer, PAM_SUCCESS, Person, Request, Style};
use libc::{c_char, c_int, c_uint, c_void};
use std::ffi::{CStr, CString};
use std::marker::PhantomData;
use std::ptr;
use std::slice;

const PAM_BUF_ERR: c_int = 5;
const PAM_CONV_ERR: c_int = 19;
const PAM_TTY: c_int = 3;
const PAM_RHOST: c_int = 4;
const PAM_FAIL_DELAY: c_int = 10;
const PAM_ESTABLISH_CRED: c_int = 2;

#[repr(C)]
struct PamMessage {
    style: c_int,
    text: *const c_char,
}

#[repr(C)]
struct PamResponse {
    text: *mut c_char,
    retcode: c_int,
}

type Converse = unsafe extern "C" fn(
    c_int,
    *const *const PamMessage,
    *mut *mut PamResponse,
    *mut c_void,
) -> c_int;

#[repr(C)]
struct PamConv {
    converse: Option<Converse>,
    data: *mut c_void,
}

#[repr(C)]
struct PamHandle {
    private: [u8; 0],
}

#[link(name = "pam")]
unsafe extern "C" {
    fn pam_start_confdir(
        service: *const c_char,
        user: *const c_char,
        conv: *const PamConv,
        confdir: *const c_char,
        handle: *mut *mut PamHandle,
    ) -> c_int;
    fn pam_end(handle: *mut PamHandle, status: c_int) -> c_int;
    fn pam_authenticate(handle: *mut PamHandle, flags: c_int) -> c_int;
    fn pam_setcred(handle: *mut PamHandle, flags: c_int) -> c_int;
    fn pam_acct_mgmt(handle: *mut PamHandle, flags: c_int) -> c_int;
    fn pam_set_item(handle: *mut PamHandle, item: c_int, value: *const c_void) -> c_int;
}

/// Where the conversation's data points: a thin pointer can't be to a trait object itself.
pub(super) struct Listener<'p>(pub(super) &'p mut dyn Person);

/// What is between `pam_start` and `pam_end`.
pub(super) struct Transaction<'a> {
    handle: *mut PamHandle,
    authenticated: c_int,
    listener: PhantomData<&'a mut dyn Person>,
}

impl<'a> Transaction<'a> {
    /// `pam_start`, or the code with which it failed.
    pub(super) fn start<'p: 'a>(
        request: &Request,
        listener: &'a mut Listener<'p>,
    ) -> Result<Self, c_int> {
        let data: *mut c_void = ptr::from_mut(listener).cast();
        let conv = PamConv {
            converse: request.conversation.then_some(converse as Converse),
            data,
        };
        let pointer =
            |text: &Option<CString>| text.as_ref().map_or(ptr::null(), |text| text.as_ptr());
        let mut handle = ptr::null_mut();
        // SAFETY: every pointer is null or valid for the call, and libpam copies what it keeps. Without a folder this is
        // pam_start.
        let started = unsafe {
            pam_start_confdir(
                request.service.as_ptr(),
                pointer(&request.user),
                &raw const conv,
                pointer(&request.confdir),
                &raw mut handle,
            )
        };
        if started != PAM_SUCCESS {
            return Err(started);
        }
        set_items(handle, request);
        Ok(Self {
            handle,
            authenticated: PAM_SUCCESS,
            listener: PhantomData,
        })
    }

    /// `pam_authenticate`.
    pub(super) fn authenticate(&mut self, flags: c_int) -> c_int {
        // SAFETY: the handle is the one that pam_start gave and is not ended yet; the conversation's data lives on.
        self.authenticated = unsafe { pam_authenticate(self.handle, flags) };
        self.authenticated
    }

    /// `pam_setcred`.
    pub(super) fn setcred(&mut self) -> c_int {
        // SAFETY: as in `authenticate`.
        unsafe { pam_setcred(self.handle, PAM_ESTABLISH_CRED) }
    }

    /// `pam_acct_mgmt`.
    pub(super) fn account(&mut self) -> c_int {
        // SAFETY: as in `authenticate`.
        unsafe { pam_acct_mgmt(self.handle, 0) }
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        // SAFETY: as in `authenticate`; the handle is not used after this.
        unsafe { pam_end(self.handle, self.authenticated) };
    }
}

fn set_items(handle: *mut PamHandle, request: &Request) {
    let texts = [(PAM_RHOST, &request.rhost), (PAM_TTY, &request.tty)];
    for (item, text) in texts
        .into_iter()
        .filter_map(|(item, text)| Some((item, text.as_ref()?)))
    {
        // SAFETY: the handle is valid, and libpam copies the string.
        unsafe { pam_set_item(handle, item, text.as_ptr().cast()) };
    }
    let delay: unsafe extern "C" fn(c_int, c_uint, *mut c_void) = no_delay;
    // SAFETY: the handle is valid; this item is the function's address itself (pam_fail_delay(3)).
    unsafe { pam_set_item(handle, PAM_FAIL_DELAY, delay as *const c_void) };
}

/// Notes the delay that was asked for, instead of waiting.
unsafe extern "C" fn no_delay(_status: c_int, microseconds: c_uint, data: *mut c_void) {
    if data.is_null() {
        return;
    }
    // SAFETY: libpam hands out the conversation's data, which `Transaction::start` set and which outlives the call.
    let Listener(person) = unsafe { &mut *data.cast::<Listener>() };
    person.delayed(microseconds);
}

unsafe extern "C" fn converse(
    count: c_int,
    messages: *const *const PamMessage,
    responses: *mut *mut PamResponse,
    data: *mut c_void,
) -> c_int {
    // SAFETY: `Transaction::start` set the data, and it outlives the call.
    let Listener(person) = unsafe { &mut *data.cast::<Listener>() };
    let count = usize::try_from(count).unwrap_or(0);
    // SAFETY: asks for memory only; the caller frees it with free, as pam_conv(3) wants.
    let given: *mut PamResponse =
        unsafe { libc::calloc(count.max(1), size_of::<PamResponse>()) }.cast();
    if given.is_null() {
        return PAM_BUF_ERR;
    }
    // SAFETY: the caller gives `count` pointers to messages, as Linux-PAM lays them out.
    let messages = unsafe { slice::from_raw_parts(messages, count) };
    // SAFETY: calloc gave room for `count` responses, all zero, which is a valid value; nothing else points there.
    let answers = unsafe { slice::from_raw_parts_mut(given, count) };
    for (message, answer) in messages.iter().zip(answers) {
        // SAFETY: each of the caller's pointers is to a message.
        let message = unsafe { &**message };
        // SAFETY: a message's text is a C string.
        let text = unsafe { CStr::from_ptr(message.text) }.to_string_lossy();
        let style = Style::of(message.style);
        if !style.is_prompt() {
            person.told(style, &text);
            continue;
        }
        match person.asked(style, &text) {
            Answer::Text(typed) => answer.text = copied(&typed),
            Answer::Null => {}
            Answer::Fail => {
                // SAFETY: it came from calloc and is not used any more. Earlier answers leak; the process ends soon.
                unsafe { libc::free(given.cast()) };
                return PAM_CONV_ERR;
            }
        }
    }
    // SAFETY: the caller gives a place for the pointer.
    unsafe { *responses = given };
    PAM_SUCCESS
}

/// A C string that `free` may be called on.
fn copied(answer: &[u8]) -> *mut c_char {
    let up_to_nul = answer.split(|byte| *byte == 0).next().unwrap_or_default();
    let text = CString::new(up_to_nul).unwrap_or_default();
    // SAFETY: the argument is a C string.
    unsafe { libc::strdup(text.as_ptr()) }
}
