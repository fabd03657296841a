package client

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/pratique/pratique/internal/api"
)

// StartBatch begins to scan all images of a selection.
func (c *Client) StartBatch(ctx context.Context, in api.BatchStart) (b api.Batch, err error) {
	return b, c.do(ctx, http.MethodPost, "/batches", nil, in, &b)
}

// PreviewBatch tells what a batch would come to.
func (c *Client) PreviewBatch(ctx context.Context, in api.BatchStart) (p api.BatchPreview, err error) {
	return p, c.do(ctx, http.MethodPost, "/batches/preview", nil, in, &p)
}

// Batches lists the latest batches, latest first.
func (c *Client) Batches(ctx context.Context) ([]api.Batch, error) {
	var page api.Latest[api.Batch]
	err := c.do(ctx, http.MethodGet, "/batches", nil, nil, &page)
	return page.Items, err
}

// Batch returns a batch.
func (c *Client) Batch(ctx context.Context, id int64) (b api.Batch, err error) {
	return b, c.do(ctx, http.MethodGet, batchPath(id), nil, nil, &b)
}

// BatchImages returns the images of a batch in a state, all if it is empty.
func (c *Client) BatchImages(ctx context.Context, id int64, state string) ([]api.BatchImage, error) {
	var all []api.BatchImage
	query := url.Values{"limit": {"500"}}
	if state != "" {
		query.Set("state", state)
	}
	for {
		var page api.Latest[api.BatchImage]
		if err := c.do(ctx, http.MethodGet, batchPath(id)+"/images", query, nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		after := strconv.FormatInt(page.Next, 10)
		if page.Next == 0 || after == query.Get("after") {
			return all, nil
		}
		query.Set("after", after)
	}
}

// StopBatch stops a batch, and with running the scans that run.
func (c *Client) StopBatch(ctx context.Context, id int64, running bool) (b api.Batch, err error) {
	return b, c.do(ctx, http.MethodPost, batchPath(id)+"/stop", url.Values{"running": {strconv.FormatBool(running)}}, nil, &b)
}

func batchPath(id int64) string { return fmt.Sprintf("/batches/%d", id) }

// Schedules lists schedules by name.
func (c *Client) Schedules(ctx context.Context) ([]api.Schedule, error) {
	var out struct{ Items []api.Schedule }
	err := c.do(ctx, http.MethodGet, "/schedules", nil, nil, &out)
	return out.Items, err
}

// Schedule returns a schedule.
func (c *Client) Schedule(ctx context.Context, name string) (s api.Schedule, err error) {
	return s, c.do(ctx, http.MethodGet, schedulePath(name), nil, nil, &s)
}

// SetSchedule creates or replaces a schedule.
func (c *Client) SetSchedule(ctx context.Context, name string, in api.ScheduleSet) (s api.Schedule, err error) {
	return s, c.do(ctx, http.MethodPut, schedulePath(name), nil, in, &s)
}

// DeleteSchedule deletes a schedule.
func (c *Client) DeleteSchedule(ctx context.Context, name string) error {
	return c.do(ctx, http.MethodDelete, schedulePath(name), nil, nil, nil)
}

func schedulePath(name string) string { return "/schedules/" + url.PathEscape(name) }
