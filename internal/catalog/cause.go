package catalog

import (
	"errors"
	"fmt"
)

// Cause is why a scan failed: one of the codes of specification §2.7, or that
// somebody stopped it.
type Cause string

const (
	CauseUnknown           Cause = "unknown_error"
	CauseAuthentication    Cause = "authentication_failed"
	CauseRegistryAccess    Cause = "access_swr_failed"
	CauseNotAuthorized     Cause = "swr_authentication_error"
	CauseDetailNotFound    Cause = "get_detail_info_not_found"
	CauseDownload          Cause = "download_failed"
	CauseImageTooLarge     Cause = "image_over_sized"
	CauseLayerTooLarge     Cause = "image_layer_over_sized"
	CauseSchema1           Cause = "schema_v1_not_support"
	CauseVulnerabilities   Cause = "failed_to_scan_vulnerability"
	CauseFiles             Cause = "failed_to_scan_file"
	CauseSoftware          Cause = "failed_to_scan_software"
	CauseSensitive         Cause = "failed_to_check_sensitive_information"
	CauseBaseline          Cause = "failed_to_check_baseline"
	CauseCompliance        Cause = "failed_to_check_software_compliance"
	CauseBaseImage         Cause = "failed_to_query_basic_image_information"
	CauseBuildInstructions Cause = "failed_to_check_build_cmd"
	CauseTimeout           Cause = "response_timed_out"
	CauseDatabase          Cause = "database_error"
	CauseRequest           Cause = "failed_to_send_the_scan_request"
	// CauseStopped is none of the specification's: somebody stopped the scan.
	CauseStopped Cause = "image_scan_stop"
)

var causeAdvice = map[Cause]string{
	CauseUnknown:           "scan again; if it fails again, report it with the scan's number from the log",
	CauseAuthentication:    "check the user name and password for the registry the image comes from",
	CauseRegistryAccess:    "check that the registry and its storage can be reached and read, and scan again",
	CauseNotAuthorized:     "ask an administrator to authorize scans for this tenant and region",
	CauseDetailNotFound:    "check that the image still exists, push it again if it does not, and scan again",
	CauseDownload:          "check that every layer is present and intact; push the image again and scan again",
	CauseImageTooLarge:     "make the image smaller (the limit is 50 GB unless the instance sets another), for example with a multi-stage build",
	CauseLayerTooLarge:     "rebuild with fewer and smaller layers (the limits are 127 of 10 GB each unless the instance sets others), for example by joining RUN instructions",
	CauseSchema1:           "rebuild and push the image with a current client, which writes Docker schema 2 or OCI manifests",
	CauseVulnerabilities:   "check the advisory database (pratique advisories info) and scan again",
	CauseFiles:             "scan again; if it fails again, report it with the scan's number from the log",
	CauseSoftware:          "scan again; if it fails again, report it with the scan's number from the log",
	CauseSensitive:         "scan again; if it fails again, report it with the scan's number from the log",
	CauseBaseline:          "scan again; if it fails again, report it with the scan's number from the log",
	CauseCompliance:        "scan again; if it fails again, report it with the scan's number from the log",
	CauseBaseImage:         "scan again; if it fails again, report it with the scan's number from the log",
	CauseBuildInstructions: "scan again; if it fails again, report it with the scan's number from the log",
	CauseTimeout:           "make the image smaller, so that it can be scanned in time (three hours unless the instance sets another)",
	CauseDatabase:          "check disk space and the database, and scan again later",
	CauseRequest:           "do what the detail says, or scan again later",
	CauseStopped:           "scan again when you want a report",
}

// Causes lists all causes in the order of the specification, then CauseStopped.
func Causes() []Cause {
	return []Cause{
		CauseUnknown, CauseAuthentication, CauseRegistryAccess, CauseNotAuthorized,
		CauseDetailNotFound, CauseDownload, CauseImageTooLarge, CauseLayerTooLarge,
		CauseSchema1, CauseVulnerabilities, CauseFiles, CauseSoftware, CauseSensitive,
		CauseBaseline, CauseCompliance, CauseBaseImage, CauseBuildInstructions,
		CauseTimeout, CauseDatabase, CauseRequest, CauseStopped,
	}
}

// Advice says how the user can cure the cause.
func (c Cause) Advice() string { return causeAdvice[c] }

// ScanError is why a scan of an image failed. Detail names what exactly is
// wrong with which part of the image.
type ScanError struct {
	Cause  Cause
	Detail string
	Err    error
}

// ScanErrorf makes a ScanError; a %w operand becomes its underlying error.
func ScanErrorf(cause Cause, format string, args ...any) *ScanError {
	wrapped := fmt.Errorf(format, args...)
	return &ScanError{Cause: cause, Detail: wrapped.Error(), Err: errors.Unwrap(wrapped)}
}

// Error returns detail, advice and code.
func (e *ScanError) Error() string {
	return fmt.Sprintf("%s: %s [%s]", e.Detail, e.Cause.Advice(), e.Cause)
}

// Unwrap returns the underlying error.
func (e *ScanError) Unwrap() error { return e.Err }

// CauseOf returns the cause of the first *ScanError in err's chain, or
// CauseUnknown.
func CauseOf(err error) Cause {
	var e *ScanError
	if errors.As(err, &e) {
		return e.Cause
	}
	return CauseUnknown
}
