package lru

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

func kept(c *Cache[string, string], keys ...string) string {
	var found []string
	for _, key := range keys {
		if v, ok := c.Get(key); ok {
			found = append(found, key+"="+v)
		}
	}
	return strings.Join(found, " ")
}

func length(s string) int { return len(s) }

func TestCache(t *testing.T) {
	c := New[string](10, length)
	c.Put("a", "1234")
	c.Put("b", "12345")
	c.Put("a", "other") // changes nothing
	c.Get("a")
	c.Put("c", "12") // drops b, which was not used since
	if got := kept(c, "a", "b", "c"); got != "a=1234 c=12" {
		t.Errorf("keeps %s", got)
	}
	c.Put("d", "123456") // too heavy
	if got := kept(c, "a", "c", "d"); got != "a=1234 c=12" {
		t.Errorf("keeps %s", got)
	}
	c.Put("e", "12345") // drops a, then fits
	if got := kept(c, "a", "c", "e"); got != "c=12 e=12345" {
		t.Errorf("keeps %s", got)
	}
}

func TestCacheInParallel(t *testing.T) {
	c := New[string](100, length)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for k := range 1000 {
				key := fmt.Sprint((i * k) % 37)
				if v, ok := c.Get(key); ok && v != key+" value" {
					t.Errorf("%s has %s", key, v)
				}
				c.Put(key, key+" value")
			}
		})
	}
	group.Wait()
	if c.used > 100 || c.order.Len() != len(c.byKey) {
		t.Errorf("weighs %d, %d of %d", c.used, c.order.Len(), len(c.byKey))
	}
}
