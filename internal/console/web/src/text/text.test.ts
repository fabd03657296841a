import { describe, expect, test } from "vitest";
import { expiryOf } from "./expiry";
import { ago, count, date, duration, filePath, percentage, plural, shortDigest, size, webAddress } from "./format";
import { describe as words, rank, total } from "./severity";
import { judge } from "./verdict";

test.each([
  [0, "0 B"], [999, "999 B"], [1000, "1.0 kB"], [9949, "9.9 kB"], [9950, "10 kB"], [999_499, "999 kB"], [999_500, "1.0 MB"],
  [49_585_441, "50 MB"], [2.5e12, "2.5 TB"], [5e18, "5000 PB"],
])("size of %d", (bytes, want) => expect(size(bytes)).toBe(want));

test("numbers", () => {
  expect(count(12345)).toBe("12,345");
  expect(plural(1, "image")).toBe("1 image");
  expect(plural(0, "repository", "repositories")).toBe("0 repositories");
  expect(percentage(0.99295)).toBe("99 %");
  expect(percentage(0.00041)).toBe("< 0.1 %");
  expect(percentage(0.0512)).toBe("5.1 %");
  expect(percentage(0)).toBe("0 %");
});

describe("times", () => {
  const now = Date.parse("2026-09-01T12:00:00Z");
  test.each([
    ["2026-09-01T11:59:58Z", "just now"], ["2026-09-01T11:59:00Z", "1 minute ago"], ["2026-09-01T10:00:00Z", "2 hours ago"],
    ["2026-08-31T11:00:00Z", "yesterday"], ["2026-06-01T12:00:00Z", "3 months ago"], ["2024-08-01T12:00:00Z", "2 years ago"],
    ["2026-09-01T13:00:01Z", "in 1 hour"], ["nonsense", "nonsense"],
  ])("%s", (at, want) => expect(ago(at, now)).toBe(want));
  test("days of advisories do not move with the clock of the reader", () => {
    expect(date("2021-01-26T00:00:00Z")).toBe("26 Jan 2021");
    expect(date("2022-04-27")).toBe("27 Apr 2022");
    expect(date("some day")).toBe("some day");
  });
  test.each([[0, "under a second"], [59, "59 s"], [60, "1 min"], [200, "3 min 20 s"], [3600, "1 h"], [3900, "1 h 5 min"]])("%d seconds", (s, want) => expect(duration(s)).toBe(want));
});

test("digests and paths", () => {
  expect(shortDigest("sha256:" + "a1".repeat(32))).toBe("sha256:a1a1a1a1a1a1");
  expect(shortDigest("nonsense")).toBe("nonsense");
  expect(filePath("etc/passwd")).toBe("/etc/passwd");
  expect(filePath("")).toBe("");
});

// References come from images and advisories; none may do more than lead away.
test.each([
  ["https://example.com/a?b=1", "https://example.com/a?b=1"], ["http://example.com", "http://example.com/"],
  ["javascript:alert(1)", undefined], [" JavaScript:alert(1)", undefined], ["data:text/html,x", undefined], ["//example.com", undefined], ["vbscript:x", undefined], ["", undefined],
])("web address %j", (text, want) => expect(webAddress(text)).toBe(want));

test("severities", () => {
  expect(rank("critical")).toBeLessThan(rank("high"));
  expect(rank("something new")).toBe(rank("unknown"));
  expect(words({ critical: 2, high: 0, low: 1 })).toBe("2 critical, 1 low");
  expect(words({})).toBe("none");
  expect(total({ high: 2, unknown: 3, other: 9 })).toBe(5);
});

test("verdicts in words", () => {
  expect(judge({ decision: "block", reason: "vulnerable", remaining: 3, severity: "high" })).toEqual({ word: "Blocked", tone: "bad", reason: "3 vulnerabilities, up to high" });
  expect(judge({ decision: "allow", reason: "vulnerable", remaining: 1, severity: "low", wouldRefuse: true }).word).toBe("Reported");
  expect(judge({ decision: "unknown", reason: "pending", remaining: 0 })).toMatchObject({ word: "Not yet", tone: "wait" });
  expect(judge({ decision: "allow", reason: "blocking-off", remaining: 0 }).tone).toBe("neutral");
  expect(judge({ decision: "block", reason: "a-new-reason", remaining: 0 }).reason).toBe("a-new-reason");
});

test("until when a decision holds", () => {
  const now = new Date("2026-09-01T12:00:00Z");
  expect(expiryOf("7", "", now)).toBe("2026-09-08T12:00:00.000Z");
  expect(expiryOf("never", "", now)).toBeUndefined();
  expect(Date.parse(expiryOf("day", "2026-09-03", now)!)).toBe(new Date(2026, 8, 4).getTime());
  expect(expiryOf("day", "", now)).toBeUndefined();
});
