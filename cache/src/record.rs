//! A user's record file: two state blocks, of which the older one is overwritten in place.

use crate::block::{self, Invalid, State};
use crate::fault;
use crate::folder::{Access, Folder, Look};
use crate::key::Keys;
use crate::{limit, lock, name, seal};
use otpair_core::records::{
    Account, Commit, Fault, FaultKind, HeldToken, Revision, Snapshot, UserRecord,
};
use otpair_core::seed::Seed;
use otpair_core::token::{SealedSeed, Token, TokenState};
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

/// A record file's length, from the day it is made.
pub(crate) const LEN: usize = 2 * block::LEN;

/// What a record file says.
#[derive(Debug, Clone)]
pub(crate) struct Current {
    /// The newer valid block; in doubt if it may not be the newest that was written.
    pub(crate) state: State,
    /// Where the next state goes: over the older block, or the damaged one.
    spare: u64,
    /// One of the blocks does not count.
    pub(crate) one_block: bool,
}

impl Current {
    pub(crate) fn snapshot(self) -> Snapshot {
        Snapshot {
            revision: Revision(self.state.sequence),
            record: self.state.record,
        }
    }
}

/// A record as it was read, and what it was found to say: the same bytes need not be verified again.
pub(crate) struct Known {
    bytes: Box<[u8; LEN]>,
    current: Current,
}

/// Whose record it must be.
#[derive(Clone, Copy)]
pub(crate) enum Whose<'a> {
    /// This account's.
    Account(&'a Account),
    /// That of this name, whatever uid it was made for: for the admin.
    Name(&'a str),
}

/// A record file, open. The lock, if taken, is held until it is dropped.
pub(crate) struct RecordFile {
    file: File,
    path: PathBuf,
    look: Look,
}

impl RecordFile {
    /// Opens a user's record; nothing if there is none.
    pub(crate) fn open(users: &Folder, user: &str, access: Access) -> Result<Option<Self>, Fault> {
        Self::open_file(users, &name::encode(user)?, access)
    }

    fn open_file(folder: &Folder, name: &str, access: Access) -> Result<Option<Self>, Fault> {
        let file = folder.open_file(name, access)?;
        Ok(file.map(|(file, look)| Self {
            file,
            path: folder.join(name),
            look,
        }))
    }

    /// Opens a user's record for writing, alone; nothing if there is none, or it was replaced meanwhile.
    pub(crate) fn open_locked(users: &Folder, user: &str) -> Result<Option<Self>, Fault> {
        Self::open_file_locked(users, &name::encode(user)?)
    }

    fn open_file_locked(folder: &Folder, name: &str) -> Result<Option<Self>, Fault> {
        let Some(record) = Self::open_file(folder, name, Access::ReadWrite)? else {
            return Ok(None);
        };
        lock::exclusive(&record.file, &record.path)?;
        let same = folder
            .stat(name)?
            .is_some_and(|there| there.place == record.look.place);
        Ok(same.then_some(record))
    }

    /// Reads the record without waiting for anybody.
    pub(crate) fn read(&self, whose: Whose<'_>, keys: &Keys) -> Result<Current, Fault> {
        self.read_again(whose, keys, &mut None)
    }

    /// As [`Self::read`], for somebody who may have read it before.
    pub(crate) fn read_again(
        &self,
        whose: Whose<'_>,
        keys: &Keys,
        known: &mut Option<Known>,
    ) -> Result<Current, Fault> {
        let first = self.examine_again(whose, keys, known);
        if matches!(&first, Ok(current) if !current.one_block) {
            return first;
        }
        // Perhaps a block that somebody was just writing: look again when they have finished.
        lock::shared(&self.file, &self.path)?;
        let settled = self.examine_again(whose, keys, known);
        // Unlocked by closing; an error here would only keep the lock until then.
        let _ = self.file.unlock();
        settled
    }

    /// Reads the record with the lock held.
    pub(crate) fn examine(&self, whose: Whose<'_>, keys: &Keys) -> Result<Current, Fault> {
        self.examine_again(whose, keys, &mut None)
    }

    /// As [`Self::examine`], for somebody who may have read it before, with the same keys.
    fn examine_again(
        &self,
        whose: Whose<'_>,
        keys: &Keys,
        known: &mut Option<Known>,
    ) -> Result<Current, Fault> {
        let bytes = self.bytes()?;
        let current = match known {
            Some(known) if *known.bytes == bytes => known.current.clone(),
            _ => {
                let current = verify(&bytes, keys, &self.path)?;
                *known = Some(Known {
                    bytes: Box::new(bytes),
                    current: current.clone(),
                });
                current
            }
        };
        check_owner(&current.state.account, whose, &self.path)?;
        Ok(current)
    }

    /// Both blocks, as they are.
    fn bytes(&self) -> Result<[u8; LEN], Fault> {
        let length = self.look.size;
        if length != LEN as u64 {
            let why = format!("is {length} bytes long instead of {LEN}");
            return Err(fault::damaged(&self.path, why));
        }
        let mut bytes = [0; LEN];
        self.file
            .read_exact_at(&mut bytes, 0)
            .map_err(|error| fault::io(&self.path, "read", error))?;
        Ok(bytes)
    }

    /// Writes a state over the spare block and flushes it: one write, one flush, no room needed. Returns its
    /// revision. The lock must be held.
    pub(crate) fn write(
        &self,
        current: &Current,
        record: &UserRecord,
        keys: &Keys,
    ) -> Result<Revision, Fault> {
        let state = State {
            account: current.state.account.clone(),
            sequence: current
                .state
                .sequence
                .checked_add(1)
                .ok_or_else(|| fault::damaged(&self.path, "has run out of revisions"))?,
            record: record.clone(),
        };
        let block = block::encode(&state, keys).ok_or_else(|| too_large(&self.path))?;
        put(&self.file, &self.path, &block, current.spare)?;
        Ok(Revision(state.sequence))
    }
}

const OFFSETS: [u64; 2] = [0, block::LEN as u64];

/// One write of one block, one flush.
fn put(file: &File, path: &Path, block: &[u8; block::LEN], offset: u64) -> Result<(), Fault> {
    limit::allow(path, LEN as u64)?;
    // One write, but where the kernel does it in parts: a part alone would leave the record in doubt.
    file.write_all_at(block, offset)
        .map_err(|error| fault::io(path, "write", error))?;
    file.sync_data()
        .map_err(|error| fault::io(path, "flush", error))
}

fn too_large(path: &Path) -> Fault {
    let why = "the record does not fit in its file; nothing was written";
    Fault::new(FaultKind::Limit, format!("{}: {why}", path.display()))
}

/// What both blocks say.
fn verify(bytes: &[u8], keys: &Keys, path: &Path) -> Result<Current, Fault> {
    let (blocks, _) = bytes.as_chunks::<{ block::LEN }>();
    let mut blocks = blocks.iter().map(|block| block::decode(block, keys));
    let mut next = || blocks.next().unwrap_or(Err(Invalid::Damaged));
    choose(next(), next(), path)
}

/// Which of two blocks is the record.
fn choose(
    first: Result<State, Invalid>,
    second: Result<State, Invalid>,
    path: &Path,
) -> Result<Current, Fault> {
    let [at_first, at_second] = OFFSETS;
    match (first, second) {
        (Err(Invalid::Newer), _) | (_, Err(Invalid::Newer)) => Err(Fault::new(
            FaultKind::Newer,
            format!("{}: was written by a newer otpair", path.display()),
        )),
        (Ok(one), Ok(two)) if one.account != two.account => {
            Err(fault::damaged(path, "holds two users' blocks"))
        }
        (Ok(one), Ok(two)) => {
            let in_step = one.sequence.abs_diff(two.sequence) == 1;
            let (state, spare) = if one.sequence > two.sequence {
                (one, at_second)
            } else {
                (two, at_first)
            };
            // Each state is written over the last but one: a gap means that one was lost.
            Ok(current(state, spare, !in_step))
        }
        (Ok(state), Err(_)) => Ok(current(state, at_second, true)),
        (Err(_), Ok(state)) => Ok(current(state, at_first, true)),
        (Err(Invalid::OtherKey), Err(Invalid::OtherKey)) => Err(Fault::new(
            FaultKind::Key,
            format!(
                "{}: was written with another sealing key; put the right key back",
                path.display()
            ),
        )),
        (Err(_), Err(_)) => Err(fault::damaged(path, "both state blocks are damaged")),
    }
}

fn current(mut state: State, spare: u64, one_block: bool) -> Current {
    if one_block {
        state.record = state.record.doubted();
    }
    Current {
        state,
        spare,
        one_block,
    }
}

/// Makes an account's first record: complete or not at all.
pub(crate) fn create(
    users: &Folder,
    account: &Account,
    record: &UserRecord,
    keys: &Keys,
) -> Result<Commit, Fault> {
    let name = name::encode(&account.name)?;
    let contents =
        both_blocks(account, record, keys).ok_or_else(|| too_large(&users.join(&name)))?;
    Ok(if users.place(&name, &contents)? {
        Commit::Durable
    } else {
        Commit::Conflict
    })
}

/// A new record file's contents.
fn both_blocks(account: &Account, record: &UserRecord, keys: &Keys) -> Option<Vec<u8>> {
    let mut contents = Vec::with_capacity(LEN);
    for sequence in [1, 2] {
        let state = State {
            account: account.clone(),
            sequence,
            record: record.clone(),
        };
        contents.extend_from_slice(&block::encode(&state, keys)?);
    }
    Some(contents)
}

/// Writes an account's record if its revision still stands.
pub(crate) fn replace(
    users: &Folder,
    account: &Account,
    base: Revision,
    record: &UserRecord,
    keys: &Keys,
    known: &mut Option<Known>,
) -> Result<Commit, Fault> {
    let Some(file) = RecordFile::open_locked(users, &account.name)? else {
        return Ok(Commit::Conflict);
    };
    let current = file.examine_again(Whose::Account(account), keys, known)?;
    if Revision(current.state.sequence) != base {
        return Ok(Commit::Conflict);
    }
    file.write(&current, record, keys).map(|_| Commit::Durable)
}

fn check_owner(recorded: &Account, whose: Whose<'_>, path: &Path) -> Result<(), Fault> {
    let (name, uid) = match whose {
        Whose::Account(account) => (account.name.as_str(), Some(account.uid)),
        Whose::Name(name) => (name, None),
    };
    if recorded.name != name {
        return Err(fault::damaged(path, "is another user's record"));
    }
    match uid {
        Some(uid) if uid != recorded.uid => Err(Fault::new(
            FaultKind::OtherUid,
            format!(
                "{}: was made for uid {}, but {name} is uid {uid} now; \
                 unpair the user's tokens, then run otpair doctor --mend",
                path.display(),
                recorded.uid
            ),
        )),
        _ => Ok(()),
    }
}

/// How long a sealed seed of 20 bytes is.
const SEALED_LEN: usize = seal::MAX_LEN - Seed::MAX_LEN + 20;

/// The file that is written where there is nobody's record to write.
const DECOY: &str = "decoy";

/// Makes the decoy file if it is missing.
pub(crate) fn make_decoy(home: &Folder, token: &Token, keys: &Keys) -> Result<(), Fault> {
    if home.has_safe_file(DECOY)? {
        return Ok(());
    }
    let contents = both_blocks(&nobody(), &nobodys_record(token), keys)
        .ok_or_else(|| too_large(&home.join(DECOY)))?;
    home.place(DECOY, &contents).map(drop)
}

/// Opens and reads the decoy file as a record is; nothing if there is none.
pub(crate) fn read_decoy(
    home: &Folder,
    keys: &Keys,
    known: &mut Option<Known>,
) -> Result<(), Fault> {
    if let Some(file) = RecordFile::open_file(home, DECOY, Access::Read)? {
        // Whatever it says: a damaged one would tell strangers from people.
        let _ = file.read_again(Whose::Account(&nobody()), keys, known);
    }
    Ok(())
}

/// Opens, reads, writes and flushes the decoy file as [`replace`] does a record; nothing if there is none.
pub(crate) fn write_decoy(
    home: &Folder,
    token: &Token,
    keys: &Keys,
    known: &mut Option<Known>,
) -> Result<(), Fault> {
    let Some(file) = RecordFile::open_file_locked(home, DECOY)? else {
        return Ok(());
    };
    let _ = file.examine_again(Whose::Account(&nobody()), keys, known);
    // A record says something else than before when it was written.
    *known = None;
    let state = State {
        account: nobody(),
        sequence: 1,
        record: nobodys_record(token),
    };
    let block = block::encode(&state, keys).ok_or_else(|| too_large(&file.path))?;
    put(&file.file, &file.path, &block, 0)
}

/// A record as long as one with a token mostly is: reading it takes as long.
fn nobodys_record(token: &Token) -> UserRecord {
    let token = Token {
        // It is never opened. As many bytes as for a seed of 20.
        sealed_seed: SealedSeed(vec![1; SEALED_LEN]),
        ..token.clone()
    };
    UserRecord {
        tokens: vec![HeldToken {
            token,
            state: TokenState {
                last_accepted: Some(1),
                ..TokenState::default()
            },
        }],
        ..UserRecord::default()
    }
}

fn nobody() -> Account {
    Account {
        name: String::new(),
        uid: u32::MAX,
    }
}

#[cfg(test)]
mod tests;
