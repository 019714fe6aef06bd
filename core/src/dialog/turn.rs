//! One answer's turn: what it is by its form, the decision, its commit, and what follows from it.

use super::{Awaiting, Dialog, Outcome};
use crate::answer::Answer;
use crate::decision::{self, Decision, Given, Proof, Verdict};
use crate::decoy;
use crate::event::{Event, EventKind};
use crate::notice::Notice;
use crate::otp::Otp;
use crate::pairing::{self, Ineligible};
use crate::policy::Unpaired;
use crate::records::{
    Account, Claim, Commit, Fault, FaultKind, HeldToken, Records, Snapshot, Stock, UserRecord,
};
use crate::throttle::Lock;
use crate::token::Serial;

/// How often a decision is taken again because somebody else's was committed first. Each time means that another
/// sign-on of the same user went through, so this is out of reach but for a broken cache.
const MOST_CONFLICTS: u32 = 1000;

/// Why a pairing was refused that was right when it was decided.
const FASTER: &str = "pairing: another sign-on or an admin was faster";

/// Whose turn it is, on which records, and when.
pub(super) struct Turn<'a> {
    pub(super) account: &'a Account,
    pub(super) records: &'a mut dyn Records,
    pub(super) now: u64,
}

/// What comes first in a sign-on.
pub(super) enum First {
    /// Word of the lock, and the end.
    Locked(Lock),
    /// The prompt for a passcode.
    Passcode,
    /// The prompt for a serial number, to pair a token.
    Serial,
    /// A reminder, and the way in without a token until this time (seconds since 1970 UTC).
    LetIn(u64),
    /// Word of where to turn, and the end.
    Denied,
}

/// What comes of a record, and the record as it has to become, if it changes.
type Decided<T> = Result<(T, Option<UserRecord>), Fault>;

/// The token whose first passcode waits for its next one, if any, and the record that says so.
type Waiting = Result<Option<(Serial, UserRecord)>, Fault>;

impl Turn<'_> {
    /// Reads, decides, commits; and again from the fresh record if somebody else's commit came first. Returns what was
    /// decided, with the record as it now is.
    fn settle<T>(
        &mut self,
        decide: &mut dyn FnMut(&UserRecord, &mut dyn Records) -> Decided<T>,
    ) -> Result<(T, UserRecord), Fault> {
        for _ in 0..MOST_CONFLICTS {
            let Snapshot { record, revision } = self.records.read(self.account)?;
            let (decided, changed) = decide(&record, self.records)?;
            let Some(changed) = changed else {
                return Ok((decided, record));
            };
            if self.records.commit(self.account, revision, &changed)? == Commit::Durable {
                return Ok((decided, changed));
            }
        }
        Err(contended())
    }

    /// Goes on after a failure was committed: a passcode that is right for a token out of step waits for its next one.
    /// What was committed as wrong for the reason `why` stays so if nothing is found.
    fn look_further(
        &mut self,
        why: &'static str,
        look: &mut dyn FnMut(&UserRecord, &mut dyn Records) -> Waiting,
    ) -> Result<(Verdict, UserRecord), Fault> {
        self.settle(&mut |record, records| {
            Ok(match look(record, records)? {
                Some((serial, waiting)) => (Verdict::OutOfStep(serial), Some(waiting)),
                None => (Verdict::Wrong(why), None),
            })
        })
    }

    /// The account's record, with a last failure from the future brought back to now: see
    /// [`crate::throttle::Throttle::settle`].
    fn open(&mut self) -> Result<UserRecord, Fault> {
        let now = self.now;
        let ((), record) = self.settle(&mut |record, _| {
            let settled = record.throttle.settle(now);
            let changed = settled.map(|throttle| UserRecord {
                throttle,
                ..record.clone()
            });
            Ok(((), changed))
        })?;
        Ok(record)
    }
}

fn contended() -> Fault {
    Fault::new(
        FaultKind::Busy,
        "the record was changed by others each time it was about to be written",
    )
}

impl Dialog {
    /// Decides what to ask somebody first.
    pub(super) fn open(&mut self, turn: &mut Turn<'_>) -> Result<(), Fault> {
        let (record, now) = (turn.open()?, turn.now);
        if record.in_doubt {
            let reason =
                "a state block of this user's record is damaged: the sign-on takes two passcodes";
            self.events
                .push(Event::new(EventKind::Fault).reason(reason));
        }
        match self.first(&record, now) {
            First::Locked(lock) => self.locked(lock, now),
            First::Passcode => self.ask_passcode(),
            First::Serial => {
                self.begins_with_serial = true;
                self.ask_serial();
            }
            First::LetIn(end) => {
                self.tell(Notice::NoTokenYet(end));
                self.finish(Outcome::NotAsked);
            }
            First::Denied => {
                self.deny("no token is paired with this user");
                self.tell(Notice::NoToken);
                self.refuse(Outcome::Refused);
            }
        }
        Ok(())
    }

    /// What comes first for somebody with this record (contract section 2, rules 2 and 3).
    pub(super) fn first(&self, record: &UserRecord, now: u64) -> First {
        let lock = record.throttle.lock(&self.policy.throttle, now);
        let has_bypass = record.bypass.iter().any(|bypass| bypass.is_live(now));
        if lock != Lock::Open {
            First::Locked(lock)
        } else if has_bypass || !record.tokens.is_empty() {
            First::Passcode
        } else {
            match self.policy.unpaired {
                Unpaired::AllowUntil(end) if now < end => First::LetIn(end),
                Unpaired::Pair | Unpaired::AllowUntil(_) => First::Serial,
                Unpaired::Deny => First::Denied,
            }
        }
    }

    /// Takes the answer to what was awaited.
    pub(super) fn take(
        &mut self,
        typed: &[u8],
        awaiting: Awaiting,
        turn: &mut Turn<'_>,
    ) -> Result<(), Fault> {
        match awaiting {
            Awaiting::Serial => self.take_serial(typed, turn),
            Awaiting::Passcode => self.take_passcode(typed, false, turn),
            Awaiting::NextPasscode(None) => self.take_passcode(typed, true, turn),
            Awaiting::NextPasscode(Some(serial)) => {
                self.take_pairing_passcode(typed, &serial, true, turn)
            }
            Awaiting::PairingPasscode(serial) => {
                self.take_pairing_passcode(typed, &serial, false, turn)
            }
            Awaiting::Nothing | Awaiting::Farewell(_) => Err(Fault::new(
                FaultKind::Internal,
                "the front end gave an answer that nobody asked for",
            )),
        }
    }

    fn take_serial(&mut self, typed: &[u8], turn: &mut Turn<'_>) -> Result<(), Fault> {
        match Answer::at_serial_prompt(typed) {
            Answer::Serial(serial) => self.ask_pairing_passcode(serial),
            Answer::SerialAndOtp(serial, otp) => {
                return self.try_pairing(&serial, &otp, false, turn);
            }
            Answer::Other => self.take_other(),
            Answer::Otp(_) | Answer::Bypass(_) | Answer::Nothing => {
                self.deny("no serial number");
                self.tell(Notice::NoSerial);
                if self.use_attempt() {
                    self.ask_serial();
                }
            }
        }
        Ok(())
    }

    /// The answer of somebody who has a token or a bypass code.
    fn take_passcode(
        &mut self,
        typed: &[u8],
        only_next: bool,
        turn: &mut Turn<'_>,
    ) -> Result<(), Fault> {
        match Answer::at_passcode_prompt(typed) {
            Answer::Otp(otp) => self.try_passcode(
                &Given::Otp {
                    otp: &otp,
                    serial: None,
                    only_next,
                },
                turn,
            ),
            Answer::Bypass(code) => self.try_passcode(&Given::Bypass(&code), turn),
            // Somebody with a bypass code only may pair by it; for others it counts for the token that they name.
            Answer::SerialAndOtp(serial, otp) if self.policy.unpaired != Unpaired::Deny => {
                self.try_pairing(&serial, &otp, false, turn)
            }
            Answer::SerialAndOtp(serial, otp) => self.try_passcode(
                &Given::Otp {
                    otp: &otp,
                    serial: Some(&serial),
                    only_next: false,
                },
                turn,
            ),
            Answer::Other => {
                self.take_other();
                Ok(())
            }
            Answer::Serial(_) | Answer::Nothing => {
                self.no_passcode();
                Ok(())
            }
        }
    }

    /// The answer of somebody who is pairing a token.
    fn take_pairing_passcode(
        &mut self,
        typed: &[u8],
        serial: &Serial,
        only_next: bool,
        turn: &mut Turn<'_>,
    ) -> Result<(), Fault> {
        match Answer::at_passcode_prompt(typed) {
            Answer::Otp(otp) => return self.try_pairing(serial, &otp, only_next, turn),
            Answer::SerialAndOtp(serial, otp) => {
                return self.try_pairing(&serial, &otp, false, turn);
            }
            Answer::Other => self.take_other(),
            Answer::Serial(serial) => {
                if self.use_attempt() {
                    self.ask_pairing_passcode(serial);
                }
            }
            Answer::Bypass(code) if !self.begins_with_serial => {
                return self.try_passcode(&Given::Bypass(&code), turn);
            }
            // Whoever was asked for the serial number first has no bypass code.
            Answer::Bypass(_) | Answer::Nothing => self.no_passcode(),
        }
        Ok(())
    }

    /// `other` asks again, for the serial number if there is one to be given. The first is free.
    pub(super) fn take_other(&mut self) {
        self.others = self.others.saturating_add(1);
        if self.others == 1 || self.use_attempt() {
            self.ask_again();
        }
    }

    fn try_passcode(&mut self, given: &Given<'_>, turn: &mut Turn<'_>) -> Result<(), Fault> {
        let (user, now) = (turn.account.name.as_str(), turn.now);
        let policy = &self.policy;
        let (verdict, record) = turn.settle(&mut |record, records| {
            decision::judge(record, user, given, policy, now, &*records).map(Decision::into_parts)
        })?;
        let (verdict, record) = match (verdict, given) {
            (
                Verdict::Wrong(why),
                Given::Otp {
                    otp,
                    serial,
                    only_next: false,
                },
            ) => turn.look_further(why, &mut |record, records| {
                decision::look_further(record, otp, *serial, policy, now, &*records)
            })?,
            (verdict, _) => (verdict, record),
        };
        self.announce(verdict, &record, None, now);
        Ok(())
    }

    fn try_pairing(
        &mut self,
        serial: &Serial,
        otp: &Otp,
        only_next: bool,
        turn: &mut Turn<'_>,
    ) -> Result<(), Fault> {
        if !turn.records.read(turn.account)?.record.tokens.is_empty() {
            // It counts for the token that they named, which may have been paired in another session meanwhile.
            let given = Given::Otp {
                otp,
                serial: Some(serial),
                only_next: false,
            };
            return self.try_passcode(&given, turn);
        }
        let (user, now) = (turn.account.name.as_str(), turn.now);
        let policy = &self.policy;
        let eligible = |stock: Option<&Stock>| {
            pairing::may_pair(stock, user, policy.strip_domain, now).cloned()
        };
        let (verdict, record) = turn.settle(&mut |record, records| {
            let decision = match eligible(records.find(serial)?.as_ref()) {
                Ok(stock) if stock.token.parameters.digits == otp.digits() => {
                    decision::judge_pairing(record, &stock, otp, only_next, policy, now, &*records)?
                }
                refused => {
                    let why = refused
                        .err()
                        .map_or("pairing: wrong passcode", Ineligible::reason);
                    decoy::examine_any(&records.decoy(), otp, None, policy, now, &*records)?;
                    decision::refuse_pairing(record, why, policy, now)
                }
            };
            Ok(decision.into_parts())
        })?;
        let (verdict, record) = match verdict {
            Verdict::Granted(Proof::Passcode(held) | Proof::Resynchronized(held)) => {
                return self.pair(&held, turn);
            }
            Verdict::Wrong(why) if !only_next => {
                turn.look_further(why, &mut |record, records| {
                    let stock = eligible(records.find(serial)?.as_ref()).ok();
                    let (stock, decoy) = (stock.as_ref(), records.decoy());
                    decision::look_further_in_pairing(
                        record, stock, &decoy, otp, policy, now, &*records,
                    )
                })?
            }
            verdict => (verdict, record),
        };
        self.announce(verdict, &record, Some(serial), now);
        Ok(())
    }

    /// Claim, commit, confirm: the token is this user's in the inventory before it is in the record, and the passcode
    /// is spent in both before anybody hears "granted".
    fn pair(&mut self, held: &HeldToken, turn: &mut Turn<'_>) -> Result<(), Fault> {
        let (serial, now) = (&held.token.serial, turn.now);
        let policy = &self.policy;
        let may_claim = |stock: &Stock| {
            let user = &turn.account.name;
            pairing::may_claim(stock, user, &held.state, policy.strip_domain, now)
        };
        let claim = turn
            .records
            .claim(serial, turn.account, &held.state, &may_claim)?;
        let (verdict, record) = turn.settle(&mut |record, _| {
            let refusal = decision::refuse_pairing(record, FASTER, policy, now);
            let free = claim == Claim::Granted && record.tokens.is_empty();
            let decision = match refusal.verdict {
                Verdict::Wrong(_) if free => decision::pair(record, held.clone()),
                _ => refusal,
            };
            Ok(decision.into_parts())
        })?;
        if matches!(verdict, Verdict::Granted(_)) {
            return self.confirm(held, turn);
        }
        self.announce(verdict, &record, Some(serial), now);
        Ok(())
    }

    /// The token is in the record: says so in the inventory, and lets the user in.
    fn confirm(&mut self, held: &HeldToken, turn: &mut Turn<'_>) -> Result<(), Fault> {
        let serial = &held.token.serial;
        match turn.records.confirm(serial, turn.account) {
            Ok(Claim::Granted) => {}
            Ok(Claim::Lost) => return self.give_back(serial, turn),
            // The record decides; the inventory is mended by doctor.
            Err(fault) => {
                let event = Event::new(EventKind::Fault).serial(Some(serial));
                self.events.push(event.reason(fault.detail));
            }
        }
        self.events.push(Event::about(EventKind::Paired, held));
        self.tell(Notice::Paired(serial.clone()));
        self.granted(&Proof::Passcode(held.clone()));
        Ok(())
    }

    /// An admin took the claim away and somebody else has the token now: out of the record with it.
    fn give_back(&mut self, serial: &Serial, turn: &mut Turn<'_>) -> Result<(), Fault> {
        let (policy, now) = (&self.policy, turn.now);
        let (verdict, record) = turn.settle(&mut |record, _| {
            let mut without = record.clone();
            without.tokens.retain(|held| held.token.serial != *serial);
            let refusal = decision::refuse_pairing(&without, FASTER, policy, now);
            let (verdict, changed) = refusal.into_parts();
            Ok((verdict, Some(changed.unwrap_or(without))))
        })?;
        self.announce(verdict, &record, Some(serial), now);
        Ok(())
    }

    /// Tells and logs a verdict whose record is durable. `pairing` is the serial number given, in pairing.
    fn announce(
        &mut self,
        verdict: Verdict,
        record: &UserRecord,
        pairing: Option<&Serial>,
        now: u64,
    ) {
        match verdict {
            Verdict::Granted(proof) => self.granted(&proof),
            Verdict::Locked(lock) => self.locked(lock, now),
            Verdict::Spent(serial) => {
                self.deny_token(&serial, "passcode already used");
                self.tell(Notice::AlreadyUsed);
                if self.use_attempt() {
                    self.ask_passcode();
                }
            }
            Verdict::OutOfStep(serial) => {
                self.deny_token(&serial, "out of step: the next passcode is needed");
                if !self.locked_by_failure(record, now) {
                    self.tell(Notice::OutOfStep);
                    if self.use_attempt() {
                        self.ask_next_passcode(pairing.cloned());
                    }
                }
            }
            Verdict::Wrong(reason) => {
                self.deny(reason);
                if !self.locked_by_failure(record, now) {
                    self.wrong(pairing.is_some());
                }
            }
        }
    }

    /// Ends the dialog if the failure in this record was the one that locks.
    fn locked_by_failure(&mut self, record: &UserRecord, now: u64) -> bool {
        let lock = record.throttle.lock(&self.policy.throttle, now);
        if lock == Lock::Open {
            return false;
        }
        let failures = record.throttle.failures;
        self.events
            .push(Event::new(EventKind::Locked).reason(format!("{failures} failures in a row")));
        self.tell(Notice::Locked(lock, now));
        self.refuse(Outcome::TooManyTries);
        true
    }
}
