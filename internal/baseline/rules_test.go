package baseline

import "testing"

func TestBuiltin(t *testing.T) {
	r, err := newRules(source{"baseline.yaml", builtin})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(r.IDs()); n < 50 {
		t.Errorf("only %d rules", n)
	}
}
