// The form of a namespace's settings, and the change it asks for.

import type { GateSettings, Namespace, NamespaceChange } from "../api/types";

/** What the form holds. */
export interface Form {
  public: boolean;
  autoScan: boolean;
  preventVul: boolean;
  severity: string;
  reportOnly: boolean;
  graceDays: string;
  notScanned: string;
  waiting: string;
  running: string;
  failed: string;
  scanRefused: string;
  notScannable: string;
  alsoBlock: Record<string, string>;
  exemptAccounts: string;
}

/** Categories beside vulnerabilities that can block. */
export const blockable = [
  { key: "malicious-file", name: "Malicious files" },
  { key: "sensitive-information", name: "Sensitive information" },
  { key: "weak-password", name: "Weak passwords" },
  { key: "unsafe-setting", name: "Unsafe settings" },
  { key: "software-compliance", name: "Software compliance" },
];

/** formOf fills the form with what a namespace says. */
export function formOf(n: Namespace): Form {
  const { gate } = n;
  return {
    public: n.public, autoScan: n.autoScan, preventVul: n.preventVul, severity: n.severity,
    reportOnly: gate.reportOnly, graceDays: String(gate.graceDays),
    notScanned: gate.notScanned, waiting: gate.waiting, running: gate.running, failed: gate.failed, scanRefused: gate.scanRefused, notScannable: gate.notScannable,
    alsoBlock: Object.fromEntries(blockable.map((c) => [c.key, gate.alsoBlock[c.key] ?? "off"])),
    exemptAccounts: gate.exemptAccounts.join(", "),
  };
}

/** names takes a list apart that is written with commas, spaces or lines. */
export function names(text: string): string[] {
  return [...new Set(text.split(/[\s,;]+/).filter((s) => s !== ""))];
}

const answers = ["notScanned", "waiting", "running", "failed", "scanRefused", "notScannable"] as const;

/** changeOf is what the form changes: what is as it was is left out, so that nobody else's change is undone. */
export function changeOf(n: Namespace, form: Form): NamespaceChange {
  const before = formOf(n);
  const change: NamespaceChange = {};
  if (form.public !== before.public) change.public = form.public;
  if (form.autoScan !== before.autoScan) change.autoScan = form.autoScan;
  if (form.preventVul !== before.preventVul) change.preventVul = form.preventVul;
  if (form.severity !== before.severity) change.severity = form.severity as NamespaceChange["severity"];
  const gate: Partial<GateSettings> = {};
  if (form.reportOnly !== before.reportOnly) gate.reportOnly = form.reportOnly;
  if (form.graceDays !== before.graceDays) gate.graceDays = Number(form.graceDays);
  for (const key of answers) if (form[key] !== before[key]) gate[key] = form[key];
  const also = Object.entries(form.alsoBlock).filter(([key, level]) => level !== before.alsoBlock[key]);
  if (also.length > 0) gate.alsoBlock = Object.fromEntries(also);
  if (names(form.exemptAccounts).join() !== names(before.exemptAccounts).join()) gate.exemptAccounts = names(form.exemptAccounts);
  if (Object.keys(gate).length > 0) change.gate = gate;
  return change;
}
