// The selection in the address of a list of findings, and the question it puts
// to the server.

import type { ListQuery } from "../api/queries";
import { pageRows } from "../ui/pager";

/** The state of a list of findings, as it stands in the address. */
export const defaults = { tab: "", q: "", severity: "", fixable: "", origin: "", layer: "", handled: "", sort: "severity", page: "1", open: "" };

export type Selection = typeof defaults;

/** pageOf reads the page that is wanted, which somebody may have typed. */
export function pageOf(text: string): number {
  return Math.max(1, Math.trunc(Number(text)) || 1);
}

const sorts: Record<"vulnerabilities" | "findings", string[]> = {
  vulnerabilities: ["severity", "id", "package", "epss"],
  findings: ["severity", "title", "path"],
};

/** questionOf makes the query of one page of a category. */
export function questionOf(s: Selection, category: string): ListQuery {
  const kind = isVulnerability(category) ? "vulnerabilities" : "findings";
  return {
    category,
    q: s.q.trim().slice(0, 256),
    severity: s.severity,
    fixable: kind === "vulnerabilities" && s.fixable !== "" ? true : undefined,
    origin: s.origin,
    layer: /^-?\d+$/.test(s.layer) ? Number(s.layer) : undefined,
    handling: s.handled,
    sort: sorts[kind].includes(s.sort) ? s.sort : "severity",
    offset: (pageOf(s.page) - 1) * pageRows,
    limit: pageRows,
  };
}

/** Whether a category is one of the two whose findings are vulnerabilities of packages. */
export function isVulnerability(category: string): boolean {
  return category.endsWith("-vulnerability");
}

/** Whether a selection leaves something out. */
export function narrowed(s: Selection): boolean {
  return (["q", "severity", "fixable", "origin", "layer", "handled"] as const).some((key) => s[key] !== "");
}
