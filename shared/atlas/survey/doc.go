// Package survey makes a places file of what a city publishes: GeoJSON and CSV
// files in one folder, also gzipped.
//
// Import reads them one feature at a time, so that a file of any size costs the
// memory of what is kept of it, within bounds. It guesses what a file is from its
// name and what an attribute is from its; a mapping, geography.map in the folder,
// says it where guesses do not do. A line of it is a file:
//
//	streets   FILE  name= also= left=FROM:TO right=FROM:TO class=
//	addresses FILE  number= street= suffix=  (or address=; in CSV lat= lon=)
//	area KIND FILE  key= name=
//	landmark KIND FILE  name= also= address= note= phone= kind=
//	polling   FILE  key= name= address= note=
//	asset KIND FILE key= name=
//	facts KIND FILE key=          one line an area, every other column a fact
//	dates KIND FILE key= what= rule= side= holidays=
//	skip      FILE
//
// and asof=2006-01-02 with any of them. The values are names of attributes, in
// quotes where they hold blanks. KIND is any word; some mean more, see atlas.
//
// What is wrong with a single feature drops or mends it and is told with file and
// feature in the Report. What makes a whole file doubtful (cut off, another
// coordinate system, most of it dropped) is an error: the places file that is
// there stays as it is, and so it does for every error.
//
// Coordinates must be WGS 84 degrees, longitude first, as GeoJSON says.
package survey
