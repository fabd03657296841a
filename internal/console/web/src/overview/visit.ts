// When an account was here before: the browser remembers it.

/** A visit to the console, as it is remembered. */
export interface Visit {
  /** Since when what happened is new: the end of the visit before; absent on the first. */
  since?: number;
  /** When the console was last looked at. */
  seen: number;
}

/** Who was away for longer begins another visit. */
const pause = 30 * 60_000;

/** next goes on with the visit that is remembered, or begins another. Times are milliseconds since 1970. */
export function next(before: Visit | undefined, now: number): Visit {
  if (!before || before.seen > now) return { seen: now };
  return { since: now - before.seen > pause ? before.seen : before.since, seen: now };
}

/** parse reads what the browser kept, which anything may have written. */
export function parse(text: string | null): Visit | undefined {
  try {
    const v: unknown = JSON.parse(text ?? "");
    if (typeof v !== "object" || v === null || !("seen" in v) || typeof v.seen !== "number" || !(v.seen > 0)) return undefined;
    return { seen: v.seen, since: "since" in v && typeof v.since === "number" && v.since > 0 ? v.since : undefined };
  } catch {
    return undefined;
  }
}

const place = (account: string) => "pratique-visit-" + account;

/** visit remembers that the console is looked at now. Where nothing can be kept every visit is the first. */
export function visit(account: string, now: number): Visit {
  try {
    const v = next(parse(localStorage.getItem(place(account))), now);
    localStorage.setItem(place(account), JSON.stringify(v));
    return v;
  } catch {
    return { seen: now };
  }
}

/** seen makes nothing that happened until now new. */
export function seen(account: string, now: number): void {
  try {
    localStorage.setItem(place(account), JSON.stringify({ since: now, seen: now }));
  } catch {
    // it will be new once more
  }
}
