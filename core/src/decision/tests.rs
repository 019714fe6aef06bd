//! Verdicts on single answers.

use super::*;
use crate::otp::tests::{COMPARED, SIFTED, parameters, shown};
use crate::records::{FaultKind, Holder};
use crate::seed::Seed;
use crate::token::{HashAlgorithm, SealedSeed, TokenType};

const NOW: u64 = 1_800_000_000;
const STEP: u64 = NOW / 30;

/// Seals nothing: a sealed seed is the seed. A bypass code's tag is the code, padded.
pub(crate) struct OpenSecrets;
impl Secrets for OpenSecrets {
    fn unseal(&self, token: &Token) -> Result<Seed, Fault> {
        Seed::new(token.sealed_seed.0.clone())
            .map_err(|e| Fault::new(FaultKind::Damaged, e.to_string()))
    }
    fn bypass_tag(&self, _user: &str, code: &BypassCode) -> [u8; 32] {
        let mut tag = [0; 32];
        tag[..BypassCode::LEN].copy_from_slice(code.expose());
        tag
    }
}

pub(crate) fn stock(serial: &str) -> Stock {
    let sealed_seed = SealedSeed(format!("the seed of token {serial}").into_bytes());
    let parameters = parameters(6, HashAlgorithm::Sha1);
    let token = Token {
        serial: Serial::new(serial).unwrap(),
        parameters,
        sealed_seed,
    };
    Stock {
        token,
        state: TokenState::default(),
        holder: Holder::Nobody,
        reserved_for: None,
    }
}

pub(crate) fn held(serial: &str) -> HeldToken {
    HeldToken {
        token: stock(serial).token,
        state: TokenState::default(),
    }
}

pub(crate) fn otp(token: &Token, moving_factor: u64) -> String {
    shown(
        &token.parameters,
        &OpenSecrets.unseal(token).unwrap(),
        moving_factor,
    )
}

fn record(tokens: &[HeldToken]) -> UserRecord {
    UserRecord {
        tokens: tokens.to_vec(),
        ..UserRecord::default()
    }
}

/// Both halves of a passcode's decision, as a sign-on takes them.
fn judge_at(record: &UserRecord, typed: &str, now: u64) -> Decision {
    let otp = Otp::parse(typed).unwrap();
    let (policy, secrets) = (Policy::default(), &OpenSecrets);
    let given = Given::Otp {
        otp: &otp,
        serial: None,
        only_next: false,
    };
    let decision = judge(record, "alice", &given, &policy, now, secrets).unwrap();
    let (Verdict::Wrong(_), Some(failed)) = (&decision.verdict, &decision.record) else {
        return decision;
    };
    match look_further(failed, &otp, None, &policy, now, secrets).unwrap() {
        Some((serial, waiting)) => Decision {
            verdict: Verdict::OutOfStep(serial),
            record: Some(waiting),
        },
        None => decision,
    }
}

#[test]
fn a_good_passcode_raises_last_accepted_and_clears_failures() {
    let token = held("1");
    let before = UserRecord {
        throttle: Throttle {
            failures: 4,
            last_failure: NOW,
        },
        ..record(std::slice::from_ref(&token))
    };
    let Decision { verdict, record } = judge_at(&before, &otp(&token.token, STEP), NOW);
    assert!(matches!(verdict, Verdict::Granted(Proof::Passcode(_))));
    let record = record.unwrap();
    assert_eq!(record.tokens[0].state.last_accepted, Some(STEP));
    assert_eq!(record.throttle, Throttle::default());
}

#[test]
fn as_much_is_computed_before_the_commit_for_a_right_passcode_as_for_a_wrong_one() {
    let (mut first, mut second) = (held("1"), held("2"));
    first.state.last_accepted = Some(STEP - 1);
    second.state.last_accepted = Some(STEP - 1);
    let mut both = record(&[first.clone(), second.clone()]);
    let passcodes = [
        otp(&first.token, STEP),      // good
        otp(&first.token, STEP + 1),  // good, at the window's end
        otp(&second.token, STEP),     // good, of the second token
        otp(&first.token, STEP - 1),  // spent
        otp(&first.token, STEP + 90), // out of step
        "000000".to_owned(),          // wrong
    ];
    for pending in [None, Some(STEP + 200)] {
        both.pending = pending.map(|moving_factor| Pending {
            serial: first.token.serial.clone(),
            moving_factor,
            since: NOW,
        });
        let work = |typed: &str| {
            COMPARED.set(0);
            let otp = Otp::parse(typed).unwrap();
            let given = Given::Otp {
                otp: &otp,
                serial: None,
                only_next: false,
            };
            judge(
                &both,
                "alice",
                &given,
                &Policy::default(),
                NOW,
                &OpenSecrets,
            )
            .unwrap();
            COMPARED.get()
        };
        let wrong = work("000000");
        for typed in passcodes.iter().chain([&otp(&first.token, STEP + 201)]) {
            assert_eq!(work(typed), wrong, "{typed}");
        }
    }
}

#[test]
fn each_of_several_tokens_is_tried_and_a_failure_counts_once_against_the_user() {
    let (first, second) = (held("1"), held("2"));
    let both = record(&[first, second.clone()]);
    let accepted = judge_at(&both, &otp(&second.token, STEP), NOW)
        .record
        .unwrap();
    assert_eq!(accepted.tokens[0].state.last_accepted, None);
    assert_eq!(accepted.tokens[1].state.last_accepted, Some(STEP));
    assert_eq!(
        judge_at(&both, "00000000", NOW)
            .record
            .unwrap()
            .throttle
            .failures,
        1
    );
}

#[test]
fn a_locked_user_is_told_and_nothing_is_checked_or_counted() {
    let token = held("1");
    let locked = UserRecord {
        throttle: Throttle {
            failures: 5,
            last_failure: NOW,
        },
        ..record(std::slice::from_ref(&token))
    };
    let Decision { verdict, record } = judge_at(&locked, &otp(&token.token, STEP), NOW + 59);
    assert_eq!(verdict, Verdict::Locked(Lock::Until(NOW + 60)));
    assert_eq!(record, None);
}

#[test]
fn disabled_and_expired_tokens_are_not_tried() {
    let mut token = held("1");
    let typed = otp(&token.token, STEP);
    token.state.disabled = true;
    assert!(matches!(
        judge_at(&record(std::slice::from_ref(&token)), &typed, NOW).verdict,
        Verdict::Wrong(_)
    ));
    token.state.disabled = false;
    token.token.parameters.not_after = Some(NOW);
    assert!(matches!(
        judge_at(&record(&[token]), &typed, NOW).verdict,
        Verdict::Wrong(_)
    ));
}

#[test]
fn rule_6_a_first_passcode_waits_ten_minutes_or_three_intervals_for_its_next() {
    let mut token = held("1");
    let first = judge_at(
        &record(std::slice::from_ref(&token)),
        &otp(&token.token, STEP + 120),
        NOW,
    );
    assert!(matches!(first.verdict, Verdict::OutOfStep(_)));
    let waiting = first.record.unwrap();
    assert_eq!(waiting.throttle.failures, 1);
    let next = otp(&token.token, STEP + 121);
    let granted = judge_at(&waiting, &next, NOW + 599);
    assert!(matches!(
        granted.verdict,
        Verdict::Granted(Proof::Resynchronized(_))
    ));
    let granted = granted.record.unwrap();
    assert_eq!(
        (granted.throttle.failures, granted.pending.clone()),
        (0, None)
    );
    assert_eq!(granted.tokens[0].state.last_accepted, Some(STEP + 121));
    assert!(!matches!(
        judge_at(&waiting, &next, NOW + 600).verdict,
        Verdict::Granted(_)
    ));
    assert!(!matches!(
        judge_at(&waiting, &next, NOW - 1).verdict,
        Verdict::Granted(_)
    ));

    let TokenType::Totp { t0, .. } = token.token.parameters.token_type else {
        unreachable!()
    };
    let time_interval = crate::token::TimeInterval::new(300).unwrap();
    token.token.parameters.token_type = TokenType::Totp { time_interval, t0 };
    let slow = judge_at(
        &record(std::slice::from_ref(&token)),
        &otp(&token.token, NOW / 300 + 9),
        NOW,
    )
    .record
    .unwrap();
    let next = otp(&token.token, NOW / 300 + 10);
    assert!(matches!(
        judge_at(&slow, &next, NOW + 899).verdict,
        Verdict::Granted(_)
    ));
    assert!(!matches!(
        judge_at(&slow, &next, NOW + 900).verdict,
        Verdict::Granted(_)
    ));
}

#[test]
fn rule_6_the_passcode_after_the_next_does_not_count() {
    let token = held("1");
    let waiting = judge_at(
        &record(std::slice::from_ref(&token)),
        &otp(&token.token, STEP + 120),
        NOW,
    )
    .record
    .unwrap();
    assert!(matches!(
        judge_at(&waiting, &otp(&token.token, STEP + 122), NOW).verdict,
        Verdict::OutOfStep(_)
    ));
    assert!(matches!(
        judge_at(&waiting, &otp(&token.token, STEP + 120), NOW).verdict,
        Verdict::OutOfStep(_)
    ));
}

#[test]
fn rule_7_a_spent_passcode_is_no_failure_and_changes_nothing() {
    let mut token = held("1");
    token.state.last_accepted = Some(STEP);
    let Decision { verdict, record } = judge_at(
        &record(std::slice::from_ref(&token)),
        &otp(&token.token, STEP),
        NOW,
    );
    assert_eq!(verdict, Verdict::Spent(token.token.serial));
    assert_eq!(record, None);
}

#[test]
fn a_record_in_doubt_takes_two_passcodes_and_no_bypass_code_from_before() {
    let token = held("1");
    let code = BypassCode::parse(b"abcd-efgh-jkmn").unwrap();
    let issued = IssuedBypass {
        tag: OpenSecrets.bypass_tag("alice", &code),
        issued: 0,
        expires: NOW + 9,
        uses_left: 1,
    };
    let before = UserRecord {
        bypass: vec![issued.clone()],
        ..record(std::slice::from_ref(&token))
    };
    let doubtful = before.doubted();
    let one = judge_at(&doubtful, &otp(&token.token, STEP), NOW);
    assert!(matches!(one.verdict, Verdict::OutOfStep(_)));
    let waiting = one.record.unwrap();
    assert!(waiting.in_doubt);
    let two = judge_at(&waiting, &otp(&token.token, STEP + 1), NOW);
    assert!(matches!(two.verdict, Verdict::Granted(_)));
    assert!(!two.record.unwrap().in_doubt);

    let give = |record: &UserRecord| {
        let given = Given::Bypass(&code);
        judge(
            record,
            "alice",
            &given,
            &Policy::default(),
            NOW,
            &OpenSecrets,
        )
        .unwrap()
    };
    assert!(matches!(give(&doubtful).verdict, Verdict::Wrong(_)));
    let issued_since = UserRecord {
        bypass: vec![issued],
        ..doubtful
    };
    let granted = give(&issued_since);
    assert!(matches!(granted.verdict, Verdict::Granted(_)));
    assert!(
        granted.record.unwrap().in_doubt,
        "the tokens are still in doubt"
    );
}

#[test]
fn a_bypass_code_counts_from_issue_to_expiry_and_as_often_as_it_says() {
    let code = BypassCode::parse(b"abcd-efgh-jkmn").unwrap();
    let issued = IssuedBypass {
        tag: OpenSecrets.bypass_tag("alice", &code),
        issued: NOW,
        expires: NOW + 9,
        uses_left: 2,
    };
    let record = UserRecord {
        bypass: vec![issued],
        ..UserRecord::default()
    };
    let give = |record: &UserRecord, now| {
        judge(
            record,
            "alice",
            &Given::Bypass(&code),
            &Policy::default(),
            now,
            &OpenSecrets,
        )
        .unwrap()
    };
    for outside in [NOW - 1, NOW + 9] {
        assert!(matches!(give(&record, outside).verdict, Verdict::Wrong(_)));
    }
    let once = give(&record, NOW);
    assert_eq!(once.verdict, Verdict::Granted(Proof::Bypass));
    let once = once.record.unwrap();
    assert_eq!(once.bypass[0].uses_left, 1);
    let twice = give(&once, NOW + 8).record.unwrap();
    assert!(twice.bypass.is_empty());
    assert!(matches!(give(&twice, NOW + 8).verdict, Verdict::Wrong(_)));
}

#[test]
fn a_new_bypass_code_unlocks_and_takes_the_place_of_expired_ones_and_of_the_one_that_expires_first()
{
    let code = |expires| IssuedBypass {
        tag: [0; 32],
        issued: 10,
        expires,
        uses_left: 1,
    };
    let locked = UserRecord {
        throttle: Throttle {
            failures: 100,
            last_failure: 5,
        },
        bypass: vec![code(9), code(30)],
        ..UserRecord::default()
    };
    let mut record = issue_bypass(&locked, &code(40));
    assert_eq!(record.throttle, Throttle::default());
    assert_eq!(record.bypass, [code(30), code(40)]);
    for expires in [20, 50, 60] {
        record = issue_bypass(&record, &code(expires));
    }
    assert_eq!(record.bypass, [code(30), code(40), code(50), code(60)]);
}

#[test]
fn pairing_sets_the_drift_outright_and_counts_a_spent_passcode_as_a_failure() {
    let mut stock = stock("1");
    let give = |stock: &Stock, moving_factor| {
        let otp = Otp::parse(&otp(&stock.token, moving_factor)).unwrap();
        judge_pairing(
            &UserRecord::default(),
            stock,
            &otp,
            false,
            &Policy::default(),
            NOW,
            &OpenSecrets,
        )
        .unwrap()
    };
    let Verdict::Granted(Proof::Passcode(held)) = give(&stock, STEP + 1).verdict else {
        panic!()
    };
    assert_eq!(
        (held.state.drift, held.state.last_accepted),
        (1, Some(STEP + 1))
    );
    stock.state.last_accepted = Some(STEP);
    let spent = give(&stock, STEP);
    assert!(matches!(spent.verdict, Verdict::Wrong(_)));
    assert_eq!(spent.record.unwrap().throttle.failures, 1);
}

#[test]
fn in_pairing_as_much_is_searched_for_any_token_as_for_none() {
    let decoy = stock("decoy").token;
    let otp = Otp::parse("000000").unwrap();
    let work = |stock: Option<&Stock>| {
        SIFTED.set(0);
        let (record, policy) = (UserRecord::default(), Policy::default());
        look_further_in_pairing(&record, stock, &decoy, &otp, &policy, NOW, &OpenSecrets).unwrap();
        SIFTED.get()
    };
    let none = work(None);
    for algorithm in [
        HashAlgorithm::Sha1,
        HashAlgorithm::Sha256,
        HashAlgorithm::Sha512,
    ] {
        let mut own = stock("1");
        own.token.parameters.algorithm = algorithm;
        assert_eq!(work(Some(&own)), none, "{algorithm}");
        own.token.parameters.token_type = TokenType::Hotp;
        // Two halves of 1001 counters, beside 2001 time steps.
        assert!(work(Some(&own)).abs_diff(none) <= 1, "{algorithm}");
    }
}
