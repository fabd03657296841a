package access

import (
	"encoding/binary"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/pratique/pratique/internal/catalog"
)

// rate lets burst failures pass at once and then one per interval.
type rate struct {
	burst    int
	interval time.Duration
}

var (
	// accountRate holds per account and address: ten guesses, then ten a
	// minute. Another address is not held up by it.
	accountRate = rate{burst: 10, interval: 6 * time.Second}
	// addressRate holds per address over all accounts. It is generous, since
	// many clients may share an address.
	addressRate = rate{burst: 200, interval: 200 * time.Millisecond}
)

// limiter counts failed logins. Its memory is fixed: keys share slots by their
// keyed hash, so that strangers can neither make it grow nor choose whose slot
// they fill.
type limiter struct {
	mac func(parts ...string) [32]byte
	now func() time.Time

	mu    sync.Mutex
	slots []time.Time // guarded by mu; see reserve
}

// limiterSlots makes 1.5 MiB of slots.
const limiterSlots = 1 << 16

func newLimiter(mac func(parts ...string) [32]byte, now func() time.Time) *limiter {
	return &limiter{mac: mac, now: now, slots: make([]time.Time, limiterSlots)}
}

// reserve counts an attempt of the account from the address as failed until
// refund says otherwise, so that attempts made at once count like attempts made
// in turn. It fails with Busy where there were too many failures.
func (l *limiter) reserve(account, address string) (refund func(), err error) {
	keys := [...]struct {
		slot int
		rate rate
	}{
		{l.slot("account", account, address), accountRate},
		{l.slot("address", address), addressRate},
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	for _, k := range keys {
		if wait := l.wait(k.slot, k.rate, now); wait > 0 {
			return nil, tooManyFailures(wait)
		}
	}
	for _, k := range keys {
		l.shift(k.slot, k.rate.interval, now)
	}
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, k := range keys {
			l.slots[k.slot] = l.slots[k.slot].Add(-k.rate.interval)
		}
	}, nil
}

// A slot holds the time at which all its failures will be forgotten; each
// failure moves it one interval on, and burst intervals ahead of now are full.

func (l *limiter) wait(slot int, r rate, now time.Time) time.Duration {
	// Sub bounds its result, so a slot that was never used waits for nothing.
	return l.slots[slot].Sub(now.Add(time.Duration(r.burst-1) * r.interval))
}

func (l *limiter) shift(slot int, interval time.Duration, now time.Time) {
	if l.slots[slot].Before(now) {
		l.slots[slot] = now
	}
	l.slots[slot] = l.slots[slot].Add(interval)
}

func (l *limiter) slot(parts ...string) int {
	sum := l.mac(parts...)
	return int(binary.BigEndian.Uint64(sum[:8]) % limiterSlots)
}

// retryAfter is the underlying error of a refusal that ends by itself.
type retryAfter time.Duration

func (r retryAfter) Error() string { return "retry after " + time.Duration(r).String() }

// RetryAfter returns how long to wait before trying again, in whole seconds, or
// 0 if err does not say.
func RetryAfter(err error) time.Duration {
	var r retryAfter
	if !errors.As(err, &r) {
		return 0
	}
	return (time.Duration(r) + time.Second - 1).Truncate(time.Second)
}

func tooManyFailures(wait time.Duration) error {
	err := catalog.Errorf(catalog.Busy, "too_many_failed_logins", "too many failed logins: %w", retryAfter(wait))
	err.Message = "too many failed logins"
	return err.Advise("check user name and password and try again in %d seconds", RetryAfter(err)/time.Second)
}

// clientAddress is what failures count by: the address of the connection's
// other end, for IPv6 its /64, which is what one customer gets.
func clientAddress(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return remote
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	return network(addr)
}

// network is an IPv4 address, or an IPv6 address's /64.
func network(addr netip.Addr) string {
	addr = addr.Unmap().WithZone("")
	if addr.Is4() {
		return addr.String()
	}
	prefix, err := addr.Prefix(64)
	if err != nil {
		return addr.String()
	}
	return prefix.String()
}

// Address is where a request comes from, for the audit log; empty for one by the
// control socket.
func Address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	return host
}
