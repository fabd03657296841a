import { describe, expect, test } from "vitest";
import type { Finding, Vulnerability } from "../api/types";
import { defaults, narrowed, pageOf, questionOf } from "./query";
import { csv, findingRow, placeOf, vulnerabilityRow } from "./rows";

const at = (path: string, layer = 0) => ({ path, layer, layerDigest: "sha256:0" });
const vulnerability: Vulnerability = {
  findingId: "a1", id: "CVE-2021-3156", category: "system-vulnerability", package: "sudo", type: "deb", version: "1.8", fixedVersion: "1.9", fixState: "fixed",
  severity: "high", locations: [at("var/lib/dpkg/status", 2), at("var/lib/dpkg/status", 0)], solution: "Upgrade, rebuild.",
};
const finding: Finding = { findingId: "b2", category: "sensitive-information", rule: "key", title: "Private key", severity: "critical", locations: [{ ...at("srv/key.pem", 4), line: 3 }], solution: "Make a new one." };

test("rows", () => {
  expect(vulnerabilityRow(vulnerability)).toMatchObject({ title: "CVE-2021-3156", subject: "sudo 1.8", fixed: "1.9", layers: [0, 2], origin: "" });
  expect(findingRow(finding)).toMatchObject({ title: "Private key", subject: "/srv/key.pem:3", layers: [4] });
  expect(placeOf({ ...at("", -1), config: "environment variable TOKEN" })).toBe("environment variable TOKEN");
});

test("what an image says is no formula in a spreadsheet", () => {
  const text = csv([findingRow({ ...finding, title: '=cmd|" /C calc"!A0', solution: "one,\ntwo" }), vulnerabilityRow(vulnerability)]);
  const lines = text.split("\r\n");
  expect(lines[1]).toContain(`"'=cmd|"" /C calc""!A0"`);
  expect(lines[1]).toContain('"one,\ntwo"');
  expect(lines[2]).toBe('system-vulnerability,high,CVE-2021-3156,sudo 1.8,1.9,,/var/lib/dpkg/status; /var/lib/dpkg/status,,"Upgrade, rebuild."');
});

describe("questions to the server", () => {
  test("of the second page of a selection", () => {
    expect(questionOf({ ...defaults, q: " tomcat ", severity: "high", fixable: "yes", layer: "3", sort: "epss", page: "2" }, "system-vulnerability")).toEqual({
      category: "system-vulnerability", q: "tomcat", severity: "high", fixable: true, origin: "", layer: 3, handling: "", sort: "epss", offset: 50, limit: 50,
    });
  });
  test("of what somebody typed into the address", () => {
    const q = questionOf({ ...defaults, q: "x".repeat(400), layer: "1; drop", sort: "nothing", page: "-7", fixable: "yes" }, "weak-password");
    expect(q).toMatchObject({ layer: undefined, sort: "severity", offset: 0, fixable: undefined });
    expect(String(q.q).length).toBe(256);
  });
  test.each([["1", 1], ["7", 7], ["0", 1], ["-3", 1], ["2.9", 2], ["x", 1], ["", 1]])("page %j", (text, want) => expect(pageOf(text)).toBe(want));
  test("what narrows", () => {
    expect(narrowed({ ...defaults, sort: "id", page: "4", open: "a" })).toBe(false);
    expect(narrowed({ ...defaults, layer: "0" })).toBe(true);
  });
});
