package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pratique/pratique/internal/catalog"
)

// ScheduleStore holds schedules.
type ScheduleStore interface {
	SetSchedule(ctx context.Context, want catalog.Schedule) (catalog.Schedule, error)
	Schedule(ctx context.Context, instanceID, name string) (catalog.Schedule, error)
	Schedules(ctx context.Context, instanceID string) ([]catalog.Schedule, error)
	DeleteSchedule(ctx context.Context, instanceID, name string) error
}

func (h *handlers) registerSchedules(api huma.API) {
	tags := []string{"Schedules"}
	route(h, api, huma.Operation{
		OperationID: "listSchedules", Method: http.MethodGet, Path: "/schedules", Tags: tags,
		Summary: "List the schedules of the instance by name",
	}, h.listSchedules)
	route(h, api, huma.Operation{
		OperationID: "getSchedule", Method: http.MethodGet, Path: "/schedules/{schedule}", Tags: tags,
		Summary: "Get a schedule",
	}, h.getSchedule)
	route(h, api, huma.Operation{
		OperationID: "setSchedule", Method: http.MethodPut, Path: "/schedules/{schedule}", Tags: tags,
		Summary:     "Create or replace a schedule",
		Description: "It runs next at the time of day it names, and every few days from then on. Replaced by one with the same days and time it keeps its next run.",
	}, h.setSchedule)
	route(h, api, huma.Operation{
		OperationID: "deleteSchedule", Method: http.MethodDelete, Path: "/schedules/{schedule}", Tags: tags,
		Summary:     "Delete a schedule",
		Description: "A run of it that goes on is a batch, which can be stopped.",
	}, h.deleteSchedule)
}

// ScheduleSet is what a schedule does and when. Without any lists in the
// selection it is all images.
type ScheduleSet struct {
	_         struct{} `additionalProperties:"false"`
	Disabled  bool     `json:"disabled,omitempty" doc:"Whether it does not run"`
	EveryDays int      `json:"everyDays" enum:"1,3,7,14" doc:"Days between two runs"`
	At        string   `json:"at,omitempty" default:"02:00" maxLength:"5" doc:"Time of day at which it runs, in UTC" example:"02:00"`
	// What it scans: a part of Selection.
	Namespaces   []string `json:"namespaces,omitempty" maxItems:"1000" doc:"Images of these namespaces"`
	Repositories []string `json:"repositories,omitempty" maxItems:"1000" doc:"Images of these repositories; * stands for any characters"`
	PushedDays   int      `json:"pushedDays,omitempty" enum:"0,1,3,7" doc:"Of these, only what was pushed within so many days; 0 for all"`
	ScanChoice
}

// Schedule begins a batch every few days.
type Schedule struct {
	ID        int64  `json:"id"`
	Name      string `json:"name"`
	Enabled   bool   `json:"enabled"`
	EveryDays int    `json:"everyDays" doc:"Days between two runs"`
	At        string `json:"at" doc:"Time of day at which it runs, in UTC"`
	// Selection has no images.
	Selection     Selection `json:"selection"`
	Categories    []string  `json:"categories" nullable:"false" doc:"What is looked for"`
	ImagesPerHour int       `json:"imagesPerHour"`
	By            string    `json:"by,omitempty" doc:"Who set it"`
	CreatedAt     time.Time `json:"createdAt"`
	UpdatedAt     time.Time `json:"updatedAt"`
	NextRun       time.Time `json:"nextRun,omitzero" doc:"Absent if it is disabled"`
	LastRun       time.Time `json:"lastRun,omitzero" doc:"Absent if it has not run yet"`
	LastBatch     int64     `json:"lastBatch,omitempty" doc:"Id of the batch it began last"`
	Problem       string    `json:"problem,omitempty" doc:"Why the last run began no batch"`
}

func scheduleOf(s catalog.Schedule) Schedule {
	out := Schedule{
		ID: s.ID, Name: s.Name, Enabled: s.Enabled, EveryDays: s.Every, At: fmt.Sprintf("%02d:%02d", s.Minute/60, s.Minute%60),
		Selection: Selection(s.Selection), Categories: catalog.Choice(s.Categories), ImagesPerHour: s.Rate, By: s.By,
		CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt, NextRun: s.NextRun, LastRun: s.LastRun, LastBatch: s.LastBatch, Problem: s.Problem,
	}
	if !s.Enabled {
		out.NextRun = time.Time{}
	}
	return out
}

type listSchedulesOut struct {
	Body struct {
		Items []Schedule `json:"items" nullable:"false"`
	} `nameHint:"ListSchedule"`
}

func (h *handlers) listSchedules(ctx context.Context, _ *struct{}) (*listSchedulesOut, error) {
	found, err := h.cfg.Store.Schedules(ctx, instance(ctx))
	if err != nil {
		return nil, err
	}
	out := &listSchedulesOut{}
	out.Body.Items = []Schedule{}
	for _, s := range found {
		out.Body.Items = append(out.Body.Items, scheduleOf(s))
	}
	return out, nil
}

// InSchedule is the part of a path that names a schedule.
type InSchedule struct {
	Name string `path:"schedule" maxLength:"64" doc:"Name of the schedule" example:"nightly"`
}

type scheduleOut struct {
	Body Schedule
}

func (h *handlers) getSchedule(ctx context.Context, in *InSchedule) (*scheduleOut, error) {
	s, err := h.cfg.Store.Schedule(ctx, instance(ctx), in.Name)
	if err != nil {
		return nil, err
	}
	return &scheduleOut{scheduleOf(s)}, nil
}

type setScheduleIn struct {
	InSchedule
	Body ScheduleSet
}

func (h *handlers) setSchedule(ctx context.Context, in *setScheduleIn) (*scheduleOut, error) {
	at, err := time.Parse("15:04", in.Body.At)
	if err != nil {
		return nil, catalog.Errorf(catalog.Invalid, "schedule_time_invalid", "%q is no time of day", in.Body.At).
			Advise("write it like 02:00; it counts in UTC")
	}
	sel := Selection{Namespaces: in.Body.Namespaces, Repositories: in.Body.Repositories, PushedDays: in.Body.PushedDays}
	sel.All = len(sel.Namespaces)+len(sel.Repositories) == 0
	r, err := batchRequest(sel, in.Body.ScanChoice, author(ctx))
	if err != nil {
		return nil, err
	}
	s, err := h.cfg.Store.SetSchedule(ctx, catalog.Schedule{
		InstanceID: instance(ctx), Name: in.Name, Enabled: !in.Body.Disabled,
		Every: in.Body.EveryDays, Minute: at.Hour()*60 + at.Minute(), BatchRequest: r,
	})
	if err != nil {
		return nil, err
	}
	return &scheduleOut{scheduleOf(s)}, nil
}

func (h *handlers) deleteSchedule(ctx context.Context, in *InSchedule) (*struct{}, error) {
	return nil, h.cfg.Store.DeleteSchedule(ctx, instance(ctx), in.Name)
}
