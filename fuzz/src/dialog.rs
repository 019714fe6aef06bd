//! Sign-ons of several people at once, with a script made of bytes: rules, tokens, records, times, answers, faults.

mod script;
mod world;

use crate::bytes::Bytes;
use otpair_core::dialog::{Asked, Dialog, Outcome, Step};
use otpair_core::policy::{Policy, Unpaired};
use otpair_core::records::{Account, UserRecord};
use otpair_core::throttle::Lock;
use script::Turn;
use world::World;

/// Who signs on in which session; the last is nobody that the system knows.
const SESSIONS: [Option<&str>; 4] = [Some("alice"), Some("alice"), Some("bob"), None];

/// The most turns of a script.
const MOST_TURNS: usize = 48;

/// The most notices between two prompts.
const MOST_NOTICES: usize = 6;

/// Plays a script. Each sign-on ends within its attempts; nobody is let in but by a passcode above all that its token has
/// spent, or by one use of a bypass code, durable before anybody hears of it; and nobody while they are locked.
pub fn dialog(data: &[u8]) {
    let _ = outcomes(data);
}

/// The same, and how the sign-ons of the script ended.
#[must_use]
pub fn outcomes(data: &[u8]) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    let mut bytes = Bytes::new(data);
    let policy = script::policy(&mut bytes);
    let mut now = script::time(&mut bytes);
    let mut world = script::world(&mut bytes, now);
    let mut sessions: [Option<Session>; SESSIONS.len()] = [const { None }; SESSIONS.len()];
    for _ in 0..MOST_TURNS {
        if bytes.is_empty() {
            break;
        }
        let turn = script::turn(&mut bytes, &mut world, &mut now);
        let place = usize::from(bytes.below(4));
        let ended = match (turn, sessions[place].as_mut()) {
            (Turn::Nothing, _) => None,
            (Turn::Leave, Some(there)) => Some(there.leave()),
            (Turn::Answer(typed), Some(there)) => {
                there.answer(typed.as_deref(), &policy, &mut world, now)
            }
            (turn, _) => {
                let once = matches!(turn, Turn::Begin { once: true });
                let (begun, ended) = Session::begin(place, once, &policy, &mut world, now);
                sessions[place] = Some(begun);
                ended
            }
        };
        if ended.is_some() {
            sessions[place] = None;
        }
        outcomes.extend(ended);
    }
    outcomes
}

struct Session {
    dialog: Dialog,
    account: Option<Account>,
    asked: Asked,
    prompts: u32,
    most_prompts: u32,
    /// What was accepted in the last answer and is durable.
    proven: bool,
}

impl Session {
    /// Begins one, which may have ended at once.
    fn begin(
        place: usize,
        once: bool,
        policy: &Policy,
        world: &mut World,
        now: u64,
    ) -> (Self, Option<Outcome>) {
        let account = SESSIONS[place].map(world::account);
        let rhost = (place == 1).then_some("192.0.2.7");
        let dialog = Dialog::new(
            account.clone(),
            "carol",
            rhost,
            policy.clone(),
            &script::Staff,
        );
        let _ = dialog.split(world, now);
        let unasked = dialog.lets_in_unasked(|| Ok(world.without_trouble()), now);
        // In pairing two prompts an attempt; two more for the free `other`; and the last message.
        let most_prompts = 2 * policy.attempts.max(1) + 3;
        let mut session = Self {
            dialog: if once { dialog.asking_once() } else { dialog },
            account,
            asked: Asked::Nothing,
            prompts: 0,
            most_prompts: if once { 1 } else { most_prompts },
            proven: false,
        };
        let before = session.record(world);
        world.begin_answer();
        let step = session.dialog.begin(world, now);
        let outcome = session.follow(step, "", world);
        if outcome == Some(Outcome::NotAsked) {
            assert_eq!(unasked, Ok(true));
            session.may_be_let_in(&before, policy, now);
        }
        assert_ne!(outcome, Some(Outcome::Granted), "nothing was asked");
        (session, outcome)
    }

    /// Out of scope, or without a token or a bypass code while the config gives time.
    fn may_be_let_in(&self, record: &UserRecord, policy: &Policy, now: u64) {
        if self.dialog.out_of_scope().is_some() {
            return;
        }
        assert!(self.account.is_some());
        assert!(matches!(policy.unpaired, Unpaired::AllowUntil(end) if now < end));
        assert!(record.tokens.is_empty());
        assert!(!record.bypass.iter().any(|bypass| bypass.is_live(now)));
    }

    /// Answers the prompt; how the sign-on has ended, if it has.
    fn answer(
        &mut self,
        typed: Option<&str>,
        policy: &Policy,
        world: &mut World,
        now: u64,
    ) -> Option<Outcome> {
        let before = self.record(world);
        let was_farewell = self.asked == Asked::Nothing;
        world.begin_answer();
        let step = self.dialog.answer(typed.map(str::as_bytes), world, now);
        if !was_farewell {
            self.proven = world.proofs() > 0;
        }
        let outcome = self.follow(step, typed.unwrap_or_default(), world);
        assert!(was_farewell || outcome != Some(Outcome::NotAsked));
        if outcome == Some(Outcome::Granted) {
            assert!(self.account.is_some(), "a stranger was let in");
            assert!(self.proven, "let in without a durable proof");
            assert!(
                was_farewell || world.proofs() == 1,
                "one answer, two proofs"
            );
            let lock = before.throttle.lock(&policy.throttle, now);
            assert!(was_farewell || lock == Lock::Open, "let in while locked");
        }
        if outcome.is_some() {
            let after = self.dialog.proceed();
            assert_ne!(after, Step::Done(Outcome::Granted), "let in twice");
        }
        outcome
    }

    fn leave(&mut self) -> Outcome {
        let is_proven = self.proven && self.asked == Asked::Nothing;
        let outcome = self.dialog.abandon();
        assert!(outcome != Outcome::Granted || is_proven);
        outcome
    }

    /// Shows the notices up to the next prompt, or the end.
    fn follow(&mut self, mut step: Step, typed: &str, world: &World) -> Option<Outcome> {
        self.nothing_secret_is_logged(typed, world);
        for _ in 0..MOST_NOTICES {
            step = match step {
                Step::Tell(notice) => {
                    assert!(!notice.text(self.dialog.language()).is_empty());
                    self.dialog.proceed()
                }
                Step::Ask(prompt) => {
                    self.asked = prompt.asked;
                    self.prompts += 1;
                    assert!(self.prompts <= self.most_prompts, "it does not end");
                    return None;
                }
                Step::Done(outcome) => return Some(outcome),
            };
        }
        panic!("notices without an end");
    }

    fn nothing_secret_is_logged(&mut self, typed: &str, world: &World) {
        let is_secret = typed.bytes().filter(u8::is_ascii_digit).count() >= 6;
        for event in self.dialog.take_events() {
            let reason = event.reason.unwrap_or_default();
            assert!(!is_secret || !reason.contains(typed), "{reason}");
            let named = event.serial;
            assert!(
                named.is_none_or(|serial| world.has(&serial)),
                "not a token's"
            );
        }
    }

    fn record(&self, world: &World) -> UserRecord {
        let account = self.account.as_ref();
        account.map_or_else(UserRecord::default, |account| world.record(&account.name))
    }
}
