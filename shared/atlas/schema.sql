-- One file is one edition of the city's geography; it is never changed. Rows are
-- in one order that hangs on nothing but what they say. Geometry: see pack.go.
CREATE TABLE format (version INTEGER PRIMARY KEY);
CREATE TABLE as_of (kind TEXT PRIMARY KEY, day TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE street (id INTEGER PRIMARY KEY, name TEXT NOT NULL, also TEXT NOT NULL);
CREATE TABLE stretch (
	id INTEGER PRIMARY KEY, street INTEGER NOT NULL, class INTEGER NOT NULL, left_from INTEGER NOT NULL, left_to INTEGER NOT NULL,
	right_from INTEGER NOT NULL, right_to INTEGER NOT NULL, line BLOB NOT NULL);
CREATE INDEX stretch_street ON stretch (street);
CREATE VIRTUAL TABLE stretch_box USING rtree_i32(id, south, north, west, east);
CREATE TABLE house (
	street INTEGER NOT NULL, number INTEGER NOT NULL, suffix TEXT NOT NULL, lat INTEGER NOT NULL, lon INTEGER NOT NULL,
	PRIMARY KEY (street, number, suffix)) WITHOUT ROWID;
-- level is the order in which areas are drawn, the lowest first; -1 is not drawn.
CREATE TABLE area (
	id INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL, name TEXT NOT NULL, level INTEGER NOT NULL, rings BLOB NOT NULL);
CREATE VIRTUAL TABLE area_box USING rtree_i32(id, south, north, west, east);
CREATE TABLE spot (
	id INTEGER PRIMARY KEY, sort TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, name TEXT NOT NULL, also TEXT NOT NULL,
	address TEXT NOT NULL, note TEXT NOT NULL, phone TEXT NOT NULL, lat INTEGER NOT NULL, lon INTEGER NOT NULL);
CREATE INDEX spot_key ON spot (sort, key);
CREATE VIRTUAL TABLE spot_box USING rtree_i32(id, south, north, west, east);
CREATE TABLE fact (kind TEXT NOT NULL, key TEXT NOT NULL, position INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
	PRIMARY KEY (kind, key, position)) WITHOUT ROWID;
CREATE TABLE schedule (kind TEXT NOT NULL, key TEXT NOT NULL, position INTEGER NOT NULL, what TEXT NOT NULL, rule TEXT NOT NULL,
	side TEXT NOT NULL, holidays TEXT NOT NULL, PRIMARY KEY (kind, key, position)) WITHOUT ROWID;
