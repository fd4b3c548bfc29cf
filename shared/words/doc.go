// Package words holds what residents and crews read, in every language, and
// says dates and times the way people do.
//
// One JSON file a language, flat and sorted, one key a line, so that two people
// who add words do not collide. Keys begin with the place where they are used:
// "common.", "kiosk.", "field.", or "error." and the code of a city.Error. Values
// may hold placeholders, {{.name}}. A key that ends in ".one" with a brother in
// ".other" is a plural; it is called without the ending and with "count".
//
// A key that a language lacks is said in English; a key that nobody has is shown
// as it is, so that a screen never stays empty. A test holds the files to the
// same keys and placeholders.
//
// The package knows no clock: whoever calls says what time it is.
package words
