// Package packages collects the software a layer holds: what the package
// managers' databases list, what single files are evidence of (a jar, a
// dist-info directory, a Go executable), which files the distribution's
// packages own, and the files that name the operating system.
//
// # What is read
//
// Distribution packages: dpkg (status, status.d of distroless images, Chisel
// manifests), apk, rpm (Berkeley DB, NDB, SQLite, and the text manifest of
// images without rpm), pacman, portage.
//
// Language packages: Java archives (nested, shaded, without coordinates), Go
// executables (modules and the standard library), Rust executables built with
// cargo-auditable, packages under node_modules, Python metadata and eggs, Ruby
// gems, PHP packages installed by Composer, .NET deps.json, R libraries, Conda
// packages, Bitnami's component descriptions, LuaRocks, OPAM, Homebrew.
//
// Lock files (package-lock.json, Gemfile.lock, poetry.lock, go.sum, …) are not
// read: they say what somebody once resolved, not what is in the image. Neither
// are wheels and other archives waiting to be installed.
//
// # Who reads it
//
// Readers of formats that decide about many findings are written here; the
// others are osv-scalibr's, through one adapter (scalibr.go). Ours exist where
// scalibr v0.5.3 lacks something this program needs: which files a package owns
// and its source package (dpkg, apk, rpm); reading without temporary files and
// without a database engine on hostile bytes (rpm); bounded memory, paths of
// nested archives (Java); "stdlib" (Go); Composer's installed.json, Conda
// outside of envs/, Bitnami's package URLs, runtime packs of .NET; and telling
// an installed package from a file that looks like one (Node, wheels).
//
// # What it guarantees
//
// A layer is read on its own, so package URLs of distribution packages, which
// name the distribution, stay empty until CompletePURL; which language packages
// a distribution package ships is told by MarkOwned; the operating system by
// OperatingSystem. All three are pure, for the merge of layers to call.
//
// The bytes are hostile: text is cut to lengths, databases and archives are
// read within limits, and a file that breaks one yields what was read until
// then and an error. Nothing is written to disk and nothing outside the file
// at hand is opened.
package packages
