// Command cityhall is the whole city on one machine, and its administration.
//
//	cityhall demo            a demo city: its server, a kiosk and a field app
//	cityhall demo -headless  the server alone, with what a script needs to know
package main
