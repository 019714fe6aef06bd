//! The audit log (contract section 7): one line an event, to syslog and to a file of JSON lines.
//!
//! A line that can't be written is lost in silence: it denies nobody and stops nothing.

mod line;
mod read;
mod sink;

pub use line::Line;
pub use read::{Filter, Unreadable, read_log};

use crate::clock;
use crate::config::{AuditConfig, Config};
use otpair_core::event::Event;

/// Whose sign-on an event belongs to, and at which door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Context<'a> {
    /// The primary name of a user that the system knows. `None` if it knows no such user: what was typed is never
    /// logged, for people type passwords there.
    pub user: Option<&'a str>,
    /// The service, as the door names itself.
    pub service: Option<&'a str>,
    /// Where the person comes from, as the door says.
    pub rhost: Option<&'a str>,
}

/// Where events are logged. Holds nothing open, so it can be made early and nothing of it stays in the host process.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Audit {
    places: AuditConfig,
}

impl Audit {
    /// The log as the config says. The default is syslog alone: for a fault of the config itself.
    #[must_use]
    pub fn open(config: &Config) -> Self {
        Self {
            places: config.audit.clone(),
        }
    }

    /// Logs an event, with the present time.
    pub fn record(&self, context: &Context<'_>, event: &Event) {
        let line = Line::new(clock::now(), context, event);
        if self.places.syslog {
            sink::to_syslog(
                sink::SYSLOG,
                sink::severity(event.kind),
                &line.to_key_values(),
            );
        }
        if let Some(path) = &self.places.file {
            sink::to_file(path, &line.to_json());
        }
    }

    /// Tells syslog how far something has come that leaves no other trace; no event. Holds nothing a person typed.
    pub fn note(&self, service: &str, text: &str) {
        let line = format!("note service={} {text}", line::quoted(service));
        sink::to_syslog(sink::SYSLOG, sink::NOTE, &line);
    }

    /// Sends syslog what only somebody looking for a mistake wants to know; no event. Holds nothing a person typed.
    pub fn debug(&self, service: &str, text: &str) {
        let line = format!("debug service={} {text}", line::quoted(service));
        sink::to_syslog(sink::SYSLOG, sink::DEBUG, &line);
    }
}

#[cfg(test)]
mod tests;
