package api

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/catalog"
)

func TestBatches(t *testing.T) {
	s := newService(t)
	s.do("POST", "/namespaces", `{"name":"team"}`, 201, nil)
	for _, repository := range []string{"one", "two", "three"} {
		s.push(repository, "1", "a")
	}
	var preview BatchPreview
	s.do("POST", "/batches/preview", `{"all":true}`, 200, &preview)
	if preview.Images != 3 || preview.Units != (BatchUnits{Total: 3, Free: 0, Full: 3}) {
		t.Errorf("preview: %+v", preview)
	}
	var b Batch
	a := s.do("POST", "/batches", `{"repositories":["team/t*"],"categories":["secret","vuln"],"imagesPerHour":60}`, 201, &b)
	if a.header.Get("Location") != fmt.Sprintf("%s/batches/%d", Prefix, b.ID) || b.Selected.Images != 2 || b.Kind != "manual" ||
		b.State != "running" || b.TaskStatus != 0 || *b.RemainingMinutes != 2 {
		t.Errorf("%+v at %s", b, a.header.Get("Location"))
	}
	if diff := cmp.Diff([]string{"vuln", "secret"}, b.Categories); diff != "" {
		t.Error(diff)
	}
	if _, err := s.store.AdvanceBatch(t.Context(), b.ID, 10); err != nil {
		t.Fatal(err)
	}
	promoted, err := s.store.Promote(t.Context(), s.inst.ID, 10, time.Hour)
	if err != nil || len(promoted) != 1 {
		t.Fatalf("%+v, %v", promoted, err)
	}
	if err := s.store.FailScan(t.Context(), promoted[0].ID, catalog.CauseDownload, "gone"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.store.AdvanceBatch(t.Context(), b.ID, 10); err != nil {
		t.Fatal(err)
	}
	path := fmt.Sprint("/batches/", b.ID)
	s.do("GET", path, "", 200, &b)
	if b.Failed != 1 || b.Percent != 50 || b.TaskStatus != 50 {
		t.Errorf("%+v", b)
	}
	var images Latest[BatchImage]
	s.do("GET", path+"/images?limit=1", "", 200, &images)
	if len(images.Items) != 1 || images.Next != 1 || images.Items[0].Cause != "download_failed" || images.Items[0].Detail != "gone" || images.Items[0].Advice == "" {
		t.Errorf("%+v", images)
	}
	s.do("GET", path+"/images?after=1", "", 200, &images)
	if len(images.Items) != 1 || images.Items[0].State != "waiting" {
		t.Errorf("%+v", images)
	}
	s.do("GET", path+"/images?state=success", "", 200, &images)
	if len(images.Items) != 0 {
		t.Errorf("%+v", images)
	}
	var scan Scan
	s.do("GET", fmt.Sprint("/scans/", promoted[0].ID), "", 200, &scan)
	if scan.Trigger != catalog.TriggerManual || len(scan.Categories) != 2 {
		t.Errorf("%+v", scan)
	}
	s.do("POST", path+"/stop?running=true", "", 200, &b)
	if b.State != "stopped" || b.Stopped != 1 || b.TaskStatus != -1 || b.EndedAt.IsZero() {
		t.Errorf("%+v", b)
	}
	var list Latest[Batch]
	s.do("GET", "/batches", "", 200, &list)
	if diff := cmp.Diff([]Batch{b}, list.Items); diff != "" {
		t.Error(diff)
	}
	s.refused("POST", path+"/stop", "", 409, "batch_ended")
	s.refused("GET", "/batches/99", "", 404, "batch_not_found")
	s.refused("GET", "/batches/99/images", "", 404, "batch_not_found")
	s.refused("POST", "/batches/99/stop", "", 404, "batch_not_found")
	for body, code := range map[string]string{
		`{}`:                                          "selection_empty",
		`{"all":true,"namespaces":["team"]}`:          "selection_contradicts",
		`{"all":true,"imagesPerHour":1001}`:           "invalid_request",
		`{"all":true,"categories":["everything"]}`:    "invalid_request",
		`{"all":true,"pushedDays":-1}`:                "invalid_request",
		`{"all":true,"every":1}`:                      "invalid_request",
		`{"repositories":["team\u0000/x"]}`:           "selection_repository_invalid",
		`{"images":["team/app"]}`:                     "selection_image_invalid",
		`{"repositories":["other/*"],"pushedDays":1}`: "nothing_selected",
	} {
		s.refused("POST", "/batches", body, 400, code)
	}
	s.refused("POST", "/batches", `{"namespaces":["other"]}`, 404, "namespace_not_found")
}

func TestSchedules(t *testing.T) {
	s := newService(t)
	s.do("POST", "/namespaces", `{"name":"team"}`, 201, nil)
	var nightly, again, all Schedule
	s.do("PUT", "/schedules/nightly", `{"everyDays":3,"namespaces":["team"],"pushedDays":7,"categories":["malware"],"imagesPerHour":100}`, 200, &nightly)
	if nightly.Name != "nightly" || !nightly.Enabled || nightly.At != "02:00" || nightly.NextRun.UTC().Hour() != 2 || !nightly.NextRun.After(now) || nightly.Selection.All ||
		nightly.Selection.PushedDays != 7 || nightly.ImagesPerHour != 100 || len(nightly.Categories) != 1 {
		t.Errorf("%+v", nightly)
	}
	s.do("GET", "/schedules/nightly", "", 200, &again)
	if diff := cmp.Diff(nightly, again); diff != "" {
		t.Error(diff)
	}
	s.do("PUT", "/schedules/all", `{"everyDays":14,"at":"23:59","disabled":true}`, 200, &all)
	if all.Enabled || !all.Selection.All || all.At != "23:59" || !all.NextRun.IsZero() {
		t.Errorf("%+v", all)
	}
	var list struct{ Items []Schedule }
	s.do("GET", "/schedules", "", 200, &list)
	if diff := cmp.Diff([]Schedule{all, nightly}, list.Items); diff != "" {
		t.Error(diff)
	}
	s.do("DELETE", "/schedules/all", "", 204, nil)
	s.refused("DELETE", "/schedules/all", "", 404, "schedule_not_found")
	s.refused("GET", "/schedules/all", "", 404, "schedule_not_found")
	for body, code := range map[string]string{
		`{"everyDays":3,"at":"24:00"}`:               "schedule_time_invalid",
		`{"everyDays":3,"at":"2"}`:                   "schedule_time_invalid",
		`{"everyDays":2}`:                            "invalid_request",
		`{"everyDays":0}`:                            "invalid_request",
		`{}`:                                         "invalid_request",
		`{"everyDays":3,"pushedDays":2}`:             "invalid_request",
		`{"everyDays":3,"images":["team/app:1"]}`:    "invalid_request",
		`{"everyDays":3,"imagesPerHour":-1}`:         "invalid_request",
		`{"everyDays":3,"repositories":["nowhere"]}`: "selection_repository_invalid",
	} {
		s.refused("PUT", "/schedules/nightly", body, 400, code)
	}
	s.refused("PUT", "/schedules/Nightly!", `{"everyDays":3}`, 400, "schedule_name_invalid")
	s.refused("PUT", "/schedules/nightly", `{"everyDays":3,"namespaces":["nowhere"]}`, 404, "namespace_not_found")
}
