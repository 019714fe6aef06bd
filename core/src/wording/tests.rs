use super::*;
use crate::calendar;
use crate::notice::Notice;
use crate::policy::Prompts;
use crate::throttle::Lock;
use crate::token::Serial;
use proptest::prelude::*;
use std::collections::HashMap;

/// The longest message by `pam_start(3)`, in bytes. A frame from the helper holds sixteen of them.
const PAM_MAX_MSG_SIZE: usize = 512;

const TIME: &str = "2026-11-23 14:05:30 UTC";

/// Every prompt of a language.
fn prompts(wording: &Wording) -> [&'static str; 4] {
    [
        wording.serial_prompt,
        wording.passcode_prompt,
        wording.next_passcode_prompt,
        wording.press_enter,
    ]
}

/// Every sentence of a language that is a message of its own.
fn messages(language: Language) -> Vec<String> {
    // Nothing is left out of this pattern, so no sentence is forgotten here.
    let Wording {
        serial_prompt: _,
        passcode_prompt: _,
        next_passcode_prompt: _,
        press_enter: _,
        wrong_passcode,
        not_paired,
        already_used,
        out_of_step,
        no_passcode,
        no_serial,
        locked_until,
        locked_until_unlocked,
        unavailable,
        no_token,
        pair_in_one_field,
        no_token_yet,
        paired,
        seconds,
        minutes: _,
        hours: _,
        pane,
    } = Wording::of(language);
    let texts = [
        wrong_passcode,
        not_paired,
        already_used,
        out_of_step,
        no_passcode,
        no_serial,
        locked_until_unlocked,
        unavailable,
        no_token,
        pair_in_one_field,
        &pane.explain_serial,
        &pane.explain_pairing_passcode,
        &pane.explain_passcode,
        &pane.explain_next_passcode,
        &pane.interrupted,
    ];
    let mut messages: Vec<_> = texts.map(|text| (*text).to_owned()).into();
    messages.extend([
        locked_until(TIME, &seconds(60)),
        no_token_yet(TIME),
        paired("SIM-12345678"),
    ]);
    messages
}

/// Headings, fields and buttons: no sentences.
fn labels(language: Language) -> Vec<&'static str> {
    let labels = Phrase::ALL.into_iter().filter(|phrase| {
        !matches!(
            phrase,
            Phrase::ExplainSerial
                | Phrase::ExplainPairingPasscode
                | Phrase::ExplainPasscode
                | Phrase::ExplainNextPasscode
                | Phrase::Interrupted
        )
    });
    labels.map(|phrase| phrase.text(language)).collect()
}

fn waits(wording: &Wording, count: u64) -> [String; 3] {
    [wording.seconds, wording.minutes, wording.hours].map(|unit| unit(count))
}

/// Every text of a language.
fn texts(language: Language) -> Vec<String> {
    let wording = Wording::of(language);
    let mut texts = messages(language);
    texts.extend(prompts(wording).map(str::to_owned));
    texts.extend(labels(language).into_iter().map(str::to_owned));
    texts.extend(waits(wording, 1));
    texts.extend(waits(wording, 2));
    texts
}

#[test]
fn english_is_word_for_word_what_it_always_was() {
    assert_eq!(
        texts(Language::English).join("\n"),
        "\
Wrong passcode.
This serial number and passcode were not accepted.
That passcode was already used. Wait for the next one.
Your token is out of step. Wait for its next passcode and type that.
That is not a passcode. Type the digits that your token shows.
That is not a serial number. Type the number on the back of your token.
Locked after too many wrong passcodes until an administrator unlocks you.
Passcodes can't be checked right now. This is a fault of this machine, not yours: call its administrator.
No token is paired with your account. Ask your administrator for one.
No token is paired with your account yet. Type your password, a comma, and: token SERIAL PASSCODE.
Type the serial number on the back of your token. You are asked for it only this once.
Now type the passcode that your token shows.
Type the passcode that your token shows.
Wait for your token's next passcode and type that.
The sign-on was interrupted. Please start again from here.
Locked after too many wrong passcodes until 2026-11-23 14:05:30 UTC. Try again in 60 seconds.
No token is paired with your account. You need one from 2026-11-23 14:05:30 UTC on.
Token SIM-12345678 is now paired with your account.
Serial number: \nPasscode: \nNext passcode: \nPress Enter. \nSign on with your token
Serial number
Passcode
Next passcode
Sign On
Cancel
Back to Login
Continue Without a Token
1 second
1 minute
1 hour
2 seconds
2 minutes
2 hours"
    );
}

#[test]
fn every_text_is_short_enough_for_pam_and_has_no_control_characters() {
    for language in Language::ALL {
        for text in texts(language) {
            assert!(!text.trim().is_empty(), "{language:?}");
            assert!(text.len() <= PAM_MAX_MSG_SIZE, "{text}");
            assert!(!text.chars().any(char::is_control), "{text:?}");
            assert!(!text.contains("  "), "{text:?}");
        }
    }
}

#[test]
fn no_text_was_left_untranslated() {
    // German says "Passcode" too, French "minute".
    let alike = ["Passcode", "Passcode: ", "1 minute", "2 minutes"];
    let mut seen = HashMap::new();
    for language in Language::ALL {
        for text in texts(language) {
            if alike.contains(&text.as_str()) {
                continue;
            }
            let other = *seen.entry(text.clone()).or_insert(language);
            assert_eq!(other, language, "{text:?}");
        }
    }
}

#[test]
fn no_two_texts_of_a_language_are_the_same() {
    for language in Language::ALL {
        let mut texts = texts(language);
        // In Japanese one and many are the same.
        texts.retain(|text| !text.starts_with('2'));
        let all = texts.len();
        texts.sort();
        texts.dedup();
        assert_eq!(texts.len(), all, "{language:?}");
    }
}

#[test]
fn prompts_end_in_a_colon_by_their_languages_custom_and_a_blank() {
    for language in Language::ALL {
        let [questions @ .., press_enter] = prompts(Wording::of(language));
        for prompt in questions {
            let bare = prompt.strip_suffix(": ").unwrap();
            let has_blank_in_front = bare.ends_with(' ');
            assert_eq!(has_blank_in_front, language == Language::French, "{prompt}");
            assert!(labels(language).contains(&bare.trim_end()), "{prompt}");
        }
        assert!(
            press_enter.ends_with(". ") || press_enter.ends_with("。 "),
            "{press_enter}"
        );
    }
}

#[test]
fn messages_are_sentences_and_labels_are_none() {
    for language in Language::ALL {
        for message in messages(language) {
            assert!(message.ends_with(['.', '。']), "{message}");
        }
        for label in labels(language) {
            assert!(!label.ends_with(['.', '。', ':', ' ']), "{label}");
        }
    }
}

#[test]
fn what_has_to_be_typed_is_the_same_in_every_language() {
    for language in Language::ALL {
        let text = Notice::PairInOneField.text(language);
        assert!(text.contains("token "), "{text}");
    }
}

#[test]
fn a_prompt_of_the_admins_own_stands_in_every_language() {
    let prompts = Prompts {
        passcode: Some("Code? ".to_owned()),
        ..Prompts::default()
    };
    for language in Language::ALL {
        assert_eq!(prompts.passcode(language), "Code? ");
        assert_eq!(
            prompts.serial(language),
            Wording::of(language).serial_prompt
        );
    }
}

/// What people are told, in the order of docs/people.md: prompts, then sentences, without those of a pane of its own.
fn told(language: Language) -> Vec<String> {
    let wording = Wording::of(language);
    let sentences = [
        wording.wrong_passcode.to_owned(),
        wording.already_used.to_owned(),
        wording.out_of_step.to_owned(),
        (wording.locked_until)(TIME, &(wording.seconds)(60)),
        wording.locked_until_unlocked.to_owned(),
        wording.unavailable.to_owned(),
        wording.not_paired.to_owned(),
        wording.no_passcode.to_owned(),
        wording.no_serial.to_owned(),
        wording.no_token.to_owned(),
        wording.pair_in_one_field.to_owned(),
        (wording.no_token_yet)(TIME),
        (wording.paired)("12345678"),
        wording.press_enter.to_owned(),
    ];
    let questions = [
        wording.serial_prompt,
        wording.passcode_prompt,
        wording.next_passcode_prompt,
    ];
    let questions = questions.map(str::to_owned);
    questions.into_iter().chain(sentences).collect()
}

const PAGE: &str = include_str!("../../../docs/people.md");

#[test]
fn the_page_for_people_explains_every_message_in_its_own_words() {
    let section = PAGE.split("\n## What each message means\n").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let explained: Vec<&str> = rows.filter_map(|row| row.split('`').nth(1)).collect();
    assert_eq!(explained, told(Language::English)[3..]);
}

#[test]
fn the_page_for_people_has_every_text_in_every_language() {
    let names = ["German", "French", "Spanish", "Japanese"];
    for (language, name) in Language::ALL.into_iter().skip(1).zip(names) {
        let rows = told(Language::English).into_iter().zip(told(language));
        let rows: Vec<String> = rows
            .map(|(english, text)| format!("| {} | {} |\n", english.trim(), text.trim()))
            .collect();
        let head = format!("### {name}\n\n| English | {name} |\n|---|---|\n");
        let table = head + &rows.concat();
        assert!(PAGE.contains(&table), "docs/people.md lacks this:\n{table}");
    }
}

proptest! {
    #[test]
    fn a_sentence_has_its_serial_number_its_time_and_its_wait(
        digits in "[0-9A-Z]{1,64}",
        now in 0..2_000_000_000_u64,
        wait in 1..10_000_000_u64,
    ) {
        let serial = Serial::new(&digits).unwrap();
        let until = now + wait;
        let (date, clock) = calendar::date_and_time(until);
        let time = format!("{date} {clock} UTC");
        for language in Language::ALL {
            let paired = Notice::Paired(serial.clone()).text(language);
            prop_assert!(paired.contains(&digits), "{}", paired);
            let locked = Notice::Locked(Lock::Until(until), now).text(language);
            prop_assert!(locked.contains(&time), "{}", locked);
            let units = [(1, 0..120), (60, 120..7200), (3600, 7200..u64::MAX)];
            let (unit, _) = units.iter().find(|(_, range)| range.contains(&wait)).unwrap();
            let count = wait.div_ceil(*unit).to_string();
            prop_assert!(locked.replace(&time, "").contains(&count), "{}", locked);
            let yet = Notice::NoTokenYet(until).text(language);
            prop_assert!(yet.contains(&time), "{}", yet);
            for text in [paired, locked, yet] {
                prop_assert!(text.len() <= PAM_MAX_MSG_SIZE, "{}", text);
            }
        }
    }
}
