-- What the whole engine needs beyond the first journey.

-- Of a record about a person: its fields as they came, sealed to the tablet's own
-- key, with who wrote them (JSON). The column fields is {} then.
ALTER TABLE record ADD COLUMN sealed TEXT NOT NULL DEFAULT '';
-- Which history of the city the file is of.
CREATE TABLE lineage (
  one   INTEGER PRIMARY KEY CHECK (one = 1),
  epoch TEXT NOT NULL
);
