package store

// movedTable is a table that a move carries over.
type movedTable struct {
	name, empty string
	// Every row, in an order that is the same on both engines and, where rows are
	// only added, that of their adding: what a move has done stays done.
	sqlite, postgres string
}

// movedTables are all but schema_version.
var movedTables = []movedTable{
	{"sync_head", `TRUNCATE sync_head`, `SELECT * FROM sync_head ORDER BY one`, `SELECT * FROM sync_head ORDER BY one`},
	{"mutation", `TRUNCATE mutation`, `SELECT * FROM mutation ORDER BY seq, id`, `SELECT * FROM mutation ORDER BY seq, id COLLATE "C"`},
	{"stream", `TRUNCATE stream`, `SELECT * FROM stream ORDER BY device, stream`, `SELECT * FROM stream ORDER BY device COLLATE "C", stream COLLATE "C"`},
	{"record", `TRUNCATE record`, `SELECT * FROM record ORDER BY kind, id`, `SELECT * FROM record ORDER BY kind COLLATE "C", id COLLATE "C"`},
	{"change", `TRUNCATE change`, `SELECT * FROM change ORDER BY seq`, `SELECT * FROM change ORDER BY seq`},
	{"change_scope", `TRUNCATE change_scope`, `SELECT * FROM change_scope ORDER BY seq, scope`, `SELECT * FROM change_scope ORDER BY seq, scope COLLATE "C"`},
	{"device", `TRUNCATE device`, `SELECT * FROM device ORDER BY id`, `SELECT * FROM device ORDER BY id COLLATE "C"`},
	{"enrolment", `TRUNCATE enrolment`, `SELECT * FROM enrolment ORDER BY code`, `SELECT * FROM enrolment ORDER BY code COLLATE "C"`},
	{"login", `TRUNCATE login`, `SELECT * FROM login ORDER BY name`, `SELECT * FROM login ORDER BY name COLLATE "C"`},
	{"session", `TRUNCATE session`, `SELECT * FROM session ORDER BY token`, `SELECT * FROM session ORDER BY token COLLATE "C"`},
	{"blob", `TRUNCATE blob`, `SELECT * FROM blob ORDER BY sha256`, `SELECT * FROM blob ORDER BY sha256 COLLATE "C"`},
	{"held", `TRUNCATE held`, `SELECT * FROM held ORDER BY id`, `SELECT * FROM held ORDER BY id COLLATE "C"`},
	{"held_for", `TRUNCATE held_for`, `SELECT * FROM held_for ORDER BY dep, held`, `SELECT * FROM held_for ORDER BY dep COLLATE "C", held COLLATE "C"`},
	{"reshare", `TRUNCATE reshare`, `SELECT * FROM reshare ORDER BY service`, `SELECT * FROM reshare ORDER BY service COLLATE "C"`},
	{"device_seal", `TRUNCATE device_seal`, `SELECT * FROM device_seal ORDER BY device`, `SELECT * FROM device_seal ORDER BY device COLLATE "C"`},
	{"salvage", `TRUNCATE salvage`, `SELECT * FROM salvage ORDER BY id`, `SELECT * FROM salvage ORDER BY id COLLATE "C"`},
	{"salvage_missing", `TRUNCATE salvage_missing`, `SELECT * FROM salvage_missing ORDER BY salvage, mutation`, `SELECT * FROM salvage_missing ORDER BY salvage COLLATE "C", mutation COLLATE "C"`},
	{"departure", `TRUNCATE departure`, `SELECT * FROM departure ORDER BY device`, `SELECT * FROM departure ORDER BY device COLLATE "C"`},
	{"departure_blob", `TRUNCATE departure_blob`, `SELECT * FROM departure_blob ORDER BY device, sha256`, `SELECT * FROM departure_blob ORDER BY device COLLATE "C", sha256 COLLATE "C"`},
	{"erasure", `TRUNCATE erasure`, `SELECT * FROM erasure ORDER BY id`, `SELECT * FROM erasure ORDER BY id COLLATE "C"`},
}
