package secret

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/pratique/pratique/internal/rulefile"
)

// plain is text of programs and prose without anything secret.
func plain(size int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("the function returns a list of values that were read from input if err != nil { return fmt.Errorf(\"read: %w\", err) } " +
		"for (let i = 0; i < items.length; i++) { const item = items[i]; export default class Server extends Component interface import require module.exports = " +
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

func BenchmarkFind(b *testing.B) {
	text := plain(8 << 20)
	r := Default()
	for name, text := range map[string][]byte{
		"plain":    text,
		"keywords": []byte(strings.Repeat("the password and the token of a user, AKIA and ghp_ among them\n", 8<<20/64)),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if hits, _ := r.Find(context.Background(), "app/x.txt", text); len(hits) > 0 {
					b.Fatal(hits)
				}
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	for b.Loop() {
		if _, err := newRules(rulefile.Source{Name: "rules.yaml", Content: builtin}); err != nil {
			b.Fatal(err)
		}
	}
}
