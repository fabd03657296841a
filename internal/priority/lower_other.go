//go:build !linux

package priority

// lower does nothing: only Linux has priorities of threads.
func lower() {}
