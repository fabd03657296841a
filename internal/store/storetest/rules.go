package storetest

import (
	"fmt"

	"github.com/pratique/pratique/internal/catalog"
)

func testRules(f *fixture) {
	ctx := f.Context()
	_, err := f.s.Rules(ctx, f.inst, "team")
	f.code(err, catalog.NotFound, "namespace_not_found")
	ns, err := f.s.CreateNamespace(ctx, f.inst, "team", false)
	f.ok(err)
	none, err := f.s.Rules(ctx, f.inst, "team")
	f.ok(err)
	equal(f, "no rules", none, catalog.RuleFiles{NamespaceID: ns.ID})

	// Two people change what they read at the same time: the second is told.
	f.ok(f.s.PutRule(ctx, none, catalog.RuleFile{Name: "b.yaml", Content: []byte("b"), UpdatedBy: "ann"}))
	f.code(f.s.PutRule(ctx, none, catalog.RuleFile{Name: "a.yaml", Content: []byte("a")}), catalog.Conflict, "rules_changed")
	first, err := f.s.Rules(ctx, f.inst, "team")
	f.ok(err)
	f.ok(f.s.PutRule(ctx, first, catalog.RuleFile{Name: "a.yaml", Content: []byte("a"), UpdatedBy: "bob"}))
	second, err := f.s.Rules(ctx, f.inst, "team")
	f.ok(err)
	equal(f, "rules", second, catalog.RuleFiles{NamespaceID: ns.ID, Revision: 2, Files: []catalog.RuleFile{
		{Name: "a.yaml", Content: []byte("a"), UpdatedBy: "bob", UpdatedAt: f.clock()},
		{Name: "b.yaml", Content: []byte("b"), UpdatedBy: "ann", UpdatedAt: f.clock()},
	}})

	f.namespace("without", catalog.NamespaceChange{})
	ruled, err := f.s.RuledNamespaces(ctx, f.inst)
	f.ok(err)
	equal(f, "namespaces with rules", ruled, []catalog.RuledNamespace{{Namespace: "team", Files: 2, UpdatedAt: f.clock()}})
	ruled, err = f.s.RuledNamespaces(ctx, "another")
	f.ok(err)
	equal(f, "of another instance", len(ruled), 0)

	f.code(f.s.PutRule(ctx, second, catalog.RuleFile{Name: "c.yaml"}), catalog.NotFound, "rule_file_not_found")
	f.code(f.s.PutRule(ctx, second, catalog.RuleFile{Name: "c.yaml", Content: make([]byte, catalog.MaxRuleFile+1)}), catalog.Invalid, "rules_invalid")
	f.ok(f.s.PutRule(ctx, second, catalog.RuleFile{Name: "b.yaml"}))
	third, err := f.s.Rules(ctx, f.inst, "team")
	f.ok(err)
	if len(third.Files) != 1 || third.Revision != 3 {
		f.Errorf("%d files in revision %d", len(third.Files), third.Revision)
	}
	for n := range catalog.MaxRuleFiles {
		now, err := f.s.Rules(ctx, f.inst, "team")
		f.ok(err)
		err = f.s.PutRule(ctx, now, catalog.RuleFile{Name: fmt.Sprintf("%d.yaml", n), Content: []byte("x")})
		if n < catalog.MaxRuleFiles-1 {
			f.ok(err)
		} else {
			f.code(err, catalog.Invalid, "rules_invalid")
		}
	}
	f.ok(f.s.DeleteNamespace(ctx, f.inst, "team"))
}
