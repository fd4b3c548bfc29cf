// Package basemap draws a city's map: squares of web mercator made of a places
// file (package atlas), on any device, without a network and without Fyne.
//
// A [Map] draws single tiles; an [Own] takes them from a city's own MBTiles file
// instead. A [Source] serves either to a screen: it makes tiles in the
// background and keeps them in memory and on disk. [Pictures] serves either as
// PNG to many callers, as the server does.
//
// The same places file, tile and version of this package give the same picture.
// Names never collide, also not across the edges of tiles: those of a whole city
// are laid out at once for a zoom, and a house number gives way by rules that
// only look at what is near it.
//
// Lines and letters are outlines filled by golang.org/x/image/vector, with
// edges that are smooth to 1/256; the letters are those of package look.
package basemap

// Version is raised when the same file is drawn otherwise than before.
const Version = 1
