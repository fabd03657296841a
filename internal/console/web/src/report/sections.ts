import type { Overview } from "../api/types";

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
export function lookedFor(o: Overview, s: Section): boolean {
  return !s.category || o.categories.includes(s.category);
}

/** inCategory counts what was found. */
export function inCategory(o: Overview, category: string): number {
  if (category === "system-vulnerability") return o.summary.system;
  if (category === "application-vulnerability") return o.summary.application;
  return o.summary.findings.byCategory[category] ?? 0;
}

/** The section a report opens at: the first in which something was found. */
export function firstSection(o: Overview): Section {
  return sections.find((s) => s.category && inCategory(o, s.category) > 0) ?? sections[0]!;
}
