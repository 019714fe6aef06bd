//! What holds over any answers.

use super::*;
use proptest::prelude::*;

/// An answer of any kind for the property tests: passcodes around now, serial numbers, and junk.
fn any_answer() -> impl Strategy<Value = String> {
    let totp = (STEP - 250..STEP + 1100).prop_map(|m| otp(&stock("1").token, m));
    let near = (STEP - 2..STEP + 3).prop_map(|m| otp(&stock("1").token, m));
    let words = prop::sample::select(vec![
        "other",
        "1",
        "token 1",
        "2",
        "",
        "abcd-efgh-jkmn",
        "\u{7}junk",
        "000000",
    ]);
    let both = (STEP - 2..STEP + 3).prop_map(|m| format!("token 1 {}", otp(&stock("1").token, m)));
    prop_oneof![totp, near, words.prop_map(str::to_owned), both]
}

proptest! {
    #[test]
    fn every_dialog_ends_within_its_attempts(
        answers in prop::collection::vec(any_answer(), 40), attempts in 1_u32..5, in_prompt: bool, paired: bool, known: bool
    ) {
        let mut memory = Memory::with_stock(&["1"]);
        if paired {
            memory.put("alice", UserRecord { tokens: vec![held("1")], ..UserRecord::default() });
        }
        let messages = if in_prompt { Messages::InPrompt } else { Messages::Shown };
        let policy = Policy { attempts, messages, ..Policy::default() };
        let user = if known { account("alice") } else { None };
        let mut dialog = Dialog::new(user, "alice", None, policy, &NoGroups);
        let (mut asked, mut answers) = (0, answers.iter());
        let mut step = dialog.begin(&mut memory, NOW);
        loop {
            step = match step {
                Step::Ask(_) => {
                    asked += 1;
                    dialog.answer(Some(answers.next().unwrap().as_bytes()), &mut memory, NOW)
                }
                Step::Tell(_) => dialog.proceed(),
                Step::Done(_) => break,
            };
        }
        // In pairing two prompts an attempt; two more for the free `other`; and the last message.
        prop_assert!(asked <= 2 * attempts + 3, "{asked} prompts for {attempts} attempts");
    }

    #[test]
    fn no_moving_factor_counts_twice_over_any_interleaving_of_sign_ons(
        turns in prop::collection::vec((0_usize..4, any_answer(), 0_u64..40), 1..60), hotp: bool, paired: bool
    ) {
        let mut memory = Memory::with_stock(&["1"]);
        if hotp {
            let stock = memory.tokens.get_mut("1").unwrap();
            stock.token.parameters.token_type = TokenType::Hotp;
            stock.state.last_accepted = Some(STEP - 1);
        }
        if paired {
            let stock = memory.tokens.get_mut("1").unwrap();
            stock.holder = Holder::Paired("alice".into());
            let held = HeldToken { token: stock.token.clone(), state: stock.state };
            memory.put("alice", UserRecord { tokens: vec![held], ..UserRecord::default() });
        }
        let policy = Policy { throttle: ThrottlePolicy { max_failures: 10_000, max_total: 10_000, ..ThrottlePolicy::default() }, ..Policy::default() };
        let mut now = NOW;
        let (mut sessions, mut grants): (Vec<Option<Dialog>>, Vec<u64>) = (vec![None, None, None, None], Vec::new());
        for (place, answer, pause) in turns {
            now += pause;
            // Two people at two doors each; bob may only ever try to pair what alice has.
            let name = if place == 3 { "bob" } else { "alice" };
            let mut dialog = sessions[place].take().unwrap_or_else(|| {
                let mut dialog = Dialog::new(account(name), name, None, policy.clone(), &NoGroups);
                dialog.begin(&mut memory, now);
                dialog
            });
            let mut step = dialog.answer(Some(answer.as_bytes()), &mut memory, now);
            while let Step::Tell(_) = step {
                step = dialog.proceed();
            }
            match step {
                Step::Done(Outcome::Granted) => {
                    let holders: Vec<_> = ["alice", "bob"].iter().filter(|n| !memory.record(n).tokens.is_empty()).collect();
                    prop_assert_eq!(holders.len(), 1, "a token is with one person");
                    grants.push(memory.record(holders[0]).tokens[0].state.last_accepted.unwrap());
                }
                Step::Done(_) => {}
                _ => sessions[place] = Some(dialog),
            }
        }
        prop_assert!(grants.windows(2).all(|pair| pair[0] < pair[1]), "accepted in this order: {grants:?}");
    }
}
