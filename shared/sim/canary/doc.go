// Package canary looks for words that must not be where they are looked for, byte
// by byte and in whatever way a program may have written them down: as UTF-8 in any
// case, as UTF-16 of both byte orders, in base64 of both alphabets and all three
// alignments, in hex, and escaped for a URL or for JSON.
//
// What is compressed or encrypted is not opened: nothing of ours compresses a file
// at rest.
//
//	Words   what to look for
//	Search  every file of a folder
//	In      one piece of memory, such as a log
package canary
