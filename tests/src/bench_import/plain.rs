//! Plain SQLite: the inventory's table and settings, rows that are ready, one prepared statement.

use otpair_tests::seed_file::serial;
use rusqlite::{Connection, params};
use std::fs;
use std::path::Path;
use std::time::Instant;

const TABLE: &str = include_str!("../../../cache/src/inventory/version1.sql");
const SETTINGS: &str = "PRAGMA secure_delete = ON; PRAGMA journal_mode = DELETE;
    PRAGMA synchronous = EXTRA; PRAGMA cache_size = -16384;";
const INSERT: &str = "INSERT INTO tokens VALUES
    (?1, ?1, 'Example', 2, 30, 0, 1, 6, NULL, NULL, ?2, NULL, 0, 0, 0, 'nobody', NULL, NULL, ?3, ?4)";
/// Version, nonce, a seed of 20 bytes and tag: as long as a sealed seed.
const SEALED: [u8; 61] = [7; 61];

/// How many seconds it takes to insert rows into a new database, so many in one transaction.
pub fn insert(path: &Path, places: &[usize], batch: usize) -> f64 {
    let _ = fs::remove_file(path);
    let connection = Connection::open(path).expect("a database can't be made");
    connection.execute_batch(SETTINGS).unwrap();
    connection.execute_batch(TABLE).unwrap();
    let source = path.with_file_name("seeds");
    let source = source.to_str().expect("the path is UTF-8");
    let begun = Instant::now();
    let mut statement = connection.prepare(INSERT).unwrap();
    for part in places.chunks(batch) {
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        for place in part {
            statement
                .execute(params![serial(*place), SEALED, 1_700_000_000, source])
                .unwrap();
        }
        connection.execute_batch("COMMIT").unwrap();
    }
    begun.elapsed().as_secs_f64()
}
