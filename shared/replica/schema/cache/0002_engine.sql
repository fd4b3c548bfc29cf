-- What the whole engine needs beyond the first journey.

-- Which history of the city the file is of.
CREATE TABLE lineage (
  one   INTEGER PRIMARY KEY CHECK (one = 1),
  epoch TEXT NOT NULL
);
