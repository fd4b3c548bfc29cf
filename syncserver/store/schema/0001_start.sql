-- One text for SQLite and PostgreSQL. JSON columns hold canonical text.

-- The one row that orders everything. It is locked first and written last in
-- every transaction that changes a record, so whoever sees seq N sees all up to N.
CREATE TABLE sync_head (
  one   INTEGER PRIMARY KEY CHECK (one = 1),
  epoch TEXT NOT NULL,
  seq   BIGINT NOT NULL,
  hash  BYTEA NOT NULL,   -- chain hash at seq
  safe  BIGINT NOT NULL,  -- everything up to here is in a verified backup
  turn  BIGINT NOT NULL   -- counts writers; updating it takes the lock
);

-- Every mutation that ever arrived, whatever became of it.
CREATE TABLE mutation (
  id       TEXT PRIMARY KEY,
  seq      BIGINT NOT NULL,  -- head after it; its echo is read from here
  device   TEXT NOT NULL,
  stream   TEXT NOT NULL,    -- empty for the office
  n        BIGINT NOT NULL,
  type     TEXT NOT NULL,
  actor    JSON NOT NULL,
  subject  TEXT NOT NULL,    -- request that it is about, or empty
  at       TEXT NOT NULL,    -- by the author's clock
  received TEXT NOT NULL,    -- by ours
  envelope BYTEA NOT NULL,   -- as it came
  args     BYTEA,            -- opened, of a sealed one
  content  BYTEA NOT NULL,
  verdict  TEXT NOT NULL,
  review   TEXT NOT NULL,
  code     TEXT NOT NULL,    -- of a refusal
  field    TEXT NOT NULL
);
CREATE INDEX mutation_by_device ON mutation (device, seq);
CREATE INDEX mutation_by_subject ON mutation (subject, seq);
CREATE INDEX mutation_by_seq ON mutation (seq);

CREATE TABLE stream (
  device TEXT NOT NULL,
  stream TEXT NOT NULL,
  last_n BIGINT NOT NULL,
  link   BYTEA NOT NULL,
  PRIMARY KEY (device, stream)
);

-- Records as they stand.
CREATE TABLE record (
  kind    TEXT NOT NULL,
  id      TEXT NOT NULL,
  parent  TEXT NOT NULL,
  seq     BIGINT NOT NULL,
  fields  JSON NOT NULL,
  writers JSON NOT NULL,
  scopes  TEXT NOT NULL,   -- those who may see it, sorted, one space between
  PRIMARY KEY (kind, id)
);
CREATE INDEX record_by_parent ON record (parent, kind);
CREATE INDEX request_by_status ON record ((fields->>'status'), (fields->>'received_at')) WHERE kind = 'request';
CREATE INDEX request_by_number ON record ((fields->>'number')) WHERE kind = 'request';
CREATE INDEX request_by_lookup ON record ((fields->>'lookup')) WHERE kind = 'request';
CREATE INDEX workorder_by_crew ON record ((fields->>'crew'), (fields->>'state')) WHERE kind = 'workorder';
CREATE INDEX photo_by_blob ON record ((fields->>'blob')) WHERE kind = 'photo';
CREATE INDEX review_by_state ON record ((fields->>'state'), (fields->>'opened_at')) WHERE kind = 'review';

-- The log: what changed, in order. h = SHA-256(h before, digest of the row).
CREATE TABLE change (
  seq    BIGINT PRIMARY KEY,
  tx     BIGINT NOT NULL,   -- seq of the mutation's last change; one tx is read whole
  kind   TEXT NOT NULL,
  id     TEXT NOT NULL,
  parent TEXT NOT NULL,
  whole  INTEGER NOT NULL,  -- 1: fields hold all of the record
  fields JSON,              -- null once erased by law
  writer TEXT NOT NULL,
  ws     JSON NOT NULL,     -- writers of fields that the writer did not write
  salt   BYTEA,             -- erased with the fields, so that the digest tells nothing
  digest BYTEA NOT NULL,
  h      BYTEA NOT NULL
);
CREATE INDEX change_by_record ON change (kind, id, seq);

-- Who may see a change, and who has to forget the record.
CREATE TABLE change_scope (
  scope TEXT NOT NULL,
  seq   BIGINT NOT NULL,
  evict INTEGER NOT NULL,
  PRIMARY KEY (scope, seq)
);

CREATE TABLE device (
  id        TEXT PRIMARY KEY,
  kind      TEXT NOT NULL,
  name      TEXT NOT NULL,
  public    TEXT NOT NULL UNIQUE,
  grants    TEXT NOT NULL,   -- scopes, one space between
  grant_rev BIGINT NOT NULL,
  state     TEXT NOT NULL,   -- active, revoked
  enrolled  TEXT NOT NULL,
  seen      TEXT NOT NULL,   -- last hello, or empty
  hello     JSON NOT NULL    -- what it said of itself then
);

CREATE TABLE enrolment (
  code    TEXT PRIMARY KEY,  -- hash of the code
  kind    TEXT NOT NULL,
  name    TEXT NOT NULL,
  grants  TEXT NOT NULL,
  expires TEXT NOT NULL,
  used    TEXT NOT NULL      -- device that used it, or empty
);

-- How staff sign in. Who they are is a record.
CREATE TABLE login (
  name     TEXT PRIMARY KEY,
  staff    TEXT NOT NULL,
  password TEXT NOT NULL,    -- argon2id, PHC form
  failures INTEGER NOT NULL,
  locked   TEXT NOT NULL     -- until when, or empty
);

CREATE TABLE session (
  token   TEXT PRIMARY KEY,  -- hash of the cookie
  staff   TEXT NOT NULL,
  expires TEXT NOT NULL
);

CREATE TABLE blob (
  sha256   TEXT PRIMARY KEY,
  bytes    BIGINT NOT NULL,
  complete INTEGER NOT NULL,
  added    TEXT NOT NULL
);
