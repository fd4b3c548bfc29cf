-- What the whole engine needs beyond the first journey.

-- What each round looks at, so that it costs the same however much is kept: acts
-- that wait for the city are told of as well.
DROP INDEX entry_to_look_at;
CREATE INDEX entry_to_look_at ON entry (pos) WHERE damaged <> 0 OR verdict IN ('refused', 'review', 'held');
