package server_test

import (
	"fmt"
	"testing"

	"github.com/pratique/pratique/internal/api"
	"github.com/pratique/pratique/internal/server"
)

// Two registries in one program, told apart by host name, share nothing but
// layers that were read already.
func TestInstances(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, cfg server.Config) {
		cfg.Instances = []server.Instance{
			{Name: "north", Host: "North.example", Tenant: "acme", Region: "north"},
			{Name: "south", Host: "south.example", Tenant: "acme", Region: "south"},
		}
		importAdvisories(t, cfg.Data)
		e := start(t, cfg)
		const north, south = "Host: north.example:8480", "Host: SOUTH.example."
		for host, public := range map[string]bool{north: true, south: false} {
			e.do("POST", "/api/v1/namespaces", fmt.Appendf(nil, `{"name":"team","public":%v}`, public), host, "Content-Type: application/json").want(t, 201)
			e.do("PUT", "/api/v1/gates/authorization", []byte(`{"open":true}`), host, "Content-Type: application/json").want(t, 200)
			e.do("PATCH", "/api/v1/namespaces/team", []byte(`{"autoScan":true}`), host, "Content-Type: application/json").want(t, 200)
		}
		if list, err := e.control.Namespaces(t.Context()); err != nil || len(list) != 0 {
			t.Errorf("namespaces of the default instance: %v, %v", list, err)
		}
		img := debian(t, "north")
		manifest := e.push(img, "team/app", "1", north)
		const blobs = "/v2/team/app/blobs/"
		layer := blobs + img.Layers[0].Digest
		e.do("GET", manifest, nil, north).want(t, 200)
		e.do("GET", layer, nil, north).want(t, 200)
		for _, host := range []string{south, "Host: elsewhere.example"} {
			e.do("GET", manifest, nil, host).want(t, 404)
			e.do("GET", layer, nil, host).want(t, 404)
			e.do("GET", "/api/v1/namespaces/team/repositories", nil, host)
		}
		// What another instance holds cannot be mounted: the client has to push.
		a := e.do("POST", "/v2/team/app/blobs/uploads/?from=team/app&mount="+img.Layers[0].Digest, nil, south)
		a.want(t, 202)

		// Who may pull without logging in there may not here.
		token := decode[struct{ Token string }](t, e.do("GET", "/v2/token?service=north.example:8480&scope=repository:team/app:pull", nil, north, "Authorization: ").want(t, 200).body)
		bearer := "Authorization: Bearer " + token.Token
		e.do("GET", manifest, nil, north, bearer).want(t, 200)
		e.push(img, "team/app", "1", south)
		e.do("GET", manifest, nil, south, bearer).want(t, 401)

		type list struct{ Items []api.Scan }
		scans := decode[list](t, e.do("GET", "/api/v1/namespaces/team/repositories/app/artifacts/1/scans", nil, north).want(t, 200).body)
		if len(scans.Items) != 1 {
			t.Fatalf("scans: %+v", scans)
		}
		path := fmt.Sprint("/api/v1/scans/", scans.Items[0].ID)
		e.do("GET", path, nil, north).want(t, 200)
		e.do("GET", path, nil, south).want(t, 404, "scan_not_found")
		e.do("GET", path, nil).want(t, 404, "scan_not_found")

		// The same host cannot change its tenant.
		e.must(e.stop())
		cfg.Instances[1].Tenant = "other"
		if s, err := server.New(t.Context(), cfg, logger(t), "test"); err == nil {
			s.Close()
			t.Error("an instance changed its tenant")
		}
	})
}
