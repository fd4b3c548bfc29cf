// Package volume finds the sticks and disks that a person has plugged in.
//
// What counts are the places where desktops mount them, /media and /run/media,
// as the system's table of mounts tells; a kiosk without a desktop needs a rule
// that mounts there too.
package volume
