package catalog

import "time"

// ScanGate is one of the gates that a scan must pass before the artifact itself
// is looked at (§2.1).
type ScanGate string

const (
	// GateScanning is the tenant's switch for scans, which may cost money.
	GateScanning ScanGate = "scanning"
	// GateRegistry is the permission to read what a tenant's registries in a
	// region hold.
	GateRegistry ScanGate = "registry-access"
	// GateAuthorization is the tenant's authorization of scans in a region, given
	// once.
	GateAuthorization ScanGate = "authorization"
	// GateFeature is whether an instance offers scans at all.
	GateFeature ScanGate = "feature"
)

// ScanGates lists the gates in the order in which they are checked.
func ScanGates() []ScanGate {
	return []ScanGate{GateScanning, GateRegistry, GateAuthorization, GateFeature}
}

// ParseScanGate reads the name of a gate.
func ParseScanGate(name string) (ScanGate, error) {
	for _, g := range ScanGates() {
		if string(g) == name {
			return g, nil
		}
	}
	return "", Errorf(Invalid, "gate_unknown", "there is no gate %q", clip(name)).
		Advise("use scanning, registry-access, authorization or feature")
}

// Open reports whether a gate is open that nobody has opened or closed: all are
// but the authorization, which the tenant must give.
func (g ScanGate) Open() bool { return g != GateAuthorization }

// Cause is what a scan fails with at the gate.
func (g ScanGate) Cause() Cause {
	switch g {
	case GateRegistry:
		return CauseAuthentication
	case GateAuthorization:
		return CauseNotAuthorized
	}
	return CauseRequest
}

// Closed says which gate keeps scans out, and how it is opened.
func (g ScanGate) Closed() *Error {
	text := map[ScanGate]string{
		GateScanning:      "scans are switched off for the tenant",
		GateRegistry:      "the scanner may not read the tenant's registries in this region",
		GateAuthorization: "scans are not authorized for the tenant in this region",
		GateFeature:       "this instance does not offer scans",
	}[g]
	return Errorf(Denied, "gate_closed", "%s (gate %s)", text, g).
		Advise("an administrator opens it with: pratique admin gate open %s", g)
}

// GateState is a gate as it is for one instance.
type GateState struct {
	Gate ScanGate
	Open bool
	// ChangedBy and ChangedAt tell who opened or closed it last; empty if nobody
	// has.
	ChangedBy string
	ChangedAt time.Time
}
