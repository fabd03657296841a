package rules

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

func TestFilesAreAFileSystem(t *testing.T) {
	f := Files{"a.txt": []byte("a"), "b.txt": nil}
	if err := fstest.TestFS(f, "a.txt", "b.txt"); err != nil {
		t.Error(err)
	}
}

func TestWith(t *testing.T) {
	base := Files{"a": []byte("1"), "b": []byte("1")}
	both := base.With(Files{"b": []byte("2"), "c": []byte("2")})
	if len(both) != 3 || string(both["b"]) != "2" || string(base["b"]) != "1" {
		t.Errorf("%q of %q", both, base)
	}
	if none := Files(nil).With(nil); none == nil || len(none) != 0 {
		t.Errorf("%v", none)
	}
}

func TestOpen(t *testing.T) {
	secrets := "rules:\n  - {id: jwt, disabled: true}\n"
	for name, tt := range map[string]struct {
		files map[string]string
		want  string
	}{
		"good":           {map[string]string{"secrets.yaml": secrets, "README.md": "hello", ".git": "x"}, ""},
		"error":          {map[string]string{"secrets-ours.yaml": "rules:\n  - {id: jwt, colour: red}\n"}, "secrets-ours.yaml:2: "},
		"unknown name":   {map[string]string{"secrets.yaml": secrets, "secrets.yml": secrets}, "nothing is known to be read from secrets.yml"},
		"nothing":        {map[string]string{}, "no file of rules"},
		"directory":      {map[string]string{"secrets/a.yaml": secrets}, "is a directory"},
		"excluded paths": {map[string]string{"excluded-paths.txt": "/a\nb\n"}, "excluded-paths.txt:2: "},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, content := range tt.files {
				file = filepath.Join(dir, file)
				if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			set, err := Open(dir)
			switch {
			case tt.want == "" && (err != nil || set.Secrets == Default().Secrets):
				t.Errorf("not loaded: %v", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), dir)):
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	if _, err := Open(filepath.Join(t.TempDir(), "nothing")); err == nil {
		t.Error("a directory that is not there is no error")
	}
}
