/** Severities, the worst first. */
export const severities = ["critical", "high", "medium", "low", "negligible", "unknown"] as const;

export type Severity = (typeof severities)[number];

/** Counts by severity. */
export type Counts = Partial<Record<string, number>>;

/** rank orders severities: the worst is 0. What nobody knows ranks as unknown. */
export function rank(severity: string): number {
  const i = severities.indexOf(severity as Severity);
  return i < 0 ? severities.length - 1 : i;
}

/** describe writes counts for those who cannot see a bar: "2 critical, 5 high". */
export function describe(counts: Counts): string {
  const parts = severities.filter((s) => (counts[s] ?? 0) > 0).map((s) => `${counts[s]} ${s}`);
  return parts.length > 0 ? parts.join(", ") : "none";
}

/** add sums counts. */
export function add(a: Counts, b: Counts): Counts {
  const sum: Counts = {};
  for (const s of severities) sum[s] = (a[s] ?? 0) + (b[s] ?? 0);
  return sum;
}

/** total sums up one. */
export function total(counts: Counts): number {
  return severities.reduce((n, s) => n + (counts[s] ?? 0), 0);
}
