//! The protocol and its two sides, over socket pairs. Callers of other users are in `tests/tests/helper.rs`.

use super::client::{Exchange, Said, Then};
use super::frames::Frames;
use super::wire::{LONGEST_REPLY, Opening, REQUESTS, Refusal, Reply, Request, Stage, legal};
use super::{Places, client, server, slots};
use crate::login_window::{SERVICE, Ticket, grant};
use crate::session::{Asked, Conversation, Door, Outcome, Prompt, Unreachable};
use otpair_core::caller::{DIALOGS, DIALOGS_OF_A_SERVICE};
use otpair_core::language::Language;
use otpair_core::one_field::Split;
use proptest::prelude::*;
use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::thread;
use std::time::Duration;
use tempfile::TempDir;
use zeroize::Zeroizing;

fn opening() -> Opening {
    Opening {
        user: "root".to_owned(),
        service: "i3lock".to_owned(),
        rhost: Some("10.0.0.1".to_owned()),
        without_messages: true,
        one_field: false,
        language: Some(Language::German),
        ticket: Some(Ticket::new().unwrap()),
    }
}

fn requests() -> Vec<Request> {
    let plain = Opening {
        rhost: None,
        one_field: true,
        without_messages: false,
        language: None,
        ticket: None,
        ..opening()
    };
    vec![
        Request::SignOn(opening()),
        Request::Split(plain),
        Request::Answer(Zeroizing::new(b"123456".to_vec())),
        Request::NoText,
        Request::Gone,
    ]
}

fn replies() -> Vec<Reply> {
    let outcomes = [
        Outcome::Granted,
        Outcome::NotAsked,
        Outcome::Refused,
        Outcome::TooManyTries,
        Outcome::Unavailable,
        Outcome::NoConversation,
    ];
    let refusals = [
        Refusal::Malformed,
        Refusal::Version,
        Refusal::NotYours,
        Refusal::Busy,
    ];
    let splits = [Split::Nowhere, Split::AtComma, Split::BeforeDigits(8)];
    let text = || "Passcode: ".to_owned();
    let mut replies = vec![
        Reply::Ask(Prompt {
            asked: Asked::Serial,
            text: text(),
            echo: true,
        }),
        Reply::Tell {
            text: text(),
            is_refusal: false,
        },
    ];
    replies.extend(outcomes.map(Reply::Done));
    replies.extend(splits.map(Reply::Split));
    replies.extend(refusals.map(Reply::Refused));
    replies.push(Reply::Language(Language::Japanese));
    replies
}

#[test]
fn what_is_sent_is_what_is_read() {
    for request in requests() {
        let (kind, payload) = request.to_frame();
        assert_eq!(Request::parse(kind, payload), Ok(request));
    }
    for reply in replies() {
        let (kind, payload) = reply.to_frame();
        assert_eq!(Reply::parse(kind, &payload), Some(reply));
    }
}

#[test]
fn every_request_is_a_row_and_is_legal_at_one_stage_only() {
    for (request, row) in requests().iter().zip(REQUESTS) {
        assert_eq!(request.to_frame().0, row.kind);
        let stages = [Stage::Opening, Stage::Asked];
        let legal: Vec<_> = stages
            .into_iter()
            .filter(|stage| legal(row.kind, *stage).is_some())
            .collect();
        assert_eq!(legal, [row.legal]);
    }
}

#[test]
fn the_page_on_the_protocol_has_every_row() {
    let page = include_str!("../../../docs/helper-protocol.md");
    for row in REQUESTS {
        let stage = match row.legal {
            Stage::Opening => "first",
            Stage::Asked => "after ASK",
        };
        let line = format!(
            "| {} | {} | {stage} | {} |",
            row.kind, row.name, row.longest
        );
        assert!(page.contains(&line), "the page lacks {line}");
    }
}

#[test]
fn the_page_on_the_protocol_has_every_reply_with_its_number() {
    let page = include_str!("../../../docs/helper-protocol.md");
    let rows = [
        (16, "ASK"),
        (17, "TELL"),
        (18, "DONE"),
        (19, "HOW_TO_SPLIT"),
        (20, "REFUSED"),
        (21, "LANGUAGE"),
    ];
    for (number, name) in rows {
        assert!(page.contains(&format!("| {number} | {name} |")), "{name}");
    }
    let mut kinds: Vec<_> = replies().iter().map(|reply| reply.to_frame().0).collect();
    kinds.dedup();
    assert_eq!(
        kinds,
        rows.map(|(number, _)| number)
            .map(u8::try_from)
            .map(Result::unwrap)
            .to_vec()
    );
    assert_eq!(Reply::Done(Outcome::Granted).to_frame(), (18, vec![0]));
    assert_eq!(Reply::Refused(Refusal::Busy).to_frame(), (20, vec![3]));
}

#[test]
fn a_caller_that_keeps_silent_or_stops_within_its_request_is_not_waited_for() {
    let scratch = Scratch::new("");
    for bytes in [&[][..], &[1, 0, 9, 1]] {
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        ours.write_all(bytes).unwrap();
        // It returns although our side stays open.
        server::serve_at(
            &scratch.places(),
            theirs,
            Some(&scratch.path("otpair.toml")),
        )
        .unwrap();
        drop(ours);
    }
}

#[test]
fn an_answer_or_a_prompt_that_is_too_long_is_cut() {
    let (_, payload) = Request::Answer(Zeroizing::new(vec![b'1'; 100_000])).to_frame();
    assert_eq!(payload.len(), 512);
    let text = "\u{20ac}".repeat(LONGEST_REPLY);
    let prompt = Prompt {
        asked: Asked::Nothing,
        text,
        echo: false,
    };
    let (kind, payload) = Reply::Ask(prompt).to_frame();
    assert!(payload.len() <= LONGEST_REPLY);
    assert!(Reply::parse(kind, &payload).is_some());
}

#[test]
fn another_version_is_told_apart_from_nonsense() {
    let (kind, mut payload) = Request::SignOn(opening()).to_frame();
    payload[0] = 9;
    assert_eq!(Request::parse(kind, payload), Err(Refusal::Version));
    let nonsense = Zeroizing::new(vec![2, 0xff]);
    assert_eq!(Request::parse(kind, nonsense), Err(Refusal::Malformed));
}

proptest! {
    #[test]
    fn no_bytes_make_parsing_panic(kind: u8, payload in prop::collection::vec(any::<u8>(), 0..2000)) {
        let _ = Reply::parse(kind, &payload);
        let _ = Request::parse(kind, Zeroizing::new(payload));
    }
}

/// A scratch otpair: a config of its own, and a cache in which nothing has been imported.
struct Scratch(TempDir);

impl Scratch {
    fn new(sign_on: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path().join("cache");
        let config = format!(
            "[cache]\npath = {:?}\n[audit]\nsyslog = false\n[sign_on]\n{sign_on}\n",
            cache.display().to_string()
        );
        std::fs::write(folder.path().join("otpair.toml"), config).unwrap();
        Self(folder)
    }

    fn places(&self) -> Places {
        Places {
            slots: self.path("slots"),
            grants: self.path("grants"),
        }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    /// Sends bytes to the helper and no more, and returns all that it says.
    fn say(&self, bytes: &[u8]) -> Vec<u8> {
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        let _ = ours.write_all(bytes);
        ours.shutdown(Shutdown::Write).unwrap();
        server::serve_at(&self.places(), theirs, Some(&self.path("otpair.toml"))).unwrap();
        let mut said = Vec::new();
        // After what was said comes the end, or word that not all that was sent has been read.
        if let Err(error) = ours.read_to_end(&mut said) {
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        }
        said
    }
}

fn frame((kind, payload): (u8, Vec<u8>)) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    [&[kind], &length[..], &payload].concat()
}

fn refused(why: Refusal) -> Vec<u8> {
    frame(Reply::Refused(why).to_frame())
}

#[test]
fn what_is_not_legal_at_the_beginning_is_refused_and_its_payload_not_read() {
    let scratch = Scratch::new("");
    for bytes in [
        &[3, 0, 6, b'1', b'2', b'3', b'4', b'5', b'6'][..],
        &[5, 0, 0],
        &[0, 0, 0],
        &[255, 255, 255],
        &[1, 255, 255],
        &[1, 0, 1, 2],
    ] {
        assert_eq!(scratch.say(bytes), refused(Refusal::Malformed), "{bytes:?}");
    }
    assert_eq!(scratch.say(&[1, 0, 2, 7, 0]), refused(Refusal::Version));
}

#[test]
fn half_a_frame_gets_no_answer() {
    let scratch = Scratch::new("");
    for bytes in [&[][..], &[1], &[1, 0], &[1, 0, 9, 1, 0]] {
        assert_eq!(scratch.say(bytes), b"", "{bytes:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_bytes_are_answered_with_a_grant(
        bytes in prop::collection::vec(any::<u8>(), 0..200), begins_well: bool
    ) {
        let scratch = Scratch::new("");
        let plain = Opening { ticket: None, ..opening() };
        let (kind, payload) = Request::SignOn(plain).to_frame();
        let mut sent = if begins_well { frame((kind, payload.to_vec())) } else { Vec::new() };
        sent.extend_from_slice(&bytes);
        let said = scratch.say(&sent);
        let granted = frame(Reply::Done(Outcome::Granted).to_frame());
        prop_assert!(!said.ends_with(&granted));
    }
}

#[test]
fn a_user_has_four_places_and_another_user_four_more() {
    let folder = tempfile::tempdir().unwrap();
    let slots = folder.path().join("slots");
    let place = |who| slots::take(&slots, who, DIALOGS).unwrap();
    let mut taken: Vec<_> = (0..DIALOGS).map(|_| place("1000").unwrap()).collect();
    assert!(place("1000").is_none());
    assert!(place("1001").is_some());
    taken.pop();
    assert!(place("1000").is_some());
}

#[test]
fn a_place_that_is_given_up_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let slots = folder.path().join("slots");
    let slot = slots::take(&slots, "100000", DIALOGS).unwrap().unwrap();
    slot.discard().unwrap();
    assert_eq!(std::fs::read_dir(&slots).unwrap().count(), 0);
}

#[test]
fn places_in_somebody_elses_folder_are_none() {
    let folder = tempfile::tempdir().unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    std::fs::set_permissions(folder.path(), mode).unwrap();
    assert!(slots::take(folder.path(), "1000", 1).is_err());
}

#[test]
fn a_caller_whose_places_are_taken_is_told_so_before_anything_is_read() {
    let scratch = Scratch::new("");
    let uid = rustix::process::geteuid().as_raw().to_string();
    let all = |whose: &str, most| -> Vec<_> {
        let place = |_| slots::take(&scratch.path("slots"), whose, most).unwrap();
        (0..most).map(|number| place(number).unwrap()).collect()
    };
    let _own = all(&uid, DIALOGS);
    // Root's programs sign on others, and have a service's places too.
    let _more = all(&format!("{uid}-more"), DIALOGS_OF_A_SERVICE);
    assert_eq!(scratch.say(&[]), refused(Refusal::Busy));
}

/// A person who answers by a script, and notes what is asked and told.
struct Script {
    answers: Vec<&'static str>,
    heard: Vec<String>,
}

impl Conversation for Script {
    fn ask(&mut self, prompt: &Prompt) -> Result<Option<Zeroizing<Vec<u8>>>, Unreachable> {
        self.heard.push(prompt.text.clone());
        if self.answers.is_empty() {
            return Err(Unreachable);
        }
        Ok(Some(Zeroizing::new(self.answers.remove(0).into())))
    }

    fn tell(&mut self, text: &str, _: bool) {
        self.heard.push(text.to_owned());
    }
}

/// A sign-on of root's through both sides.
fn through_the_helper(sign_on: &str, answers: Vec<&'static str>) -> (Outcome, Vec<String>) {
    let scratch = Scratch::new(sign_on);
    let socket = scratch.path("helper.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let (places, config) = (scratch.places(), scratch.path("otpair.toml"));
    let helper = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        server::serve_at(&places, stream, Some(&config)).unwrap();
    });
    let mut person = Script {
        answers,
        heard: Vec::new(),
    };
    let outcome = client::sign_on_at(&socket, &door(), &mut person).unwrap();
    helper.join().unwrap();
    (outcome, person.heard)
}

fn door() -> Door<'static> {
    Door {
        user: "root",
        service: "i3lock",
        rhost: None,
        config: None,
        without_messages: false,
        one_field: false,
        language: None,
        debug: false,
    }
}

#[test]
fn prompts_and_messages_come_through_and_the_outcome_with_them() {
    let (outcome, heard) = through_the_helper("attempts = 1", vec!["\u{7f}"]);
    assert_eq!(outcome, Outcome::TooManyTries);
    assert_eq!(heard[0], "Serial number: ");
    assert_eq!(heard.len(), 2, "{heard:?}");
}

#[test]
fn somebody_who_goes_away_is_gone_on_both_sides() {
    let (outcome, heard) = through_the_helper("", vec![]);
    assert_eq!(outcome, Outcome::NoConversation);
    assert_eq!(heard, ["Serial number: "]);
}

/// The two sides of a sign-on that asks for a grant.
fn exchange(scratch: &Scratch, ticket: &Ticket, answers: &[&str]) -> Vec<Said> {
    exchange_and(scratch, ticket, answers, |_| {})
}

/// The same, with a last look at the caller's side.
fn exchange_and(
    scratch: &Scratch,
    ticket: &Ticket,
    answers: &[&str],
    look: impl FnOnce(&Exchange),
) -> Vec<Said> {
    let socket = scratch.path("helper.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let (places, config) = (scratch.places(), scratch.path("otpair.toml"));
    let helper = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        server::serve_at(&places, stream, Some(&config)).unwrap();
    });
    let opening = Opening {
        service: SERVICE.to_owned(),
        rhost: None,
        without_messages: false,
        ticket: Some(ticket.clone()),
        ..opening()
    };
    let (mut exchange, first) = Exchange::begin(&socket, opening).unwrap();
    let mut said = vec![first];
    for answer in answers {
        said.push(exchange.answer(answer.as_bytes()).unwrap());
    }
    look(&exchange);
    drop(exchange);
    helper.join().unwrap();
    said
}

#[test]
fn a_door_that_is_asked_hears_what_each_prompt_is_for_and_what_is_told_before_it() {
    let answers = ["\u{7f}", "12345678", "\u{7f}"];
    let said = exchange(
        &Scratch::new("attempts = 2"),
        &Ticket::new().unwrap(),
        &answers,
    );
    let asked: Vec<_> = said
        .iter()
        .map(|said| match &said.then {
            Then::Ask(prompt) => Ok(prompt.asked),
            Then::Done(outcome) => Err(*outcome),
        })
        .collect();
    let told: Vec<_> = said.iter().map(|said| said.told.len()).collect();
    let (serial, passcode) = (Ok(Asked::Serial), Ok(Asked::PairingPasscode));
    let end = Err(Outcome::TooManyTries);
    assert_eq!(asked, [serial, serial, passcode, end]);
    assert_eq!(told, [0, 1, 0, 1]);
}

#[test]
fn a_door_that_is_asked_hears_the_language_that_the_config_sets() {
    for (config, language, prompt) in [
        ("", Language::German, "Seriennummer: "),
        (
            "language = \"es\"",
            Language::Spanish,
            "N\u{fa}mero de serie: ",
        ),
    ] {
        let scratch = Scratch::new(config);
        let mut spoken = None;
        let said = exchange_and(&scratch, &Ticket::new().unwrap(), &[], |exchange| {
            spoken = Some(exchange.language());
        });
        let Then::Ask(asked) = &said[0].then else {
            panic!("{said:?}")
        };
        assert_eq!((spoken, asked.text.as_str()), (Some(language), prompt));
    }
}

#[test]
fn a_new_sign_on_takes_away_what_was_granted_before_and_a_refused_one_leaves_nothing() {
    let scratch = Scratch::new("attempts = 1");
    let places = scratch.places();
    grant::leave(&places.grants, 0, &Ticket::new().unwrap()).unwrap();
    exchange(&scratch, &Ticket::new().unwrap(), &["\u{7f}"]);
    assert_eq!(std::fs::read_dir(&places.grants).unwrap().count(), 0);
}

#[test]
fn where_grants_can_t_be_left_nobody_is_asked() {
    let scratch = Scratch::new("");
    std::fs::write(scratch.path("grants"), "no folder").unwrap();
    let said = exchange(&scratch, &Ticket::new().unwrap(), &[]);
    assert_eq!(said[0].then, Then::Done(Outcome::Unavailable));
}

#[test]
fn whoever_is_exempt_is_asked_for_nothing() {
    let (outcome, heard) = through_the_helper("exempt = [\"root\"]", vec![]);
    assert_eq!((outcome, heard.len()), (Outcome::NotAsked, 0));
}

#[test]
fn without_a_helper_the_fault_says_where_to_look() {
    let mut nobody = Script {
        answers: Vec::new(),
        heard: Vec::new(),
    };
    let missing = Path::new("/nonexistent/helper.sock");
    let fault = client::sign_on_at(missing, &door(), &mut nobody).unwrap_err();
    assert!(fault.detail.contains("otpair-helper.socket"), "{fault:?}");
}

#[test]
fn a_helper_that_talks_nonsense_or_goes_away_grants_nothing() {
    for said in [
        &[][..],
        &[18, 0, 1, 99],
        &[18, 0, 0],
        &[16, 255, 255],
        &[19, 0, 1, 6],
    ] {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("helper.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let helper = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut frames = Frames::new(stream.try_clone().unwrap()).unwrap();
            frames
                .request(Stage::Opening, Duration::from_secs(60))
                .unwrap();
            stream.write_all(said).unwrap();
        });
        let mut person = Script {
            answers: Vec::new(),
            heard: Vec::new(),
        };
        assert!(
            client::sign_on_at(&socket, &door(), &mut person).is_err(),
            "{said:?}"
        );
        helper.join().unwrap();
    }
}
