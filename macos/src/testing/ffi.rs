//! A fake authorization engine, in C's terms, and the plugin as an engine sees it.

use super::{Engine, Given};
use crate::engine::ffi::{Callbacks, EngineRef, Status, Value};
use crate::ffi::{Interface, create};
use crate::surroundings::Surroundings;
use std::ffi::{CStr, c_char, c_void};
use std::ptr;
use std::sync::Arc;

/// What the engine has handed out: it must stay where it is.
#[derive(Default)]
pub(super) struct HandedOut(Vec<(Box<Value>, Vec<u8>)>);

// SAFETY: the pointers are into the vectors beside them.
unsafe impl Send for HandedOut {}

impl HandedOut {
    fn keep(&mut self, given: Given) -> *const Value {
        let (mut bytes, length, is_null) = match given {
            Given::NoValue => return ptr::null(),
            Given::Bytes(bytes) => (bytes.clone(), bytes.len(), false),
            Given::NoData => (Vec::new(), 8, true),
            Given::Length(length) => (vec![b'a'], length, false),
        };
        let data: *mut u8 = if is_null {
            ptr::null_mut()
        } else {
            bytes.as_mut_ptr()
        };
        let value = Box::new(Value {
            length,
            data: data.cast(),
        });
        let place: *const Value = &raw const *value;
        self.0.push((value, bytes));
        place
    }
}

/// The engine behind a reference.
unsafe fn engine<'a>(reference: EngineRef) -> &'a Engine {
    // SAFETY: the tests' references are to engines that outlive their mechanisms.
    unsafe { &*reference.cast::<Engine>() }
}

unsafe fn text<'a>(key: *const c_char) -> &'a str {
    // SAFETY: the plugin gives C strings for keys.
    unsafe { CStr::from_ptr(key) }.to_str().unwrap()
}

unsafe extern "C" fn set_result(reference: EngineRef, result: u32) -> Status {
    // SAFETY: as in `engine`.
    unsafe { engine(reference) }.result_set(result)
}

unsafe extern "C" fn did_deactivate(reference: EngineRef) -> Status {
    // SAFETY: as in `engine`.
    unsafe { engine(reference) }.deactivated()
}

unsafe extern "C" fn get_context_value(
    reference: EngineRef,
    key: *const c_char,
    flags: *mut u32,
    value: *mut *const Value,
) -> Status {
    // SAFETY: the plugin gives a place for the flags.
    unsafe { flags.write(1) };
    // SAFETY: as in `engine`.
    let engine = unsafe { engine(reference) };
    // SAFETY: as in `text`.
    let key = unsafe { text(key) };
    let found = engine.context(key);
    let (status, place) = hand_out(engine, found);
    // SAFETY: the plugin gives a place for the value.
    unsafe { value.write(place) };
    status
}

unsafe extern "C" fn get_hint_value(
    reference: EngineRef,
    key: *const c_char,
    value: *mut *const Value,
) -> Status {
    // SAFETY: as in `engine`.
    let engine = unsafe { engine(reference) };
    // SAFETY: as in `text`.
    let key = unsafe { text(key) };
    let found = engine.hint(key).map(Given::Bytes);
    let (status, place) = hand_out(engine, found);
    // SAFETY: the plugin gives a place for the value.
    unsafe { value.write(place) };
    status
}

unsafe extern "C" fn set_hint_value(
    reference: EngineRef,
    key: *const c_char,
    value: *const Value,
) -> Status {
    // SAFETY: as in `engine`.
    let engine = unsafe { engine(reference) };
    // SAFETY: as in `text`.
    let key = unsafe { text(key) };
    // SAFETY: the plugin gives a value.
    let Value { length, data } = unsafe { value.read() };
    // SAFETY: its data is as long as it says.
    let bytes = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), length) };
    engine.hint_set(key, bytes)
}

fn hand_out(engine: &Engine, found: Option<Given>) -> (Status, *const Value) {
    match found {
        None => (crate::engine::ffi::INTERNAL, ptr::null()),
        Some(given) => (0, engine.handed_out.lock().unwrap().keep(given)),
    }
}

/// A whole table, as engines have it now. What the plugin has no business with is not there.
pub(crate) fn whole_table() -> Callbacks {
    Callbacks {
        version: 4,
        set_result: Some(set_result),
        request_interrupt: None,
        did_deactivate: Some(did_deactivate),
        get_context_value: Some(get_context_value),
        set_context_value: None,
        get_hint_value: Some(get_hint_value),
        set_hint_value: Some(set_hint_value),
        get_arguments: None,
        get_session_id: None,
        get_immutable_hint_value: None,
        get_la_context: None,
        get_token_identities: None,
        get_tk_token_watcher: None,
        remove_hint_value: None,
        remove_context_value: None,
    }
}

/// What an engine of version 0 gives: a table that ends after the session's id.
pub(crate) fn short_table() -> Box<[usize]> {
    let mut table = vec![0; 10].into_boxed_slice();
    let whole = Callbacks {
        version: 0,
        ..whole_table()
    };
    // SAFETY: the whole table is longer than what is copied, and they are not the same place.
    unsafe {
        ptr::copy_nonoverlapping(
            (&raw const whole).cast::<u8>(),
            table.as_mut_ptr().cast(),
            size_of_val(&*table),
        );
    };
    table
}

/// A reference, as an engine keeps it on any thread.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reference(*mut c_void);

// SAFETY: the plugin says that it may be called from any thread.
unsafe impl Send for Reference {}
// SAFETY: as above.
unsafe impl Sync for Reference {}

impl Reference {
    pub(crate) const NULL: Self = Self(ptr::null_mut());
}

/// The plugin, loaded.
#[derive(Clone, Copy)]
pub(crate) struct Loaded {
    plugin: Reference,
    interface: &'static Interface,
}

impl Loaded {
    /// Loads it, with any table or none; the table stays for ever.
    pub(crate) fn with<T: ?Sized + 'static>(
        surroundings: Arc<dyn Surroundings>,
        table: Option<Box<T>>,
    ) -> Result<Self, Status> {
        let table = table.map_or(ptr::null(), |table| ptr::from_ref(Box::leak(table)).cast());
        let (mut plugin, mut interface) = (ptr::null_mut(), ptr::null());
        // SAFETY: the table is one; the places are good.
        let status = unsafe { create(surroundings, table, &raw mut plugin, &raw mut interface) };
        if status != 0 {
            assert!(plugin.is_null() && interface.is_null());
            return Err(status);
        }
        Ok(Self {
            plugin: Reference(plugin),
            // SAFETY: the plugin gives a table that stays.
            interface: unsafe { &*interface },
        })
    }

    /// The same functions, called with no plugin.
    pub(crate) fn of_no_plugin(self) -> Self {
        Self {
            plugin: Reference::NULL,
            ..self
        }
    }

    pub(crate) fn version(&self) -> u32 {
        self.interface.version
    }

    pub(crate) fn make(
        &self,
        engine: Option<&Arc<Engine>>,
        name: Option<&CStr>,
    ) -> Result<Reference, Status> {
        let mut mechanism = ptr::null_mut();
        let engine = engine.map_or(ptr::null_mut(), |engine| {
            Arc::as_ptr(engine).cast_mut().cast()
        });
        // SAFETY: what is not null is what the plugin wants there.
        let status = unsafe {
            (self.interface.mechanism_create)(
                self.plugin.0,
                engine,
                name.map_or(ptr::null(), CStr::as_ptr),
                &raw mut mechanism,
            )
        };
        if status == 0 {
            Ok(Reference(mechanism))
        } else {
            assert!(mechanism.is_null());
            Err(status)
        }
    }

    pub(crate) fn invoke(&self, mechanism: Reference) -> Status {
        // SAFETY: null, or what the plugin gave.
        unsafe { (self.interface.mechanism_invoke)(mechanism.0) }
    }

    pub(crate) fn deactivate(&self, mechanism: Reference) -> Status {
        // SAFETY: as above.
        unsafe { (self.interface.mechanism_deactivate)(mechanism.0) }
    }

    pub(crate) fn destroy(&self, mechanism: Reference) -> Status {
        // SAFETY: as above.
        unsafe { (self.interface.mechanism_destroy)(mechanism.0) }
    }

    pub(crate) fn unload(&self) -> Status {
        // SAFETY: as above.
        unsafe { (self.interface.plugin_destroy)(self.plugin.0) }
    }
}

/// The exported entry itself, with places that are null.
pub(crate) fn create_nowhere() -> [Status; 3] {
    let table = whole_table();
    let (mut plugin, mut interface) = (ptr::null_mut(), ptr::null());
    let table = &raw const table;
    let around: [Arc<dyn Surroundings>; 3] = [(); 3].map(|()| super::Script::arc() as _);
    let [first, second, third] = around;
    [
        // SAFETY: the plugin takes null for any of these.
        unsafe { create(first, table, ptr::null_mut(), &raw mut interface) },
        // SAFETY: as above.
        unsafe { create(second, table, &raw mut plugin, ptr::null_mut()) },
        // SAFETY: as above.
        unsafe { create(third, ptr::null(), &raw mut plugin, &raw mut interface) },
    ]
}
