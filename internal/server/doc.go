// Package server wires the rooms into a running program: configuration in,
// listening registry out. It holds no rules of its own.
//
// One Server serves one data directory, which it locks. Stopping it lets
// requests and jobs under way end within their grace; killing it loses nothing
// that was acknowledged.
package server
