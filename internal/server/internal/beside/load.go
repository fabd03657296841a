package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// load is what many clients measured.
type load struct {
	took    []time.Duration // sorted
	elapsed time.Duration
}

func (l load) perSecond() float64 { return float64(len(l.took)) / l.elapsed.Seconds() }

// quantile is the time that a share q of the requests did not exceed.
func (l load) quantile(q float64) time.Duration {
	if len(l.took) == 0 {
		return 0
	}
	return l.took[int(q*float64(len(l.took)-1))]
}

// clients is how many connections put load on a registry.
const clients = 16

// accept is what pull clients take.
const accept = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json, " +
	mediaManifest + ", application/vnd.oci.image.index.v1+json, */*"

// run sends GET requests for path over all connections for so long. Without a
// rate each connection sends the next request when it has the answer to the one
// before. With one, in requests a second over all, requests have their times,
// and how long each took is counted from then, also where it was sent late.
func run(address, path, token string, rate float64, duration time.Duration) (load, error) {
	request := "GET " + path + " HTTP/1.1\r\nHost: " + address + "\r\nAccept: " + accept + "\r\n"
	if token != "" {
		request += "Authorization: Bearer " + token + "\r\n"
	}
	request += "\r\n"
	var (
		group  sync.WaitGroup
		all    = make([][]time.Duration, clients)
		failed = make([]error, clients)
		start  = time.Now()
	)
	for i := range clients {
		group.Go(func() {
			due := func(int) time.Time { return time.Now() }
			if rate > 0 {
				each := time.Duration(float64(time.Second) * clients / rate)
				first := start.Add(each * time.Duration(i) / clients)
				due = func(n int) time.Time { return first.Add(time.Duration(n) * each) }
			}
			all[i], failed[i] = repeat(address, []byte(request), start.Add(duration), due)
		})
	}
	group.Wait()
	l := load{elapsed: time.Since(start)}
	for i, err := range failed {
		if err != nil {
			return load{}, fmt.Errorf("GET %s from %s: %w", path, address, err)
		}
		l.took = append(l.took, all[i]...)
	}
	slices.Sort(l.took)
	return l, nil
}

// repeat sends a request again and again over one connection, the n-th when
// due says, until the end. It does no more than it must, as it shares the
// processors with what it measures.
func repeat(address string, request []byte, end time.Time, due func(n int) time.Time) ([]time.Duration, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	var took []time.Duration
	answer := bufio.NewReader(conn)
	for {
		at := due(len(took))
		if at.After(end) {
			return took, nil
		}
		time.Sleep(time.Until(at))
		if _, err := conn.Write(request); err != nil {
			return nil, err
		}
		res, err := http.ReadResponse(answer, nil)
		if err != nil {
			return nil, err
		}
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			return nil, err
		}
		if res.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("answer %s", res.Status)
		}
		took = append(took, time.Since(at))
	}
}
