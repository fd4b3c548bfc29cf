// Package atlas is the city's geography on a device that has no network: where
// an address or a landmark is, and in which district a point lies.
//
// Build writes a Geography into a places file, Open reads one and Search finds
// in it what people type: the first letters of words, "Ave" for "Avenue", no
// accents, with or without a house number. A house is placed between the ends
// of its street's numbers, on its odd or even side, and says so: Estimated.
//
// A places file is an SQLite database in rollback mode, so that reading it
// needs no second file beside it. The same Geography always gives the same
// bytes: the file is named by its SHA-256 like any blob and is never changed.
//
// Coordinates are WGS 84 in units of 1e-7 degrees, distances are metres.
package atlas
