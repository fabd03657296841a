package scan

import (
	"context"

	"github.com/pratique/pratique/internal/catalog"
)

// closedGate returns the first gate of §2.1 that keeps scans of an instance out,
// or "" if none does. The last of the five, whether the artifact may be scanned,
// is catalog.Scope.Ineligible.
func (s *Service) closedGate(ctx context.Context, instanceID string) (catalog.ScanGate, error) {
	states, err := s.cfg.Store.Gates(ctx, instanceID)
	if err != nil {
		return "", err
	}
	for _, g := range states {
		if !g.Open {
			return g.Gate, nil
		}
	}
	return "", nil
}

// passGates checks all five gates for a scan that is about to begin. The error of
// a closed one is a *catalog.ScanError with the gate's cause; that of an artifact
// that the instance refuses by now is failed_to_send_the_scan_request.
func (s *Service) passGates(ctx context.Context, pull catalog.Pull) error {
	a := pull.Artifact
	gate, err := s.closedGate(ctx, a.Key.InstanceID)
	if err != nil {
		return err
	}
	if gate != "" {
		return catalog.ScanErrorf(gate.Cause(), "%s was not scanned: %w", a.Name(), gate.Closed())
	}
	return eligible(pull)
}

// eligible is the last gate.
func eligible(pull catalog.Pull) error {
	if refused := pull.Namespace.Scope.Ineligible(pull.Artifact); refused != nil {
		return catalog.ScanErrorf(catalog.CauseRequest, "it was not scanned: %w", refused)
	}
	return nil
}

// mayRequest refuses a request at a closed gate, except for that of the
// authorization: such a scan is accepted and ends with its cause, as
// specification §2.7 has it.
func (s *Service) mayRequest(ctx context.Context, instanceID string) error {
	gate, err := s.closedGate(ctx, instanceID)
	if err != nil || gate == "" || gate == catalog.GateAuthorization {
		return err
	}
	return gate.Closed()
}
