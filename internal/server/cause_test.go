package server_test

import (
	"fmt"
	"net/url"
	"testing"

	"github.com/pratique/pratique/internal/api/client"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/image/imagetest"
)

// Each cause of a failed scan is told with its advice by the interface, by an
// event, by the refusal of a pull and by a metric. How a scan comes to fail with
// each is tested in package scan.
func TestCausesAreTold(t *testing.T) {
	e := start(t, config(t)) // without advisories, so that nothing is scanned
	e.namespace("team", strict())
	for i, cause := range catalog.Causes() {
		tag := fmt.Sprint("v", i)
		manifest := e.push(imagetest.Build(e, "-- layer --\n-- srv/file --\n"+string(cause)+"\n"), "team/app", tag)
		s, err := e.control.LatestScan(e.Context(), client.Image{Namespace: "team", Repository: "app", Reference: tag})
		e.must(err)
		e.must(e.server.Store().FailScan(e.Context(), s.ID, cause, "this is wrong"))
		if s, err = e.control.Scan(e.Context(), s.ID); err != nil || s.Cause != cause || s.Advice != cause.Advice() || s.Advice == "" || s.Detail != "this is wrong" {
			t.Errorf("%s: the scan is %+v, %v", cause, s, err)
		}
		events, err := e.control.Events(e.Context(), url.Values{"scan": {fmt.Sprint(s.ID)}, "kind": {"scan.failed"}})
		if err != nil || len(events) != 1 || events[0].Cause != string(cause) || events[0].Advice != cause.Advice() {
			t.Errorf("%s: the events are %+v, %v", cause, events, err)
		}
		e.do("GET", manifest, nil).want(t, 412, string(cause), cause.Advice())
		e.do("GET", "/metrics", nil).want(t, 200, fmt.Sprintf("pratique_scans_total{cause=%q,state=\"Error\"} 1\n", cause))
	}
}
