package secret

import "testing"

func TestBuiltin(t *testing.T) {
	r, err := defaults()
	if err != nil {
		t.Fatal(err)
	}
	if len(r.rules) < 120 {
		t.Errorf("%d rules", len(r.rules))
	}
}
