//! What a door and its user see.

use crate::answer::{Answer, Asked, Question, USER, exact};
use crate::module::Wish;
use crate::peer::as_user;
use crate::worker::{Meet, Reply, Visit};
use otpair_tests::libpam::name;
use otpair_tests::token::Token;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

/// Somebody whom the system does not know.
const STRANGER: &str = "otpair-stranger";

/// The questions.
pub const QUESTIONS: [Question; 7] = [
    Question {
        rows: &[exact("An unknown user is asked like anybody else")],
        ask: unknown_user,
    },
    Question {
        rows: &[exact("A refusal calls pam_fail_delay")],
        ask: delay,
    },
    Question {
        rows: &[exact("With PAM_SILENT nothing is shown but the prompt")],
        ask: silence,
    },
    Question {
        rows: &[exact(
            "Without a conversation function nobody gets in, and the program lives",
        )],
        ask: no_conversation,
    },
    Question {
        rows: &[exact(
            "Ctrl-C at the prompt, three times, lets nobody in and locks nobody",
        )],
        ask: interrupted,
    },
    Question {
        rows: &[exact(
            "The passcode just spent, three times again, is told as that and locks nobody",
        )],
        ask: just_spent,
    },
    Question {
        rows: &[exact("A user can't read the seed")],
        ask: readable_seed,
    },
];

fn code(reply: &Reply) -> String {
    let code = i32::try_from(reply.code).expect("PAM's codes are small");
    format!("`{}`", name(code))
}

fn unknown_user(asked: &Asked<'_>) -> Vec<Answer> {
    let (module, _, mut worker) = asked.signed_on(&Wish::plain(&asked.surroundings.parent));
    let known = worker.hold(&module.visit(USER, "000000"));
    let unknown = worker.hold(&module.visit(STRANGER, "000000"));
    let alike = unknown.prompts == known.prompts && !unknown.is_granted();
    let prompts = match unknown.prompts {
        0 => "no prompt, which tells who has a token".to_owned(),
        count => format!("{count} prompt, {}", code(&unknown)),
    };
    vec![Answer::new(alike, prompts)]
}

fn delay(asked: &Asked<'_>) -> Vec<Answer> {
    let (module, _, mut worker) = asked.signed_on(&Wish::plain(&asked.surroundings.parent));
    let reply = worker.hold(&module.visit(USER, "000000"));
    vec![Answer::new(
        reply.delay > 0,
        if reply.delay > 0 {
            "called"
        } else {
            "not called"
        },
    )]
}

fn silence(asked: &Asked<'_>) -> Vec<Answer> {
    let (module, _, mut worker) = asked.signed_on(&Wish::plain(&asked.surroundings.parent));
    let reply = worker.hold(&Visit {
        silent: true,
        ..module.visit(USER, "000000")
    });
    let is_silent = reply.told.is_empty();
    vec![Answer::new(
        is_silent && !reply.is_granted(),
        if is_silent {
            "nothing shown"
        } else {
            "messages shown"
        },
    )]
}

fn no_conversation(asked: &Asked<'_>) -> Vec<Answer> {
    let (module, mut holder, mut worker) =
        asked.signed_on(&Wish::plain(&asked.surroundings.parent));
    let visit = Visit {
        conversation: false,
        ..module.visit(USER, &holder.press())
    };
    worker.begin(&visit, Meet::Never);
    vec![match worker.reply() {
        Some(reply) => Answer::new(!reply.is_granted(), code(&reply)),
        None => Answer::new(false, "the program dies of a bad address"),
    }]
}

/// The limit of wrong passcodes, and how often something else is done that is not to count as one.
const LIMIT: u32 = 3;

fn interrupted(asked: &Asked<'_>) -> Vec<Answer> {
    let token = Token::hotp("13000001");
    let mut timed = asked.timed(&token, Some(LIMIT));
    let visit = Visit {
        passcode: None,
        ..timed.module.visit(USER, "")
    };
    let replies = [(); LIMIT as usize].map(|()| timed.worker.hold(&visit));
    let denied = replies.iter().all(|reply| !reply.is_granted());
    let next = timed.lets_in(timed.start, &token.press(1));
    let told = format!("{}; {}", code(&replies[0]), then(next));
    vec![Answer::new(denied && next, told)]
}

fn just_spent(asked: &Asked<'_>) -> Vec<Answer> {
    let token = Token::hotp("13000002");
    let mut timed = asked.timed(&token, Some(LIMIT));
    timed.must_let_in(timed.start, &token.press(1));
    timed.module.unlock(USER);
    let visit = timed.module.visit(USER, &token.press(1));
    let replies = [(); LIMIT as usize].map(|()| timed.worker.hold(&visit));
    let refused = replies.iter().all(|reply| !reply.is_granted());
    let is_told = replies.iter().all(Reply::is_spent);
    let next = timed.lets_in(timed.start, &token.press(2));
    let told = if is_told { "told" } else { "not told" };
    vec![Answer::new(
        refused && is_told && next,
        format!("{told}; {}", then(next)),
    )]
}

fn then(is_let_in: bool) -> &'static str {
    if is_let_in {
        "the next passcode gets in"
    } else {
        "the next passcode is refused"
    }
}

fn readable_seed(asked: &Asked<'_>) -> Vec<Answer> {
    let (module, _, _) = asked.signed_on(&Wish::plain(&asked.surroundings.parent));
    let uid = uid_of(USER);
    // The folder around it is this suite's, and no part of the module's own set-up.
    fs::set_permissions(module.scratch().path(""), Permissions::from_mode(0o711))
        .expect("a folder can be opened");
    let file = module.as_instructed(USER, uid);
    let read = Command::new("setpriv")
        .args(as_user(uid))
        .arg("cat")
        .arg(&file)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("setpriv can't be started");
    vec![if read.success() {
        Answer::new(false, "the file is the user's own")
    } else {
        Answer::new(true, "root's file")
    }]
}

/// The uid of a user of the system's.
fn uid_of(user: &str) -> u32 {
    let passwd = fs::read_to_string("/etc/passwd").expect("/etc/passwd can be read");
    passwd
        .lines()
        .find_map(|line| {
            line.strip_prefix(user)?
                .strip_prefix(":x:")?
                .split(':')
                .next()?
                .parse()
                .ok()
        })
        .expect("the system knows the user")
}
