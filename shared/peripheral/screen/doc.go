// Package screen is a virtual screen for a machine without a display: Xvfb, and
// what a person would see on it as a picture.
package screen
