package main

import (
	"strings"
	"testing"

	"github.com/pratique/pratique/internal/api"
	"github.com/pratique/pratique/internal/catalog"
)

// Every command that tells of a failed scan tells its cause and what to do.
func TestCausesAreTold(t *testing.T) {
	const artifact = "/namespaces/team/repositories/app/artifacts/1"
	for _, cause := range catalog.Causes() {
		failed := api.Scan{ID: 7, State: catalog.Failed, Cause: cause, Detail: "this is wrong", Advice: cause.Advice()}
		answers := map[string]any{
			"POST " + artifact + "/scan": failed,
			"GET " + artifact + "/scan":  failed,
			"GET " + artifact:            api.Artifact{Digest: "1", ScanOverview: &api.ScanOverview{Scan: failed}},
		}
		for _, args := range [][]string{{"admin", "scan", "team/app:1", "--wait"}, {"scan", "--watch", "team/app:1"}} {
			_, _, err := runAgainst(t, answers, args...)
			for _, says := range []string{"this is wrong", cause.Advice(), string(cause)} {
				if err == nil || !strings.Contains(err.Error(), says) {
					t.Errorf("%s: %v does not say %q: %v", cause, args, says, err)
				}
			}
		}
	}
}
