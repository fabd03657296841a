package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/klauspost/compress/gzhttp"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

// keepAlive is how often a stream without events says that it lives.
const keepAlive = 15 * time.Second

func (h *handlers) registerEvents(api huma.API) {
	tags := []string{"Events"}
	route(h, api, huma.Operation{
		OperationID: "listEvents", Method: http.MethodGet, Path: "/events", Tags: tags,
		Summary:     "List what happened, latest first",
		Description: "Scans, changes of verdicts and refused pulls, for as long as the server keeps them.",
	}, h.listEvents)
	route(h, api, huma.Operation{
		OperationID: "followEvents", Method: http.MethodGet, Path: "/events/stream", Tags: tags,
		Summary:     "Follow what happens",
		Description: "A stream of server-sent events. The name of each is its kind, its data an event. It goes on after the event named by \"after\" or the header Last-Event-ID, and with neither begins now.",
		Responses: map[string]*huma.Response{"200": {Description: "The stream", Content: map[string]*huma.MediaType{
			"text/event-stream": {Schema: &huma.Schema{Type: huma.TypeString}},
		}}},
	}, h.followEvents)
	route(h, api, huma.Operation{
		OperationID: "listVerdictChanges", Method: http.MethodGet, Path: artifactPath + "/verdicts", Tags: tags,
		Summary: "List the changes of an artifact's verdict with their causes, latest first",
	}, h.listVerdictChanges)
}

// Event is something that happened.
type Event struct {
	ID         int64     `json:"id"`
	At         time.Time `json:"at"`
	Kind       string    `json:"kind" example:"scan.done"`
	Namespace  string    `json:"namespace,omitempty"`
	Repository string    `json:"repository,omitempty"`
	Digest     string    `json:"digest,omitempty"`
	Scan       int64     `json:"scan,omitempty"`
	Cause      string    `json:"cause" doc:"Why it happened, in a few words"`
	catalog.EventData
}

func eventOf(e catalog.Event) Event {
	return Event{ID: e.ID, At: e.At, Kind: string(e.Kind), Namespace: e.Namespace, Repository: e.Repository, Digest: e.Digest,
		Scan: e.ScanID, Cause: e.Cause, EventData: e.Data}
}

// EventSelection selects events.
type EventSelection struct {
	Kind       []string `query:"kind" doc:"Only of these kinds" enum:"scan.waiting,scan.running,scan.progress,scan.done,scan.failed,verdict.changed,pull.blocked,pull.reported,pull.exempted,vulnerability.new,statements.changed,batch.done"`
	Namespace  string   `query:"namespace" maxLength:"128" doc:"Only about this namespace"`
	Repository string   `query:"repository" maxLength:"256" doc:"Only about this repository of the namespace"`
	Digest     string   `query:"digest" maxLength:"200" doc:"Only about this artifact"`
	Scan       int64    `query:"scan" doc:"Only about this scan"`
}

func (s EventSelection) filter() catalog.EventFilter {
	f := catalog.EventFilter{Namespace: s.Namespace, Repository: s.Repository, Digest: s.Digest, ScanID: s.Scan}
	for _, k := range s.Kind {
		f.Kinds = append(f.Kinds, catalog.EventKind(k))
	}
	return f
}

// Before selects the older part of a list that begins with the latest.
type Before struct {
	Before int64 `query:"before" minimum:"0" doc:"The \"next\" of the page before"`
	Limit  int   `query:"limit" default:"100" minimum:"1" maximum:"500" doc:"Entries per page"`
}

// Latest is one page of a list that begins with the latest.
type Latest[T any] struct {
	Items []T   `json:"items" nullable:"false"`
	Next  int64 `json:"next,omitempty" doc:"Pass it as \"before\" for the next page; absent on the last"`
}

// latestOf makes a page of what the store returned for one entry more.
func latestOf[S, T any](found []S, p Before, convert func(S) T, id func(S) int64) Latest[T] {
	page := Latest[T]{Items: make([]T, 0, min(len(found), p.Limit))}
	if len(found) > p.Limit {
		found = found[:p.Limit]
		page.Next = id(found[p.Limit-1])
	}
	for _, f := range found {
		page.Items = append(page.Items, convert(f))
	}
	return page
}

type listEventsIn struct {
	EventSelection
	Before
	Since time.Time `query:"since" doc:"Only what happened from then on"`
}

type listEventsOut struct {
	Body Latest[Event]
}

func (h *handlers) listEvents(ctx context.Context, in *listEventsIn) (*listEventsOut, error) {
	f := in.filter()
	see := visible(ctx)
	f.Since, f.See = in.Since, &see
	found, err := h.cfg.Store.Events(ctx, instance(ctx), f, in.Before.Before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	return &listEventsOut{latestOf(found, in.Before, eventOf, func(e catalog.Event) int64 { return e.ID })}, nil
}

type followEventsIn struct {
	EventSelection
	After       string `query:"after" maxLength:"20" doc:"Id of the event to go on after; 0 for all that are kept"`
	LastEventID string `header:"Last-Event-ID" maxLength:"20"`
}

func (in *followEventsIn) after() (int64, error) {
	text := in.After
	if in.LastEventID != "" {
		text = in.LastEventID
	}
	if text == "" {
		return -1, nil
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 0 {
		return 0, catalog.Errorf(catalog.Invalid, "event_invalid", "%q is not the id of an event", text)
	}
	return id, nil
}

func (h *handlers) followEvents(ctx context.Context, in *followEventsIn) (*huma.StreamResponse, error) {
	after, err := in.after()
	if err != nil {
		return nil, err
	}
	inst, actor := instance(ctx), askedOf(ctx).actor
	filter, see := in.filter(), visible(ctx)
	filter.See = &see
	leave, err := h.following.enter(actor.Name)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		defer leave()
		hctx.SetHeader("Content-Type", "text/event-stream")
		hctx.SetHeader(gzhttp.HeaderNoCompression, "1") // compressing waits for more
		hctx.SetHeader("X-Accel-Buffering", "no")       // proxies shall pass events on at once
		ctx, cancel := context.WithCancel(hctx.Context())
		defer cancel()
		if h.cfg.Stopping != nil {
			defer context.AfterFunc(h.cfg.Stopping, cancel)()
		}
		s := eventStream{w: hctx.BodyWriter().(http.ResponseWriter), still: func() bool { return h.cfg.Access.Still(ctx, actor) }}
		// The request was read. What bounds that for others would end the stream.
		_ = http.NewResponseController(s.w).SetReadDeadline(time.Time{})
		if s.send(": following\n\n") != nil {
			return
		}
		if err := s.run(ctx, func(f func(catalog.Event) error) error {
			return h.cfg.Store.FollowEvents(ctx, inst, filter, after, f)
		}); err != nil && ctx.Err() == nil {
			h.cfg.Logger.WarnContext(ctx, "api: following events", "error", err)
		}
	}}, nil
}

// maxStreams bounds how many streams an account follows at a time, so that one
// cannot take all connections there are.
const maxStreams = 100

// followers counts the streams of each account.
type followers struct {
	mu    sync.Mutex
	count map[string]int // guarded by mu
}

// enter counts another stream until leave is called. Busy "too_many_streams".
func (f *followers) enter(account string) (leave func(), err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.count[account] >= maxStreams {
		return nil, catalog.Errorf(catalog.Busy, "too_many_streams", "%s follows events %d times already", account, maxStreams).
			Advise("end one of the streams, or close pages of the console")
	}
	if f.count == nil {
		f.count = make(map[string]int)
	}
	f.count[account]++
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.count[account]--; f.count[account] == 0 {
			delete(f.count, account)
		}
	}, nil
}

// eventStream writes server-sent events.
type eventStream struct {
	w http.ResponseWriter
	// still reports whether the client may go on; its rights may have changed.
	still func() bool
}

// run passes on what follow tells, and something now and then if it tells
// nothing, which shows when nobody reads any more.
func (s eventStream) run(ctx context.Context, follow func(func(catalog.Event) error) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	events, done := make(chan catalog.Event), make(chan error, 1)
	go func() {
		done <- follow(func(e catalog.Event) error {
			select {
			case events <- e:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	alive := time.NewTicker(keepAlive)
	defer alive.Stop()
	for {
		var err error
		select {
		case e := <-events:
			err = s.event(e)
		case <-alive.C:
			if !s.still() {
				return nil // asks again, with the rights it has now
			}
			err = s.send(": alive\n\n")
		case <-ctx.Done():
			return nil
		case err := <-done:
			return err
		}
		if err != nil {
			return nil // nobody reads any more
		}
	}
}

func (s eventStream) event(e catalog.Event) error {
	data, err := json.Marshal(eventOf(e))
	if err != nil {
		return err
	}
	return s.send(fmt.Sprintf("id: %d\nevent: %s\ndata: %s\n\n", e.ID, e.Kind, data))
}

// send passes on text to a client that takes it in time. A writer without
// deadlines is none of a connection.
func (s eventStream) send(text string) error {
	c := http.NewResponseController(s.w)
	_ = c.SetWriteDeadline(time.Now().Add(2 * keepAlive))
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	return c.Flush()
}

// VerdictChange is a change of a verdict.
type VerdictChange struct {
	ID        int64           `json:"id"`
	At        time.Time       `json:"at"`
	Before    string          `json:"before" enum:"allow,block,unknown"`
	After     string          `json:"after" enum:"allow,block,unknown"`
	Reason    string          `json:"reason" doc:"Of the verdict after it"`
	Cause     string          `json:"cause" doc:"What made it change: scan, policy, expiry, …"`
	Remaining int             `json:"remaining" doc:"Vulnerabilities that count, after it"`
	Severity  report.Severity `json:"severity" doc:"The worst of them"`
	Scan      int64           `json:"scan"`
}

type listVerdictChangesIn struct {
	InArtifact
	Before
}

type listVerdictChangesOut struct {
	Body Latest[VerdictChange]
}

func (h *handlers) listVerdictChanges(ctx context.Context, in *listVerdictChangesIn) (*listVerdictChangesOut, error) {
	p, err := h.pull(ctx, &in.InArtifact)
	if err != nil {
		return nil, err
	}
	found, err := h.cfg.Store.VerdictChanges(ctx, p.Artifact.ID, in.Before.Before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	convert := func(c catalog.VerdictChange) VerdictChange {
		return VerdictChange{c.ID, c.At, string(c.Before), string(c.After), c.Reason, c.Cause, c.Remaining, c.Severity, c.ScanID}
	}
	return &listVerdictChangesOut{latestOf(found, in.Before, convert, func(c catalog.VerdictChange) int64 { return c.ID })}, nil
}
