// Package advisory turns published security advisories into a compact
// read-only database and matches packages against it.
//
// Import compiles OSV records, CISA's catalogue of exploited vulnerabilities,
// FIRST's EPSS scores and life cycle dates into a directory of immutable files,
// each named by its content, and one small manifest, current.json, that says
// which of them are in force. The manifest is replaced atomically and last: an
// import that fails, or is killed, leaves the old database in force. Open reads
// nothing but the manifest and the ends of the files; blocks are read when a
// package asks for them. A database that is open stays complete and unchanged
// while newer ones are put in place.
//
// A record that does not parse is counted and skipped. A file of the database
// that is damaged gives an error that names it, never a panic or a wrong match.
//
// # Matching
//
// Distribution packages are matched in the ecosystem of the image's release, by
// the name the distribution's advisories use: the source package for Debian,
// Ubuntu and Alpine, the binary package for AlmaLinux. Language packages are
// matched by their own ecosystem, and not at all when a distribution package
// ships them, because then the distribution's advisories speak for them.
//
// A match is one vulnerability in one package. Records that name the same CVE
// are merged, and an advisory that lists many CVEs gives one match for each.
// Where a release has a record about one CVE alone and an advisory that lists
// it among others, the former decides whether the package is affected.
//
// # Severity
//
// The severity of a match is, in this order: "negligible" if the distribution
// says the issue has no practical effect ("unimportant"); the CVSS score of the
// newest version of that standard among the records (4.0, 3.1, 3.0, 2.0, and of
// several of one version the highest); the CVSS score that another ecosystem's
// record gives the same CVE, which SeveritySource then tells ("cvss-3.1 via
// ubuntu"); the word the record uses; else unknown.
//
// The package does not decide what a finding means for an image or a pull, and
// reaches the network only in Import and Update.
package advisory
