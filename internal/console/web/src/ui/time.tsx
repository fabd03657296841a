import { useEffect, useSyncExternalStore } from "react";
import { ago, exactTime } from "../text/format";

// One clock for all times on a page.
let now = Date.now();
const readers = new Set<() => void>();

function subscribe(f: () => void): () => void {
  readers.add(f);
  return () => readers.delete(f);
}

/** The time, which moves on every quarter of a minute. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

/** Clock makes the time go on; one of it must be on the page. */
export function Clock() {
  useEffect(() => {
    const timer = setInterval(() => {
      now = Date.now();
      for (const f of readers) f();
    }, 15_000);
    return () => clearInterval(timer);
  }, []);
  return null;
}

/** How long ago something happened; the exact time as a title. */
export function Ago({ at }: { at: string }) {
  const t = useNow();
  // What has just been read may be later than the clock that moves in steps.
  return <time className="nowrap" dateTime={at} title={exactTime(at)}>{ago(at, Math.max(t, Math.min(Date.now(), new Date(at).getTime())))}</time>;
}
