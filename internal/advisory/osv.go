package advisory

import (
	"bytes"
	"encoding/json"
)

// The structs below are the part of the OSV schema that matching and reports
// use. Fields that databases fill freely are read leniently: an unexpected form
// is as good as absent, and does not cost the record.

type osvRecord struct {
	ID               string         `json:"id"`
	Modified         string         `json:"modified"`
	Published        string         `json:"published"`
	Withdrawn        string         `json:"withdrawn"`
	Aliases          []string       `json:"aliases"`
	Upstream         []string       `json:"upstream"`
	Related          []string       `json:"related"`
	Summary          string         `json:"summary"`
	Details          string         `json:"details"`
	Severity         []osvSeverity  `json:"severity"`
	Affected         []osvAffected  `json:"affected"`
	References       []osvReference `json:"references"`
	DatabaseSpecific specific       `json:"database_specific"`
}

type osvSeverity struct {
	Type  string `json:"type"`
	Score text   `json:"score"`
}

type osvReference struct {
	Type string `json:"type"`
	URL  string `json:"url"`
}

type osvAffected struct {
	Package struct {
		Ecosystem string `json:"ecosystem"`
		Name      string `json:"name"`
	} `json:"package"`
	Severity          []osvSeverity `json:"severity"`
	Ranges            []osvRange    `json:"ranges"`
	Versions          []string      `json:"versions"`
	EcosystemSpecific specific      `json:"ecosystem_specific"`
	DatabaseSpecific  specific      `json:"database_specific"`
}

type osvRange struct {
	Type   string     `json:"type"`
	Events []osvEvent `json:"events"`
}

type osvEvent struct {
	Introduced   string `json:"introduced"`
	Fixed        string `json:"fixed"`
	LastAffected string `json:"last_affected"`
	Limit        string `json:"limit"`
}

// specific is what we know of the objects whose content each database defines.
type specific struct {
	Severity      text       `json:"severity"`      // GHSA, Bitnami, openEuler
	CWEs          texts      `json:"cwe_ids"`       // GHSA
	Status        text       `json:"status"`        // Ubuntu: needed, deferred, ignored
	Urgency       text       `json:"urgency"`       // Debian
	Priority      text       `json:"priority"`      // Ubuntu
	Informational text       `json:"informational"` // RustSec
	CustomRanges  []osvRange `json:"custom_ranges"` // Go: versions the module system does not know
}

// UnmarshalJSON takes anything but a fitting object for an empty one.
func (s *specific) UnmarshalJSON(data []byte) error {
	*s = specific{}
	if bytes.HasPrefix(data, []byte("{")) {
		type plain specific
		if json.Unmarshal(data, (*plain)(s)) != nil {
			*s = specific{}
		}
	}
	return nil
}

// text is a JSON string; any other value reads as empty.
type text string

func (t *text) UnmarshalJSON(data []byte) error {
	*t = ""
	if bytes.HasPrefix(data, []byte(`"`)) {
		return json.Unmarshal(data, (*string)(t))
	}
	return nil
}

// texts is a JSON array of strings; any other value reads as empty.
type texts []string

func (t *texts) UnmarshalJSON(data []byte) error {
	*t = nil
	if json.Unmarshal(data, (*[]string)(t)) != nil {
		*t = nil
	}
	return nil
}
