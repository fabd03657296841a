import { expect, test } from "vitest";
import type { Event } from "../api/types";
import { fits, sayEvent, usual } from "./event-words";

const event = (e: Partial<Event>): Event => ({ id: 1, at: "", cause: "", kind: "scan.done", ...e });

test.each([
  [{ kind: "verdict.changed", before: "allow", after: "block", reason: "not-scanned" }, "allowed → blocked (not scanned)"],
  [{ kind: "vulnerability.new", vulnerabilities: ["A", "B", "C", "D"] }, "A, B, C and 1 more"],
  [{ kind: "vulnerability.new", vulnerabilities: ["A"], count: 1 }, "A"],
  [{ kind: "pull.blocked", account: "ci", count: 12 }, "for ci, 12 times"],
  [{ kind: "scan.failed", detail: "it is too large" }, "it is too large"],
  [{ kind: "batch.done", count: 1 }, "1 image"],
  [{ kind: "something.else" }, ""],
])("%o", (e, want) => expect(sayEvent(event(e))).toBe(want));

test("a filter selects by all that it has", () => {
  const e = event({ namespace: "team", repository: "app" });
  expect(fits(e, { kind: "", namespace: "", repository: "" })).toBe(true);
  expect(fits(e, { kind: usual, namespace: "team", repository: "app" })).toBe(true);
  expect(fits(e, { kind: usual, namespace: "team", repository: "other" })).toBe(false);
  expect(fits({ ...e, kind: "scan.progress" }, { kind: usual, namespace: "", repository: "" })).toBe(false);
});
