package api

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pratique/pratique/internal/catalog"
)

// Events reach who follows them one by one, also a client that takes compressed
// answers, and the stream ends when the server stops.
func TestFollowEvents(t *testing.T) {
	s := newService(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	emit := func(repository string) {
		t.Helper()
		if err := s.store.EmitPulls(ctx, []catalog.Event{{InstanceID: s.inst.ID, Kind: catalog.EventBlocked, Namespace: "team", Repository: repository, Cause: "vulnerable"}}); err != nil {
			t.Fatal(err)
		}
	}
	emit("before")
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.srv.URL+Prefix+"/events/stream?after=0&kind=pull.blocked", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth("admin", "right")
	resp, err := s.srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got := resp.Header.Get("Content-Type"); resp.StatusCode != http.StatusOK || got != "text/event-stream" {
		t.Fatalf("%s, %s", resp.Status, got)
	}
	lines := bufio.NewScanner(resp.Body)
	next := func(want string) {
		t.Helper()
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				if !strings.Contains(data, `"repository":"`+want+`"`) {
					t.Errorf("got %s, want one about %s", data, want)
				}
				return
			}
		}
		t.Fatalf("the stream ended before the event about %s: %v", want, lines.Err())
	}
	next("before")
	emit("after")
	next("after")
}

// TestFollowers: an account follows so many streams and no more, others are not
// held up, and one that ended makes room.
func TestFollowers(t *testing.T) {
	var f followers
	var leave func()
	for range maxStreams {
		var err error
		if leave, err = f.enter("ann"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.enter("ann"); !catalog.Is(err, catalog.Busy) {
		t.Errorf("one more: %v", err)
	}
	other, err := f.enter("bob")
	if err != nil {
		t.Fatal(err)
	}
	other()
	leave()
	if _, err := f.enter("ann"); err != nil || len(f.count) != 1 {
		t.Errorf("after one ended: %v, %v", err, f.count)
	}
}
