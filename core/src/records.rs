//! What a cache holds about a person and their tokens, and the trait that a cache implements.
//!
//! The trait is a compare-and-set: a record is read with a [`Revision`] and committed only if that revision still
//! stands. A folder of small files serves it today; a replicated store could.

use crate::bypass::BypassCode;
use crate::seed::Seed;
use crate::throttle::Throttle;
use crate::token::{Serial, Token, TokenState};
use std::fmt;

/// A person that the system knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The primary name (`pw_name`), never an alias as typed.
    pub name: String,
    /// The user id that goes with it.
    pub uid: u32,
}

/// A token paired with a person, and what changes about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldToken {
    /// The token.
    pub token: Token,
    /// What changes about it.
    pub state: TokenState,
}

/// The first passcode of a resynchronization, waiting for the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// The token that the passcode was of. In pairing it is not the person's yet.
    pub serial: Serial,
    /// The moving factor that the passcode matched.
    pub moving_factor: u64,
    /// When it was given, in seconds since 1970 UTC.
    pub since: u64,
}

/// A bypass code that was issued and has uses left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedBypass {
    /// The keyed hash of the code ([`Records::bypass_tag`]).
    pub tag: [u8; 32],
    /// Valid from this time, in seconds since 1970 UTC.
    pub issued: u64,
    /// Valid up to this time, in seconds since 1970 UTC.
    pub expires: u64,
    /// How often it may still be used, at least 1.
    pub uses_left: u16,
}

impl IssuedBypass {
    /// Whether the code counts at `now` (seconds since 1970 UTC).
    #[must_use]
    pub fn is_live(&self, now: u64) -> bool {
        now >= self.issued && now < self.expires
    }
}

/// All that a person's sign-on needs. The default is that of somebody who has never given anything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserRecord {
    /// The person's tokens, at most [`UserRecord::MAX_TOKENS`].
    pub tokens: Vec<HeldToken>,
    /// Failures in a row and the last one's time.
    pub throttle: Throttle,
    /// A resynchronization that waits for its second passcode.
    pub pending: Option<Pending>,
    /// Bypass codes with uses left, at most [`UserRecord::MAX_BYPASS`].
    pub bypass: Vec<IssuedBypass>,
    /// What was accepted last may be lost (a damaged state block): the next sign-on takes two passcodes.
    pub in_doubt: bool,
}

impl UserRecord {
    /// The most tokens a person can hold.
    pub const MAX_TOKENS: usize = 8;
    /// The most bypass codes a person can have at a time.
    pub const MAX_BYPASS: usize = 4;

    /// The person's token of this serial number.
    #[must_use]
    pub fn token(&self, serial: &Serial) -> Option<&HeldToken> {
        self.tokens.iter().find(|held| held.token.serial == *serial)
    }

    /// The same, to be changed.
    pub fn token_mut(&mut self, serial: &Serial) -> Option<&mut HeldToken> {
        let mut tokens = self.tokens.iter_mut();
        tokens.find(|held| held.token.serial == *serial)
    }

    /// The record where its last commit may be lost: the next sign-on by a token takes two passcodes, and no bypass
    /// code counts any more, for its use could be what was lost. One that is issued from now on does.
    #[must_use]
    pub fn doubted(self) -> Self {
        Self {
            in_doubt: true,
            bypass: Vec::new(),
            ..self
        }
    }
}

/// Which state of a record was read. Opaque but to the cache; [`Revision::ABSENT`] is that of no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revision(pub u64);

impl Revision {
    /// The revision of a record that does not exist (yet).
    pub const ABSENT: Self = Self(0);
}

/// A record as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The record; the default if there is none.
    pub record: UserRecord,
    /// Its revision, to commit against.
    pub revision: Revision,
}

/// What became of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Commit {
    /// The record is on disk: the flush has returned.
    Durable,
    /// The record is no longer the one that was read; nothing was written.
    Conflict,
}

/// Where a token of the inventory is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// With nobody.
    Nobody,
    /// Claimed by this user's pairing, which has not been confirmed.
    Pairing(String),
    /// With this user.
    Paired(String),
}

impl Holder {
    /// Who has the token, or has begun to pair it.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        match self {
            Self::Nobody => None,
            Self::Pairing(user) | Self::Paired(user) => Some(user),
        }
    }
}

/// A token of the inventory. While it is paired, the truth about its state is in the holder's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stock {
    /// The token.
    pub token: Token,
    /// What is known of its state: as imported, as claimed, or as it came back when it was unpaired.
    pub state: TokenState,
    /// Who has it.
    pub holder: Holder,
    /// The one user who may pair it, as the seed file or the admin wrote the name.
    pub reserved_for: Option<String>,
}

/// What became of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Claim {
    /// The token is this user's to pair, and the inventory remembers its moving factor.
    Granted,
    /// Somebody else was faster, or the moving factor was no longer above the last accepted.
    Lost,
}

/// What is wrong with a cache, by what the admin has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// A file can't be read or written (an I/O error, a read-only or full disk).
    Io,
    /// A file is not what was written there.
    Damaged,
    /// A file was written by a newer otpair.
    Newer,
    /// A file or folder is owned by somebody else, may be written by others, or is no plain file.
    Unsafe,
    /// The sealing key is missing although there are records or an inventory, or it does not fit them.
    Key,
    /// A record has been locked by somebody else for too long.
    Busy,
    /// The record was made for another uid of the same name.
    OtherUid,
    /// There is no inventory: nothing has been imported yet, or it was lost.
    NoInventory,
    /// The config can't be used.
    Config,
    /// The system's users could not be looked up.
    Lookup,
    /// The helper does not hold the sign-on of a program that is not root.
    Helper,
    /// Something is longer than a record or a file name can be.
    Limit,
    /// A mistake in otpair itself.
    Internal,
}

/// A fault of this machine: nobody is let in on it. The detail is for the admin's log, never for the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What kind of fault it is.
    pub kind: FaultKind,
    /// Which file, and what was wrong with it. Never holds a secret, nor anything a person typed.
    pub detail: String,
}

impl Fault {
    /// Makes a fault.
    pub fn new(kind: FaultKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Fault {}

/// What opens sealed seeds and hashes bypass codes: the sealing key's two uses in a sign-on.
pub trait Secrets {
    /// Opens a token's seed.
    ///
    /// # Errors
    /// A [`FaultKind::Key`] or [`FaultKind::Damaged`] fault if it was sealed with another key, for another serial or
    /// with other parameters.
    fn unseal(&self, token: &Token) -> Result<Seed, Fault>;

    /// The keyed hash of a bypass code for a user's name.
    fn bypass_tag(&self, user: &str, code: &BypassCode) -> [u8; 32];
}

/// The people's records and the inventory of tokens. Every method may take long (it waits for the disk).
pub trait Records: Secrets {
    /// Reads an account's record, and its revision. No record is no fault: the default record and
    /// [`Revision::ABSENT`].
    ///
    /// # Errors
    /// Any fault; a record with one damaged state block is no fault but [`UserRecord::in_doubt`].
    fn read(&mut self, account: &Account) -> Result<Snapshot, Fault>;

    /// Writes an account's record durably if the revision still stands. When it returns [`Commit::Durable`] the
    /// record has been flushed to the disk.
    ///
    /// # Errors
    /// Any fault; then the record is either as before or as given, never in between.
    fn commit(
        &mut self,
        account: &Account,
        base: Revision,
        record: &UserRecord,
    ) -> Result<Commit, Fault>;

    /// A token to search a passcode in for nobody, with a seed that nobody has.
    fn decoy(&self) -> Token;

    /// Opens and reads as much as [`Records::read`] does, of nobody's record.
    ///
    /// # Errors
    /// As [`Records::read`], but for what the record says.
    fn read_decoy(&mut self) -> Result<(), Fault>;

    /// Writes and flushes as much as [`Records::commit`] does, to nobody's record.
    ///
    /// # Errors
    /// As [`Records::commit`].
    fn commit_decoy(&mut self) -> Result<(), Fault>;

    /// Looks a serial number up in the inventory.
    ///
    /// # Errors
    /// Any fault of the inventory.
    fn find(&mut self, serial: &Serial) -> Result<Option<Stock>, Fault>;

    /// Claims a token for an account's pairing, durably, if `may_claim` says so of the token as it is in that very
    /// moment: nobody else can have it from now on, and nothing at or below `state.last_accepted` will count again,
    /// whoever pairs it.
    ///
    /// # Errors
    /// Any fault of the inventory.
    fn claim(
        &mut self,
        serial: &Serial,
        account: &Account,
        state: &TokenState,
        may_claim: &dyn Fn(&Stock) -> bool,
    ) -> Result<Claim, Fault>;

    /// Marks a claimed token as paired, after the record was committed. [`Claim::Lost`] if somebody else has it: then
    /// the record has to give it back.
    ///
    /// # Errors
    /// Any fault of the inventory.
    fn confirm(&mut self, serial: &Serial, account: &Account) -> Result<Claim, Fault>;
}
