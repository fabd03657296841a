import { expect, test } from "vitest";
import type { Event } from "../api/types";
import { newsOf } from "./news";

const event = (repository: string, digest: string, ...vulnerabilities: string[]): Event => ({ id: 1, at: "2026-11-01T00:00:00Z", kind: "vulnerability.new", cause: "advisories", namespace: "team", repository, digest, vulnerabilities });

test("one vulnerability in two images is one piece of news", () => {
  const got = newsOf([event("app", "a", "CVE-1", "CVE-2"), event("tool", "b", "CVE-1"), event("app", "a", "CVE-1")]);
  expect(got.map((n) => [n.id, n.images.map((i) => i.repository)])).toEqual([["CVE-1", ["app", "tool"]], ["CVE-2", ["app"]]]);
});

test("an event that names no image or nothing else is none", () => {
  expect(newsOf([{ ...event("app", "a", "CVE-1"), digest: undefined }, event("app", "a")])).toEqual([]);
});
