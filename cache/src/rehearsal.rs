//! What a dry run would have imported, so that a serial number that comes again is met again.
//!
//! It is in a temporary file of SQLite's own, which has no name any more once it is open, and is made only when it does
//! not fit into a few megabytes of memory. In it are whom tokens are reserved for, and HMACs with a key that nobody but this
//! process ever has: no serial number, and nothing that helps in trying seeds.

use crate::admin::{There, Verdict, Waiting};
use crate::codec::Writer;
use crate::fault;
use crate::inventory::failed;
use crate::key::hmac_sha256;
use otpair_core::records::{Fault, Holder};
use otpair_core::token::Token;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Row, Statement, params};
use std::path::Path;
use zeroize::Zeroizing;

/// What the file is called in messages.
const PLACE: &str = "the temporary file of the dry run";

/// What a dry run has met.
pub(crate) struct Rehearsal {
    connection: Connection,
    key: Zeroizing<[u8; 32]>,
    /// The seed files, in the order in which they came.
    sources: Vec<String>,
}

/// A package, as it is remembered.
struct Trace {
    serial: [u8; 32],
    parameters: [u8; 32],
    seed: [u8; 32],
}

impl Rehearsal {
    /// Begins with nothing.
    pub(crate) fn begin() -> Result<Self, Fault> {
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *key).map_err(fault::no_randomness)?;
        let connection = connect().map_err(fault_of)?;
        Ok(Self {
            connection,
            key,
            sources: Vec::new(),
        })
    }

    /// Of the packages that are new to the inventory, tells those that were met before.
    pub(crate) fn meet<'w>(
        &mut self,
        packages: impl Iterator<Item = &'w Waiting>,
        verdicts: &mut [Verdict],
    ) -> Result<(), Fault> {
        let new = packages
            .zip(verdicts)
            .filter(|(_, verdict)| matches!(verdict, Verdict::New));
        let meet = || {
            let tx = self.connection.transaction()?;
            let mut met = Met::prepare(&tx)?;
            for (waiting, verdict) in new {
                let source = place_of(&mut self.sources, &waiting.entry.source);
                let trace = Trace::of(&self.key, &waiting.entry.stock.token, &waiting.seed);
                *verdict = met.verdict(waiting, &trace, source, &self.sources)?;
            }
            drop(met);
            tx.commit()
        };
        meet().map_err(fault_of)
    }
}

fn fault_of(error: rusqlite::Error) -> Fault {
    failed(Path::new(PLACE), error)
}

fn connect() -> rusqlite::Result<Connection> {
    // Without a name: private to this connection.
    let connection = Connection::open_with_flags(
        "",
        OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_EXRESCODE,
    )?;
    connection.execute_batch(
        "PRAGMA temp_store = FILE; PRAGMA cache_size = -8192; PRAGMA journal_mode = OFF;
         CREATE TABLE met (
             serial     BLOB PRIMARY KEY NOT NULL,
             parameters BLOB NOT NULL,
             seed       BLOB NOT NULL,
             source     INTEGER NOT NULL,
             reserved   TEXT
         ) STRICT, WITHOUT ROWID;",
    )?;
    Ok(connection)
}

/// Which of the sources one is.
fn place_of(sources: &mut Vec<String>, source: &str) -> u32 {
    if sources.last().is_none_or(|last| last != source) {
        sources.push(source.to_owned());
    }
    u32::try_from(sources.len() - 1).unwrap_or(u32::MAX)
}

impl Trace {
    fn of(key: &[u8; 32], token: &Token, seed: &[u8]) -> Self {
        let mut parameters = Writer::default();
        parameters.parameters(&token.parameters);
        let serial = token.serial.canonical().as_bytes();
        Self {
            serial: hmac_sha256(key, &[b"serial", serial]),
            parameters: hmac_sha256(key, &[b"parameters", &parameters.0]),
            seed: hmac_sha256(key, &[b"seed", seed]),
        }
    }
}

/// The statements of a batch.
struct Met<'c> {
    find: Statement<'c>,
    add: Statement<'c>,
}

impl<'c> Met<'c> {
    fn prepare(connection: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            find: connection
                .prepare("SELECT parameters, seed, source, reserved FROM met WHERE serial = ?1")?,
            add: connection.prepare(
                "INSERT INTO met (serial, parameters, seed, source, reserved) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (serial) DO NOTHING",
            )?,
        })
    }

    fn verdict(
        &mut self,
        waiting: &Waiting,
        trace: &Trace,
        source: u32,
        sources: &[String],
    ) -> rusqlite::Result<Verdict> {
        let reserved = &waiting.entry.stock.reserved_for;
        let values = params![trace.serial, trace.parameters, trace.seed, source, reserved];
        if self.add.execute(values)? > 0 {
            return Ok(Verdict::New);
        }
        let beside = |row: &Row<'_>| beside(waiting, trace, row, sources);
        let met = self.find.query_row([trace.serial], beside).optional()?;
        Ok(met.unwrap_or(Verdict::New))
    }
}

/// What becomes of a package beside one that was met.
fn beside(
    waiting: &Waiting,
    trace: &Trace,
    row: &Row<'_>,
    sources: &[String],
) -> rusqlite::Result<Verdict> {
    let same_parameters = row.get::<_, [u8; 32]>(0)? == trace.parameters;
    if same_parameters && row.get::<_, [u8; 32]>(1)? == trace.seed {
        return Ok(waiting.beside_itself(row.get(3)?, &Holder::Nobody));
    }
    let source = usize::try_from(row.get::<_, u32>(2)?)
        .ok()
        .and_then(|place| sources.get(place))
        .cloned();
    Ok(Verdict::Left(There::Other {
        source: source.unwrap_or_default(),
        same_parameters,
    }))
}
