// Package look holds the design tokens of City Hall: colours, type, space,
// radius, motion, fonts and icons, in one place and in plain Go.
//
// The same tokens make the Fyne theme (package touch) and the web pages
// ([CSS], [FontFaces]), so that kiosk, field app, console and public pages show
// one hand. The package draws nothing and imports no toolkit.
//
//   - [Palette]: colours by what they are for, in four versions: [Day],
//     [Dark], [HighContrast] (light on black) and any of them with a
//     city's own colours ([Palette.WithBrand]).
//   - [TextSize]: a ratio to the smallest size that a device may show. A kiosk
//     derives that smallest size from millimetres, a tablet and the web fix it.
//   - [Space], [Radius]: design units; a device multiplies them by its factor.
//   - [Icon]: line icons on a 24-unit grid, as SVG text in a given colour.
//   - [FontRegular], [FontSemiBold]: Inter, for programs; [WebFonts] for pages.
//
// Every text colour keeps a contrast of 4.5 to the ground it is made for,
// and 7 in high contrast; a test holds the palettes to it.
package look
