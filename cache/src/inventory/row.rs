//! A token's row in the inventory.

use crate::codec::{algorithm, algorithm_number};
use otpair_core::records::{Holder, Stock};
use otpair_core::token::{
    Digits, Parameters, SealedSeed, Serial, TimeInterval, Token, TokenState, TokenType,
};
use rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Row, Statement, params};

/// A token of the inventory, with what only an admin wants to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The token, its state and who has it.
    pub stock: Stock,
    /// Who made it, as the seed file says.
    pub manufacturer: Option<String>,
    /// When it was imported, in seconds since 1970 UTC.
    pub imported: u64,
    /// The name of the file that it was imported from.
    pub source: String,
}

const COLUMNS: &str = "serial, written, manufacturer, type, time_interval, t0, algorithm, digits, \
     not_before, not_after, sealed_seed, last_accepted, drift, below_drift, disabled, pairing, \
     holder, reserved_for, imported, source";

/// So many columns are these.
const WIDTH: usize = 20;

/// Looking for rows and adding them, for many at a time.
pub(super) struct Rows<'c> {
    connection: &'c Connection,
    select: Statement<'c>,
    one: Insert<'c>,
    /// Made when there are so many.
    many: Option<Insert<'c>>,
}

/// So many rows are added by one statement: the temporary tables that the table's checks want are made once for each.
pub(super) const TOGETHER: usize = 64;

/// A statement that adds rows, all of them or none.
struct Insert<'c> {
    statement: Statement<'c>,
    steady: Vec<SteadyTexts>,
}

struct SteadyTexts {
    manufacturer: Steady,
    pairing: Steady,
    source: Steady,
}

/// A text that is the same in most of the rows that are added. It stays bound, for SQLite copies what is bound.
struct Steady {
    column: usize,
    is_bound: bool,
    text: Option<String>,
}

impl Steady {
    const fn new(column: usize) -> Self {
        Self {
            column,
            is_bound: false,
            text: None,
        }
    }

    fn bind(&mut self, insert: &mut Statement<'_>, text: Option<&str>) -> rusqlite::Result<()> {
        if !self.is_bound || self.text.as_deref() != text {
            insert.raw_bind_parameter(self.column, text)?;
            self.text = text.map(ToOwned::to_owned);
            self.is_bound = true;
        }
        Ok(())
    }
}

impl<'c> Rows<'c> {
    /// Prepares the statements.
    pub(super) fn prepare(connection: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            connection,
            select: connection.prepare(&select_one())?,
            one: Insert::prepare(connection, 1)?,
            many: None,
        })
    }

    /// The row of a serial number, if there is one.
    pub(super) fn select(&mut self, serial: &Serial) -> rusqlite::Result<Option<Entry>> {
        self.select
            .query_row([serial.canonical()], entry)
            .optional()
    }

    /// Adds a row, unless there is one of its serial number. Whether it was added.
    pub(super) fn insert(&mut self, entry: &Entry) -> rusqlite::Result<bool> {
        self.one.insert(&[entry])
    }

    /// Adds [`TOGETHER`] rows, unless there is one of any of their serial numbers. Whether they were added.
    pub(super) fn insert_together(
        &mut self,
        entries: &[&Entry; TOGETHER],
    ) -> rusqlite::Result<bool> {
        let many = match self.many.take() {
            Some(many) => many,
            None => Insert::prepare(self.connection, TOGETHER)?,
        };
        self.many.insert(many).insert(entries)
    }
}

impl<'c> Insert<'c> {
    /// A statement for so many rows.
    fn prepare(connection: &'c Connection, rows: usize) -> rusqlite::Result<Self> {
        let row = format!("({})", ["?"; WIDTH].join(","));
        let values = vec![&*row; rows].join(",");
        let insert = format!("INSERT INTO main.tokens ({COLUMNS}) VALUES {values}");
        let steady = (0..rows).map(|row| SteadyTexts {
            manufacturer: Steady::new(WIDTH * row + 3),
            pairing: Steady::new(WIDTH * row + 16),
            source: Steady::new(WIDTH * row + 20),
        });
        Ok(Self {
            statement: connection.prepare(&insert)?,
            steady: steady.collect(),
        })
    }

    /// Whether the rows, as many as it is for, were added; none is if there is one of any of their serial numbers.
    fn insert(&mut self, entries: &[&Entry]) -> rusqlite::Result<bool> {
        for (row, (entry, steady)) in entries.iter().zip(&mut self.steady).enumerate() {
            bind(&mut self.statement, WIDTH * row, steady, entry)?;
        }
        // ON CONFLICT DO NOTHING would make a temporary table each time.
        let is_there = |error: &rusqlite::Error| {
            error
                .sqlite_error()
                .is_some_and(|error| error.extended_code == SQLITE_CONSTRAINT_PRIMARYKEY)
        };
        match self.statement.raw_execute() {
            Err(error) if is_there(&error) => Ok(false),
            added => added.map(|added| added > 0),
        }
    }
}

/// Binds a row behind the parameters of those before it.
fn bind(
    insert: &mut Statement<'_>,
    before: usize,
    steady: &mut SteadyTexts,
    entry: &Entry,
) -> rusqlite::Result<()> {
    let Stock { token, state, .. } = &entry.stock;
    let Parameters {
        token_type,
        algorithm,
        digits,
        not_before,
        not_after,
    } = token.parameters;
    let (kind, time_interval, t0) = match token_type {
        TokenType::Hotp => (1, None, None),
        TokenType::Totp { time_interval, t0 } => {
            (2, Some(bits(time_interval.seconds())), Some(bits(t0)))
        }
    };
    let (pairing, holder) = holder_columns(&entry.stock.holder);
    insert.raw_bind_parameter(before + 1, token.serial.canonical())?;
    insert.raw_bind_parameter(before + 2, token.serial.as_str())?;
    steady
        .manufacturer
        .bind(insert, entry.manufacturer.as_deref())?;
    insert.raw_bind_parameter(before + 4, kind)?;
    insert.raw_bind_parameter(before + 5, time_interval)?;
    insert.raw_bind_parameter(before + 6, t0)?;
    insert.raw_bind_parameter(before + 7, algorithm_number(algorithm))?;
    insert.raw_bind_parameter(before + 8, digits.count())?;
    insert.raw_bind_parameter(before + 9, not_before.map(bits))?;
    insert.raw_bind_parameter(before + 10, not_after.map(bits))?;
    insert.raw_bind_parameter(before + 11, &token.sealed_seed.0)?;
    insert.raw_bind_parameter(before + 12, state.last_accepted.map(bits))?;
    insert.raw_bind_parameter(before + 13, state.drift)?;
    insert.raw_bind_parameter(before + 14, state.below_drift)?;
    insert.raw_bind_parameter(before + 15, state.disabled)?;
    steady.pairing.bind(insert, Some(pairing))?;
    insert.raw_bind_parameter(before + 17, holder)?;
    insert.raw_bind_parameter(before + 18, &entry.stock.reserved_for)?;
    insert.raw_bind_parameter(before + 19, bits(entry.imported))?;
    steady.source.bind(insert, Some(&entry.source))
}

fn select_one() -> String {
    format!("SELECT {COLUMNS} FROM main.tokens WHERE serial = ?1")
}

/// The row of a serial number, if there is one.
pub(super) fn select(connection: &Connection, serial: &Serial) -> rusqlite::Result<Option<Entry>> {
    connection
        .query_row(&select_one(), [serial.canonical()], entry)
        .optional()
}

/// Up to `most` rows in the order of their serial numbers, from after one on. A row that can't be read comes as its
/// serial number and what is wrong.
pub(super) fn page(
    connection: &Connection,
    after: &str,
    most: u32,
) -> rusqlite::Result<Vec<(String, rusqlite::Result<Entry>)>> {
    let sql =
        format!("SELECT {COLUMNS} FROM main.tokens WHERE serial > ?1 ORDER BY serial LIMIT ?2");
    connection
        .prepare(&sql)?
        .query_map(params![after, most], |row| Ok((row.get(0)?, entry(row))))?
        .collect()
}

/// Changes who has a token, and its state.
pub(super) fn update(
    connection: &Connection,
    serial: &Serial,
    holder: &Holder,
    state: &TokenState,
) -> rusqlite::Result<()> {
    let (pairing, holder) = holder_columns(holder);
    let sql = "UPDATE main.tokens SET pairing = ?2, holder = ?3, last_accepted = ?4, drift = ?5, \
               below_drift = ?6, disabled = ?7 WHERE serial = ?1";
    let values = params![
        serial.canonical(),
        pairing,
        holder,
        state.last_accepted.map(bits),
        state.drift,
        state.below_drift,
        state.disabled,
    ];
    match connection.execute(sql, values)? {
        1 => Ok(()),
        changed => Err(rusqlite::Error::StatementChangedRows(changed)),
    }
}

fn holder_columns(holder: &Holder) -> (&'static str, Option<&str>) {
    match holder {
        Holder::Nobody => ("nobody", None),
        Holder::Pairing(user) => ("pairing", Some(user)),
        Holder::Paired(user) => ("paired", Some(user)),
    }
}

/// SQLite has signed numbers only: the same 64 bits. Nothing is compared in SQL.
fn bits(value: u64) -> i64 {
    value.cast_signed()
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let written: String = row.get("written")?;
    let serial = Serial::new(&written).map_err(|error| unfit(1, error))?;
    if row.get_ref("serial")?.as_str()? != serial.canonical() {
        return Err(unfit(0, "is not what the token's number compares as"));
    }
    Ok(Entry {
        stock: Stock {
            token: Token {
                serial,
                parameters: parameters(row)?,
                sealed_seed: SealedSeed(row.get("sealed_seed")?),
            },
            state: TokenState {
                last_accepted: unsigned(row, "last_accepted")?,
                drift: row.get("drift")?,
                below_drift: row.get("below_drift")?,
                disabled: row.get("disabled")?,
            },
            holder: holder(row)?,
            reserved_for: row.get("reserved_for")?,
        },
        manufacturer: row.get("manufacturer")?,
        imported: unsigned(row, "imported")?.unwrap_or(0),
        source: row.get("source")?,
    })
}

fn parameters(row: &Row<'_>) -> rusqlite::Result<Parameters> {
    let token_type = match row.get::<_, u8>("type")? {
        1 => TokenType::Hotp,
        2 => TokenType::Totp {
            time_interval: TimeInterval::new(unsigned(row, "time_interval")?.unwrap_or(0))
                .map_err(|error| unfit(4, error))?,
            t0: unsigned(row, "t0")?.ok_or_else(|| unfit(5, "is missing"))?,
        },
        _ => return Err(unfit(3, "is neither HOTP nor TOTP")),
    };
    Ok(Parameters {
        token_type,
        algorithm: algorithm(row.get("algorithm")?).ok_or_else(|| unfit(6, "is no algorithm"))?,
        digits: Digits::new(row.get::<_, u8>("digits")?.into()).map_err(|error| unfit(7, error))?,
        not_before: unsigned(row, "not_before")?,
        not_after: unsigned(row, "not_after")?,
    })
}

fn holder(row: &Row<'_>) -> rusqlite::Result<Holder> {
    let pairing: String = row.get("pairing")?;
    match (pairing.as_str(), row.get("holder")?) {
        ("nobody", None) => Ok(Holder::Nobody),
        ("pairing", Some(user)) => Ok(Holder::Pairing(user)),
        ("paired", Some(user)) => Ok(Holder::Paired(user)),
        _ => Err(unfit(15, "does not go with the holder")),
    }
}

fn unsigned(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<u64>> {
    let value: Option<i64> = row.get(column)?;
    Ok(value.map(i64::cast_unsigned))
}

/// A value that no row may have.
fn unfit(
    column: usize,
    why: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Null, why.into())
}

/// Changes the one user who may pair a token, if nobody has it.
pub(super) fn reserve_unheld(
    connection: &Connection,
    serial: &Serial,
    user: Option<&str>,
) -> rusqlite::Result<()> {
    let sql = "UPDATE main.tokens SET reserved_for = ?2 WHERE serial = ?1 AND pairing = 'nobody'";
    connection
        .execute(sql, params![serial.canonical(), user])
        .map(drop)
}

/// Removes a token if nobody has it.
pub(super) fn remove_unheld(connection: &Connection, serial: &Serial) -> rusqlite::Result<()> {
    let sql = "DELETE FROM main.tokens WHERE serial = ?1 AND pairing = 'nobody'";
    connection.execute(sql, [serial.canonical()]).map(drop)
}
