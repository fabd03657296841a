// Package signature tells malicious files from others: by our own rules, which
// are data, by hash lists, and by signature files in ClamAV's formats.
//
// The built-in rules are in malware.yaml, which documents their form. Load adds
// what a user has:
//
//	malware*.yaml   rules of the same form
//	*.hdb, *.hsb    hashes of malicious files: MD5, SHA-1 or SHA-256, size, name
//	*.sha256        plain lists of SHA-256
//	*.ndb           patterns of bytes with wildcards, by type of file and offset
//	*.fp, *.sfp     hashes of files that are not malicious, whatever says so
//
// # How it looks
//
// The first bytes of a file and its path say what kind of file it is (KindOf),
// and that says which rules apply. One pass finds the words of all rules that
// could; only around a word is a rule's regular expression tried. It is RE2 and
// sees a bounded window, so no text can make it slow.
//
// # What it guarantees
//
// Any bytes are safe, equal bytes give equal hits, and the work for a file of a
// given length is bounded; where a bound ended the search, the answer says so.
//
// # What it does not do
//
// It opens no archives, runs nothing, unpacks no packed programs and follows no
// behaviour. Signatures that need more than this (a type of file that ClamAV
// takes apart, sections of a Windows program) are passed over, counted, and
// listed by Skipped.
package signature
