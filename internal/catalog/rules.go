package catalog

import "time"

const (
	// MaxRuleFiles is how many files of rules a namespace may have.
	MaxRuleFiles = 50
	// MaxRuleFile bounds one of them, in bytes.
	MaxRuleFile = 512 << 10
)

// RuleFile is a file with rules of a namespace; package rules knows the names
// and forms.
type RuleFile struct {
	Name      string
	Content   []byte
	UpdatedBy string
	UpdatedAt time.Time
}

// RuledNamespace is a namespace that has rules of its own: how many files, and
// when the latest of them was changed.
type RuledNamespace struct {
	Namespace string
	Files     int
	UpdatedAt time.Time
}

// RuleFiles are the files with rules of a namespace, sorted by name.
type RuleFiles struct {
	// NamespaceID and Revision together name this state of the rules. The
	// revision grows with every change; 0 means that there never were any.
	NamespaceID int64
	Revision    int64
	Files       []RuleFile
}
