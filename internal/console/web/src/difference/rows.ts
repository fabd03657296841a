// What a difference lists, in the form its tables show and search.

import type { Change, PackageChange } from "../api/types";

/** matches reports whether all words of a search are in what a change is called. */
export function matches(c: Change, search: string): boolean {
  const text = [c.rule, c.title ?? "", c.package ?? "", c.version ?? "", c.path ?? "", c.category].join("\n").toLowerCase();
  return words(search).every((w) => text.includes(w));
}

/** matchesPackage does the same for software. */
export function matchesPackage(p: PackageChange, search: string): boolean {
  const text = `${p.name}\n${p.type}`.toLowerCase();
  return words(search).every((w) => text.includes(w));
}

function words(search: string): string[] {
  return search.toLowerCase().split(/\s+/).filter((w) => w !== "");
}

/** What became of a package. */
export type Became = "added" | "removed" | "changed";

/** becameOf tells what became of a package. */
export function becameOf(p: PackageChange): Became {
  if (p.before.length === 0) return "added";
  return p.after.length === 0 ? "removed" : "changed";
}

/** signed writes a number with its sign. */
export function signed(n: number, write: (n: number) => string): string {
  if (n === 0) return "no change";
  return (n > 0 ? "+" : "−") + write(Math.abs(n));
}

/** An earlier time that an image is compared with itself at, by how many days ago it is. */
export const earlier = [
  { days: 1, label: "itself, a day ago" },
  { days: 7, label: "itself, a week ago" },
  { days: 30, label: "itself, 30 days ago" },
];

/** daysAgo writes a moment as addresses have it, to the second. */
export function daysAgo(days: number, now: number): string {
  return new Date(now - days * 86_400_000).toISOString().replace(/\.\d+Z$/, "Z");
}

/** laterThan reports whether a moment is not the one that was asked for, to the second, but a later one. */
export function laterThan(at: string, asked: string): boolean {
  return new Date(at).getTime() - new Date(asked).getTime() >= 1000;
}

/** What an image is compared with, as an address says it: a tag or digest of the same repository, or of another one. */
export interface From {
  from: string;
  ns: string;
  repo: string;
}

/** parseFrom reads what somebody typed: a tag, a digest, or namespace/repository:tag. */
export function parseFrom(text: string): From | undefined {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  const slash = trimmed.indexOf("/");
  if (slash < 0) return { from: trimmed.replace(/^[@:]/, ""), ns: "", repo: "" };
  const ns = trimmed.slice(0, slash);
  const name = trimmed.slice(slash + 1);
  const at = name.indexOf("@");
  const colon = name.lastIndexOf(":");
  const cut = at >= 0 ? at : colon;
  if (ns === "" || cut <= 0 || cut === name.length - 1) return undefined;
  return { ns, repo: name.slice(0, cut), from: name.slice(cut + 1) };
}
