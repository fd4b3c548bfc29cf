-- One file is one edition of the city's geography; it is never changed.
CREATE TABLE format (version INTEGER PRIMARY KEY);
-- Lines and outlines are pairs of big-endian 32-bit integers: latitude and longitude.
CREATE TABLE district (id INTEGER PRIMARY KEY, name TEXT NOT NULL, label TEXT NOT NULL, area BLOB NOT NULL);
CREATE TABLE thing (
	id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, also TEXT NOT NULL, sort TEXT NOT NULL,
	address TEXT NOT NULL, district TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, line BLOB NOT NULL);
CREATE TABLE word (word TEXT NOT NULL, thing INTEGER NOT NULL, PRIMARY KEY (word, thing)) WITHOUT ROWID;
