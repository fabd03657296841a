// What a report found, in the one form that its tables show.

import type { Finding, Handling, Location, Vulnerability } from "../api/types";
import { filePath } from "../text/format";

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
  /** "base", "own", or "" where nobody knows. */
  origin: string;
  layers: number[];
  handling?: Handling;
  locations: Location[];
  solution: string;
  vulnerability?: Vulnerability;
  finding?: Finding;
}

function layersOf(locations: Location[]): number[] {
  return [...new Set(locations.map((l) => l.layer))].sort((a, b) => a - b);
}

/** vulnerabilityRow makes a row of a vulnerability. */
export function vulnerabilityRow(v: Vulnerability): Row {
  return {
    id: v.findingId, category: v.category, severity: v.severity, title: v.id, subject: `${v.package} ${v.version}`, fixed: v.fixedVersion ?? "",
    origin: v.origin ?? "", layers: layersOf(v.locations), handling: v.handling, locations: v.locations, solution: v.solution, vulnerability: v,
  };
}

/** findingRow makes a row of a finding of any other category. */
export function findingRow(f: Finding): Row {
  const place = f.locations[0];
  return {
    id: f.findingId, category: f.category, severity: f.severity, title: f.title,
    subject: f.package ? `${f.package} ${f.version ?? ""}`.trim() : place ? placeOf(place) : "", fixed: "",
    origin: f.origin ?? "", layers: layersOf(f.locations), handling: f.handling, locations: f.locations, solution: f.solution, finding: f,
  };
}

/** placeOf writes where something is: a file with its line, or a part of the configuration. */
export function placeOf(l: Location): string {
  if (l.path === "") return l.config ?? "configuration";
  return filePath(l.path) + (l.line ? ":" + l.line : "");
}

/** csv writes rows for a spreadsheet. */
export function csv(rows: Row[]): string {
  const head = ["category", "severity", "finding", "about", "fixed in", "from", "places", "decision", "solution"];
  const lines = rows.map((r) => [
    r.category, r.severity, r.title, r.subject, r.fixed, r.origin, r.locations.map(placeOf).join("; "),
    r.handling ? `ignored by ${r.handling.author}: ${r.handling.reason ?? ""}` : "", r.solution,
  ]);
  return [head, ...lines].map((line) => line.map(field).join(",")).join("\r\n") + "\r\n";
}

// A spreadsheet shall not take what an image says for a formula.
function field(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? "'" + text : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
