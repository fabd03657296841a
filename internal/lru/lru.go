// Package lru keeps what was used last, up to a bound on its weight, so that what
// is read again and again is made once.
//
// It fits values that never change under their key, such as what is stored under
// the digest of its content: nothing is ever put out of force.
package lru

import (
	"container/list"
	"sync"
)

// Cache keeps values by keys. It may be used by several goroutines. Values are
// shared, so nobody may change them.
type Cache[K comparable, V any] struct {
	limit  int
	weight func(V) int

	mu    sync.Mutex
	used  int                 // the weight of all; under mu
	order *list.List          // of *entry, the latest first; under mu
	byKey map[K]*list.Element // under mu
}

type entry[K comparable, V any] struct {
	key   K
	value V
}

// New returns a cache for values of a weight of limit together. What weighs more
// than half of that by itself is not kept.
func New[K comparable, V any](limit int, weight func(V) int) *Cache[K, V] {
	return &Cache[K, V]{limit: limit, weight: weight, order: list.New(), byKey: make(map[K]*list.Element)}
}

// Get returns the value of a key, if it is kept.
func (c *Cache[K, V]) Get(key K) (value V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byKey[key]
	if e == nil {
		return value, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*entry[K, V]).value, true
}

// Put keeps a value, unless there is one under the key already, and drops those
// not used for longest.
func (c *Cache[K, V]) Put(key K, value V) {
	weight := c.weight(value)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byKey[key] != nil || weight > c.limit/2 {
		return
	}
	c.byKey[key] = c.order.PushFront(&entry[K, V]{key, value})
	c.used += weight
	for c.used > c.limit {
		last := c.order.Remove(c.order.Back()).(*entry[K, V])
		delete(c.byKey, last.key)
		c.used -= c.weight(last.value)
	}
}
