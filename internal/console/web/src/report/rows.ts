// What a report found, in the one form that its tables show, filter and sort.

import type { Finding, Handling, Location, Report, Vulnerability } from "../api/types";
import { type Counts, rank } from "../text/severity";

/** A finding of any category. */
export interface Row {
  id: string;
  category: string;
  severity: string;
  /** What it is called: a CVE id, or what a rule says. */
  title: string;
  /** What it is about: a package with its version, or the first place. */
  subject: string;
  fixed: string;
  origin: string;
  layers: number[];
  /** Known to be exploited. */
  exploited: boolean;
  /** The estimate that it will be exploited within 30 days, -1 where there is none. */
  epss: number;
  handling?: Handling;
  locations: Location[];
  /** All that a search looks at, in lower case. */
  text: string;
  vulnerability?: Vulnerability;
  finding?: Finding;
}

/** rowsOf makes the rows of a report, in its order: the worst first. */
export function rowsOf(report: Report): Row[] {
  return [...report.vulnerabilities.map(vulnerabilityRow), ...report.findings.map(findingRow)];
}

function layersOf(locations: Location[]): number[] {
  return [...new Set(locations.map((l) => l.layer))].sort((a, b) => a - b);
}

function vulnerabilityRow(v: Vulnerability): Row {
  return {
    id: v.findingId,
    category: v.category,
    severity: v.severity,
    title: v.id,
    subject: `${v.package} ${v.version}`,
    fixed: v.fixedVersion ?? "",
    origin: v.origin ?? "",
    layers: layersOf(v.locations),
    exploited: v.kev !== undefined,
    epss: v.epss?.score ?? -1,
    handling: v.handling,
    locations: v.locations,
    text: [v.id, ...(v.aliases ?? []), v.package, v.version, v.title ?? "", ...v.locations.map((l) => l.path)].join("\n").toLowerCase(),
    vulnerability: v,
  };
}

function findingRow(f: Finding): Row {
  const place = f.locations[0];
  return {
    id: f.findingId,
    category: f.category,
    severity: f.severity,
    title: f.title,
    subject: f.package ? `${f.package} ${f.version ?? ""}`.trim() : place ? placeOf(place) : "",
    fixed: "",
    origin: f.origin ?? "",
    layers: layersOf(f.locations),
    exploited: false,
    epss: -1,
    handling: f.handling,
    locations: f.locations,
    text: [f.rule, f.title, f.package ?? "", ...(f.evidence ?? []), ...f.locations.map((l) => l.path + " " + (l.config ?? ""))].join("\n").toLowerCase(),
    finding: f,
  };
}

/** placeOf writes where something is: a file with its line, or a part of the configuration. */
export function placeOf(l: Location): string {
  if (l.path === "") return l.config ?? "configuration";
  return "/" + l.path.replace(/^\//, "") + (l.line ? ":" + l.line : "");
}

/** What a reader wants to see of the findings. */
export interface Filter {
  q: string;
  /** The least severity, or "". */
  severity: string;
  fix: string;
  origin: string;
  layer: string;
  /** "" for all, "open" for those nobody decided on, "ignored" for the others. */
  handled: string;
  exploited: string;
}

/** select returns the rows a filter lets through. */
export function select(rows: Row[], f: Filter): Row[] {
  const words = f.q.toLowerCase().split(/\s+/).filter((w) => w !== "");
  const least = f.severity === "" ? Infinity : rank(f.severity);
  const layer = f.layer === "" ? undefined : Number(f.layer);
  return rows.filter(
    (r) =>
      rank(r.severity) <= least &&
      (f.fix === "" || (f.fix === "yes") === (r.fixed !== "")) &&
      (f.origin === "" || r.origin === f.origin) &&
      (layer === undefined || r.layers.includes(layer)) &&
      (f.handled === "" || (f.handled === "ignored") === (r.handling !== undefined)) &&
      (f.exploited === "" || r.exploited) &&
      words.every((w) => r.text.includes(w)),
  );
}

const collator = new Intl.Collator("en", { numeric: true });

const orders: Record<string, (a: Row, b: Row) => number> = {
  severity: (a, b) => rank(b.severity) - rank(a.severity),
  title: (a, b) => collator.compare(a.title, b.title),
  subject: (a, b) => collator.compare(a.subject, b.subject),
  layer: (a, b) => (a.layers[0] ?? -1) - (b.layers[0] ?? -1),
  epss: (a, b) => a.epss - b.epss,
};

/** sorted orders rows by a column, downward where a "-" is before it. Equals keep the report's order. */
export function sorted(rows: Row[], by: string): Row[] {
  const down = by.startsWith("-");
  const order = orders[down ? by.slice(1) : by];
  if (!order) return rows;
  return rows.toSorted((a, b) => (down ? order(b, a) : order(a, b)));
}

/** countBySeverity counts rows. */
export function countBySeverity(rows: Row[]): Counts {
  const counts: Record<string, number> = {};
  for (const r of rows) counts[r.severity] = (counts[r.severity] ?? 0) + 1;
  return counts;
}

/** csv writes rows for a spreadsheet: what is shown, and no more. */
export function csv(rows: Row[]): string {
  const head = ["category", "severity", "finding", "about", "fixed in", "from", "places", "decision", "solution"];
  const lines = rows.map((r) => [
    r.category, r.severity, r.title, r.subject, r.fixed, r.origin, r.locations.map(placeOf).join("; "),
    r.handling ? `ignored by ${r.handling.author}: ${r.handling.reason ?? ""}` : "",
    r.vulnerability?.solution ?? r.finding?.solution ?? "",
  ]);
  return [head, ...lines].map((line) => line.map(field).join(",")).join("\r\n") + "\r\n";
}

// A spreadsheet shall not take what an image says for a formula.
function field(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? "'" + text : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
