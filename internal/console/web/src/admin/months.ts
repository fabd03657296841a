const words = new Intl.DateTimeFormat("en-GB", { month: "long", year: "numeric", timeZone: "UTC" });

/** months lists the latest months in UTC, as the server names them and in words, this one first. */
export function months(now: Date, howMany: number): { value: string; label: string }[] {
  return Array.from({ length: howMany }, (_, i) => {
    const first = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - i, 1));
    return { value: first.toISOString().slice(0, 7), label: words.format(first) };
  });
}
