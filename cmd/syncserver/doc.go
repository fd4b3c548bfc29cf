// Command syncserver is the city's server: devices reconcile with it, staff work
// in its console. It keeps everything in one folder.
package main
