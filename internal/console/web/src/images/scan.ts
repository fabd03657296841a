import { useMutation, useQueryClient } from "@tanstack/react-query";
import { call, image } from "../api/client";
import { keys } from "../api/queries";
import type { Artifact, Scan } from "../api/types";

/** Whether a scan of an artifact waits or runs. */
export function underWay(a: Artifact): boolean {
  const state = a.scanOverview?.state;
  return state === "Pending" || state === "Running";
}

/** Whether a scan that was asked for is over, as far as the artifact tells. */
export function isOver(a: Artifact, asked: Scan): boolean {
  const scan = a.scanOverview;
  return scan !== undefined && !underWay(a) && Date.parse(scan.createdAt) >= Date.parse(asked.createdAt);
}

/** Whether the artifact is something that can be scanned here. */
export function scannable(a: Artifact): boolean {
  return a.notScanned === undefined;
}

/** Asks for a scan of an artifact, or of the images it stands for. */
export function useScan(namespace: string, repository: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (digest: string) => call<Scan>(image(namespace, repository, digest) + "/scan", { method: "POST" }),
    onSettled: () => client.invalidateQueries({ queryKey: keys.repository(namespace, repository) }),
  });
}
