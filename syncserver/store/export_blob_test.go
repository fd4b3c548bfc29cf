package store

// Uploading counts the blobs that somebody writes, or waits to write.
func (s *Store) Uploading() int {
	s.uploading.mu.Lock()
	defer s.uploading.mu.Unlock()
	return len(s.uploading.busy)
}
