package storetest

import (
	"fmt"
	"strings"

	"github.com/pratique/pratique/internal/catalog"
)

// closed lists the gates of an instance that are closed.
func (f *fixture) closed(instanceID string) string {
	f.Helper()
	states, err := f.s.Gates(f.Context(), instanceID)
	f.ok(err)
	var names []string
	for _, g := range states {
		if !g.Open {
			names = append(names, string(g.Gate))
		}
	}
	return strings.Join(names, " ")
}

func testGates(f *fixture) {
	ctx := f.Context()
	instance := func(tenant, region string) string {
		inst, err := f.s.EnsureInstance(ctx, tenant, catalog.Instance{Name: tenant + region, Region: region, Host: fmt.Sprintf("%s.%s", tenant, region)})
		f.ok(err)
		return inst.ID
	}
	north, south, other := instance("acme", "north"), instance("acme", "south"), instance("umbrella", "north")
	equal(f, "closed in the default instance", f.closed(f.inst), "")
	equal(f, "closed in a new one", f.closed(north), "authorization")

	// What belongs to a region counts there, what belongs to a tenant everywhere.
	set := func(id string, gate catalog.ScanGate, open bool) {
		f.ok(f.s.SetGate(ctx, id, gate, open, "ann"))
	}
	set(north, catalog.GateAuthorization, true)
	set(north, catalog.GateAuthorization, true)
	equal(f, "closed in the region", f.closed(north), "")
	equal(f, "closed in another region", f.closed(south), "authorization")
	equal(f, "closed for another tenant", f.closed(other), "authorization")
	set(south, catalog.GateScanning, false)
	set(north, catalog.GateRegistry, false)
	set(north, catalog.GateFeature, false)
	equal(f, "closed in the north", f.closed(north), "scanning registry-access feature")
	equal(f, "closed in the south", f.closed(south), "scanning authorization")
	set(north, catalog.GateAuthorization, false)
	equal(f, "closed after all", f.closed(north), "scanning registry-access authorization feature")

	states, err := f.s.Gates(ctx, north)
	f.ok(err)
	equal(f, "who closed it", states[2], catalog.GateState{Gate: catalog.GateAuthorization, ChangedBy: "ann", ChangedAt: f.clock()})
	_, err = f.s.Gates(ctx, "nowhere")
	f.code(err, catalog.NotFound, "instance_not_found")
	f.code(f.s.SetGate(ctx, "nowhere", catalog.GateFeature, true, ""), catalog.NotFound, "instance_not_found")
}
