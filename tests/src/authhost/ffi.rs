//! The plugin interface, as Apple's `AuthorizationPlugin.h` has it, from the engine's side. All `unsafe` of this engine is
//! here. What it hands out ends where its page ends: whoever reads beyond dies.

use super::{Engine, Event, Given};
use libc::{c_char, c_int, c_void};
use std::ffi::{CStr, CString};
use std::ptr;

/// `errAuthorizationInternal`.
const INTERNAL: c_int = -60008;
/// The entries of `AuthorizationCallbacks`, by their names, in their order. Each is 8 bytes; the version has the first 8.
const CALLBACKS: [&str; 15] = [
    "SetResult",
    "RequestInterrupt",
    "DidDeactivate",
    "GetContextValue",
    "SetContextValue",
    "GetHintValue",
    "SetHintValue",
    "GetArguments",
    "GetSessionId",
    "GetImmutableHintValue",
    "GetLAContext",
    "GetTokenIdentities",
    "GetTKTokenWatcher",
    "RemoveHintValue",
    "RemoveContextValue",
];
/// How many of them an engine of version 0 has.
const OF_VERSION_0: usize = 9;

/// `AuthorizationValue`.
#[repr(C)]
struct Value {
    length: usize,
    data: *mut c_void,
}

/// `AuthorizationPluginInterface`.
#[repr(C)]
struct Interface {
    version: u32,
    plugin_destroy: extern "C" fn(*mut c_void) -> c_int,
    mechanism_create:
        extern "C" fn(*mut c_void, *mut c_void, *const c_char, *mut *mut c_void) -> c_int,
    mechanism_invoke: extern "C" fn(*mut c_void) -> c_int,
    mechanism_deactivate: extern "C" fn(*mut c_void) -> c_int,
    mechanism_destroy: extern "C" fn(*mut c_void) -> c_int,
}

type Create = extern "C" fn(*const u8, *mut *mut c_void, *mut *const Interface) -> c_int;

extern "C" fn set_result(engine: *mut c_void, result: u32) -> c_int {
    engine_at(engine).hear(Event::Result(result))
}

extern "C" fn did_deactivate(engine: *mut c_void) -> c_int {
    engine_at(engine).hear(Event::DidDeactivate)
}

extern "C" fn get_context_value(
    engine: *mut c_void,
    key: *const c_char,
    flags: *mut u32,
    value: *mut *const Value,
) -> c_int {
    // SAFETY: the plugin gives a place for the flags.
    unsafe { flags.write(1) };
    let given = engine_at(engine).context(&text(key));
    hand_out(given, value)
}

extern "C" fn get_hint_value(
    engine: *mut c_void,
    key: *const c_char,
    value: *mut *const Value,
) -> c_int {
    let given = engine_at(engine).hint(&text(key));
    hand_out(given, value)
}

extern "C" fn set_hint_value(
    engine: *mut c_void,
    key: *const c_char,
    value: *const Value,
) -> c_int {
    // SAFETY: the plugin gives a value.
    let value = unsafe { &*value };
    // SAFETY: its data is as long as it says.
    let bytes = unsafe { std::slice::from_raw_parts(value.data.cast::<u8>(), value.length) };
    engine_at(engine).set_hint(&text(key), bytes)
}

/// What the plugin has no business with.
extern "C" fn not_for_you() -> c_int {
    eprintln!("the plugin called a function that it has no business with");
    std::process::abort();
}

fn engine_at(engine: *mut c_void) -> &'static Engine {
    // SAFETY: `Plugin::make` gave a reference to an engine that it leaked.
    unsafe { &*engine.cast::<Engine>() }
}

fn text(key: *const c_char) -> String {
    // SAFETY: the plugin gives C strings for keys.
    unsafe { CStr::from_ptr(key) }.to_str().unwrap().to_owned()
}

fn hand_out(given: Option<Given>, place: *mut *const Value) -> c_int {
    let Some(Given { bytes, length }) = given else {
        return INTERNAL;
    };
    let value = Value {
        length: length.unwrap_or(bytes.len()),
        data: at_the_end_of_a_page(&bytes).cast(),
    };
    let value: *const Value = Box::leak(Box::new(value));
    // SAFETY: the plugin gives a place for the value.
    unsafe { place.write(value) };
    0
}

/// Copies bytes to where nothing readable comes after them.
fn at_the_end_of_a_page(bytes: &[u8]) -> *mut u8 {
    const PAGE: usize = 1 << 16;
    let readable = bytes.len().next_multiple_of(PAGE).max(PAGE);
    let (read_write, private) = (
        libc::PROT_READ | libc::PROT_WRITE,
        libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
    );
    // SAFETY: asks for memory of its own.
    let start = unsafe { libc::mmap(ptr::null_mut(), readable + PAGE, read_write, private, -1, 0) };
    assert_ne!(start, libc::MAP_FAILED);
    // SAFETY: it is within what was just given.
    let end = unsafe { start.cast::<u8>().add(readable) };
    // SAFETY: the last page of it, which nobody uses.
    let protected = unsafe { libc::mprotect(end.cast(), PAGE, libc::PROT_NONE) };
    assert_eq!(protected, 0);
    // SAFETY: as long before the end as the bytes are, which is within.
    let place = unsafe { end.sub(bytes.len()) };
    // SAFETY: there is room for them, and it is not where they are.
    unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), place, bytes.len()) };
    place
}

/// `AuthorizationCallbacks`, byte for byte.
fn table(version: u32, without: &[String]) -> *const u8 {
    let mut bytes = u64::from(version).to_ne_bytes().to_vec();
    let count = if version == 0 {
        OF_VERSION_0
    } else {
        CALLBACKS.len()
    };
    for name in &CALLBACKS[..count] {
        let function = match *name {
            _ if without.iter().any(|gone| gone == name) => 0,
            "SetResult" => set_result as *const () as usize,
            "DidDeactivate" => did_deactivate as *const () as usize,
            "GetContextValue" => get_context_value as *const () as usize,
            "GetHintValue" => get_hint_value as *const () as usize,
            "SetHintValue" => set_hint_value as *const () as usize,
            _ => not_for_you as *const () as usize,
        };
        bytes.extend(function.to_ne_bytes());
    }
    assert_eq!(bytes.len(), if version == 0 { 80 } else { 128 });
    at_the_end_of_a_page(&bytes)
}

/// The plugin, loaded.
pub(super) struct Plugin {
    plugin: *mut c_void,
    interface: *const Interface,
}

/// What stands for a mechanism.
#[derive(Clone, Copy)]
pub(super) struct Mechanism(*mut c_void);

impl Plugin {
    /// Loads it and has it made; the status if that fails.
    pub(super) fn load(path: &str, version: u32, without: &[String]) -> Result<Self, c_int> {
        let path = CString::new(path).unwrap();
        // SAFETY: a path; loading runs no code of the plugin's.
        let library = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        assert!(!library.is_null(), "{}", why_not());
        // SAFETY: the library is loaded.
        let entry = unsafe { libc::dlsym(library, c"AuthorizationPluginCreate".as_ptr()) };
        assert!(!entry.is_null(), "{}", why_not());
        // SAFETY: that is the type of the entry, by the header.
        let create: Create = unsafe { std::mem::transmute(entry) };
        let (mut plugin, mut interface) = (ptr::null_mut(), ptr::null());
        let status = create(table(version, without), &raw mut plugin, &raw mut interface);
        if status != 0 {
            return Err(status);
        }
        let loaded = Self { plugin, interface };
        assert_eq!(loaded.interface().version, 0);
        Ok(loaded)
    }

    fn interface(&self) -> &Interface {
        // SAFETY: the plugin's table stays until the plugin is destroyed, and the library is never unloaded.
        unsafe { &*self.interface }
    }

    pub(super) fn make(&self, engine: &'static Engine, name: &str) -> (c_int, Mechanism) {
        let name = CString::new(name).unwrap();
        let mut mechanism = ptr::null_mut();
        let engine = ptr::from_ref(engine).cast_mut().cast();
        let create = self.interface().mechanism_create;
        let status = create(self.plugin, engine, name.as_ptr(), &raw mut mechanism);
        (status, Mechanism(mechanism))
    }

    pub(super) fn invoke(&self, mechanism: Mechanism) -> c_int {
        (self.interface().mechanism_invoke)(mechanism.0)
    }

    pub(super) fn deactivate(&self, mechanism: Mechanism) -> c_int {
        (self.interface().mechanism_deactivate)(mechanism.0)
    }

    pub(super) fn destroy(&self, mechanism: Mechanism) -> c_int {
        (self.interface().mechanism_destroy)(mechanism.0)
    }

    pub(super) fn unload(&self) -> c_int {
        (self.interface().plugin_destroy)(self.plugin)
    }
}

fn why_not() -> String {
    // SAFETY: what it gives is a C string or null, until the next call.
    let why = unsafe { libc::dlerror() };
    if why.is_null() {
        return String::new();
    }
    // SAFETY: as above.
    unsafe { CStr::from_ptr(why) }
        .to_string_lossy()
        .into_owned()
}
