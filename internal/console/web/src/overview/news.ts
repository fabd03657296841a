import type { Event } from "../api/types";

/** A vulnerability that became known, and where. */
export interface News {
  id: string;
  at: string;
  images: { namespace: string; repository: string; digest: string }[];
}

/** newsOf gathers events by vulnerability, the latest first, as they are listed. */
export function newsOf(events: Event[]): News[] {
  const byId = new Map<string, News>();
  for (const e of events) {
    if (!e.namespace || !e.repository || !e.digest) continue;
    for (const id of e.vulnerabilities ?? []) {
      const known = byId.get(id) ?? { id, at: e.at, images: [] };
      byId.set(id, known);
      if (!known.images.some((i) => i.digest === e.digest && i.repository === e.repository && i.namespace === e.namespace)) {
        known.images.push({ namespace: e.namespace, repository: e.repository, digest: e.digest });
      }
    }
  }
  return [...byId.values()];
}
