// Package postgres gives tests a PostgreSQL server of their own: Debian's
// programs, a new cluster in a temporary folder, a unix socket that nobody else
// knows and no port. One cluster serves all tests of a test process; each test
// that calls New gets an empty database in it.
//
// The server runs with fsync off (but see Durable), since its data never outlives the test: what
// it shows about PostgreSQL's answers holds, what it shows about power cuts or
// speed does not. Root may not run it, so under root it runs as the postgres
// user, or as nobody.
//
// The server ends with the test process, however that ends: Main, called from
// TestMain, stops it cleanly and removes its folder; a process that was killed
// takes its server with it, and the folder, which has the process's number in
// its name, is removed by the next run.
package postgres
