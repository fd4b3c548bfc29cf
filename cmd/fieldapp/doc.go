// Command fieldapp is the city on a crew's tablet.
//
// It keeps the crew's jobs and an outbox in the folder -data; without a network
// it works on. A new tablet is joined to its city with -enrol and a line from
// the staff console, or on its own screen.
//
//	fieldapp -data DIR -pictures /home/crew/Pictures -fullscreen
//	fieldapp -data DIR -enrol 'cityhall://enrol?…' -pin 2468 -width 480 -height 900
//
// Where the tablet is comes from gpsd, Debian's daemon for satellite receivers, if
// there is one: apt-get install gpsd finds a receiver that is plugged in.
//
// The camera's pictures are taken from the folder -pictures. SIGTERM and SIGINT
// end it cleanly, with what was typed last on disk. With -probe it tells scripts
// on a Unix socket what it shows; see touch.Shell.ServeProbe.
package main
