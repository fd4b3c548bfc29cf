-- What the server sent. The file may be deleted at any time.

-- How far the pull has come.
CREATE TABLE progress (
  one     INTEGER PRIMARY KEY CHECK (one = 1),
  cursor  TEXT NOT NULL,
  safe    INTEGER NOT NULL,    -- everything up to here is in a verified backup
  whole   INTEGER NOT NULL,    -- 1: pulled to the end at least once
  settled INTEGER NOT NULL,    -- 1: every act of the outbox was compared with the echoes
  hash    BLOB NOT NULL
);

CREATE TABLE record (
  kind    TEXT NOT NULL,
  id      TEXT NOT NULL,
  parent  TEXT NOT NULL,
  seq     INTEGER NOT NULL,
  fields  TEXT NOT NULL,       -- JSON
  writers TEXT NOT NULL,       -- JSON
  hash    BLOB NOT NULL,
  PRIMARY KEY (kind, id)
);
CREATE INDEX record_by_parent ON record (parent, kind);
CREATE INDEX record_by_lookup ON record (kind, (fields->>'lookup'));
CREATE INDEX record_by_number ON record (kind, (fields->>'number'));
CREATE INDEX record_by_crew ON record (kind, (fields->>'crew'));

-- Echoes of this device's acts.
CREATE TABLE ack (
  mutation TEXT PRIMARY KEY,
  seq      INTEGER NOT NULL,
  verdict  TEXT NOT NULL,
  review   TEXT NOT NULL,
  code     TEXT NOT NULL,
  field    TEXT NOT NULL,
  hash     BLOB NOT NULL
);
