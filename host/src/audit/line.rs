//! One line of the audit log, in its two spellings.

use super::Context;
use crate::clock;
use crate::text::cut;
use otpair_core::event::Event;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// The longest value that is logged, in bytes: service and rhost are what strangers say.
const MAX_VALUE: usize = 256;

/// The longest reason; it is otpair's own, and may name files.
const MAX_REASON: usize = 1024;

/// An event with its time and place. A field that an event does not have is not in its line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// When it was, by RFC 3339 in UTC.
    pub time: String,
    /// What happened: an event's name.
    pub event: String,
    /// Whose sign-on it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// At which service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// From where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rhost: Option<String>,
    /// With which token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// The token's drift, in time steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<i32>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Line {
    pub(super) fn new(time: u64, context: &Context<'_>, event: &Event) -> Self {
        let value = |text: Option<&str>| {
            text.filter(|text| !text.is_empty())
                .map(|text| cut(text, MAX_VALUE))
        };
        Self {
            time: clock::format_utc(time),
            event: event.kind.name().to_owned(),
            user: value(context.user),
            service: value(context.service),
            rhost: value(context.rhost),
            serial: event
                .serial
                .as_ref()
                .map(|serial| serial.as_str().to_owned()),
            drift: event.drift,
            reason: event
                .reason
                .as_deref()
                .map(|reason| cut(reason, MAX_REASON)),
        }
    }

    /// Reads a line of the log's file. A line that was cut off by a full disk, with another one after it, is read as
    /// the latter. Nothing if it is no line of this log.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        // Inside a value the quotes would be escaped, so this is where a line begins.
        let begin = text.rfind("{\"time\":")?;
        serde_json::from_str(text.get(begin..)?).ok()
    }

    /// When it was, in seconds since 1970 UTC.
    #[must_use]
    pub fn unix_time(&self) -> Option<u64> {
        clock::parse_time(&self.time)
    }

    /// The line as syslog has it: `event=granted user=alice …`, without the time, which syslog adds.
    #[must_use]
    pub fn to_key_values(&self) -> String {
        let drift = self.drift.map(|drift| drift.to_string());
        let fields = [
            ("event", Some(&self.event)),
            ("user", self.user.as_ref()),
            ("service", self.service.as_ref()),
            ("rhost", self.rhost.as_ref()),
            ("serial", self.serial.as_ref()),
            ("drift", drift.as_ref()),
            ("reason", self.reason.as_ref()),
        ];
        let fields = fields
            .into_iter()
            .filter_map(|(key, value)| Some(format!("{key}={}", quoted(value?))));
        fields.collect::<Vec<_>>().join(" ")
    }

    /// The line as the file has it: a JSON object of printable ASCII, without a line break.
    #[must_use]
    pub fn to_json(&self) -> String {
        let json = serde_json::to_string(self).unwrap_or_default();
        let mut text = String::with_capacity(json.len());
        for c in json.chars() {
            if c.is_ascii() && !c.is_ascii_control() {
                text.push(c);
            } else {
                // Outside of texts JSON is ASCII, so this one is inside a text and may be escaped.
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(text, "\\u{unit:04x}");
                }
            }
        }
        text
    }
}

/// A value that can't be taken for another field or another line: quoted and escaped unless it is plain.
pub(super) fn quoted(value: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._:@/+-".contains(&b);
    if !value.is_empty() && value.bytes().all(plain) {
        return value.to_owned();
    }
    let mut text = String::from("\"");
    for c in value.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            ' '..='~' => text.push(c),
            _ => text.extend(c.escape_unicode()),
        }
    }
    text.push('"');
    text
}
