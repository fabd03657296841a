package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pratique/pratique/internal/catalog"
)

func (h *handlers) registerSettings(api huma.API) {
	tags := []string{"Settings"}
	route(h, api, huma.Operation{
		OperationID: "getSettings", Method: http.MethodGet, Path: "/settings", Tags: tags,
		Summary: "Get the settings of the instance: limits of scans, and what is not scanned",
	}, h.getSettings)
	route(h, api, huma.Operation{
		OperationID: "setSettings", Method: http.MethodPut, Path: "/settings", Tags: tags,
		Summary:     "Replace the settings of the instance",
		Description: "What is absent has its default: that of the profile, or else of the server's configuration. Scans that run keep the limits they began with.",
	}, h.setSettings)
}

// Settings are those of an instance, as they are in force.
type Settings struct {
	Profile         catalog.Profile   `json:"profile" enum:"default,swr"`
	ConcurrentScans int               `json:"concurrentScans" doc:"Artifacts that are scanned at the same time"`
	ScanTimeout     int64             `json:"scanTimeoutSeconds" doc:"A scan that takes longer fails"`
	ImageBytes      int64             `json:"imageBytes" doc:"Largest image that is scanned, as stored"`
	Layers          int               `json:"layers" doc:"Most layers an image that is scanned can have"`
	LayerBytes      int64             `json:"layerBytes" doc:"Largest layer that is scanned, as stored"`
	Refuse          []catalog.Refusal `json:"refuse" nullable:"false" enum:"untagged,multi-architecture,chart,windows" doc:"What is not scanned although it could be"`
	FirstInFirstOut bool              `json:"firstInFirstOut" doc:"Whether scans wait in the order in which they were asked for, whatever asked for them"`

	Set       catalog.InstanceChange `json:"set" doc:"What the instance sets itself; the rest are defaults"`
	Revision  int64                  `json:"revision" doc:"Grows with each change"`
	ChangedBy string                 `json:"changedBy,omitempty"`
	ChangedAt time.Time              `json:"changedAt,omitzero"`
}

func (h *handlers) settings(stored catalog.StoredSettings) Settings {
	s := stored.Over(h.cfg.Defaults)
	return Settings{
		Profile: s.Profile, ConcurrentScans: s.Concurrent, ScanTimeout: int64(s.Timeout / time.Second),
		ImageBytes: s.ImageSize, Layers: s.Layers, LayerBytes: s.LayerSize,
		Refuse: append([]catalog.Refusal{}, s.Refuse...), FirstInFirstOut: s.FirstInFirstOut(),
		Set: stored.InstanceChange, Revision: stored.Revision, ChangedBy: stored.ChangedBy, ChangedAt: stored.ChangedAt,
	}
}

// SettingsChange replaces the settings of an instance.
type SettingsChange struct {
	_ struct{} `additionalProperties:"false"`
	catalog.InstanceChange
	Revision int64 `json:"revision" minimum:"0" doc:"That of the settings the change was made from: refused if they have changed meanwhile"`
}

type settingsOut struct {
	Body Settings
}

func (h *handlers) getSettings(ctx context.Context, _ *struct{}) (*settingsOut, error) {
	stored, err := h.cfg.Store.InstanceSettings(ctx, instance(ctx))
	if err != nil {
		return nil, err
	}
	return &settingsOut{h.settings(stored)}, nil
}

type setSettingsIn struct {
	Body SettingsChange
}

func (h *handlers) setSettings(ctx context.Context, in *setSettingsIn) (*settingsOut, error) {
	stored, err := h.cfg.Store.SetInstanceSettings(ctx, instance(ctx), in.Body.InstanceChange, in.Body.Revision, author(ctx))
	if err != nil {
		return nil, err
	}
	return &settingsOut{h.settings(stored)}, nil
}
