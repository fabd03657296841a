import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { call, type Options, path } from "../api/client";
import type { Account, AuditEntry, Credential, Group, List, RoleGrant, Session } from "../api/types";
import { notify, notifyFailure } from "../ui/notices";

/** All that concerns who may do what; a change of one thing may change the others. */
const all = ["access"] as const;

/** Where a role holds: in a namespace, in the whole instance, or everywhere. */
export type Realm = { namespace: string } | "instance" | "everywhere";

function rolesPath(realm: Realm): string {
  return typeof realm === "object" ? path("namespaces", realm.namespace, "roles") : "/roles";
}

const rolesQuery = (realm: Realm): Options["query"] => (realm === "everywhere" ? { everywhere: true } : undefined);

/** The path of the role that an account or a group holds. */
export function holderPath(realm: Realm, kind: "accounts" | "groups", name: string): { target: string; query: Options["query"] } {
  return { target: rolesPath(realm) + path(kind, name), query: rolesQuery(realm) };
}

export const useRoles = (realm: Realm, enabled = true) =>
  useQuery({ queryKey: [...all, "roles", realm], enabled, queryFn: ({ signal }) => call<{ items: RoleGrant[] }>(rolesPath(realm), { query: rolesQuery(realm), signal }) });

export const useGroups = (enabled = true) => useQuery({ queryKey: [...all, "groups"], enabled, queryFn: ({ signal }) => call<{ items: Group[] }>("/groups", { signal }) });

export const useSessions = () => useQuery({ queryKey: [...all, "sessions"], queryFn: ({ signal }) => call<{ items: Session[] }>("/sessions", { signal }) });

function useList<T>(key: readonly unknown[], target: string, query: Options["query"] = {}) {
  return useInfiniteQuery({
    queryKey: [...all, ...key],
    queryFn: ({ pageParam, signal }) => call<List<T>>(target, { query: { ...query, after: pageParam, limit: 100 }, signal }),
    initialPageParam: "",
    getNextPageParam: (last) => last.next,
  });
}

export const useAccounts = () => useList<Account>(["accounts"], "/accounts");

/** The own credentials, or those of everybody. */
export const useCredentials = (everybody: boolean) => useList<Credential>(["credentials", everybody], "/credentials", everybody ? { all: true } : {});

/** The audit log, latest first; before takes the place of after. */
export const useAudit = (query: Options["query"]) =>
  useInfiniteQuery({
    queryKey: [...all, "audit", query],
    queryFn: ({ pageParam, signal }) => call<{ items: AuditEntry[]; next?: number }>("/audit", { query: { ...query, before: pageParam, limit: 100 }, signal }),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (last) => last.next,
  });

/** A change and what is told when it was made. */
export interface Change extends Options {
  target: string;
  done?: string;
}

/** Makes changes to who may do what, and reads again what is shown of it. */
export function useChange<T = unknown>() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ target, done: _, ...options }: Change) => call<T>(target, options),
    onSuccess: (_, { done }) => done !== undefined && notify(done),
    onError: notifyFailure,
    onSettled: () => client.invalidateQueries({ queryKey: all }),
  });
}
