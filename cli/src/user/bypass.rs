//! `otpair user bypass`: the one place where a code is shown.

use super::Who;
use crate::failure::Failure;
use crate::machine::Machine;
use crate::output;
use otpair_core::bypass::BypassCode;
use otpair_core::decision;
use otpair_core::event::{Event, EventKind};
use otpair_core::records::{Fault, IssuedBypass, Secrets};
use otpair_host::clock;
use serde::Serialize;
use zeroize::Zeroizing;

/// The longest time that a code is valid, in seconds.
const LONGEST: u64 = 30 * 24 * 60 * 60;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    who: Who,
    /// How long the code is valid, such as 30m, 8h or 2d
    #[arg(long = "for", value_name = "DURATION", default_value = "8h", value_parser = duration)]
    duration: u64,
    /// How often the code can be used
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    uses: u16,
}

fn duration(text: &str) -> Result<u64, String> {
    let seconds = clock::parse_duration(text).filter(|seconds| (1..=LONGEST).contains(seconds));
    seconds.ok_or_else(|| "it is a number and a unit, such as 8h, and at most 30d".to_owned())
}

/// A code; the contract's JSON.
#[derive(Serialize)]
struct Issued<'a> {
    user: &'a str,
    code: &'a str,
    expires: String,
}

impl Args {
    /// Issues a code: it is in the record before it is shown.
    pub(crate) fn run(self, machine: &Machine) -> Result<(), Failure> {
        let account = machine.account(&self.who.user)?;
        let user = account.name.as_str();
        let mut cache = machine.new_cache()?;
        let code = new_code()?;
        let now = clock::now();
        let issued = IssuedBypass {
            tag: cache.bypass_tag(user, &code),
            issued: now,
            expires: now.saturating_add(self.duration),
            uses_left: self.uses,
        };
        cache.modify(&account, |record| {
            *record = decision::issue_bypass(record, &issued);
            Ok::<_, Fault>(())
        })?;
        let expires = clock::format_utc(issued.expires);
        let reason = format!("valid until {expires}, uses: {}", self.uses);
        machine.record(
            Some(user),
            &Event::new(EventKind::BypassIssued).reason(reason),
        );
        let code = code.reveal();
        let shown = Issued {
            user,
            code: &code,
            expires,
        };
        let times = if self.uses == 1 {
            "once".to_owned()
        } else {
            format!("{} times", self.uses)
        };
        output::show(self.who.json.json, &shown, || {
            format!(
                "{}\nIt takes the passcode's place for {user}, {times}, until {}.\n",
                *code, shown.expires
            )
        })
    }
}

fn new_code() -> Result<BypassCode, Failure> {
    loop {
        let mut bytes = Zeroizing::new([0; BypassCode::LEN]);
        getrandom::fill(&mut *bytes)
            .map_err(|error| Failure::new(format!("the system gives no random bytes: {error}")))?;
        if let Some(code) = BypassCode::from_random(&bytes) {
            return Ok(code);
        }
    }
}
