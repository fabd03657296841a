// What events say, in words, and which of them a reader wants to see.

import type { Event, EventKind } from "../api/types";
import { count, plural } from "../text/format";
import type { EventFilter } from "./queries";

type Words = { label: string; tone: "" | "good" | "bad" | "wait" };

const words: Record<EventKind, Words> = {
  "scan.waiting": { label: "scan waits", tone: "" },
  "scan.running": { label: "scan began", tone: "" },
  "scan.progress": { label: "layer read", tone: "" },
  "scan.done": { label: "scan done", tone: "good" },
  "scan.failed": { label: "scan failed", tone: "bad" },
  "verdict.changed": { label: "verdict changed", tone: "wait" },
  "pull.blocked": { label: "pull refused", tone: "bad" },
  "pull.reported": { label: "pull reported", tone: "wait" },
  "pull.exempted": { label: "pull exempted", tone: "wait" },
  "vulnerability.new": { label: "new vulnerability", tone: "wait" },
  "statements.changed": { label: "statements changed", tone: "wait" },
  "batch.done": { label: "batch done", tone: "good" },
};

/** Kinds of events in words, in the order of what happens to an image. */
export const kinds: (Words & { value: string })[] = Object.entries(words).map(([value, w]) => ({ value, ...w }));

/** All but each layer that was read. */
export const usual = kinds.map((k) => k.value).filter((k) => k !== "scan.progress").join(",");

/** fits reports whether an event is one that a filter selects. */
export function fits(e: Event, f: EventFilter): boolean {
  return (f.kind === "" || f.kind.split(",").includes(e.kind)) && (f.namespace === "" || e.namespace === f.namespace) && (f.repository === "" || e.repository === f.repository);
}

const decisions: Record<string, string> = { allow: "allowed", block: "blocked", unknown: "not yet judged" };

/** sayEvent tells in a sentence what an event says beyond its kind. */
export function sayEvent(e: Event): string {
  switch (e.kind) {
    case "verdict.changed":
      return `${decisions[e.before ?? ""] ?? e.before ?? "none"} → ${decisions[e.after ?? ""] ?? e.after ?? "none"}${e.reason ? ` (${e.reason.replaceAll("-", " ")})` : ""}`;
    case "vulnerability.new": {
      const ids = e.vulnerabilities ?? [];
      const more = Math.max(0, (e.count ?? ids.length) - 3, ids.length - 3);
      return ids.slice(0, 3).join(", ") + (more > 0 ? ` and ${more} more` : "");
    }
    case "pull.blocked":
    case "pull.reported":
    case "pull.exempted":
      return [e.account ? `for ${e.account}` : "", (e.count ?? 1) > 1 ? `${count(e.count!)} times` : ""].filter((t) => t !== "").join(", ");
    case "scan.progress":
      return `${e.percent ?? 0} %`;
    case "batch.done":
      return e.count === undefined ? "" : plural(e.count, "image");
    default:
      return e.detail ?? "";
  }
}
