import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { call, path } from "../api/client";
import { keys } from "../api/queries";
import type { Exception, FoundImage, List, PackageImage, RiskFinding, RiskPackage, RiskRule, RiskVulnerability, Vulnerability, VulnerabilityPeriod } from "../api/types";

export const riskKeys = [...keys.live, "risks"] as const;

/** What was read before is shown at once, and read again whenever it is come to. */
const staleTime = 0;

/** What selects risks, as the server knows it. */
export type RiskQuery = Record<string, string | number | boolean | undefined>;

/** A page of a list that is read by numbers. */
interface Some<T> {
  items: T[];
  /** Whether there are others after these. */
  more: boolean;
}

/** A page of a list of so many entries in all. */
interface Counted<T> extends Some<T> {
  total: number;
}

function usePart<P>(target: string, query: RiskQuery) {
  return useQuery({
    queryKey: [...riskKeys, target, query],
    staleTime,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => call<P>(target, { query, signal }),
  });
}

export const useRiskVulnerabilities = (query: RiskQuery) => usePart<Counted<RiskVulnerability>>("/risks/vulnerabilities", query);

export const useRiskFindings = (query: RiskQuery) => usePart<Counted<RiskFinding>>("/risks/findings", query);

export const useRiskPackages = (query: RiskQuery) => usePart<Counted<RiskPackage>>("/risks/packages", query);

export const useRiskVulnerability = (id: string) =>
  useQuery({ queryKey: [...riskKeys, "vulnerability", id], staleTime, queryFn: ({ signal }) => call<Vulnerability>(path("risks", "vulnerabilities", id), { signal }) });

export const useRiskRule = (category: string, rule: string) =>
  useQuery({ queryKey: [...riskKeys, "rule", category, rule], staleTime, queryFn: ({ signal }) => call<RiskRule>("/risks/findings/rule", { query: { category, rule }, signal }) });

/** The most a page of images holds. */
const pageSize = 200;

function useImages<T>(target: string, query: RiskQuery, enabled = true) {
  return useInfiniteQuery({
    queryKey: [...riskKeys, target, query],
    staleTime,
    enabled,
    queryFn: ({ pageParam, signal }) => call<List<T>>(target, { query: { ...query, after: pageParam, limit: pageSize }, signal }),
    initialPageParam: "",
    getNextPageParam: (last) => last.next,
  });
}

export const useImagesOfVulnerability = (id: string) => useImages<PackageImage>(path("risks", "vulnerabilities", id) + "/images", {});

export const useImagesOfRule = (category: string, rule: string) => useImages<FoundImage>("/risks/findings/images", { category, rule });

export const useImagesOfPackage = (name: string, type: string) => useImages<PackageImage>("/risks/packages/images", { package: name, type }, name !== "");

/** When images had a vulnerability, what happened last first. */
export const useHistoryOfVulnerability = (id: string, limit: number) => usePart<Some<VulnerabilityPeriod>>(path("risks", "vulnerabilities", id) + "/history", { limit });

/** What was decided about a vulnerability, wherever. */
export const useDecisionsAbout = (vulnerability: string) =>
  useQuery({ queryKey: [...riskKeys, "decisions", vulnerability], staleTime, queryFn: ({ signal }) => call<List<Exception>>("/exceptions", { query: { vulnerability, limit: 500 }, signal }) });
