package advisory

import "github.com/pratique/pratique/internal/lru"

// cacheBytes bounds the inflated blocks that one open database keeps.
const cacheBytes = 32 << 20

// blockCache keeps the blocks used last. They must not be changed.
type blockCache = lru.Cache[blockKey, []byte]

type blockKey struct {
	file  *ecosystemFile
	block uint32
}

func newBlockCache() *blockCache {
	return lru.New[blockKey](cacheBytes, func(data []byte) int { return len(data) })
}
