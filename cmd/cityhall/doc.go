// Command cityhall is the whole city on one machine, and its administration.
//
//	cityhall demo            a demo city: its server, a kiosk and a field app
//	cityhall demo -headless  the server alone, with what a script needs to know
//	cityhall backup          a verified copy of a running city, its keys wrapped
//	cityhall restore         a city back from a backup, into an empty folder
//	cityhall move            a city's database from SQLite to PostgreSQL
//	cityhall verify          names every damaged row and blob
//	cityhall bundle import   takes in what a device without a line saved to a stick
//	cityhall doctor          a check-up, one line a finding
package main
