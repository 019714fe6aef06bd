use super::{Fit, KeyStore, SealingKey};
use crate::folder::{Folder, UNFINISHED};
use crate::testing::{Scratch, alice, fail, failed, import};
use crate::{KeySource, SeedCache};
use otpair_core::records::{Fault, FaultKind, Records};
use std::io::{Read as _, Write as _};
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

#[test]
fn a_key_that_the_boot_unseals_is_never_made_and_missing_is_a_fault_even_of_an_empty_cache() {
    let scratch = Scratch::new();
    let path = scratch.folder.path().join("unsealed").join("cache.key");
    let source = KeySource::Unsealed(path.clone());
    for opened in [SeedCache::open, SeedCache::create] {
        let fault = opened(&scratch.path(), &source).err().unwrap();
        assert_eq!(fault.kind, FaultKind::Key);
        assert!(fault.detail.contains("was not unsealed"), "{fault:?}");
    }
    assert!(!path.exists());
    let key = SealingKey::random().unwrap();
    assert!(key.place(&path).unwrap());
    let mut cache = SeedCache::create(&scratch.path(), &source).unwrap();
    fail(&mut cache, &alice(), 1);
    let mut again = SeedCache::open(&scratch.path(), &source).unwrap();
    assert_eq!(again.read(&alice()).unwrap().record, failed(1));
}

#[test]
fn a_key_is_the_same_from_every_place_and_tells_nothing_of_itself() {
    let scratch = Scratch::new();
    scratch.create();
    let path = scratch.join("cache.key");
    let key = SealingKey::read(&path).unwrap().unwrap();
    assert_eq!(*key.line(), std::fs::read(&path).unwrap());
    assert!(!key.place(&path).unwrap());
    assert_eq!(SealingKey::parse(&key.line(), "here").unwrap(), key);
    assert_ne!(SealingKey::random().unwrap(), key);
    assert_eq!(format!("{key:?}"), "SealingKey");
}

#[test]
fn whether_a_cache_was_made_with_a_key_is_told_by_its_records_and_its_inventory() {
    let other = SealingKey::random().unwrap();
    let scratch = Scratch::new();
    let fits = |scratch: &Scratch| {
        let key = SealingKey::read(&scratch.join("cache.key"))
            .unwrap()
            .unwrap();
        [&key, &other].map(|key| key.fit(&scratch.path()).unwrap())
    };
    assert_eq!(other.fit(&scratch.path()).unwrap(), Fit::Empty);
    scratch.create();
    assert_eq!(fits(&scratch), [Fit::Empty, Fit::Empty]);
    let with_record = Scratch::new();
    fail(&mut with_record.create(), &alice(), 1);
    assert_eq!(fits(&with_record), [Fit::Fits, Fit::Differs]);
    let with_inventory = Scratch::new();
    with_inventory.with_tokens(&["12345678"]);
    assert_eq!(fits(&with_inventory), [Fit::Fits, Fit::Differs]);
    // A damaged inventory tells nothing, but the records do.
    import(&mut with_record.open(), &["12345678"]);
    std::fs::write(with_record.join("inventory.db"), "garbage").unwrap();
    assert_eq!(fits(&with_record), [Fit::Fits, Fit::Differs]);
}

#[test]
fn an_erased_key_leaves_no_byte_of_it_and_nothing_of_a_crash() {
    let scratch = Scratch::new();
    scratch.create();
    let path = scratch.join("cache.key");
    let line = std::fs::read(&path).unwrap();
    // What was open before shows what became of the bytes.
    let mut open = std::fs::File::open(&path).unwrap();
    SealingKey::erase(&path).unwrap();
    assert!(!path.exists() && !scratch.join(UNFINISHED).exists());
    let mut left = Vec::new();
    open.read_to_end(&mut left).unwrap();
    assert_eq!(left, vec![0; line.len()]);
    let folder = Folder::open(&scratch.path()).unwrap().unwrap();
    folder.unfinished().unwrap().write_all(&line).unwrap();
    assert!(SealingKey::has_remains(&path).unwrap());
    SealingKey::erase(&path).unwrap();
    assert!(!SealingKey::has_remains(&path).unwrap() && !scratch.join(UNFINISHED).exists());
}

#[test]
fn what_is_being_made_and_is_no_key_is_not_erased() {
    let scratch = Scratch::new();
    scratch.create();
    let folder = Folder::open(&scratch.path()).unwrap().unwrap();
    let mut file = folder.unfinished().unwrap();
    file.write_all(b"SQLite format 3").unwrap();
    let path = scratch.join("cache.key");
    assert!(!SealingKey::has_remains(&path).unwrap());
    std::fs::remove_file(&path).unwrap();
    SealingKey::erase(&path).unwrap();
    assert!(scratch.join(UNFINISHED).exists());
}
