CREATE TABLE cache (
    key_id BLOB NOT NULL
) STRICT;
CREATE TABLE tokens (
    serial        TEXT PRIMARY KEY NOT NULL,
    written       TEXT NOT NULL,
    manufacturer  TEXT,
    type          INTEGER NOT NULL CHECK (type IN (1, 2)),
    time_interval INTEGER,
    t0            INTEGER,
    algorithm     INTEGER NOT NULL CHECK (algorithm IN (1, 2, 3)),
    digits        INTEGER NOT NULL CHECK (digits BETWEEN 6 AND 8),
    not_before    INTEGER,
    not_after     INTEGER,
    sealed_seed   BLOB NOT NULL,
    last_accepted INTEGER,
    drift         INTEGER NOT NULL,
    below_drift   INTEGER NOT NULL CHECK (below_drift IN (0, 1)),
    disabled      INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    pairing       TEXT NOT NULL CHECK (pairing IN ('nobody', 'pairing', 'paired')),
    holder        TEXT,
    reserved_for  TEXT,
    imported      INTEGER NOT NULL,
    source        TEXT NOT NULL,
    CHECK ((pairing = 'nobody') = (holder IS NULL)),
    CHECK ((type = 2) = (time_interval IS NOT NULL AND t0 IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_by_holder ON tokens (holder) WHERE holder IS NOT NULL;
