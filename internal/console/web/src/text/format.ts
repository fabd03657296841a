// How numbers, sizes, times and names are written. The console is in English;
// times are those of the reader's clock, with the exact one as a title.

const units = ["B", "kB", "MB", "GB", "TB", "PB"];

/** size writes bytes with two or three significant digits, in powers of 1000. */
export function size(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

const plain = new Intl.NumberFormat("en");

/** count writes 12,345. */
export function count(n: number): string {
  return plain.format(n);
}

/** plural writes "1 image", "3 images". */
export function plural(n: number, one: string, many = one + "s"): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

const dateTime = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });
const dateOnly = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });
const utcDate = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: "UTC" });

/** exactTime writes a time to the second, or the text itself where it is none. */
export function exactTime(rfc3339: string): string {
  const t = new Date(rfc3339);
  return Number.isNaN(t.getTime()) ? rfc3339 : dateTime.format(t);
}

/** date writes a day. A bare date, as advisories have, is a day in UTC. */
export function date(rfc3339: string): string {
  const t = new Date(rfc3339);
  if (Number.isNaN(t.getTime())) return rfc3339;
  return (/^\d{4}-\d{2}-\d{2}$|T00:00:00(\.0+)?Z$/.test(rfc3339) ? utcDate : dateOnly).format(t);
}

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const steps: [number, number, Intl.RelativeTimeFormatUnit][] = [
  [60, 1, "second"],
  [3600, 60, "minute"],
  [86_400, 3600, "hour"],
  [30 * 86_400, 86_400, "day"],
  [365 * 86_400, 30 * 86_400, "month"],
  [Infinity, 365 * 86_400, "year"],
];

/** ago writes how long something is past, or will take, from now on. */
export function ago(rfc3339: string, now: number): string {
  const seconds = (new Date(rfc3339).getTime() - now) / 1000;
  if (Number.isNaN(seconds)) return rfc3339;
  if (Math.abs(seconds) < 5) return "just now";
  for (const [below, per, unit] of steps) {
    if (Math.abs(seconds) < below) return relative.format(Math.trunc(seconds / per), unit);
  }
  return rfc3339;
}

/** duration writes seconds as "4 s", "3 min 20 s", "1 h 5 min". */
export function duration(seconds: number): string {
  const s = Math.round(seconds);
  if (s < 1) return "under a second";
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min${s % 60 ? ` ${s % 60} s` : ""}`;
  return `${Math.floor(s / 3600)} h${s % 3600 >= 60 ? ` ${Math.floor((s % 3600) / 60)} min` : ""}`;
}

/** shortDigest keeps enough of a digest to tell it from others. */
export function shortDigest(digest: string): string {
  const [algorithm, hex] = digest.split(":", 2);
  return hex === undefined ? digest : `${algorithm}:${hex.slice(0, 12)}`;
}

/** filePath writes a path of an image as one from its root. */
export function filePath(path: string): string {
  return path === "" || path.startsWith("/") ? path : "/" + path;
}

/** percentage writes a share between 0 and 1. */
export function percentage(share: number): string {
  const p = share * 100;
  return p > 0 && p < 0.1 ? "< 0.1 %" : `${p >= 10 ? Math.round(p) : Number(p.toFixed(1))} %`;
}

/** webAddress returns an address that may become a link: nothing but http and https. */
export function webAddress(text: string): string | undefined {
  try {
    const url = new URL(text);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : undefined;
  } catch {
    return undefined;
  }
}
