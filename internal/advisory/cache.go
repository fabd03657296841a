package advisory

import (
	"container/list"
	"sync"
)

// cacheBytes bounds the inflated blocks that one open database keeps.
const cacheBytes = 32 << 20

// blockCache keeps the blocks used last.
type blockCache struct {
	mu    sync.Mutex
	bytes int                        // under mu
	order *list.List                 // of *cachedBlock, the latest first; under mu
	byKey map[blockKey]*list.Element // under mu
}

type blockKey struct {
	file  *ecosystemFile
	block uint32
}

type cachedBlock struct {
	key  blockKey
	data []byte
}

func newBlockCache() *blockCache {
	return &blockCache{order: list.New(), byKey: make(map[blockKey]*list.Element)}
}

// get returns a block that must not be changed, or nil.
func (c *blockCache) get(key blockKey) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byKey[key]
	if e == nil {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*cachedBlock).data
}

func (c *blockCache) put(key blockKey, data []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byKey[key] != nil || len(data) > cacheBytes/2 {
		return
	}
	c.byKey[key] = c.order.PushFront(&cachedBlock{key, data})
	c.bytes += len(data)
	for c.bytes > cacheBytes {
		last := c.order.Back()
		b := c.order.Remove(last).(*cachedBlock)
		delete(c.byKey, b.key)
		c.bytes -= len(b.data)
	}
}
