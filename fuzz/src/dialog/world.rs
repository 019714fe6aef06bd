//! Records in memory, which know what was spent and fail when the script says so.

use otpair_core::bypass::BypassCode;
use otpair_core::records::{
    Account, Claim, Commit, Fault, FaultKind, HeldToken, Holder, Records, Revision, Secrets,
    Snapshot, Stock, UserRecord,
};
use otpair_core::seed::Seed;
use otpair_core::token::{Serial, Token, TokenState};
use std::collections::BTreeMap;

/// What goes wrong with the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The disk is gone.
    Broken,
    /// A commit is on the disk, and an error is said.
    BrokenBehind,
    /// Another sign-on's failure is committed first.
    Faster,
    /// An admin gives a token that is being paired to somebody else.
    GivenAway,
}

#[derive(Clone, Default)]
pub(super) struct World {
    pub(super) users: BTreeMap<String, (u64, UserRecord)>,
    pub(super) tokens: Vec<Stock>,
    /// What happens at the operation after so many.
    pub(super) trouble: Option<(u8, Trouble)>,
    /// The highest moving factor that each token has spent, by its serial number.
    spent: BTreeMap<String, u64>,
    accepted: u32,
    uses: u32,
}

pub(super) fn account(name: &str) -> Account {
    let uid = 1000;
    let name = name.to_owned();
    Account { name, uid }
}

fn broken() -> Fault {
    Fault::new(FaultKind::Io, "the disk is gone")
}

impl World {
    pub(super) fn record(&self, user: &str) -> UserRecord {
        let entry = self.users.get(user);
        entry.map(|(_, record)| record.clone()).unwrap_or_default()
    }

    pub(super) fn has(&self, serial: &Serial) -> bool {
        self.tokens
            .iter()
            .any(|stock| stock.token.serial == *serial)
    }

    pub(super) fn without_trouble(&self) -> Self {
        let trouble = None;
        let world = self.clone();
        Self { trouble, ..world }
    }

    /// Gives a token to somebody, as an admin does.
    pub(super) fn give(&mut self, place: usize, user: &str) {
        let stock = &mut self.tokens[place];
        if stock.holder != Holder::Nobody {
            return;
        }
        stock.holder = Holder::Paired(user.to_owned());
        let (token, state) = (stock.token.clone(), stock.state);
        let (revision, record) = self.users.entry(user.to_owned()).or_default();
        record.tokens.push(HeldToken { token, state });
        *revision += 1;
    }

    /// Takes all tokens from somebody, as an admin does: what they have spent goes back to the inventory.
    pub(super) fn unpair(&mut self, user: &str) {
        let (revision, record) = self.users.entry(user.to_owned()).or_default();
        *revision += 1;
        let held = std::mem::take(&mut record.tokens);
        record.pending = None;
        for stock in &mut self.tokens {
            let holds = [
                Holder::Paired(user.to_owned()),
                Holder::Pairing(user.to_owned()),
            ];
            if holds.contains(&stock.holder) {
                stock.holder = Holder::Nobody;
            }
            let own = held
                .iter()
                .find(|held| held.token.serial == stock.token.serial);
            if let Some(own) = own {
                let highest = own.state.last_accepted.max(stock.state.last_accepted);
                stock.state = TokenState {
                    last_accepted: highest,
                    ..own.state
                };
            }
        }
    }

    /// Takes what the tokens' states say as spent.
    pub(super) fn note_spent(&mut self) {
        for Stock { token, state, .. } in &self.tokens {
            let serial = token.serial.canonical().to_owned();
            self.spent
                .extend(state.last_accepted.map(|last| (serial, last)));
        }
    }

    /// The lowest moving factor of a token that is not spent.
    pub(super) fn next(&self, serial: &Serial) -> u64 {
        let spent = self.spent.get(serial.canonical());
        spent.map_or(0, |spent| spent.saturating_add(1))
    }

    /// Forgets what earlier answers have proven.
    pub(super) fn begin_answer(&mut self) {
        (self.accepted, self.uses) = (0, 0);
    }

    /// How many passcodes and bypass codes were made durable as accepted since.
    pub(super) fn proofs(&self) -> u32 {
        self.accepted + self.uses
    }

    /// Looks at a record that has become durable.
    fn settle(&mut self, before: &UserRecord, after: &UserRecord) {
        let holders = |serial: &Serial| {
            let records = self.users.values();
            let held = records.flat_map(|(_, record)| &record.tokens);
            held.filter(|held| held.token.serial == *serial).count()
        };
        for held in &after.tokens {
            let serial = &held.token.serial;
            assert_eq!(holders(serial), 1, "a token is with one person");
            let spent = self.spent.get(serial.canonical()).copied();
            let last = held.state.last_accepted;
            assert!(
                last >= spent,
                "what was spent is forgotten: {last:?}, {spent:?}"
            );
            if let Some(last) = last.filter(|_| last > spent) {
                let is_new = !before.tokens.contains(held);
                self.accepted += u32::from(is_new);
                self.spent.insert(serial.canonical().to_owned(), last);
            }
        }
        let uses = |record: &UserRecord| -> u32 {
            let uses = record.bypass.iter().map(|bypass| bypass.uses_left);
            uses.map(u32::from).sum()
        };
        let taken = uses(before).checked_sub(uses(after));
        self.uses += taken.expect("a sign-on issues no bypass codes");
    }

    /// What goes wrong in this operation.
    fn trouble(&mut self) -> Option<Trouble> {
        let (left, trouble) = self.trouble?;
        self.trouble = left.checked_sub(1).map(|left| (left, trouble));
        (left == 0).then_some(trouble)
    }

    /// Fails if the disk is to be gone; what else is to happen, happens.
    fn operate(&mut self, user: &str) -> Result<Option<Trouble>, Fault> {
        let trouble = self.trouble();
        match trouble {
            Some(Trouble::Broken) => return Err(broken()),
            Some(Trouble::Faster) => {
                let (revision, record) = self.users.entry(user.to_owned()).or_default();
                record.throttle.failures = record.throttle.failures.saturating_add(1);
                *revision += 1;
            }
            Some(Trouble::GivenAway) => {
                for stock in &mut self.tokens {
                    if matches!(stock.holder, Holder::Pairing(_)) {
                        stock.holder = Holder::Pairing("mallory".to_owned());
                    }
                }
            }
            Some(Trouble::BrokenBehind) | None => {}
        }
        Ok(trouble)
    }

    fn stock(&mut self, serial: &Serial) -> Option<&mut Stock> {
        let mut tokens = self.tokens.iter_mut();
        tokens.find(|stock| stock.token.serial == *serial)
    }
}

impl Secrets for World {
    fn unseal(&self, token: &Token) -> Result<Seed, Fault> {
        let seed = Seed::new(token.sealed_seed.0.clone());
        seed.map_err(|error| Fault::new(FaultKind::Damaged, error.to_string()))
    }

    fn bypass_tag(&self, user: &str, code: &BypassCode) -> [u8; 32] {
        let mut tag = [0; 32];
        tag[..BypassCode::LEN].copy_from_slice(code.expose());
        tag[BypassCode::LEN] = user.bytes().next().unwrap_or_default();
        tag
    }
}

impl Records for World {
    fn read(&mut self, account: &Account) -> Result<Snapshot, Fault> {
        self.operate(&account.name)?;
        let (revision, record) = self.users.get(&account.name).cloned().unwrap_or_default();
        let revision = Revision(revision);
        Ok(Snapshot { record, revision })
    }

    fn commit(
        &mut self,
        account: &Account,
        base: Revision,
        record: &UserRecord,
    ) -> Result<Commit, Fault> {
        let trouble = self.operate(&account.name)?;
        let entry = self.users.entry(account.name.clone()).or_default();
        if entry.0 != base.0 {
            return Ok(Commit::Conflict);
        }
        let before = std::mem::replace(entry, (base.0 + 1, record.clone()));
        self.settle(&before.1, record);
        if trouble == Some(Trouble::BrokenBehind) {
            return Err(broken());
        }
        Ok(Commit::Durable)
    }

    fn decoy(&self) -> Token {
        self.tokens[0].token.clone()
    }

    fn read_decoy(&mut self) -> Result<(), Fault> {
        self.operate("decoy").map(drop)
    }

    fn commit_decoy(&mut self) -> Result<(), Fault> {
        self.operate("decoy").map(drop)
    }

    fn find(&mut self, serial: &Serial) -> Result<Option<Stock>, Fault> {
        self.operate("nobody")?;
        Ok(self.stock(serial).cloned())
    }

    fn claim(
        &mut self,
        serial: &Serial,
        account: &Account,
        state: &TokenState,
        may_claim: &dyn Fn(&Stock) -> bool,
    ) -> Result<Claim, Fault> {
        self.operate(&account.name)?;
        let Some(stock) = self.stock(serial).filter(|stock| may_claim(stock)) else {
            return Ok(Claim::Lost);
        };
        assert!(state.last_accepted > stock.state.last_accepted);
        stock.holder = Holder::Pairing(account.name.clone());
        stock.state = *state;
        Ok(Claim::Granted)
    }

    fn confirm(&mut self, serial: &Serial, account: &Account) -> Result<Claim, Fault> {
        self.operate(&account.name)?;
        let own = Holder::Pairing(account.name.clone());
        let Some(stock) = self.stock(serial).filter(|stock| stock.holder == own) else {
            return Ok(Claim::Lost);
        };
        stock.holder = Holder::Paired(account.name.clone());
        Ok(Claim::Granted)
    }
}
