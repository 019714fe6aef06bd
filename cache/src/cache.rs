//! The seed cache as a sign-on uses it.

use crate::folder::{Access, Folder};
use crate::inventory::{self, Inventory};
use crate::key::{KeySource, Keys, hmac_sha256};
use crate::record::{self, Known, RecordFile, Whose};
use crate::rehearsal::Rehearsal;
use crate::{fault, name, seal};
use otpair_core::bypass::BypassCode;
use otpair_core::records::{
    Account, Claim, Commit, Fault, FaultKind, Records, Revision, Secrets, Snapshot, Stock,
    UserRecord,
};
use otpair_core::seed::Seed;
use otpair_core::token::{
    Digits, HashAlgorithm, InvalidToken, Parameters, SealedSeed, Serial, TimeInterval, Token,
    TokenState, TokenType,
};
use std::path::{Path, PathBuf};

/// The folder of the records.
const USERS: &str = "users";

/// The folders of a cache.
pub(crate) struct Home {
    pub(crate) folder: Folder,
    /// Missing in a cache that was never furnished.
    pub(crate) users: Option<Folder>,
}

/// The local seed cache: a record file for each person, an inventory of tokens, sealed seeds.
///
/// It is opened for one sign-on or one command and dropped. Opening it reads the key and looks at the folders; the
/// inventory is opened only when it is asked for.
pub struct SeedCache {
    path: PathBuf,
    source: KeySource,
    pub(crate) home: Option<Home>,
    pub(crate) keys: Keys,
    /// The keys come from the disk; else nothing has been made with them.
    keyed: bool,
    /// A token that nobody has, without a seed.
    nobodys: Token,
    pub(crate) inventory: Option<Inventory>,
    /// The record that was read last.
    known: Option<Known>,
    /// What the dry runs so far would have imported.
    pub(crate) rehearsal: Option<Rehearsal>,
}

impl SeedCache {
    /// Opens the cache in a folder (both paths absolute). No folder is no fault: nobody has been imported or has ever
    /// given anything.
    ///
    /// # Errors
    /// [`FaultKind::Unsafe`] if somebody else could have written the folder or the key, [`FaultKind::Key`] if the key
    /// is missing beside records or an inventory, or is none; [`FaultKind::Io`].
    pub fn open(folder: &Path, key: &KeySource) -> Result<Self, Fault> {
        let home = Home::open(folder)?;
        let loaded = match &home {
            // Where it usually is: the way there has just been looked at.
            Some(home) if key.folder() == Some(folder) => Keys::load_in(&home.folder, key)?,
            _ => Keys::load(key)?,
        };
        if loaded.is_none() {
            no_orphans(home.as_ref(), key)?;
        }
        let keyed = loaded.is_some();
        let keys = loaded.map_or_else(Keys::ephemeral, Ok)?;
        Ok(Self {
            nobodys: nobodys_token()?,
            path: folder.to_owned(),
            source: key.clone(),
            home,
            keys,
            keyed,
            inventory: None,
            known: None,
            rehearsal: None,
        })
    }

    /// Opens the cache, and makes its folder, its key and its decoy where they are missing; for whoever is about to
    /// write something.
    ///
    /// # Errors
    /// As [`SeedCache::open`].
    pub fn create(folder: &Path, key: &KeySource) -> Result<Self, Fault> {
        let mut cache = Self::open(folder, key)?;
        cache.furnish()?;
        Ok(cache)
    }

    /// Makes what is missing.
    pub(crate) fn furnish(&mut self) -> Result<(), Fault> {
        let folder = Folder::make(&self.path)?;
        if !self.keyed {
            let home = Home {
                users: folder.child(USERS)?,
                folder,
            };
            if Keys::load(&self.source)?.is_none() {
                no_orphans(Some(&home), &self.source)?;
            }
            self.keys = Keys::make(&self.source)?;
            self.keyed = true;
        }
        let folder = Folder::make(&self.path)?;
        let users = folder.make_child(USERS)?;
        record::make_decoy(&folder, &self.nobodys, &self.keys)?;
        self.home = Some(Home {
            folder,
            users: Some(users),
        });
        Ok(())
    }

    /// The folder of the records, if there is one.
    pub(crate) fn users(&self) -> Option<&Folder> {
        self.home.as_ref().and_then(|home| home.users.as_ref())
    }

    /// Loads the key if it was made since the cache was opened.
    pub(crate) fn need_keys(&mut self) -> Result<(), Fault> {
        if !self.keyed {
            self.keys = Keys::load(&self.source)?.ok_or_else(|| missing_key(&self.source))?;
            self.keyed = true;
        }
        Ok(())
    }

    /// The inventory, opened at its first use.
    pub(crate) fn inventory(&mut self) -> Result<&mut Inventory, Fault> {
        if self.inventory.is_none() {
            let none = || Fault::new(FaultKind::NoInventory, "no token has been imported yet");
            if !inventory::exists(&self.home.as_ref().ok_or_else(none)?.folder)? {
                return Err(none());
            }
            self.need_keys()?;
        }
        match (&mut self.inventory, &self.home) {
            (Some(inventory), _) => Ok(inventory),
            (empty @ None, Some(home)) => {
                Ok(empty.insert(Inventory::open(&home.folder, &self.keys)?))
            }
            (None, None) => Err(Fault::new(FaultKind::NoInventory, "there is no seed cache")),
        }
    }
}

impl SeedCache {
    /// The inventory, for somebody who keeps it.
    pub(crate) fn take_inventory(&mut self) -> Result<Inventory, Fault> {
        self.inventory()?;
        self.inventory
            .take()
            .ok_or_else(|| Fault::new(FaultKind::NoInventory, "there is no inventory"))
    }
}

impl Home {
    pub(crate) fn open(path: &Path) -> Result<Option<Self>, Fault> {
        let Some(folder) = Folder::open(path)? else {
            return Ok(None);
        };
        let users = folder.child(USERS)?;
        Ok(Some(Self { folder, users }))
    }

    /// Those who have a record.
    pub(crate) fn people(&self) -> Result<Vec<String>, Fault> {
        let names = self.users.as_ref().map_or(Ok(Vec::new()), Folder::names)?;
        Ok(names.iter().filter_map(|name| name::decode(name)).collect())
    }
}

/// A missing key is a fault as soon as there is something that was made with it.
fn no_orphans(home: Option<&Home>, key: &KeySource) -> Result<(), Fault> {
    let Some(home) = home else { return Ok(()) };
    if !home.people()?.is_empty() || inventory::exists(&home.folder)? {
        return Err(missing_key(key));
    }
    Ok(())
}

fn missing_key(key: &KeySource) -> Fault {
    let why = "the sealing key is missing, but there are records or tokens made with it; \
               put it back from a copy";
    Fault::new(FaultKind::Key, format!("{}: {why}", key.name()))
}

/// A token that nobody has. Its seed is made where it is needed, which is at few sign-ons.
fn nobodys_token() -> Result<Token, Fault> {
    let impossible = |error: InvalidToken| Fault::new(FaultKind::Internal, error.to_string());
    Ok(Token {
        serial: Serial::new("nobody's").map_err(impossible)?,
        parameters: Parameters {
            token_type: TokenType::Totp {
                time_interval: TimeInterval::new(30).map_err(impossible)?,
                t0: 0,
            },
            algorithm: HashAlgorithm::Sha1,
            digits: Digits::new(6).map_err(impossible)?,
            not_before: None,
            not_after: None,
        },
        sealed_seed: SealedSeed(Vec::new()),
    })
}

/// A seed that nobody has, sealed for this token.
fn random_seed(keys: &Keys, token: &Token) -> Result<SealedSeed, Fault> {
    let mut bytes = vec![0; 20];
    getrandom::fill(&mut bytes).map_err(fault::no_randomness)?;
    let seed =
        Seed::new(bytes).map_err(|error| Fault::new(FaultKind::Internal, error.to_string()))?;
    seal::seal(keys, &token.serial, &token.parameters, &seed)
}

impl Secrets for SeedCache {
    fn unseal(&self, token: &Token) -> Result<Seed, Fault> {
        seal::unseal(&self.keys, token)
    }

    fn bypass_tag(&self, user: &str, code: &BypassCode) -> [u8; 32] {
        let length = u64::try_from(user.len()).unwrap_or(u64::MAX).to_le_bytes();
        let parts = [&length[..], user.as_bytes(), code.expose()];
        hmac_sha256(&self.keys.bypass, &parts)
    }
}

impl Records for SeedCache {
    fn read(&mut self, account: &Account) -> Result<Snapshot, Fault> {
        let file = match self.users() {
            Some(users) => RecordFile::open(users, &account.name, Access::Read)?,
            None => None,
        };
        let Some(file) = file else {
            return Ok(Snapshot {
                record: UserRecord::default(),
                revision: Revision::ABSENT,
            });
        };
        self.need_keys()?;
        file.read_again(Whose::Account(account), &self.keys, &mut self.known)
            .map(record::Current::snapshot)
    }

    fn commit(
        &mut self,
        account: &Account,
        base: Revision,
        record: &UserRecord,
    ) -> Result<Commit, Fault> {
        if base == Revision::ABSENT {
            self.furnish()?;
        } else {
            self.need_keys()?;
        }
        let users = self.home.as_ref().and_then(|home| home.users.as_ref());
        match users {
            None => Ok(Commit::Conflict),
            Some(users) if base == Revision::ABSENT => {
                record::create(users, account, record, &self.keys)
            }
            Some(users) => {
                record::replace(users, account, base, record, &self.keys, &mut self.known)
            }
        }
    }

    fn decoy(&self) -> Token {
        let mut decoy = self.nobodys.clone();
        // Without random bytes it stays without a seed: that none can be unsealed is then the fault that denies.
        if let Ok(sealed) = random_seed(&self.keys, &decoy) {
            decoy.sealed_seed = sealed;
        }
        decoy
    }

    fn read_decoy(&mut self) -> Result<(), Fault> {
        match &self.home {
            Some(home) => record::read_decoy(&home.folder, &self.keys, &mut self.known),
            None => Ok(()),
        }
    }

    fn commit_decoy(&mut self) -> Result<(), Fault> {
        match &self.home {
            Some(home) => {
                record::write_decoy(&home.folder, &self.nobodys, &self.keys, &mut self.known)
            }
            None => Ok(()),
        }
    }

    fn find(&mut self, serial: &Serial) -> Result<Option<Stock>, Fault> {
        let entry = self.inventory()?.entry(serial)?;
        Ok(entry.map(|entry| entry.stock))
    }

    fn claim(
        &mut self,
        serial: &Serial,
        account: &Account,
        state: &TokenState,
        may_claim: &dyn Fn(&Stock) -> bool,
    ) -> Result<Claim, Fault> {
        self.inventory()?
            .claim(serial, &account.name, state, may_claim)
    }

    fn confirm(&mut self, serial: &Serial, account: &Account) -> Result<Claim, Fault> {
        self.inventory()?.confirm(serial, &account.name)
    }
}
