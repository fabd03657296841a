package api

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/secret"
)

func (h *handlers) registerRules(api huma.API) {
	tags := []string{"Rules"}
	route(h, api, huma.Operation{
		OperationID: "getServerRules", Method: http.MethodGet, Path: "/rules", Tags: tags,
		Summary:     "List the files of rules of the server, and the namespaces that have rules of their own",
		Description: "The built-in rules are not listed. The files of the server are in the directory that its configuration names as scan.rules, and hold for every namespace.",
	}, h.getServerRules)
	route(h, api, huma.Operation{
		OperationID: "getServerRuleFile", Method: http.MethodGet, Path: "/rules/{file}", Tags: tags,
		Summary: "Get the beginning of a file of rules of the server",
	}, h.getServerRuleFile)
	route(h, api, huma.Operation{
		OperationID: "listRules", Method: http.MethodGet, Path: "/namespaces/{namespace}/rules", Tags: tags,
		Summary:     "List the files of rules of a namespace",
		Description: "They add to the rules of the server, or replace those of the same name.",
	}, h.listRules)
	route(h, api, huma.Operation{
		OperationID: "getRuleFile", Method: http.MethodGet, Path: "/namespaces/{namespace}/rules/{file}", Tags: tags,
		Summary: "Get a file of rules",
	}, h.getRuleFile)
	route(h, api, huma.Operation{
		OperationID: "putRuleFile", Method: http.MethodPut, Path: "/namespaces/{namespace}/rules/{file}", Tags: tags,
		DefaultStatus: http.StatusNoContent, Summary: "Add or replace a file of rules",
		Description: "Images are judged again by it where that takes no other look at them; the others need a scan, and the list of rules counts them. A file with an error is refused with its line, and the rules in force stay in force.",
	}, h.putRuleFile)
	route(h, api, huma.Operation{
		OperationID: "deleteRuleFile", Method: http.MethodDelete, Path: "/namespaces/{namespace}/rules/{file}", Tags: tags,
		DefaultStatus: http.StatusNoContent, Summary: "Remove a file of rules",
	}, h.deleteRuleFile)
}

// ServerRules are the rules beside the built-in ones.
type ServerRules struct {
	Files      []ServerRuleFile `json:"files" nullable:"false"`
	Namespaces []RuledNamespace `json:"namespaces" nullable:"false" doc:"Those with rules of their own, up to 10000"`
}

// ServerRuleFile describes a file of rules of the server.
type ServerRuleFile struct {
	Name string `json:"name" example:"passwords.txt"`
	Size int    `json:"size" doc:"In bytes"`
}

// RuledNamespace is a namespace that has rules of its own.
type RuledNamespace struct {
	Namespace string    `json:"namespace"`
	Files     int       `json:"files"`
	UpdatedAt time.Time `json:"updatedAt"`
}

type serverRulesOut struct {
	Body ServerRules
}

func (h *handlers) getServerRules(ctx context.Context, _ *struct{}) (*serverRulesOut, error) {
	ruled, err := h.cfg.Store.RuledNamespaces(ctx, instance(ctx))
	if err != nil {
		return nil, err
	}
	out := &serverRulesOut{ServerRules{Files: make([]ServerRuleFile, 0, len(h.cfg.Rules)), Namespaces: make([]RuledNamespace, len(ruled))}}
	for _, name := range slices.Sorted(maps.Keys(h.cfg.Rules)) {
		out.Body.Files = append(out.Body.Files, ServerRuleFile{name, len(h.cfg.Rules[name])})
	}
	for i, r := range ruled {
		out.Body.Namespaces[i] = RuledNamespace(r)
	}
	return out, nil
}

// ServerRuleContent is the beginning of a file of rules of the server, which may
// be a list of millions of hashes.
type ServerRuleContent struct {
	Content  string `json:"content" doc:"The first 64 KiB of the text"`
	Complete bool   `json:"complete" doc:"Whether that is all of it"`
}

// maxShownRules is how many bytes of a file of the server are shown.
const maxShownRules = 64 << 10

type serverRuleFileOut struct {
	Body ServerRuleContent
}

func (h *handlers) getServerRuleFile(_ context.Context, in *struct {
	File string `path:"file" maxLength:"100" doc:"Name of the file" example:"passwords.txt"`
}) (*serverRuleFileOut, error) {
	content, ok := h.cfg.Rules[in.File]
	if !ok {
		return nil, catalog.Errorf(catalog.NotFound, "rule_file_not_found", "the server has no rules in a file %s", in.File)
	}
	shown := content[:min(len(content), maxShownRules)]
	return &serverRuleFileOut{ServerRuleContent{strings.ToValidUTF8(string(shown), "\ufffd"), len(shown) == len(content)}}, nil
}

// RuleFile describes a file of rules.
type RuleFile struct {
	Name      string    `json:"name" example:"secrets.yaml"`
	Size      int       `json:"size" doc:"In bytes"`
	UpdatedBy string    `json:"updatedBy"`
	UpdatedAt time.Time `json:"updatedAt"`
}

// Rules lists the rules of a namespace.
type Rules struct {
	Files []RuleFile `json:"files" nullable:"false"`
	// ExcludedPaths are never looked into for secrets, whatever the namespace
	// adds in excluded-paths.txt.
	ExcludedPaths []string `json:"excludedPaths" nullable:"false" doc:"Paths that are never looked into for secrets, beside those in excluded-paths.txt"`
	NeedScan      int      `json:"needScan" doc:"Images that were looked at by other rules and have to be scanned again before these count for them. All others are judged again by themselves."`
}

type rulesOut struct {
	Body Rules
}

func (h *handlers) listRules(ctx context.Context, in *InNamespace) (*rulesOut, error) {
	rules, err := h.cfg.Store.Rules(ctx, instance(ctx), in.Namespace)
	if err != nil {
		return nil, err
	}
	out := &rulesOut{Rules{Files: []RuleFile{}, ExcludedPaths: secret.DefaultPaths()}}
	if out.Body.NeedScan, err = h.cfg.Scanner.NeedScan(ctx, instance(ctx), in.Namespace); err != nil {
		return nil, err
	}
	for _, f := range rules.Files {
		out.Body.Files = append(out.Body.Files, RuleFile{f.Name, len(f.Content), f.UpdatedBy, f.UpdatedAt})
	}
	return out, nil
}

// InRuleFile is the part of a path that names a file of rules.
type InRuleFile struct {
	InNamespace
	File string `path:"file" maxLength:"100" doc:"Name of the file" example:"secrets.yaml"`
}

// RuleFileContent is what is in a file of rules.
type RuleFileContent struct {
	Content string `json:"content" minLength:"1" maxLength:"524288" doc:"The text of the file"`
}

type ruleFileOut struct {
	Body RuleFileContent
}

func (h *handlers) getRuleFile(ctx context.Context, in *InRuleFile) (*ruleFileOut, error) {
	rules, err := h.cfg.Store.Rules(ctx, instance(ctx), in.Namespace)
	if err != nil {
		return nil, err
	}
	for _, f := range rules.Files {
		if f.Name == in.File {
			return &ruleFileOut{RuleFileContent{string(f.Content)}}, nil
		}
	}
	return nil, catalog.Errorf(catalog.NotFound, "rule_file_not_found", "namespace %s has no rules in a file %s", in.Namespace, in.File)
}

type putRuleFileIn struct {
	InRuleFile
	Body RuleFileContent
}

func (h *handlers) putRuleFile(ctx context.Context, in *putRuleFileIn) (*struct{}, error) {
	return nil, h.setRule(ctx, in.InRuleFile, []byte(in.Body.Content))
}

func (h *handlers) deleteRuleFile(ctx context.Context, in *InRuleFile) (*struct{}, error) {
	return nil, h.setRule(ctx, *in, nil)
}

func (h *handlers) setRule(ctx context.Context, in InRuleFile, content []byte) error {
	return h.cfg.Scanner.SetRule(ctx, instance(ctx), in.Namespace, catalog.RuleFile{Name: in.File, Content: content, UpdatedBy: author(ctx)})
}
