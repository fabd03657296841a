import { useMutation, useQueryClient } from "@tanstack/react-query";
import { call, image } from "../api/client";
import { keys } from "../api/queries";
import type { Artifact, Scan } from "../api/types";

/** Whether a scan of an artifact waits or runs. */
export function underWay(a: Artifact): boolean {
  const state = a.scanOverview?.state;
  return state === "Pending" || state === "Running";
}

/** Whether the artifact is something that can be scanned by itself. */
export function scannable(a: Artifact): boolean {
  return a.kind === "image";
}

/** Asks for a scan of an artifact. */
export function useScan(namespace: string, repository: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (digest: string) => call<Scan>(image(namespace, repository, digest) + "/scan", { method: "POST" }),
    onSettled: () => client.invalidateQueries({ queryKey: keys.repository(namespace, repository) }),
  });
}
