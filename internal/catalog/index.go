package catalog

import (
	"slices"
	"strings"
	"time"
)

// JoinScans describes the scans of the images of an index as one: an index is
// not scanned itself. As long as one of them waits or runs, so does the whole;
// then it is as the worst of them. It is nil while nobody has asked to scan one
// of them and none is being scanned: what nobody looked at is not in order. Its
// ID is 0.
func JoinScans(members []Pull) *Scan {
	var all Scan
	percent, asked := 0, 0
	for _, m := range members {
		s := m.Scan
		if s == nil {
			continue
		}
		asked++
		if percent += s.Percent; s.State.Ended() {
			percent += 100 - s.Percent
		}
		if asked == 1 || rank(s.State) > rank(all.State) {
			all.State, all.Cause, all.Detail = s.State, s.Cause, s.Detail
		}
		all.InstanceID, all.Trigger = s.InstanceID, s.Trigger
		all.CreatedAt = earlier(all.CreatedAt, s.CreatedAt)
		all.StartedAt = earlier(all.StartedAt, s.StartedAt)
		if s.EndedAt.After(all.EndedAt) {
			all.EndedAt = s.EndedAt
		}
		all.Risky = all.Risky || s.Risky
	}
	if asked == 0 || asked < len(members) && all.State.Ended() {
		return nil
	}
	if all.Percent = percent / len(members); !all.State.Ended() {
		all.EndedAt = time.Time{}
	}
	if all.State == Pending && percent > 0 {
		all.State = Running // some have ended, the others wait
	}
	return &all
}

// rank orders states by how much they say about the whole: what goes on before
// what has ended, and the worse before the better.
func rank(s ScanState) int {
	switch s {
	case Running:
		return 3
	case Pending:
		return 2
	case Failed:
		return 1
	}
	return 0
}

// earlier returns the first of two times; the zero time is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// WorstDecision is the one of several that lets the least pass; Allow of none.
func WorstDecision(decisions ...Decision) Decision {
	worst := Allow
	for _, d := range decisions {
		if d == Block || d != Allow && worst == Allow {
			worst = d
		}
	}
	return worst
}

// publicHosts are registries that no default instance answers for.
var publicHosts = []string{"docker.io", "index.docker.io", "registry-1.docker.io", "ghcr.io", "quay.io", "gcr.io", "registry.k8s.io",
	"mcr.microsoft.com", "public.ecr.aws", "registry.gitlab.com"}

// LocalImage reads a reference as clients write one, HOST[:PORT]/NAMESPACE/
// REPOSITORY[:TAG][@DIGEST], and reports whether it may be one of the instance's.
// The default instance, which has no host name of its own, answers to any that
// is none of a well-known public registry.
func LocalImage(inst Instance, text string) (key RepositoryKey, reference string, ok bool) {
	text = strings.TrimPrefix(text, "oci://")
	host, rest, found := strings.Cut(text, "/")
	if !found || host != "localhost" && !strings.ContainsAny(host, ".:") {
		return key, "", false // a name of Docker Hub
	}
	host, _, _ = strings.Cut(strings.ToLower(host), ":")
	if inst.Host != "" && host != inst.Host || slices.Contains(publicHosts, host) {
		return key, "", false
	}
	name, digest, pinned := strings.Cut(rest, "@")
	name, reference, tagged := strings.Cut(name, ":")
	if !tagged {
		reference = "latest"
	}
	if pinned {
		reference = digest
	}
	namespace, repository, _ := strings.Cut(name, "/")
	if CheckNamespaceName(namespace) != nil || CheckRepositoryName(repository) != nil || !pinned && CheckTag(reference) != nil {
		return key, "", false
	}
	return RepositoryKey{InstanceID: inst.ID, Namespace: namespace, Repository: repository}, reference, true
}
