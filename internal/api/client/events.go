package client

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/pratique/pratique/internal/api"
)

// maxEvent bounds a line of a stream of events, in bytes.
const maxEvent = 1 << 20

// Events lists what happened, latest first. query selects as the interface says.
func (c *Client) Events(ctx context.Context, query url.Values) ([]api.Event, error) {
	var page api.Latest[api.Event]
	err := c.do(ctx, http.MethodGet, "/events", query, nil, &page)
	return page.Items, err
}

// Follow calls f for every event after the one with the given id, or from now on
// if it is negative, until f says that it is done, ctx ends or the server does.
func (c *Client) Follow(ctx context.Context, query url.Values, after int64, f func(api.Event) (done bool, err error)) error {
	all := url.Values{}
	for name, values := range query {
		all[name] = values
	}
	if after >= 0 {
		all.Set("after", strconv.FormatInt(after, 10))
	}
	body, err := c.send(ctx, http.MethodGet, "/events/stream", all, nil)
	if err != nil {
		return err
	}
	defer body.Close()
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, maxEvent)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var e api.Event
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			return fmt.Errorf("read an event of %s: %w", c.place, err)
		}
		if done, err := f(e); done || err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil && ctx.Err() == nil {
		return fmt.Errorf("the events of %s ended: %w", c.place, err)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%s ended the stream of events", c.place)
}
