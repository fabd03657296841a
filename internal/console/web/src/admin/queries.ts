import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { call, path } from "../api/client";
import { keys } from "../api/queries";
import type { Batch, BatchImage, Event, Gate, Info, Schedule, ServerRuleContent, ServerRules, Settings, Statement } from "../api/types";

export const adminKeys = {
  gates: [...keys.live, "gates"] as const,
  info: ["info"] as const,
  rules: ["rules"] as const,
  settings: ["settings"] as const,
  batches: [...keys.live, "batches"] as const,
  batch: (id: number) => [...keys.live, "batches", id] as const,
  batchImages: (id: number) => [...keys.live, "batches", id, "images"] as const,
  schedules: [...keys.live, "schedules"] as const,
  metering: (month: string) => [...keys.live, "metering", month] as const,
  /** Events come by themselves and are not read again. */
  events: (filter: EventFilter) => ["events", filter] as const,
};

/** What was read before is shown at once, and read again whenever it is come to. */
const staleTime = 0;

export const useGates = () => useQuery({ queryKey: adminKeys.gates, staleTime, queryFn: ({ signal }) => call<{ items: Gate[] }>("/gates", { signal }) });

export const useInfo = () => useQuery({ queryKey: adminKeys.info, queryFn: ({ signal }) => call<Info>("/info", { signal }) });

export const useServerRules = () => useQuery({ queryKey: adminKeys.rules, staleTime, queryFn: ({ signal }) => call<ServerRules>("/rules", { signal }) });

export const useServerRuleFile = (file: string) => useQuery({ queryKey: [...adminKeys.rules, file], queryFn: ({ signal }) => call<ServerRuleContent>(path("rules", file), { signal }) });

export const useSettings = () => useQuery({ queryKey: adminKeys.settings, queryFn: ({ signal }) => call<Settings>("/settings", { signal }) });

/** A list that begins with the latest; next, where present, is passed as "before" or "after". */
export interface Latest<T> {
  items: T[];
  next?: number;
}

/** How often what goes on is asked about, where no event tells each step. */
const followEvery = 4_000;

const goesOn = (b: Batch) => b.state === "running";

export const useBatches = () =>
  useInfiniteQuery({
    queryKey: adminKeys.batches,
    staleTime,
    queryFn: ({ pageParam, signal }) => call<Latest<Batch>>("/batches", { query: { before: pageParam || undefined, limit: 50 }, signal }),
    initialPageParam: 0,
    getNextPageParam: (last) => last.next,
    refetchInterval: (query) => (query.state.data?.pages.some((p) => p.items.some(goesOn)) ? followEvery : false),
  });

export const useBatch = (id: number) =>
  useQuery({
    queryKey: adminKeys.batch(id),
    staleTime,
    queryFn: ({ signal }) => call<Batch>(path("batches", String(id)), { signal }),
    refetchInterval: (query) => (query.state.data && goesOn(query.state.data) ? followEvery : false),
  });

export const useBatchImages = (id: number, state: string, follow: boolean) =>
  useInfiniteQuery({
    queryKey: [...adminKeys.batchImages(id), state],
    staleTime,
    queryFn: ({ pageParam, signal }) => call<Latest<BatchImage>>(path("batches", String(id), "images"), { query: { state, after: pageParam || undefined, limit: 100 }, signal }),
    initialPageParam: 0,
    getNextPageParam: (last) => last.next,
    refetchInterval: follow ? followEvery : false,
  });

export const useSchedules = () => useQuery({ queryKey: adminKeys.schedules, staleTime, queryFn: ({ signal }) => call<{ items: Schedule[] }>("/schedules", { signal }) });

export const useMetering = (month: string) => useQuery({ queryKey: adminKeys.metering(month), staleTime, queryFn: ({ signal }) => call<Statement>("/metering", { query: { month }, signal }) });

/** What selects events. Empty fields select all. */
export interface EventFilter {
  /** Kinds with commas between them. */
  kind: string;
  namespace: string;
  repository: string;
}

export const useEventList = (filter: EventFilter) =>
  useInfiniteQuery({
    queryKey: adminKeys.events(filter),
    staleTime,
    gcTime: 0,
    queryFn: ({ pageParam, signal }) => call<Latest<Event>>("/events", { query: { ...filter, before: pageParam || undefined, limit: 100 }, signal }),
    initialPageParam: 0,
    getNextPageParam: (last) => last.next,
  });
