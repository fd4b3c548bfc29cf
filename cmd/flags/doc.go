// Package flags reads the command line of the city's programs: the same manners
// for all four.
package flags
