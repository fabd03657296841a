import { useCallback, useMemo } from "react";
import { useLocation, useSearch } from "wouter";

/** The state of a page that stands in its address, so that links can be shared. */
export type State = Record<string, string>;

/** read takes from a query what a page knows, with defaults for what is absent. */
export function read<S extends State>(search: string, defaults: S): S {
  const query = new URLSearchParams(search);
  const state = { ...defaults };
  for (const key of Object.keys(defaults) as (keyof S & string)[]) {
    const value = query.get(key);
    if (value !== null) state[key] = value as S[typeof key];
  }
  return state;
}

/** write makes the shortest query that read understands: defaults are left out. */
export function write<S extends State>(state: S, defaults: S): string {
  const query = new URLSearchParams();
  for (const key of Object.keys(defaults)) {
    const value = state[key];
    if (value !== undefined && value !== defaults[key]) query.set(key, value);
  }
  const text = query.toString();
  return text === "" ? "" : "?" + text;
}

/**
 * useUrlState is the state of a page in its address. A change replaces the
 * address, unless it is said to be a step that the back button undoes.
 */
export function useUrlState<S extends State>(defaults: S): [S, (change: Partial<S>, step?: boolean) => void] {
  const search = useSearch();
  const [path, navigate] = useLocation();
  const state = useMemo(() => read(search, defaults), [search, defaults]);
  const change = useCallback(
    (c: Partial<S>, step = false) => {
      // What is in the address now counts, not what was when this was drawn.
      const now = read(window.location.search, defaults);
      navigate(path + write({ ...now, ...c }, defaults), { replace: !step });
    },
    [path, navigate, defaults],
  );
  return [state, change];
}
