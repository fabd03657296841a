import { keepPreviousData, QueryClient, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { call, Failure, image, type Options, path } from "./client";
import type { Artifact, Exception, FileSummary, Finding, List, Location, Namespace, Overview, Package, Part, Repository, RepositorySummary, RuleFileContent, Rules, Scan, Statistics, VerdictChange, Vulnerability } from "./types";

/** Names what was read. What begins with "live" is read again when something happens. */
export const keys = {
  live: ["live"] as const,
  statistics: ["live", "statistics"] as const,
  namespaces: ["live", "namespaces"] as const,
  namespace: (ns: string) => ["live", "namespace", ns] as const,
  rules: (ns: string) => ["live", "rules", ns] as const,
  repositories: (ns: string) => ["live", "repositories", ns] as const,
  allRepositories: (q: string) => ["live", "all-repositories", q] as const,
  /** All that concerns one repository. */
  repository: (ns: string, repo: string) => ["live", "repository", ns, repo] as const,
  artifacts: (ns: string, repo: string) => [...keys.repository(ns, repo), "artifacts"] as const,
  artifact: (ns: string, repo: string, ref: string) => [...keys.repository(ns, repo), "artifact", ref] as const,
  exceptions: (ns: string, repo: string, digest: string) => [...keys.repository(ns, repo), "exceptions", digest] as const,
  history: (ns: string, repo: string, digest: string) => [...keys.repository(ns, repo), "history", digest] as const,
  /** A report never changes but by decisions about findings. */
  report: (ns: string, repo: string, digest: string) => ["report", ns, repo, digest] as const,
};

/** Makes the client that remembers what was read. */
export function newClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 30_000,
        refetchOnWindowFocus: false,
        // What the server refuses it refuses again; what it could not do it may do later.
        retry: (count, error) => count < 2 && error instanceof Failure && (error.status === 0 || error.status === 503 || error.status === 429),
      },
    },
  });
}

/** The most a page of a list holds. */
const pageSize = 100;

/** With a query, what an earlier one brought stays until there is an answer. */
function useList<T>(queryKey: readonly unknown[], target: string, { enabled = true, query }: { enabled?: boolean; query?: Record<string, string> } = {}) {
  return useInfiniteQuery({
    queryKey,
    enabled,
    placeholderData: query && keepPreviousData,
    queryFn: ({ pageParam, signal }) => call<List<T>>(target, { query: { ...query, after: pageParam, limit: pageSize }, signal }),
    initialPageParam: "",
    getNextPageParam: (last) => last.next,
  });
}

export const useNamespaces = () => useList<Namespace>(keys.namespaces, "/namespaces");

export const useRepositories = (ns: string) => useList<Repository>(keys.repositories(ns), path("namespaces", ns, "repositories"));

/** The repositories of all namespaces with a text in their name. */
export const useAllRepositories = (q: string) => useList<RepositorySummary>(keys.allRepositories(q), "/repositories", { query: { q } });

export const useArtifacts = (ns: string, repo: string, enabled = true) =>
  useList<Artifact>(keys.artifacts(ns, repo), path("namespaces", ns, "repositories", repo, "artifacts"), { enabled });

export const useNamespace = (ns: string) =>
  useQuery({ queryKey: keys.namespace(ns), queryFn: ({ signal }) => call<Namespace>(path("namespaces", ns), { signal }) });

export const useRules = (ns: string) =>
  useQuery({ queryKey: keys.rules(ns), queryFn: ({ signal }) => call<Rules>(path("namespaces", ns, "rules"), { signal }) });

export const useRuleFile = (ns: string, file: string) =>
  useQuery({
    queryKey: [...keys.rules(ns), file],
    enabled: file !== "",
    queryFn: ({ signal }) => call<RuleFileContent>(path("namespaces", ns, "rules", file), { signal, exact: true }),
  });

export const useStatistics = () => useQuery({ queryKey: keys.statistics, queryFn: ({ signal }) => call<Statistics>("/statistics", { signal }) });

export const useArtifact = (ns: string, repo: string, ref: string, enabled = true) =>
  useQuery({ queryKey: keys.artifact(ns, repo, ref), enabled, queryFn: ({ signal }) => call<Artifact>(image(ns, repo, ref), { signal }) });

/** A report in force. stamp stands for the scan that made it and what was decided since. */
export interface ReportKey {
  namespace: string;
  repository: string;
  digest: string;
  stamp: string | undefined;
}

/** Reads a part of a report again when the report is another one, and shows the old one meanwhile. */
function reportPart<T>(of: ReportKey, part: string, query: Options["query"], tidy: (answer: T) => T) {
  return {
    queryKey: [...keys.report(of.namespace, of.repository, of.digest), of.stamp, part, query],
    enabled: of.stamp !== undefined,
    staleTime: Infinity,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }: { signal: AbortSignal }) => tidy(await call<T>(image(of.namespace, of.repository, of.digest) + "/" + part, { query, signal })),
  };
}

/** The report without its long lists. */
export const useOverview = (of: ReportKey) =>
  useQuery(reportPart<Overview>(of, "overview", undefined, (o) => ({ ...o, image: { ...o.image, layers: o.image.layers ?? [] } })));

// The server may send null for an empty list of places.
const located = <T extends { locations: Location[] }>(p: Part<T>): Part<T> => ({ ...p, items: p.items.map((x) => (x.locations ? x : { ...x, locations: [] })) });

/** What selects and orders a part of a list out of a report, as the server knows it. */
export type ListQuery = Record<string, string | number | boolean | undefined>;

/** Vulnerabilities of a report. */
export const useVulnerabilities = (of: ReportKey, query: ListQuery, enabled = true) => {
  const part = reportPart<Part<Vulnerability>>(of, "vulnerabilities", query, located);
  return useQuery({ ...part, enabled: part.enabled && enabled });
};

/** Findings of a report of all other categories. */
export const useFindings = (of: ReportKey, query: ListQuery, enabled = true) => {
  const part = reportPart<Part<Finding>>(of, "findings", query, located);
  return useQuery({ ...part, enabled: part.enabled && enabled });
};

export const usePackages = (of: ReportKey, query: ListQuery) => useQuery(reportPart<Part<Package>>(of, "packages", query, (p) => p));

export const useFiles = (of: ReportKey) => useQuery(reportPart<FileSummary>(of, "files", undefined, (f) => f));

export const useExceptions = (ns: string, repo: string, digest: string) =>
  useQuery({
    queryKey: keys.exceptions(ns, repo, digest),
    enabled: digest !== "",
    queryFn: ({ signal }) => call<List<Exception>>("/exceptions", { query: { namespace: ns, repository: repo, digest, limit: 500 }, signal }),
  });

/** The scans of an artifact and the changes of its verdict, latest first. */
export const useHistory = (ns: string, repo: string, digest: string) =>
  useQuery({
    queryKey: keys.history(ns, repo, digest),
    enabled: digest !== "",
    queryFn: async ({ signal }) => {
      const [scans, changes] = await Promise.all([
        call<{ items: Scan[] }>(image(ns, repo, digest) + "/scans", { query: { limit: 50 }, signal }),
        call<{ items: VerdictChange[] }>(image(ns, repo, digest) + "/verdicts", { query: { limit: 100 }, signal }),
      ]);
      return { scans: scans.items, changes: changes.items };
    },
  });
