//! The sealing key in macOS's System keychain: any program of root's may read it, and no other, without anybody being
//! asked. There is nobody to ask at the login window.

#[allow(unsafe_code, reason = "calls that security-framework does not have")]
mod ffi;

use otpair_cache::KeyStore;
use otpair_core::records::{Fault, FaultKind};
use security_framework::base::Error;
use security_framework::os::macos::keychain::SecKeychain;
use zeroize::Zeroizing;

const PATH: &str = "/Library/Keychains/System.keychain";
const NAME: &str = "the System keychain's item io.otpair";
const SERVICE: &str = "io.otpair";
const ACCOUNT: &str = "sealing key";

/// `errSecItemNotFound`
const NOT_FOUND: i32 = -25300;
/// `errSecDuplicateItem`
const IS_THERE: i32 = -25299;

/// The System keychain.
#[derive(Debug)]
pub(crate) struct SystemKeychain;

impl KeyStore for SystemKeychain {
    fn name(&self) -> &str {
        NAME
    }

    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, Fault> {
        // A question would be put where nobody sees it: an item that asks is no better than none.
        let _silent = SecKeychain::disable_user_interaction().map_err(|error| fault(&error))?;
        let found = open()?.find_generic_password(SERVICE, ACCOUNT);
        match found {
            Ok((key, _)) => Ok(Some(Zeroizing::new(key.as_ref().to_vec()))),
            Err(error) if error.code() == NOT_FOUND => Ok(None),
            Err(error) => Err(fault(&error)),
        }
    }

    fn add(&self, text: &[u8]) -> Result<(), Fault> {
        let _silent = SecKeychain::disable_user_interaction().map_err(|error| fault(&error))?;
        match ffi::add_for_root(&open()?, SERVICE, ACCOUNT, text) {
            Err(error) if error.code() != IS_THERE => Err(fault(&error)),
            _ => Ok(()),
        }
    }
}

fn open() -> Result<SecKeychain, Fault> {
    SecKeychain::open(PATH).map_err(|error| fault(&error))
}

fn fault(error: &Error) -> Fault {
    let why = format!(
        "{NAME}: {error} ({}); look at it with Keychain Access or sudo security find-generic-password -s {SERVICE} {PATH}, or write key = \"file:...\" in [cache]",
        error.code()
    );
    Fault::new(FaultKind::Key, why)
}
