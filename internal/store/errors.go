package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/pratique/pratique/internal/catalog"
)

// fail turns what a statement returned into what callers may see: errors of
// package catalog and of the context pass, a database that cannot serve becomes
// Unavailable, everything else is an internal error whose text is for the log.
func (s *Store) fail(what string, err error) error {
	if err == nil {
		return nil
	}
	var known *catalog.Error
	if errors.As(err, &known) {
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s: %w", what, err)
	}
	if why, ok := s.dialect.unavailable(err); ok {
		s.log.Error("the database cannot be used", "doing", what, "error", err)
		return &catalog.Error{
			Kind:    catalog.Unavailable,
			Code:    string(catalog.CauseDatabase),
			Message: "the database cannot be used now, " + why,
			Advice:  "try again later; the administrator finds the reason in the log",
			Err:     fmt.Errorf("%s: %w", what, err),
		}
	}
	return fmt.Errorf("%s: %w", what, err)
}

func namespaceNotFound(name string) error { return catalog.NamespaceNotFound(name) }

func repositoryNotFound(key catalog.RepositoryKey) error {
	return catalog.Errorf(catalog.NotFound, "repository_not_found", "there is no repository %s", key).
		Advise("check the name; a repository comes into being with the first push")
}

func manifestUnknown(key catalog.RepositoryKey, reference string) error {
	return catalog.Errorf(catalog.NotFound, "manifest_unknown", "%s holds no manifest %s", key, reference).
		Advise("check tag or digest; skopeo list-tags and crane ls list the tags of a repository")
}

func blobUnknown(key catalog.RepositoryKey, digest string) error {
	return catalog.Errorf(catalog.NotFound, "blob_unknown", "%s holds no blob %s", key, digest).
		Advise("check the digest, or push the blob to this repository")
}

func artifactNotFound(id int64) error {
	return catalog.Errorf(catalog.NotFound, "artifact_not_found", "there is no artifact number %d any more", id)
}

func exceptionNotFound(id int64) error {
	return catalog.Errorf(catalog.NotFound, "exception_not_found", "there is no exception %d", id).
		Advise("list those there are, for example with: pratique admin exception list")
}

func scanNotFound(id int64) error {
	return catalog.Errorf(catalog.NotFound, "scan_not_found", "there is no scan number %d any more", id)
}

func scanLost(id int64, why string) error {
	return catalog.Errorf(catalog.Conflict, "scan_lost", "scan number %d can no longer be worked on: %s", id, why)
}
