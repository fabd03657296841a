import { expect, test } from "vitest";
import { becameOf, daysAgo, laterThan, matches, parseFrom, signed } from "./rows";

test.each([
  ["1.0", { from: "1.0", ns: "", repo: "" }],
  [" sha256:ab ", { from: "sha256:ab", ns: "", repo: "" }],
  ["team/app:1.0", { from: "1.0", ns: "team", repo: "app" }],
  ["team/back/api@sha256:ab", { from: "sha256:ab", ns: "team", repo: "back/api" }],
  ["team/app", undefined],
  ["team/app:", undefined],
  ["/app:1", undefined],
  ["", undefined],
])("%s", (text, want) => expect(parseFrom(text)).toEqual(want));

test("a search needs all words, wherever they are", () => {
  const c = { findingId: "", category: "system-vulnerability", rule: "CVE-2026-1", severity: "high", package: "openssl", path: "var/lib/dpkg/status" };
  expect(matches(c, "OPENSSL cve-2026")).toBe(true);
  expect(matches(c, "openssl zlib")).toBe(false);
});

test("packages come, go and change", () => {
  const of = (before: string[], after: string[]) => becameOf({ name: "a", type: "deb", before, after });
  expect([of([], ["1"]), of(["1"], []), of(["1"], ["2"])]).toEqual(["added", "removed", "changed"]);
});

test("an earlier time is written to the second", () => expect(daysAgo(7, Date.UTC(2026, 10, 23, 12, 0, 0, 123))).toBe("2026-11-16T12:00:00Z"));

test.each([
  ["2026-11-16T12:00:00.999Z", false],
  ["2026-11-16T12:00:01Z", true],
  ["2026-11-16T11:00:00Z", false],
  ["nonsense", false],
])("%s is later: %s", (at, want) => expect(laterThan(at, "2026-11-16T12:00:00Z")).toBe(want));

test("numbers carry their sign", () => expect([3, -3, 0].map((n) => signed(n, String))).toEqual(["+3", "−3", "no change"]));
