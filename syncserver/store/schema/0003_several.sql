-- What several servers on one database need. One text for SQLite and PostgreSQL.

-- The keys that this database was made with, by a name that gives none of them away;
-- empty until the first start.
ALTER TABLE sync_head ADD COLUMN keys TEXT NOT NULL DEFAULT '';

-- The oldest schema that a program must know to work on this database. A migration
-- that older programs could not live with raises it; it is read under the head's
-- lock, so that no older program writes after that.
ALTER TABLE sync_head ADD COLUMN needs BIGINT NOT NULL DEFAULT 0;

-- The newest erasure is asked for with every head.
CREATE INDEX erasure_by_seq ON erasure (seq);
