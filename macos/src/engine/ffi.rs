//! The engine's side of the plugin interface, after Apple's `AuthorizationPlugin.h`: the callbacks, and the calls of them.

use super::{EngineFault, MechanismResult};
use std::ffi::{CStr, c_char, c_void};
use std::mem::{offset_of, size_of};
use std::ptr::{self, NonNull};
use std::slice;
use zeroize::Zeroizing;

/// `OSStatus`.
pub(crate) type Status = i32;
/// `errAuthorizationSuccess`.
pub(crate) const SUCCESS: Status = 0;
/// `errAuthorizationInternal`: the only error that the header names for these functions.
pub(crate) const INTERNAL: Status = -60008;

/// `AuthorizationEngineRef`: the engine's own, handed back to it and never looked into.
pub(crate) type EngineRef = *mut c_void;

/// The longest value that is taken, in bytes: longer than any user's name. A wrong length must not have this process read
/// what is none of the value's.
const LONGEST: usize = 4096;

/// `AuthorizationValue`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Value {
    pub(crate) length: usize,
    pub(crate) data: *mut c_void,
}

type Simple = unsafe extern "C" fn(EngineRef) -> Status;
type SetResult = unsafe extern "C" fn(EngineRef, u32) -> Status;
type GetContext =
    unsafe extern "C" fn(EngineRef, *const c_char, *mut u32, *mut *const Value) -> Status;
type SetContext = unsafe extern "C" fn(EngineRef, *const c_char, u32, *const Value) -> Status;
type GetHint = unsafe extern "C" fn(EngineRef, *const c_char, *mut *const Value) -> Status;
type SetHint = unsafe extern "C" fn(EngineRef, *const c_char, *const Value) -> Status;
type Get = unsafe extern "C" fn(EngineRef, *mut *const c_void) -> Status;
type Remove = unsafe extern "C" fn(EngineRef, *const c_char) -> Status;

/// `AuthorizationCallbacks`. An engine of an older version gives a shorter table, so only what [`Callbacks::take`] names is
/// ever read, field by field; all of that is in version 0.
#[repr(C)]
pub(crate) struct Callbacks {
    pub(crate) version: u32,
    pub(crate) set_result: Option<SetResult>,
    pub(crate) request_interrupt: Option<Simple>,
    pub(crate) did_deactivate: Option<Simple>,
    pub(crate) get_context_value: Option<GetContext>,
    pub(crate) set_context_value: Option<SetContext>,
    pub(crate) get_hint_value: Option<GetHint>,
    pub(crate) set_hint_value: Option<SetHint>,
    pub(crate) get_arguments: Option<Get>,
    pub(crate) get_session_id: Option<Get>,
    pub(crate) get_immutable_hint_value: Option<GetHint>,
    pub(crate) get_la_context: Option<Get>,
    pub(crate) get_token_identities:
        Option<unsafe extern "C" fn(EngineRef, *const c_void, *mut *const c_void) -> Status>,
    pub(crate) get_tk_token_watcher: Option<Get>,
    pub(crate) remove_hint_value: Option<Remove>,
    pub(crate) remove_context_value: Option<Remove>,
}

#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<Callbacks>() == 128);
    assert!(size_of::<Value>() == 16);
    assert!(offset_of!(Value, data) == 8);
    assert!(offset_of!(Callbacks, version) == 0);
    assert!(offset_of!(Callbacks, set_result) == 8);
    assert!(offset_of!(Callbacks, request_interrupt) == 16);
    assert!(offset_of!(Callbacks, did_deactivate) == 24);
    assert!(offset_of!(Callbacks, get_context_value) == 32);
    assert!(offset_of!(Callbacks, set_context_value) == 40);
    assert!(offset_of!(Callbacks, get_hint_value) == 48);
    assert!(offset_of!(Callbacks, set_hint_value) == 56);
    assert!(offset_of!(Callbacks, get_arguments) == 64);
    assert!(offset_of!(Callbacks, get_session_id) == 72);
    assert!(offset_of!(Callbacks, get_immutable_hint_value) == 80);
    assert!(offset_of!(Callbacks, get_la_context) == 88);
    assert!(offset_of!(Callbacks, get_token_identities) == 96);
    assert!(offset_of!(Callbacks, get_tk_token_watcher) == 104);
    assert!(offset_of!(Callbacks, remove_hint_value) == 112);
    assert!(offset_of!(Callbacks, remove_context_value) == 120);
};

/// The functions of an engine that are used here, copied from its table. Without [`Functions::set_result`] nothing could be
/// answered; any other that is missing is as one that fails.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Functions {
    table: NonNull<Callbacks>,
    version: u32,
    set_result: SetResult,
    did_deactivate: Option<Simple>,
    get_context_value: Option<GetContext>,
    get_hint_value: Option<GetHint>,
    set_hint_value: Option<SetHint>,
}

/// Reads one field of a table that may be shorter than its type.
macro_rules! field {
    ($table:expr, $field:ident) => {{
        let table: *const Callbacks = $table;
        // SAFETY: `Functions::take`'s caller gives a table of version 0 at least, of which this field is a part; only its
        // address is taken here.
        let field = unsafe { &raw const (*table).$field };
        // SAFETY: as above, and a function pointer that is null is `None`.
        unsafe { field.read() }
    }};
}

impl Functions {
    /// Copies them. Nothing if there is no table, or no way to answer in it.
    ///
    /// # Safety
    /// `table` is null or an engine's `AuthorizationCallbacks`, of any version, that stays for as long as the plugin.
    pub(crate) unsafe fn take(table: *const Callbacks) -> Option<Self> {
        let table = NonNull::new(table.cast_mut())?;
        let at = table.as_ptr();
        Some(Self {
            table,
            version: field!(at, version),
            set_result: field!(at, set_result)?,
            did_deactivate: field!(at, did_deactivate),
            get_context_value: field!(at, get_context_value),
            get_hint_value: field!(at, get_hint_value),
            set_hint_value: field!(at, set_hint_value),
        })
    }

    /// The table's version.
    pub(crate) fn version(&self) -> u32 {
        self.version
    }
}

/// What the view's superclass wants: the engine, unread.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(
    not(target_os = "macos"),
    expect(dead_code, reason = "only the view on macOS looks into it")
)]
pub(crate) struct RawEngine {
    /// `AuthorizationCallbacks`
    pub(crate) callbacks: NonNull<Callbacks>,
    /// `AuthorizationEngineRef`
    pub(crate) engine: NonNull<c_void>,
}

/// An engine, as one mechanism knows it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EngineCalls {
    functions: Functions,
    engine: NonNull<c_void>,
}

// SAFETY: the pointers are only handed back to the engine. Its functions may be called from any thread: the header has a
// mechanism answer "during or after" being invoked, and says nothing of a thread.
unsafe impl Send for Functions {}
// SAFETY: as above; nothing is changed behind it.
unsafe impl Sync for Functions {}
// SAFETY: as for `Functions`.
unsafe impl Send for EngineCalls {}
// SAFETY: as for `Functions`.
unsafe impl Sync for EngineCalls {}

impl EngineCalls {
    pub(crate) fn new(functions: Functions, engine: NonNull<c_void>) -> Self {
        Self { functions, engine }
    }

    pub(crate) fn raw(&self) -> RawEngine {
        RawEngine {
            callbacks: self.functions.table,
            engine: self.engine,
        }
    }

    /// `SetResult`.
    pub(super) fn set_result(&self, result: MechanismResult) -> Result<(), EngineFault> {
        // SAFETY: the engine's own function, with the engine that it gave; `super::Answer` sees to it that the mechanism has
        // not been destroyed.
        let status = unsafe { (self.functions.set_result)(self.engine.as_ptr(), result.code()) };
        done(status)
    }

    /// `DidDeactivate`.
    pub(super) fn did_deactivate(&self) -> Result<(), EngineFault> {
        let function = self.functions.did_deactivate.ok_or(EngineFault::Missing)?;
        // SAFETY: the engine's own function, with the engine that it gave, while it waits for this.
        let status = unsafe { function(self.engine.as_ptr()) };
        done(status)
    }

    /// `GetContextValue`, copied.
    pub(super) fn context(&self, key: &CStr) -> Result<Zeroizing<Vec<u8>>, EngineFault> {
        let function = self.functions.get_context_value;
        let function = function.ok_or(EngineFault::Missing)?;
        let (mut flags, mut value) = (0, ptr::null());
        // SAFETY: the engine's own function; the key is a C string, the places are for what it gives.
        let status = unsafe {
            function(
                self.engine.as_ptr(),
                key.as_ptr(),
                &raw mut flags,
                &raw mut value,
            )
        };
        done(status)?;
        // SAFETY: the engine has just given it, and keeps it at least until it is called again.
        unsafe { copied(value) }
    }

    /// `GetHintValue`, copied.
    pub(super) fn hint(&self, key: &CStr) -> Result<Zeroizing<Vec<u8>>, EngineFault> {
        let function = self.functions.get_hint_value.ok_or(EngineFault::Missing)?;
        let mut value = ptr::null();
        // SAFETY: as in `context`.
        let status = unsafe { function(self.engine.as_ptr(), key.as_ptr(), &raw mut value) };
        done(status)?;
        // SAFETY: as in `context`.
        unsafe { copied(value) }
    }

    /// `SetHintValue`; the engine copies it.
    pub(super) fn set_hint(&self, key: &CStr, bytes: &[u8]) -> Result<(), EngineFault> {
        let function = self.functions.set_hint_value.ok_or(EngineFault::Missing)?;
        let value = Value {
            length: bytes.len(),
            // The header has no const there; the engine only reads.
            data: bytes.as_ptr().cast_mut().cast(),
        };
        // SAFETY: the engine's own function; key and value live through the call, which copies them.
        let status = unsafe { function(self.engine.as_ptr(), key.as_ptr(), &raw const value) };
        done(status)
    }
}

fn done(status: Status) -> Result<(), EngineFault> {
    match status {
        SUCCESS => Ok(()),
        status => Err(EngineFault::Status(status)),
    }
}

/// Copies a value of the engine's.
///
/// # Safety
/// `value` is null or points to a value whose data, if not null, is as long as it says up to [`LONGEST`].
unsafe fn copied(value: *const Value) -> Result<Zeroizing<Vec<u8>>, EngineFault> {
    if value.is_null() {
        return Err(EngineFault::Missing);
    }
    // SAFETY: the caller's promise; it may lie anywhere.
    let Value { length, data } = unsafe { value.read_unaligned() };
    if length > LONGEST {
        return Err(EngineFault::TooLong);
    }
    if data.is_null() || length == 0 {
        return Err(EngineFault::Missing);
    }
    // SAFETY: the caller's promise; nobody changes it during this.
    let bytes = unsafe { slice::from_raw_parts(data.cast::<u8>().cast_const(), length) };
    Ok(Zeroizing::new(bytes.to_vec()))
}
