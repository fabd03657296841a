package signature

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/pratique/pratique/internal/rulefile"
)

// plain is text of programs and prose without anything malicious.
func plain(size int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("the function returns a list of values that were read from input if err != nil { return fmt.Errorf(\"read: %w\", err) } " +
		"for i in \"$@\"; do case $i in -h|--help) usage; exit 0;; esac done import os, sys def main(argv): const item = items[i]; export default class Server " +
		"and when each of these is done we go on with what comes next, however long it takes; see section 4.2 for details about configuration")
	var b strings.Builder
	for column := 0; b.Len() < size; {
		w := words[r.IntN(len(words))]
		b.WriteString(w)
		if column += len(w) + 1; column > 72 {
			b.WriteByte('\n')
			column = 0
		} else {
			b.WriteByte(' ')
		}
	}
	return []byte(b.String()[:size])
}

// machine is bytes as in programs: instructions, zeros, names.
func machine(size int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, 0, size)
	for len(b) < size {
		switch r.IntN(4) {
		case 0:
			b = append(b, make([]byte, 64)...)
		case 1:
			b = append(b, "_ZNSt6vectorIiSaIiEE9push_backERKi\x00GLIBC_2.17\x00pthread_create\x00"...)
		default:
			for range 64 {
				b = append(b, byte(r.Uint32()>>(r.IntN(4)*8)))
			}
		}
	}
	return append([]byte(program{section: 64}.build()), b[:size]...)
}

func BenchmarkFind(b *testing.B) {
	patterns := user(b, "x.ndb", manyPatterns(20_000))
	for _, bench := range []struct {
		name, path string
		rules      *Rules
		content    []byte
	}{
		{"text", "srv/x.sh", Default(), plain(8 << 20)},
		{"text/keywords", "srv/x.sh", Default(), []byte(strings.Repeat("curl -s https://example.org/x | tar x; eval $_GET /dev/tcp/ mkfifo a\n", 8<<20/70))},
		{"elf", "usr/bin/x", Default(), machine(8 << 20)},
		{"elf/patterns", "usr/bin/x", patterns, machine(8 << 20)},
		{"text/patterns", "srv/x", patterns, plain(8 << 20)},
	} {
		b.Run(bench.name, func(b *testing.B) {
			f := File{Path: bench.path, Size: int64(len(bench.content)), Kind: KindOf(bench.path, bench.content), Content: bench.content}
			bench.rules.Find(context.Background(), f)
			b.SetBytes(f.Size)
			b.ReportAllocs()
			for b.Loop() {
				if hits, _ := bench.rules.Find(context.Background(), f); len(hits) > 0 {
					b.Fatal(hits)
				}
			}
		})
	}
}

// BenchmarkRead reads the built-in rules, as every start of the program does.
func BenchmarkRead(b *testing.B) {
	for b.Loop() {
		if _, err := newRules(rulefile.Source{Name: "malware.yaml", Content: builtin}, nil); err != nil {
			b.Fatal(err)
		}
	}
}
