//! Adding an item that every program of root's may read, and no other: security-framework only makes items that the
//! program which made them may read.

use core_foundation::base::{CFRelease, CFTypeRef, TCFType};
use security_framework::base::Error;
use security_framework::os::macos::keychain::SecKeychain;
use security_framework_sys::base::{SecAccessRef, SecKeychainItemRef, SecKeychainRef};
use std::ffi::c_void;
use std::ptr;

/// `kSecGenericPasswordItemClass`
const GENERIC_PASSWORD: u32 = u32::from_be_bytes(*b"genp");
/// `kSecServiceItemAttr`
const SERVICE: u32 = u32::from_be_bytes(*b"svce");
/// `kSecAccountItemAttr`
const ACCOUNT: u32 = u32::from_be_bytes(*b"acct");
/// `kSecUseOnlyUID`: who may use the item is told by user id alone.
const BY_USER_ID: u32 = 1;
/// `errSecAllocate`
const NO_MEMORY: i32 = -108;

/// `SecKeychainAttribute`
#[repr(C)]
struct Attribute {
    tag: u32,
    length: u32,
    data: *mut c_void,
}

/// `SecKeychainAttributeList`
#[repr(C)]
struct AttributeList {
    count: u32,
    attributes: *mut Attribute,
}

#[link(name = "Security", kind = "framework")]
unsafe extern "C" {
    fn SecAccessCreateWithOwnerAndACL(
        user: u32,
        group: u32,
        owner: u32,
        acls: CFTypeRef,
        error: *mut CFTypeRef,
    ) -> SecAccessRef;
    fn SecKeychainItemCreateFromContent(
        class: u32,
        attributes: *mut AttributeList,
        length: u32,
        data: *const c_void,
        keychain: SecKeychainRef,
        access: SecAccessRef,
        item: *mut SecKeychainItemRef,
    ) -> i32;
}

/// An access object, released when this is dropped.
struct Access(SecAccessRef);

impl Access {
    /// Everything to user id 0, nothing to anybody else.
    fn for_root() -> Result<Self, Error> {
        // SAFETY: no list and no place for an error are given, which the call allows.
        let access = unsafe {
            SecAccessCreateWithOwnerAndACL(0, 0, BY_USER_ID, ptr::null(), ptr::null_mut())
        };
        if access.is_null() {
            return Err(Error::from_code(NO_MEMORY));
        }
        Ok(Self(access))
    }
}

impl Drop for Access {
    fn drop(&mut self) {
        // SAFETY: the object is ours, is not null, and is released once.
        unsafe { CFRelease(self.0 as CFTypeRef) };
    }
}

/// Adds a generic password.
pub(super) fn add_for_root(
    keychain: &SecKeychain,
    service: &str,
    account: &str,
    secret: &[u8],
) -> Result<(), Error> {
    let access = Access::for_root()?;
    let mut attributes = [attribute(SERVICE, service)?, attribute(ACCOUNT, account)?];
    let mut list = AttributeList {
        count: 2,
        attributes: attributes.as_mut_ptr(),
    };
    // SAFETY: the list has two attributes, whose texts outlive the call, which only reads them; `secret` has the length
    // that is said; keychain and access are live objects; no item is asked for.
    let code = unsafe {
        SecKeychainItemCreateFromContent(
            GENERIC_PASSWORD,
            &raw mut list,
            length(secret)?,
            secret.as_ptr().cast(),
            keychain.as_concrete_TypeRef(),
            access.0,
            ptr::null_mut(),
        )
    };
    if code == 0 {
        Ok(())
    } else {
        Err(Error::from_code(code))
    }
}

fn attribute(tag: u32, text: &str) -> Result<Attribute, Error> {
    Ok(Attribute {
        tag,
        length: length(text.as_bytes())?,
        data: text.as_ptr().cast_mut().cast(),
    })
}

fn length(bytes: &[u8]) -> Result<u32, Error> {
    u32::try_from(bytes.len()).map_err(|_| Error::from_code(NO_MEMORY))
}
