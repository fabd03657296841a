// Which images a batch or a schedule scans, as a form has it and as the server
// wants it.

import type { BatchStart, Selection } from "../api/types";

/** A selection as a form has it. */
export interface Choice {
  which: "all" | "namespaces" | "repositories";
  /** Names or patterns, with spaces, commas or lines between them. */
  names: string;
  pushedDays: number;
  /** What is looked for; all of it where all are chosen. */
  categories: string[];
  imagesPerHour: number;
}

/** What can be looked for beside vulnerabilities. */
export const categories: { value: NonNullable<BatchStart["categories"]>[number]; label: string }[] = [
  { value: "malware", label: "malicious files" },
  { value: "baseline", label: "unsafe settings" },
  { value: "password", label: "weak passwords" },
  { value: "secret", label: "sensitive information" },
  { value: "compliance", label: "software compliance" },
];

export const everything: Choice = { which: "all", names: "", pushedDays: 0, categories: categories.map((c) => c.value), imagesPerHour: 0 };

/** split takes a list apart that somebody typed. */
export function split(text: string): string[] {
  return [...new Set(text.split(/[\s,;]+/).filter((w) => w !== ""))];
}

/** bodyOf is a choice as the server wants it. */
export function bodyOf(c: Choice): Pick<BatchStart, "namespaces" | "repositories" | "pushedDays" | "categories" | "imagesPerHour"> {
  return {
    namespaces: c.which === "namespaces" ? split(c.names) : undefined,
    repositories: c.which === "repositories" ? split(c.names) : undefined,
    pushedDays: c.pushedDays || undefined,
    categories: c.categories.length === categories.length ? undefined : ["vuln", ...(c.categories as (typeof categories)[number]["value"][])],
    imagesPerHour: c.imagesPerHour || undefined,
  };
}

/** missing says what a choice lacks before it can be sent. */
export function missing(c: Choice): string {
  return c.which !== "all" && split(c.names).length === 0 ? `Name at least one ${c.which === "namespaces" ? "namespace" : "repository"}.` : "";
}

/** choiceOf is what the server has, as a form has it. */
export function choiceOf(of: { selection: Selection; categories: string[]; imagesPerHour: number }): Choice {
  const { selection: s } = of;
  const chosen = categories.map((c) => c.value as string).filter((c) => of.categories.length === 0 || of.categories.includes(c));
  const names = s.namespaces?.length ? s.namespaces : (s.repositories ?? []);
  return {
    which: s.namespaces?.length ? "namespaces" : s.repositories?.length ? "repositories" : "all",
    names: names.join("\n"),
    pushedDays: s.pushedDays ?? 0,
    categories: chosen,
    imagesPerHour: of.imagesPerHour,
  };
}

/** saySelection puts a selection into words. */
export function saySelection(s: Selection): string {
  const some = (list: string[], of: string) => `${of} ${list.slice(0, 3).join(", ")}${list.length > 3 ? ` and ${list.length - 3} more` : ""}`;
  const parts = [
    s.namespaces?.length ? some(s.namespaces, s.namespaces.length === 1 ? "namespace" : "namespaces") : "",
    s.repositories?.length ? some(s.repositories, s.repositories.length === 1 ? "repository" : "repositories") : "",
    s.images?.length ? some(s.images, s.images.length === 1 ? "image" : "images") : "",
  ].filter((p) => p !== "");
  const what = parts.length > 0 ? parts.join("; ") : "all images";
  return s.pushedDays ? `${what}, pushed within ${s.pushedDays === 1 ? "a day" : `${s.pushedDays} days`}` : what;
}
