package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pratique/pratique/internal/access"
	"github.com/pratique/pratique/internal/catalog"
)

// BatchStore holds scans of many images.
type BatchStore interface {
	Select(ctx context.Context, instanceID string, sel catalog.Selection) (catalog.Selected, error)
	Batch(ctx context.Context, instanceID string, id int64) (catalog.Batch, error)
	Batches(ctx context.Context, instanceID string, before int64, limit int) ([]catalog.Batch, error)
	BatchItems(ctx context.Context, batchID int64, state catalog.ItemState, after int64, limit int) ([]catalog.BatchItem, error)
	StopBatch(ctx context.Context, instanceID string, id int64, running bool, by string) (catalog.Batch, error)
}

func (h *handlers) registerBatches(api huma.API) {
	tags := []string{"Batches of scans"}
	route(h, api, huma.Operation{
		OperationID: "startBatch", Method: http.MethodPost, Path: "/batches", Tags: tags,
		DefaultStatus: http.StatusCreated, Summary: "Scan all images of a selection, one after the other",
		Description: "Which images are meant is decided at once. Their scans wait behind all others.",
	}, h.startBatch)
	route(h, api, huma.Operation{
		OperationID: "previewBatch", Method: http.MethodPost, Path: "/batches/preview", Tags: tags,
		Summary: "Tell how many images a batch would scan, and what that would cost",
	}, h.previewBatch)
	route(h, api, huma.Operation{
		OperationID: "listBatches", Method: http.MethodGet, Path: "/batches", Tags: tags,
		Summary: "List batches, latest first",
	}, h.listBatches)
	route(h, api, huma.Operation{
		OperationID: "getBatch", Method: http.MethodGet, Path: "/batches/{batch}", Tags: tags,
		Summary: "Get a batch with its progress",
	}, h.getBatch)
	route(h, api, huma.Operation{
		OperationID: "listBatchImages", Method: http.MethodGet, Path: "/batches/{batch}/images", Tags: tags,
		Summary: "List the images of a batch, in their order",
	}, h.listBatchImages)
	route(h, api, huma.Operation{
		OperationID: "stopBatch", Method: http.MethodPost, Path: "/batches/{batch}/stop", Tags: tags,
		Summary:     "Stop a batch",
		Description: "No further image is scanned. Scans that run go on to their end, unless they are to be stopped too. A scan that somebody else has asked for as well is not stopped.",
	}, h.stopBatch)
}

// Selection says which images are meant.
type Selection struct {
	All          bool     `json:"all,omitempty" doc:"All there are; instead of the three lists"`
	Namespaces   []string `json:"namespaces,omitempty" maxItems:"1000" doc:"Images of these namespaces" example:"[\"team\"]"`
	Repositories []string `json:"repositories,omitempty" maxItems:"1000" doc:"Images of these repositories; * stands for any characters" example:"[\"team/backend*\"]"`
	Images       []string `json:"images,omitempty" maxItems:"1000" doc:"These images, by tag or digest" example:"[\"team/app:1.0\"]"`
	PushedDays   int      `json:"pushedDays,omitempty" minimum:"0" maximum:"3650" doc:"Of these, only what was pushed within so many days; 0 for all"`
}

// ScanChoice says what to look for, and how fast.
type ScanChoice struct {
	Categories    []string `json:"categories,omitempty" enum:"vuln,malware,baseline,password,secret,compliance" doc:"What to look for; everything if absent. Vulnerabilities are always looked for, and what only informs."`
	ImagesPerHour int      `json:"imagesPerHour,omitempty" minimum:"0" maximum:"1000" doc:"How many images may begin in an hour; 0 for no limit"`
}

// BatchStart asks for a batch.
type BatchStart struct {
	_ struct{} `additionalProperties:"false"`
	Selection
	ScanChoice
}

func batchRequest(s Selection, c ScanChoice, by string) (r catalog.BatchRequest, err error) {
	r = catalog.BatchRequest{Selection: catalog.Selection(s), Rate: c.ImagesPerHour, By: by}
	r.Categories, err = catalog.ParseChoice(c.Categories)
	return r, err
}

// Selected counts what a selection came to.
type Selected struct {
	Images    int `json:"images" doc:"Images to scan, those in indexes included"`
	NotImages int `json:"notImages" doc:"Left out: charts, signatures and other artifacts that are no images"`
	Untagged  int `json:"untagged" doc:"Left out: images that the instance refuses to scan, as it may those without a tag"`
}

// BatchPreview tells what a batch would come to.
type BatchPreview struct {
	Selected
	Units BatchUnits `json:"units" doc:"What it would cost if every scan succeeded"`
}

// BatchUnits splits the units of a batch by their price.
type BatchUnits struct {
	Total      int64 `json:"total" doc:"One for each image"`
	Free       int64 `json:"free" doc:"Of these, those of what is left of the month's free quota"`
	Full       int64 `json:"full" doc:"Of these, those at the full price"`
	Discounted int64 `json:"discounted" doc:"Of these, those beyond the discount step"`
}

// Batch is a number of images that are scanned one after the other.
type Batch struct {
	ID       int64  `json:"id"`
	Kind     string `json:"kind" enum:"manual,cycle"`
	Schedule string `json:"schedule,omitempty" doc:"The schedule whose run it is"`
	By       string `json:"by,omitempty" doc:"Who began it, or set the schedule"`
	State    string `json:"state" enum:"running,finished,stopped,timed-out"`
	// TaskStatus is for programs made for the specification's interface.
	TaskStatus       int       `json:"taskStatus" doc:"The state as a number: 100 finished, 0 to 99 progress, -1 stopped, -2 timed out"`
	Percent          int       `json:"percent" minimum:"0" maximum:"100"`
	Selection        Selection `json:"selection"`
	Categories       []string  `json:"categories" nullable:"false" doc:"What is looked for"`
	ImagesPerHour    int       `json:"imagesPerHour"`
	Selected         Selected  `json:"selected" doc:"What the selection came to when it began"`
	Success          int       `json:"success" doc:"Images whose scan succeeded"`
	Failed           int       `json:"failed" doc:"Images whose scan failed"`
	Stopped          int       `json:"stopped" doc:"Images whose scan was stopped or did not begin"`
	Risky            int       `json:"risky" doc:"Of those that succeeded, images with a vulnerability, an unsafe setting or a malicious file"`
	Open             int       `json:"open" doc:"Images whose scan waits or runs"`
	RemainingMinutes *int      `json:"remainingMinutes,omitempty" doc:"Estimate of the time it still takes; absent while there is nothing to go by"`
	BeganAt          time.Time `json:"beganAt"`
	EndedAt          time.Time `json:"endedAt,omitzero"`
}

func (h *handlers) batch(b catalog.Batch) Batch {
	out := Batch{
		ID: b.ID, Kind: string(b.Kind), Schedule: b.Schedule, By: b.By, State: string(b.State), TaskStatus: b.TaskStatus(), Percent: b.Percent(),
		Selection: Selection(b.Selection), Categories: catalog.Choice(b.Categories), ImagesPerHour: b.Rate, Selected: Selected(b.Selected),
		Success: b.Success, Failed: b.Failed, Stopped: b.Stopped, Risky: b.Risky, Open: b.Open, BeganAt: b.BeganAt, EndedAt: b.EndedAt,
	}
	if left, ok := b.Remaining(h.cfg.Now()); ok {
		minutes := int((left + time.Minute - 1) / time.Minute)
		out.RemainingMinutes = &minutes
	}
	return out
}

// BatchImage is an image of a batch.
type BatchImage struct {
	Position   int64  `json:"position" doc:"Its place in the batch, from 1"`
	Repository string `json:"repository" doc:"With its namespace" example:"team/app"`
	Digest     string `json:"digest"`
	Tag        string `json:"tag,omitempty" doc:"One of its tags when the batch began"`
	State      string `json:"state" enum:"waiting,scanning,success,failed,stopped"`
	Scan       int64  `json:"scan,omitempty" doc:"Id of its scan"`
	Cause      string `json:"cause,omitempty" doc:"Why it failed"`
	Detail     string `json:"detail,omitempty" doc:"What exactly failed"`
	Advice     string `json:"advice,omitempty" doc:"What to do about it"`
}

func batchImage(i catalog.BatchItem) BatchImage {
	return BatchImage{Position: i.Position, Repository: i.Repository, Digest: i.Digest, Tag: i.Tag, State: string(i.State),
		Scan: i.ScanID, Cause: string(i.Cause), Detail: i.Detail, Advice: i.Cause.Advice()}
}

type startBatchIn struct {
	Body BatchStart
}

type startBatchOut struct {
	Location string `header:"Location"`
	Body     Batch
}

func (h *handlers) startBatch(ctx context.Context, in *startBatchIn) (*startBatchOut, error) {
	r, err := batchRequest(in.Body.Selection, in.Body.ScanChoice, author(ctx))
	if err != nil {
		return nil, err
	}
	if err := h.maySelect(ctx, access.Scan, r.Selection); err != nil {
		return nil, err
	}
	b, err := h.cfg.Scanner.StartBatch(ctx, instance(ctx), r)
	if err != nil {
		return nil, err
	}
	return &startBatchOut{fmt.Sprintf("%s/batches/%d", Prefix, b.ID), h.batch(b)}, nil
}

type previewBatchOut struct {
	Body BatchPreview
}

func (h *handlers) previewBatch(ctx context.Context, in *startBatchIn) (*previewBatchOut, error) {
	r, err := batchRequest(in.Body.Selection, in.Body.ScanChoice, "")
	if err != nil {
		return nil, err
	}
	if err := r.Check(); err != nil {
		return nil, err
	}
	if err := h.maySelect(ctx, access.Scan, r.Selection); err != nil {
		return nil, err
	}
	selected, err := h.cfg.Store.Select(ctx, instance(ctx), r.Selection)
	if err != nil {
		return nil, err
	}
	month := catalog.MonthOf(h.cfg.Now())
	usage, err := h.cfg.Store.Usage(ctx, instance(ctx), month)
	if err != nil {
		return nil, err
	}
	before := catalog.NewStatement(month, usage, h.cfg.Tariff)
	after := catalog.NewStatement(month, append(usage, catalog.Usage{Scans: int64(selected.Images)}), h.cfg.Tariff)
	return &previewBatchOut{BatchPreview{Selected(selected), BatchUnits{
		Total: after.Scans - before.Scans, Free: after.Free - before.Free,
		Full: after.Full - before.Full, Discounted: after.Discounted - before.Discounted,
	}}}, nil
}

type listBatchesOut struct {
	Body Latest[Batch]
}

func (h *handlers) listBatches(ctx context.Context, in *struct{ Before }) (*listBatchesOut, error) {
	sight := h.sight(ctx)
	found, err := seenOnly(in.Limit+1, in.Before.Before,
		func(before int64, n int) ([]catalog.Batch, error) {
			return h.cfg.Store.Batches(ctx, instance(ctx), before, n)
		},
		func(b catalog.Batch) int64 { return b.ID },
		func(b catalog.Batch) bool { return sight.seesSelection(ctx, b.Selection) })
	if err := errors.Join(err, sight.err); err != nil {
		return nil, err
	}
	return &listBatchesOut{latestOf(found, in.Before, h.batch, func(b catalog.Batch) int64 { return b.ID })}, nil
}

// InBatch is the part of a path that names a batch.
type InBatch struct {
	ID int64 `path:"batch" doc:"Id of the batch"`
}

type batchOut struct {
	Body Batch
}

func (h *handlers) getBatch(ctx context.Context, in *InBatch) (*batchOut, error) {
	b, err := h.batchFor(ctx, in.ID, access.Read)
	if err != nil {
		return nil, err
	}
	return &batchOut{h.batch(b)}, nil
}

// batchFor reads a batch for somebody who wants to do what verb says. One that
// the actor may not see as a whole is not there.
func (h *handlers) batchFor(ctx context.Context, id int64, verb access.Verb) (catalog.Batch, error) {
	b, err := h.cfg.Store.Batch(ctx, instance(ctx), id)
	if err != nil {
		return b, err
	}
	sight := h.sight(ctx)
	if !sight.seesSelection(ctx, b.Selection) {
		if sight.err != nil {
			return b, sight.err
		}
		return b, catalog.Errorf(catalog.NotFound, "batch_not_found", "there is no batch number %d", id)
	}
	if verb == access.Read {
		return b, nil
	}
	return b, h.maySelect(ctx, verb, b.Selection)
}

// namespaces are those that a selection names; all if it may be about any.
func namespaces(s catalog.Selection) (names []string, all bool) {
	names = append(names, s.Namespaces...)
	for _, list := range [][]string{s.Repositories, s.Images} {
		for _, name := range list {
			namespace, _, ok := strings.Cut(name, "/")
			if !ok || strings.Contains(namespace, "*") {
				return nil, true
			}
			names = append(names, namespace)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), s.All || len(names) == 0
}

// maySelect refuses a selection to whoever has not the right in all of it.
func (h *handlers) maySelect(ctx context.Context, verb access.Verb, s catalog.Selection) error {
	names, all := namespaces(s)
	if all {
		return h.may(ctx, verb, "")
	}
	for _, name := range names {
		if err := h.may(ctx, verb, name); err != nil {
			return err
		}
	}
	return nil
}

func (s *sight) seesSelection(ctx context.Context, sel catalog.Selection) bool {
	names, all := namespaces(sel)
	if all {
		return s.see.Everything()
	}
	return !slices.ContainsFunc(names, func(name string) bool { return !s.sees(ctx, name) })
}

type listBatchImagesIn struct {
	InBatch
	State string `query:"state" enum:"waiting,scanning,success,failed,stopped" doc:"Only those in this state"`
	After int64  `query:"after" minimum:"0" doc:"The \"next\" of the page before"`
	Limit int    `query:"limit" default:"100" minimum:"1" maximum:"500" doc:"Entries per page"`
}

type listBatchImagesOut struct {
	Body Latest[BatchImage] `nameHint:"BatchImages"`
}

func (h *handlers) listBatchImages(ctx context.Context, in *listBatchImagesIn) (*listBatchImagesOut, error) {
	if _, err := h.getBatch(ctx, &in.InBatch); err != nil {
		return nil, err
	}
	found, err := h.cfg.Store.BatchItems(ctx, in.ID, catalog.ItemState(in.State), in.After, in.Limit+1)
	if err != nil {
		return nil, err
	}
	page := latestOf(found, Before{Limit: in.Limit}, batchImage, func(i catalog.BatchItem) int64 { return i.Position })
	return &listBatchImagesOut{page}, nil
}

type stopBatchIn struct {
	InBatch
	Running bool `query:"running" doc:"Stop the scans that run as well"`
}

func (h *handlers) stopBatch(ctx context.Context, in *stopBatchIn) (*batchOut, error) {
	if _, err := h.batchFor(ctx, in.ID, access.Scan); err != nil {
		return nil, err
	}
	b, err := h.cfg.Store.StopBatch(ctx, instance(ctx), in.ID, in.Running, author(ctx))
	if err != nil {
		return nil, err
	}
	return &batchOut{h.batch(b)}, nil
}
