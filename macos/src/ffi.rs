//! The plugin's side of the interface, after Apple's `AuthorizationPlugin.h`: what the engine calls. No panic leaves it.

use crate::engine::Engine;
use crate::engine::ffi::{Callbacks, EngineRef, Functions, INTERNAL, SUCCESS, Status};
use crate::mechanism::{Kind, Mechanism};
use crate::surroundings::{Surroundings, ThisMachine};
use std::ffi::{CStr, c_char, c_void};
use std::mem::{offset_of, size_of};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::sync::{Arc, Mutex, PoisonError};

/// `AuthorizationPluginRef`
type PluginRef = *mut c_void;
/// `AuthorizationMechanismRef`
type MechanismRef = *mut c_void;

/// `kAuthorizationPluginInterfaceVersion`
const INTERFACE_VERSION: u32 = 0;

/// `AuthorizationPluginInterface`
#[repr(C)]
pub(crate) struct Interface {
    pub(crate) version: u32,
    pub(crate) plugin_destroy: unsafe extern "C" fn(PluginRef) -> Status,
    pub(crate) mechanism_create:
        unsafe extern "C" fn(PluginRef, EngineRef, *const c_char, *mut MechanismRef) -> Status,
    pub(crate) mechanism_invoke: unsafe extern "C" fn(MechanismRef) -> Status,
    pub(crate) mechanism_deactivate: unsafe extern "C" fn(MechanismRef) -> Status,
    pub(crate) mechanism_destroy: unsafe extern "C" fn(MechanismRef) -> Status,
}

#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<Interface>() == 48);
    assert!(offset_of!(Interface, version) == 0);
    assert!(offset_of!(Interface, plugin_destroy) == 8);
    assert!(offset_of!(Interface, mechanism_create) == 16);
    assert!(offset_of!(Interface, mechanism_invoke) == 24);
    assert!(offset_of!(Interface, mechanism_deactivate) == 32);
    assert!(offset_of!(Interface, mechanism_destroy) == 40);
};

static INTERFACE: Interface = Interface {
    version: INTERFACE_VERSION,
    plugin_destroy,
    mechanism_create,
    mechanism_invoke,
    mechanism_deactivate,
    mechanism_destroy,
};

/// What a reference that the engine holds points to. It is emptied when the engine destroys what is in it, and never
/// freed: a late call finds it empty. That is a few dozen bytes for each sign-on, in a process of the login window's.
type Husk<T> = Mutex<Option<Arc<T>>>;

/// The plugin.
struct Plugin {
    functions: Functions,
    surroundings: Arc<dyn Surroundings>,
}

/// Gives out what the engine is to hold.
fn give_out<T: Send + Sync>(own: T) -> *mut c_void {
    let husk: Husk<T> = Mutex::new(Some(Arc::new(own)));
    Box::into_raw(Box::new(husk)).cast()
}

/// What a reference is to; nothing if it is null or what was in it has been destroyed.
///
/// # Safety
/// `reference` is null or from [`give_out`] for the same type.
unsafe fn held<T>(reference: *mut c_void) -> Option<Arc<T>> {
    // SAFETY: the caller's promise, and husks are never freed.
    let husk = unsafe { reference.cast::<Husk<T>>().as_ref() }?;
    let own = husk.lock().unwrap_or_else(PoisonError::into_inner);
    own.clone()
}

/// The same, and leaves the reference empty.
///
/// # Safety
/// As for [`held`].
unsafe fn taken<T>(reference: *mut c_void) -> Option<Arc<T>> {
    // SAFETY: as in `held`.
    let husk = unsafe { reference.cast::<Husk<T>>().as_ref() }?;
    let mut own = husk.lock().unwrap_or_else(PoisonError::into_inner);
    own.take()
}

/// Runs what the engine has called for. A panic is logged, and is an error to the engine.
fn entered(surroundings: &dyn Surroundings, call: impl FnOnce() -> Option<()>) -> Status {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Some(())) => SUCCESS,
        Ok(None) => INTERNAL,
        Err(payload) => {
            // Dropping what was thrown could throw again.
            std::mem::forget(payload);
            let report = || surroundings.report_fault("the plugin panicked: this is a bug");
            let _ = catch_unwind(AssertUnwindSafe(report)).map_err(std::mem::forget);
            INTERNAL
        }
    }
}

/// The plugin's entry: exchanges the engine's functions for the plugin's.
///
/// # Safety
/// `callbacks` is null or an engine's table that stays for as long as the plugin; the other two are null or places for a
/// pointer.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn AuthorizationPluginCreate(
    callbacks: *const Callbacks,
    out_plugin: *mut PluginRef,
    out_interface: *mut *const Interface,
) -> Status {
    // SAFETY: the caller's promise.
    unsafe { create(Arc::new(ThisMachine), callbacks, out_plugin, out_interface) }
}

/// The same, on a machine of the caller's.
///
/// # Safety
/// As for [`AuthorizationPluginCreate`].
pub(crate) unsafe fn create(
    surroundings: Arc<dyn Surroundings>,
    callbacks: *const Callbacks,
    out_plugin: *mut PluginRef,
    out_interface: *mut *const Interface,
) -> Status {
    let around = surroundings.clone();
    entered(around.as_ref(), || {
        let out_plugin = NonNull::new(out_plugin)?;
        let out_interface = NonNull::new(out_interface)?;
        // SAFETY: the caller's promise.
        let functions = unsafe { Functions::take(callbacks) };
        let Some(functions) = functions else {
            surroundings.report_fault("the authorization engine has no way to be answered");
            return None;
        };
        let version = functions.version();
        surroundings.report_step(&format!(
            "the plugin was loaded; the engine's version is {version}"
        ));
        let plugin = give_out(Plugin {
            functions,
            surroundings,
        });
        // SAFETY: it is not null, and by the caller's promise a place for this.
        unsafe { out_plugin.write(plugin) };
        // SAFETY: as above.
        unsafe { out_interface.write(&raw const INTERFACE) };
        Some(())
    })
}

unsafe extern "C" fn plugin_destroy(plugin: PluginRef) -> Status {
    entered(&ThisMachine, || {
        // SAFETY: the engine hands back what it was given by `create`.
        unsafe { taken::<Plugin>(plugin) }.map(drop)
    })
}

unsafe extern "C" fn mechanism_create(
    plugin: PluginRef,
    engine: EngineRef,
    name: *const c_char,
    out_mechanism: *mut MechanismRef,
) -> Status {
    entered(&ThisMachine, || {
        // SAFETY: the engine hands back what it was given by `create`.
        let plugin = unsafe { held::<Plugin>(plugin) }?;
        let engine = NonNull::new(engine)?;
        let out_mechanism = NonNull::new(out_mechanism)?;
        let name = NonNull::new(name.cast_mut())?;
        // SAFETY: it is not null, and an `AuthorizationMechanismId` is a C string.
        let name = unsafe { CStr::from_ptr(name.as_ptr()) };
        let surroundings = plugin.surroundings.clone();
        let Some(kind) = Kind::named(name) else {
            surroundings.report_fault("the right names a mechanism that this plugin has not");
            return None;
        };
        let engine = Engine::new(plugin.functions, engine);
        let mechanism = give_out(Mechanism::new(kind, engine, surroundings));
        // SAFETY: it is not null, and the engine gives a place for this.
        unsafe { out_mechanism.write(mechanism) };
        Some(())
    })
}

unsafe extern "C" fn mechanism_invoke(mechanism: MechanismRef) -> Status {
    entered(&ThisMachine, || {
        // SAFETY: the engine hands back what it was given by `mechanism_create`.
        unsafe { held::<Mechanism>(mechanism) }.map(|mechanism| mechanism.invoke())
    })
}

unsafe extern "C" fn mechanism_deactivate(mechanism: MechanismRef) -> Status {
    entered(&ThisMachine, || {
        // SAFETY: as in `mechanism_invoke`.
        unsafe { held::<Mechanism>(mechanism) }.map(|mechanism| mechanism.deactivate())
    })
}

unsafe extern "C" fn mechanism_destroy(mechanism: MechanismRef) -> Status {
    entered(&ThisMachine, || {
        // SAFETY: as in `mechanism_invoke`.
        unsafe { taken::<Mechanism>(mechanism) }.map(|mechanism| mechanism.destroy())
    })
}
