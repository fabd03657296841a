package engine

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/pratique/pratique/internal/report"
)

func TestFileType(t *testing.T) {
	tests := []struct {
		path string
		mode fs.FileMode
		want string
	}{
		{"usr/bin/bash", 0o755, typeProgram},
		{"usr/bin/python3.11", 0o755, typeProgram},
		{"usr/bin/git-merge", 0o100, typeProgram},
		{"usr/bin/not-runnable", 0o644, typeOther},
		{"opt/setup.EXE", 0o644, typeProgram},
		{"usr/lib/x86_64-linux-gnu/libc.so.6", 0o644, typeLibrary},
		{"usr/lib64/libssl.so.3.0.7", 0o755, typeLibrary},
		{"usr/lib/libfoo.so", 0o644, typeLibrary},
		{"etc/ld.so.conf", 0o644, typeConfiguration},
		{"entrypoint.sh", 0o755, typeScript},
		{"usr/lib/python3/x.py", 0o644, typeSource},
		{"usr/share/bin/x.py", 0o755, typeScript},
		{"srv/node_modules/a/index.js", 0o644, typeSource},
		{"usr/lib/python3/__pycache__/x.cpython-311.pyc", 0o644, typeBytecode},
		{"A.class", 0o644, typeBytecode},
		{"srv/app.jar", 0o644, typeArchive},
		{"root/backup.tar.gz", 0o644, typeArchive},
		{"var/lib/dpkg/status", 0o644, typePackages},
		{"var/lib/dpkg/info/libc6.so", 0o644, typePackages},
		{"var/lib/dpkgs", 0o644, typeOther},
		{"lib/apk/db/installed", 0o644, typePackages},
		{"usr/lib/python3/dist-packages/pip-23.dist-info/RECORD", 0o644, typePackages},
		{"etc/passwd", 0o644, typeConfiguration},
		{"srv/etc/passwd", 0o644, typeOther},
		{"app/settings.yaml", 0o644, typeConfiguration},
		{"root/.bashrc", 0o644, typeConfiguration},
		{"app/data.json", 0o644, typeData},
		{"usr/share/doc/bash/copyright", 0o644, typeDocument},
		{"usr/share/doc/bash/anything", 0o644, typeDocument},
		{"usr/share/doc/bash/logo.png", 0o644, typePicture},
		{"usr/share/man/man1/ls.1.gz", 0o644, typeDocument},
		{"srv/README", 0o644, typeDocument},
		{"srv/README.md", 0o644, typeDocument},
		{"usr/share/fonts/a.TTF", 0o644, typeFont},
		{"srv/intro.mp4", 0o644, typeMedia},
		{"etc/ssl/certs/ca.pem", 0o644, typeCertificate},
		{"usr/share/locale/de/LC_MESSAGES/tar.mo", 0o644, typeTranslation},
		{"srv/de.mo", 0o644, typeTranslation},
		{"usr/share/zoneinfo/Europe/Berlin", 0o644, typeTimeZone},
		{"var/log/dpkg.log", 0o644, typeLog},
		{".png", 0o644, typeOther},
		{"name.", 0o644, typeOther},
		{"a." + strings.Repeat("x", 5000), 0o644, typeOther},
	}
	for _, test := range tests {
		if got := fileType(&report.File{Path: test.path, Mode: test.mode}); got != test.want {
			t.Errorf("%.60s %o is %s, want %s", test.path, test.mode, got, test.want)
		}
	}
}

func TestTypeNamesAreReachable(t *testing.T) {
	for _, types := range []map[string]string{typeByBase, typeByExtension} {
		for name := range types {
			if len(name) > maxTypeName || strings.ToLower(name) != name || lookUp(types, strings.ToUpper(name)) != types[name] {
				t.Errorf("%q is never found", name)
			}
		}
	}
}
