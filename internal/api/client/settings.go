package client

import (
	"context"
	"net/http"

	"github.com/pratique/pratique/internal/api"
)

// Settings returns those of the instance.
func (c *Client) Settings(ctx context.Context) (s api.Settings, err error) {
	return s, c.do(ctx, http.MethodGet, "/settings", nil, nil, &s)
}

// SetSettings replaces what the instance sets. It may fail with code
// "settings_changed".
func (c *Client) SetSettings(ctx context.Context, change api.SettingsChange) (s api.Settings, err error) {
	return s, c.do(ctx, http.MethodPut, "/settings", nil, change, &s)
}
