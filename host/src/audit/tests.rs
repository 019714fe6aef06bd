use super::*;
use otpair_core::event::EventKind;
use otpair_core::token::Serial;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixDatagram;
use std::path::Path;

/// 2027-01-31 00:00 UTC.
const JANUARY: u64 = 1_801_353_600;

const ALICE: Context<'_> = Context {
    user: Some("alice"),
    service: Some("sshd"),
    rhost: Some("10.0.0.5"),
};

fn granted() -> Event {
    Event {
        drift: Some(-1),
        ..Event::new(EventKind::Granted).serial(Some(&Serial::new("12345678").unwrap()))
    }
}

fn to_file(path: &Path) -> Audit {
    Audit {
        places: AuditConfig {
            syslog: false,
            file: Some(path.to_owned()),
        },
    }
}

#[test]
fn a_line_has_the_fields_of_the_contract() {
    let line = Line::new(JANUARY, &ALICE, &granted().reason("it is good"));
    assert_eq!(
        line.to_key_values(),
        r#"event=granted user=alice service=sshd rhost=10.0.0.5 serial=12345678 drift=-1 reason="it is good""#
    );
    assert_eq!(
        line.to_json(),
        r#"{"time":"2027-01-31T00:00:00Z","event":"granted","user":"alice","service":"sshd","rhost":"10.0.0.5","serial":"12345678","drift":-1,"reason":"it is good"}"#
    );
}

#[test]
fn fields_that_an_event_does_not_have_are_left_out() {
    let nobody = Context {
        user: None,
        service: Some(""),
        rhost: None,
    };
    let line = Line::new(JANUARY, &nobody, &Event::new(EventKind::Denied));
    assert_eq!(line.to_key_values(), "event=denied");
    assert_eq!(
        line.to_json(),
        r#"{"time":"2027-01-31T00:00:00Z","event":"denied"}"#
    );
}

#[test]
fn no_value_can_forge_a_field_or_a_line() {
    let forgeries = [
        "h user=root",
        "h\" user=\"root",
        "h\nevent=granted user=root",
        "h\\",
        "h\r\n",
        "h\u{2028}x",
        "h\0",
        "\u{1b}[2J",
        "h\u{9b}x",
        "user=root",
        "\u{202e}toor",
        "{\"time\":\"x\"}",
        "\u{1f511}",
    ];
    for rhost in forgeries {
        let line = Line::new(
            JANUARY,
            &Context {
                rhost: Some(rhost),
                ..ALICE
            },
            &granted(),
        );
        for written in [line.to_key_values(), line.to_json()] {
            assert!(
                written.bytes().all(|b| (b' '..=b'~').contains(&b)),
                "{written}"
            );
        }
        assert_eq!(
            Line::parse(&line.to_json()),
            Some(line.clone()),
            "{rhost:?}"
        );
        assert_eq!(
            fields(&line.to_key_values()),
            ["event", "user", "service", "rhost", "serial", "drift"],
            "{rhost:?}"
        );
    }
}

/// The keys of a line, as a careful reader splits it: at blanks outside of quotes.
fn fields(line: &str) -> Vec<String> {
    let (mut keys, mut rest) = (Vec::new(), line);
    while let Some((key, value)) = rest.split_once('=') {
        keys.push(key.to_owned());
        let mut escaped = false;
        let closes = |c: char| {
            let closes = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            closes
        };
        let end = value.strip_prefix('"').map_or_else(
            || value.find(' ').unwrap_or(value.len()),
            |quoted| quoted.find(closes).expect("a closing quote") + 2,
        );
        rest = value[end..].trim_start();
    }
    keys
}

#[test]
fn what_strangers_say_is_cut() {
    let long = "\u{fc}".repeat(10_000);
    let context = Context {
        user: None,
        service: Some(&long),
        rhost: Some(&long[..300]),
    };
    let line = Line::new(
        JANUARY,
        &context,
        &Event::new(EventKind::Denied).reason(long.clone()),
    );
    assert_eq!(line.service.as_deref(), Some(&long[..256]));
    assert_eq!(line.rhost.as_deref(), Some(&long[..256]));
    assert_eq!(line.reason.map(|reason| reason.len()), Some(1024));
    let odd = format!("x{long}");
    let line = Line::new(
        JANUARY,
        &Context {
            rhost: Some(&odd),
            ..context
        },
        &granted(),
    );
    assert_eq!(
        line.rhost.map(|rhost| rhost.len()),
        Some(255),
        "a character is not cut in two"
    );
}

#[test]
fn lines_are_appended_to_a_file_that_only_its_owner_reads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("otpair.jsonl");
    let audit = to_file(&path);
    audit.record(&ALICE, &granted());
    audit.record(
        &Context {
            user: Some("bob"),
            ..ALICE
        },
        &Event::new(EventKind::Denied),
    );
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let lines: Vec<_> = read_log(&path).unwrap().map(Result::unwrap).collect();
    let events: Vec<_> = lines
        .iter()
        .map(|line| (line.event.as_str(), line.user.as_deref().unwrap()))
        .collect();
    assert_eq!(events, [("granted", "alice"), ("denied", "bob")]);
    assert_eq!(fs::read_to_string(&path).unwrap().matches('\n').count(), 2);
}

#[test]
fn a_log_that_cannot_be_written_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("target");
    fs::write(&target, "").unwrap();
    let link = folder.path().join("link");
    symlink(&target, &link).unwrap();
    let fifo = folder.path().join("fifo");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &fifo,
        rustix::fs::FileType::Fifo,
        0o600.into(),
        0,
    )
    .unwrap();
    for path in [
        link,
        fifo,
        folder.path().to_owned(),
        "/no/such/folder/log".into(),
        "/dev/full".into(),
    ] {
        to_file(&path).record(&ALICE, &granted());
    }
    assert_eq!(
        fs::read_to_string(&target).unwrap(),
        "",
        "a link is not followed"
    );
}

#[test]
fn syslog_gets_one_datagram_with_facility_and_severity() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let receiver = UnixDatagram::bind(&path).unwrap();
    let pid = std::process::id();
    let expected = [
        (EventKind::Granted, 86),
        (EventKind::Denied, 85),
        (EventKind::Locked, 84),
        (EventKind::Fault, 83),
    ];
    for (kind, priority) in expected {
        sink::to_syslog(path.to_str().unwrap(), sink::severity(kind), "event=x");
        let mut buffer = [0; 200];
        let length = receiver.recv(&mut buffer).unwrap();
        let text = str::from_utf8(&buffer[..length]).unwrap();
        assert_eq!(text, format!("<{priority}>otpair[{pid}]: event=x"));
    }
}

#[test]
fn a_syslog_that_hangs_or_is_not_there_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    sink::to_syslog(path.to_str().unwrap(), sink::DEBUG, "event=x");
    let receiver = UnixDatagram::bind(&path).unwrap();
    let filler = UnixDatagram::unbound().unwrap();
    filler.set_nonblocking(true).unwrap();
    while filler.send_to(b"x", &path).is_ok() {}
    sink::to_syslog(path.to_str().unwrap(), sink::DEBUG, "event=x");
    sink::to_syslog(&"x".repeat(1000), sink::DEBUG, "event=x");
    drop(receiver);
}

#[test]
fn lines_that_are_none_do_not_hide_those_after_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("otpair.jsonl");
    let line = Line::new(JANUARY, &ALICE, &granted());
    let good = line.to_json();
    let torn = &good[..40];
    let mut text = format!(
        "{good}\nnonsense\n{torn}{good}\n\n{{\"time\":1}}\n{}\n",
        "x".repeat(200_000)
    )
    .into_bytes();
    text.extend(b"\xff\xfe\n");
    text.extend(format!("{good}\n{torn}").into_bytes());
    fs::write(&path, text).unwrap();
    let bad = |number| Err(Unreadable { number });
    let good = || Ok(line.clone());
    let expected = [
        good(),
        bad(2),
        good(),
        bad(4),
        bad(5),
        bad(6),
        bad(7),
        good(),
        bad(9),
    ];
    assert_eq!(read_log(&path).unwrap().collect::<Vec<_>>(), expected);
}

#[test]
fn a_log_that_is_not_there_is_a_fault() {
    assert!(read_log(Path::new("/no/such/log")).is_err());
}

#[test]
fn lines_are_chosen_by_user_and_time() {
    let line = Line::new(JANUARY, &ALICE, &granted());
    let admits = |user: Option<&str>, since| {
        Filter {
            user: user.map(str::to_owned),
            since,
        }
        .admits(&line)
    };
    assert!(admits(None, None) && admits(Some("alice"), Some(JANUARY)));
    assert!(
        !admits(Some("bob"), None)
            && !admits(Some("ALICE"), None)
            && !admits(None, Some(JANUARY + 1))
    );
    let nobody = Line {
        user: None,
        time: "?".to_owned(),
        ..line.clone()
    };
    assert!(Filter::default().admits(&nobody));
    assert!(
        !Filter {
            user: Some("alice".to_owned()),
            since: None
        }
        .admits(&nobody)
    );
    assert!(
        !Filter {
            user: None,
            since: Some(0)
        }
        .admits(&nobody)
    );
}
