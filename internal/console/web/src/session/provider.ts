import { useQuery } from "@tanstack/react-query";
import { call } from "../api/client";
import type { Info } from "../api/types";

/** Where to sign in with the OpenID provider and come back to next; undefined without one. */
export function useProvider(next: string): string | undefined {
  const info = useQuery({ queryKey: ["info"], queryFn: ({ signal }) => call<Info>("/info", { signal }) });
  const login = info.data?.openIDSignIn;
  return login && login + "?next=" + encodeURIComponent(next);
}
