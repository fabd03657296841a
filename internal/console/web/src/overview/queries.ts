import { useQuery } from "@tanstack/react-query";
import { call } from "../api/client";
import { keys } from "../api/queries";
import type { ActiveScan, AdvisoryFetch, AdvisoryInfo, Dashboard, Event } from "../api/types";

export const overviewKeys = {
  dashboard: [...keys.live, "dashboard"] as const,
  scans: [...keys.live, "scans"] as const,
  news: [...keys.live, "news"] as const,
  advisories: [...keys.live, "advisories"] as const,
};

/** What was read before is shown at once, and read again whenever it is come to. */
const staleTime = 0;

export const useDashboard = () => useQuery({ queryKey: overviewKeys.dashboard, staleTime, queryFn: ({ signal }) => call<Dashboard>("/dashboard", { signal }) });

/** The scans that run, and those that wait. */
export interface ActiveScans {
  items: ActiveScan[];
  running: number;
  waiting: number;
}

export const useScans = () => useQuery({ queryKey: overviewKeys.scans, staleTime, queryFn: ({ signal }) => call<ActiveScans>("/scans", { query: { limit: 20 }, signal }) });

/** The most events that are looked at for news. */
const mostNews = 500;

/** Vulnerabilities that became known since a moment in images that had been judged before. */
export const useNews = (since: string) =>
  useQuery({
    queryKey: [...overviewKeys.news, since],
    staleTime,
    queryFn: ({ signal }) => call<{ items: Event[]; next?: number }>("/events", { query: { kind: "vulnerability.new", since, limit: mostNews }, signal }),
  });

/** The advisory database in force and how it is fetched. */
export interface Advisories {
  fetch: AdvisoryFetch;
  items: AdvisoryInfo[];
}

/** How often a download that goes on is asked about. */
const followEvery = 2_000;

export const useAdvisories = () =>
  useQuery({
    queryKey: overviewKeys.advisories,
    staleTime,
    queryFn: ({ signal }) => call<Advisories>("/advisories", { signal }),
    refetchInterval: (query) => (query.state.data?.fetch.running ? followEvery : false),
  });
