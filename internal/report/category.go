package report

// Category is one of the ten scan categories (§3).
type Category string

const (
	System      Category = "system-vulnerability"
	Application Category = "application-vulnerability"
	Malicious   Category = "malicious-file"
	// Software, Files and BaseImage inform and are part of every report.
	Software   Category = "software"
	Files      Category = "files"
	Baseline   Category = "unsafe-setting"
	Password   Category = "weak-password"
	Sensitive  Category = "sensitive-information"
	Compliance Category = "software-compliance"
	BaseImage  Category = "base-image"
)

// Categories lists all categories in the order of the specification.
func Categories() []Category {
	return []Category{System, Application, Malicious, Software, Files, Baseline, Password, Sensitive, Compliance, BaseImage}
}
