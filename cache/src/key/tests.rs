use super::KeyStore;
use crate::testing::{Scratch, alice, fail, failed};
use crate::{KeySource, SeedCache};
use otpair_core::records::{Fault, FaultKind, Records};
use std::sync::Mutex;
use zeroize::Zeroizing;

/// A store that behaves like the system's, or is shut.
#[derive(Debug, Default)]
struct Store {
    text: Mutex<Option<Vec<u8>>>,
    is_shut: Mutex<bool>,
}

impl Store {
    fn open() -> &'static Self {
        Box::leak(Box::default())
    }

    fn shut(&self) -> Result<(), Fault> {
        let why = "the store: the user name or passphrase is not correct (-25293)";
        if *self.is_shut.lock().unwrap() {
            return Err(Fault::new(FaultKind::Key, why));
        }
        Ok(())
    }
}

impl KeyStore for Store {
    fn name(&self) -> &'static str {
        "the store"
    }

    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, Fault> {
        self.shut()?;
        Ok(self.text.lock().unwrap().clone().map(Zeroizing::new))
    }

    fn add(&self, text: &[u8]) -> Result<(), Fault> {
        self.shut()?;
        self.text.lock().unwrap().get_or_insert(text.to_vec());
        Ok(())
    }
}

#[test]
fn a_key_in_a_store_is_made_once_and_opens_what_was_written_with_it() {
    let (scratch, store) = (Scratch::new(), Store::open());
    let source = KeySource::Store(store);
    let mut cache = SeedCache::create(&scratch.path(), &source).unwrap();
    fail(&mut cache, &alice(), 1);
    let made = store.text.lock().unwrap().clone().unwrap();
    assert!(made.starts_with(b"otpair-cache-key-1 "));
    SeedCache::create(&scratch.path(), &source).unwrap();
    assert_eq!(store.text.lock().unwrap().as_ref(), Some(&made));
    let mut again = SeedCache::open(&scratch.path(), &source).unwrap();
    assert_eq!(again.read(&alice()).unwrap().record, failed(1));
    assert!(!scratch.join("cache.key").exists());
}

#[test]
fn the_line_of_a_store_is_the_line_of_a_file() {
    let (scratch, store) = (Scratch::new(), Store::open());
    fail(&mut scratch.open(), &alice(), 1);
    let line = std::fs::read(scratch.join("cache.key")).unwrap();
    *store.text.lock().unwrap() = Some(line);
    let mut cache = SeedCache::open(&scratch.path(), &KeySource::Store(store)).unwrap();
    assert_eq!(cache.read(&alice()).unwrap().record, failed(1));
}

#[test]
fn a_store_that_is_shut_emptied_or_holds_something_else_is_a_fault_that_names_it() {
    let (scratch, store) = (Scratch::new(), Store::open());
    let source = KeySource::Store(store);
    let mut cache = SeedCache::create(&scratch.path(), &source).unwrap();
    fail(&mut cache, &alice(), 1);
    let fault = || SeedCache::open(&scratch.path(), &source).err().unwrap();
    *store.is_shut.lock().unwrap() = true;
    assert!(fault().detail.contains("-25293"));
    *store.is_shut.lock().unwrap() = false;
    for text in [None, Some(b"password".to_vec())] {
        *store.text.lock().unwrap() = text;
        let fault = fault();
        assert_eq!(fault.kind, FaultKind::Key);
        assert!(fault.detail.starts_with("the store: "), "{fault:?}");
    }
}
