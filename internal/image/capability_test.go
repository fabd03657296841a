package image

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCapabilities(t *testing.T) {
	const none = "\x00\x00\x00\x00"
	tests := []struct {
		name  string
		value string
		want  []string
	}{
		// As setcap cap_net_raw+ep writes it.
		{"revision 2", "\x01\x00\x00\x02" + "\x00\x20\x00\x00" + none + none + none, []string{"cap_net_raw"}},
		{"revision 1", "\x00\x00\x00\x01" + "\x80\x00\x00\x00" + none, []string{"cap_setuid"}},
		{"revision 3, the namespace of user 1000", "\x01\x00\x00\x03" + "\x00\x04\x00\x00" + none + none + none + "\xe8\x03\x00\x00", []string{"cap_net_bind_service"}},
		{"several, sorted", "\x01\x00\x00\x02" + "\x01\x10\x20\x00" + none + none + none, []string{"cap_chown", "cap_net_admin", "cap_sys_admin"}},
		{"upper half", "\x00\x00\x00\x02" + none + none + "\x80\x01\x00\x00" + none, []string{"cap_bpf", "cap_checkpoint_restore"}},
		{"bits without names", "\x00\x00\x00\x02" + none + none + "\x00\x02\x00\x80" + none, []string{"cap_41", "cap_63"}},
		{"inheritable only", "\x00\x00\x00\x02" + none + "\x00\x20\x00\x00" + none + none, nil},
		{"empty", "", nil},
		{"empty set", "\x01\x00\x00\x02" + none + none + none + none, nil},
		{"unknown revision", "\x01\x00\x00\x04" + "\x00\x20\x00\x00" + none + none + none, nil},
		{"too short", "\x01\x00\x00\x02" + "\x00\x20\x00\x00" + none + none, nil},
		{"too long", "\x01\x00\x00\x02" + "\x00\x20\x00\x00" + none + none + none + none, nil},
		{"size of another revision", "\x01\x00\x00\x03" + "\x00\x20\x00\x00" + none + none + none, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, capabilities(test.value)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzCapabilities(f *testing.F) {
	f.Add("\x01\x00\x00\x02\x00\x20\x00\x00" + strings.Repeat("\x00", 12))
	f.Add("\x01\x00\x00\x03" + strings.Repeat("\xff", 20))
	f.Add("\x01\x00\x00\x01" + strings.Repeat("\xff", 8))
	f.Fuzz(func(t *testing.T, value string) {
		names := capabilities(value)
		if len(names) > 64 || !slices.IsSorted(names) || len(slices.Compact(names)) != len(names) {
			t.Errorf("%q", names)
		}
		for _, name := range names {
			if !strings.HasPrefix(name, "cap_") {
				t.Errorf("%q", name)
			}
		}
	})
}
