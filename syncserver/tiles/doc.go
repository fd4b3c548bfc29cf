// Package tiles shows the city's map to browsers: GET /tiles/THEME/Z/X/Y.png,
// where THEME is light, dark or contrast, and Y may end in @2x for screens with
// small pixels. The console takes pictures of single places from it.
//
// The map is what devices show too: drawn by package basemap from the places file
// that the city's settings name now, or taken from the city's own map file. It
// is public, as streets are, so whoever asks may have it; little is drawn at a
// time, what is beyond the city is plain ground that costs nothing, and who would
// wait too long is told to come back.
package tiles
