import type { Report } from "../api/types";
import { rank } from "../text/severity";
import type { Row } from "./rows";

/** A part of a report with an address of its own. */
export interface Section {
  /** As it stands in the address. */
  key: string;
  name: string;
  /** The category of findings it lists, if it lists some. */
  category?: string;
  /** Whether a line is drawn before it. */
  group?: boolean;
}

/** All parts: what is wrong, what there is, what it is made of, what was decided. */
export const sections: Section[] = [
  { key: "system", name: "System vulnerabilities", category: "system-vulnerability" },
  { key: "application", name: "Application vulnerabilities", category: "application-vulnerability" },
  { key: "malware", name: "Malicious files", category: "malicious-file" },
  { key: "settings", name: "Unsafe settings", category: "unsafe-setting" },
  { key: "passwords", name: "Weak passwords", category: "weak-password" },
  { key: "sensitive", name: "Sensitive information", category: "sensitive-information" },
  { key: "compliance", name: "Software compliance", category: "software-compliance" },
  { key: "base", name: "Base image", category: "base-image", group: true },
  { key: "software", name: "Software" },
  { key: "files", name: "Files" },
  { key: "layers", name: "Layers" },
  { key: "configuration", name: "Configuration" },
  { key: "decisions", name: "Decisions", group: true },
  { key: "history", name: "History" },
];

/** Whether a scan looked for what a section lists. */
export function lookedFor(report: Report, s: Section): boolean {
  return !s.category || report.categories.includes(s.category);
}

/** The section a report opens at: the first with the worst that was found. */
export function firstSection(rows: Row[]): string {
  let best = "system";
  let worst = Infinity;
  for (const s of sections) {
    if (!s.category) continue;
    for (const r of rows) {
      if (r.category === s.category && !r.handling && rank(r.severity) < worst) {
        worst = rank(r.severity);
        best = s.key;
      }
    }
  }
  return best;
}
