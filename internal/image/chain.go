package image

import "github.com/pratique/pratique/internal/catalog"

// ChainIDs returns, for each layer of a stack from the lowest on, the name of
// the stack up to and with it: the chain ID of the OCI image specification.
// Images that begin with the same layers have the same chain IDs up to there.
func ChainIDs(diffIDs []string) []string {
	chain := make([]string, len(diffIDs))
	for n, diffID := range diffIDs {
		if n == 0 {
			chain[n] = diffID
			continue
		}
		chain[n] = sha256Of([]byte(chain[n-1] + " " + diffID))
	}
	return chain
}

// Stack identifies the image's layers as a whole. It is the zero value for an
// image without any.
func (i *Image) Stack() catalog.Stack {
	if len(i.Layers) == 0 {
		return catalog.Stack{}
	}
	diffIDs := make([]string, len(i.Layers))
	for n, l := range i.Layers {
		diffIDs[n] = l.DiffID
	}
	chain := ChainIDs(diffIDs)
	return catalog.Stack{ChainID: chain[len(chain)-1], Layers: len(chain), Platform: clip(i.Platform)}
}
