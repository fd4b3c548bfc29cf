-- What a device may not lose. Every row carries a hash over its other columns.

CREATE TABLE identity (
  one         INTEGER PRIMARY KEY CHECK (one = 1),
  device      TEXT NOT NULL,
  kind        TEXT NOT NULL,
  name        TEXT NOT NULL,
  server      TEXT NOT NULL,    -- base URL
  server_key  TEXT NOT NULL,    -- pinned at enrolment
  sealing_key TEXT NOT NULL,
  grants      TEXT NOT NULL,    -- scopes, one space between
  grant_rev   INTEGER NOT NULL,
  epoch       TEXT NOT NULL,    -- the server's lineage, as last heard
  seed        BLOB NOT NULL,    -- private key
  hash        BLOB NOT NULL
);

-- Where the next act goes.
CREATE TABLE stream (
  one  INTEGER PRIMARY KEY CHECK (one = 1),
  id   TEXT NOT NULL,
  n    INTEGER NOT NULL,        -- of the last act
  link BLOB NOT NULL,           -- after the last act
  hash BLOB NOT NULL
);

CREATE TABLE entry (
  pos      INTEGER PRIMARY KEY AUTOINCREMENT,
  id       TEXT NOT NULL UNIQUE,
  type     TEXT NOT NULL,
  title    TEXT NOT NULL,
  subject  TEXT NOT NULL,       -- request that it is about
  at       INTEGER NOT NULL,    -- device's clock, Unix milliseconds
  envelope BLOB NOT NULL,       -- canonical, without n
  content  BLOB NOT NULL,       -- SHA-256 of the envelope
  stub     BLOB NOT NULL,       -- public face, in clear, of a sealed act
  blobs    TEXT NOT NULL,       -- SHA-256 in hex, one space between
  device   TEXT NOT NULL,       -- who carries it to the city
  stream   TEXT NOT NULL,       -- empty: not placed in one
  n        INTEGER NOT NULL,
  link     BLOB NOT NULL,
  state    TEXT NOT NULL,       -- saved, sent, received
  seq      INTEGER NOT NULL,    -- where its echo stands
  verdict  TEXT NOT NULL,
  review   TEXT NOT NULL,
  code     TEXT NOT NULL,
  field    TEXT NOT NULL,
  damaged  INTEGER NOT NULL,
  hash     BLOB NOT NULL
);
CREATE INDEX entry_by_stream ON entry (stream, n);
CREATE INDEX entry_by_subject ON entry (subject, pos);
CREATE INDEX entry_waiting ON entry (pos) WHERE state <> 'received';
CREATE INDEX entry_to_look_at ON entry (pos) WHERE damaged <> 0 OR verdict IN ('refused', 'review');

CREATE TABLE blob (
  sha256 TEXT PRIMARY KEY,
  bytes  INTEGER NOT NULL,
  state  TEXT NOT NULL,         -- waiting, sent, damaged
  hash   BLOB NOT NULL
);
CREATE INDEX blob_waiting ON blob (sha256) WHERE state <> 'sent';

CREATE TABLE setting (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  hash  BLOB NOT NULL
);

CREATE TABLE draft (
  name  TEXT PRIMARY KEY,
  value BLOB NOT NULL,
  hash  BLOB NOT NULL
);
