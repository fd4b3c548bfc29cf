-- What the whole engine needs beyond the first journey. One text for SQLite and PostgreSQL.

-- Acts that waited, or wait, for another. The archive has them with the verdict
-- held at the place where they came in; what became of them stands here.
CREATE TABLE held (
  id       TEXT PRIMARY KEY,
  came     BIGINT NOT NULL,   -- seq in the archive: they are decided in this order
  device   TEXT NOT NULL,
  since    TEXT NOT NULL,     -- by our clock
  missing  INTEGER NOT NULL,  -- 1: something that it rests on has not come yet
  due      INTEGER NOT NULL,  -- 1: what it waits for has moved; look again
  seq      BIGINT NOT NULL,   -- head after the decision, 0 while it waits
  verdict  TEXT NOT NULL,     -- empty while it waits
  review   TEXT NOT NULL,
  code     TEXT NOT NULL,
  field    TEXT NOT NULL,
  row_hash BYTEA
);
CREATE INDEX held_waiting ON held (device, missing, since) WHERE seq = 0;
CREATE INDEX held_due ON held (came, id) WHERE due = 1;
CREATE TABLE held_for (
  dep  TEXT NOT NULL,
  held TEXT NOT NULL,
  need INTEGER NOT NULL,      -- 1: named in deps; 0: named in base, enough that it is there
  PRIMARY KEY (dep, held)
);
CREATE INDEX held_for_by_held ON held_for (held);

-- The hash over a row's other columns, so that verify names a row in which a bit
-- has changed. Rows of an older server get theirs at the first start.
ALTER TABLE mutation ADD COLUMN row_hash BYTEA;
CREATE INDEX mutation_unsealed ON mutation (id) WHERE row_hash IS NULL;
ALTER TABLE stream ADD COLUMN row_hash BYTEA;
ALTER TABLE device ADD COLUMN row_hash BYTEA;
ALTER TABLE enrolment ADD COLUMN row_hash BYTEA;
ALTER TABLE login ADD COLUMN row_hash BYTEA;
ALTER TABLE blob ADD COLUMN row_hash BYTEA;
ALTER TABLE held_for ADD COLUMN row_hash BYTEA;
ALTER TABLE change ADD COLUMN audience BYTEA; -- hash over its rows of change_scope
CREATE INDEX change_unsealed ON change (seq) WHERE audience IS NULL;

-- What the sweep looks for: requests that were closed long ago and are public
-- still, and the requests of a service whose contact data has a new audience.
CREATE INDEX request_to_archive ON record ((fields->>'status'), (fields->>'closed_at'), id)
  WHERE kind = 'request' AND (fields->>'status') = 'closed' AND (fields->>'archived') IS NULL;
CREATE INDEX request_by_service ON record ((fields->>'service'), id) WHERE kind = 'request';
CREATE TABLE reshare (
  service TEXT PRIMARY KEY,
  writer  TEXT NOT NULL,   -- the act that changed it
  after   TEXT NOT NULL    -- requests up to this id are done
);

-- The key of its own that a tablet asked records of persons to be sealed to. A
-- device without a row gets none of them.
CREATE TABLE device_seal (
  device TEXT PRIMARY KEY,
  public TEXT NOT NULL       -- X25519, base64url
);
-- Uploads: whose each unfinished one is, for the quota, and the photos whose
-- bytes the city still waits for.
ALTER TABLE blob ADD COLUMN device TEXT NOT NULL DEFAULT '';
CREATE INDEX blob_unfinished ON blob (device) WHERE complete = 0;
CREATE INDEX photo_unarrived ON record (id) WHERE kind = 'photo' AND (fields->>'arrived') IS NULL;

-- What devices held of a history that a restore has ended, resting on acts that
-- this one does not have: evidence for staff. Nothing of it is ever applied.
CREATE TABLE salvage (
  id         TEXT PRIMARY KEY,  -- SHA-256 of the record, so that it is kept once
  device     TEXT NOT NULL,     -- who brought it first
  kind       TEXT NOT NULL,
  record     TEXT NOT NULL,
  parent     TEXT NOT NULL,
  seq        BIGINT NOT NULL,   -- in the history that has ended
  fields     JSON NOT NULL,
  writers    JSON NOT NULL,
  received   TEXT NOT NULL,
  settled    TEXT NOT NULL,     -- when somebody dealt with it, or empty
  settled_by TEXT NOT NULL      -- who
);

-- The acts that were missing when it came. Some come back by themselves, from the
-- devices that they were done on; what rests on nothing else is then no loss.
CREATE TABLE salvage_missing (
  salvage  TEXT NOT NULL,
  mutation TEXT NOT NULL,
  PRIMARY KEY (salvage, mutation)
);
CREATE INDEX salvage_by_time ON salvage (settled, received, id);
CREATE INDEX salvage_by_device ON salvage (device);
-- What became of a device that the city no longer takes: its unsent work, handed
-- over once, and the order to wipe itself.
CREATE TABLE departure (
  device  TEXT PRIMARY KEY,
  acts    BIGINT NOT NULL,  -- taken in the hand-over
  bytes   BIGINT NOT NULL,
  closed  TEXT NOT NULL,    -- when the hand-over ended, or empty
  ordered TEXT NOT NULL,    -- when staff ordered the wipe, or empty
  wiped   TEXT NOT NULL     -- when the device said that it was done, or empty
);
-- Photos that acts in quarantine name: the revoked device may still send them.
CREATE TABLE departure_blob (
  device TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  PRIMARY KEY (device, sha256)
);

-- Acts and blobs that were erased by law, by id and by name: they do not come again.
CREATE TABLE erasure (
  id      TEXT PRIMARY KEY,
  request TEXT NOT NULL,
  seq     BIGINT NOT NULL  -- head after it
);

-- The rest of the tables get their hash over a row's other columns too. Of the head
-- it is over epoch and safe: seq and hash are proven by the chain, turn says nothing.
ALTER TABLE sync_head ADD COLUMN row_hash BYTEA;
ALTER TABLE session ADD COLUMN row_hash BYTEA;
ALTER TABLE reshare ADD COLUMN row_hash BYTEA;
ALTER TABLE device_seal ADD COLUMN row_hash BYTEA;
ALTER TABLE departure ADD COLUMN row_hash BYTEA;
ALTER TABLE departure_blob ADD COLUMN row_hash BYTEA;
ALTER TABLE salvage ADD COLUMN row_hash BYTEA;
ALTER TABLE salvage_missing ADD COLUMN row_hash BYTEA;
ALTER TABLE erasure ADD COLUMN row_hash BYTEA;

-- When a tablet last asked for another key than its own, or empty. It never gets it:
-- who has its disk could ask too.
ALTER TABLE device_seal ADD COLUMN asked TEXT NOT NULL DEFAULT '';

-- Of a row of the log that was erased by law, whose digest proves nothing any more:
-- the hash over what is left of it.
ALTER TABLE change ADD COLUMN emptied BYTEA;
