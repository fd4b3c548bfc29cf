//go:build !unix

package syncserver

func maxConnections() int { return fewConnections }
