import { expect, test } from "vitest";
import type { GateSettings, Namespace } from "../api/types";
import { changeOf, formOf, names } from "./change";

const namespace: Namespace = {
  id: 1, name: "team", public: false, autoScan: false, preventVul: false, severity: "high", repositories: 0,
  createdAt: "2026-09-01T00:00:00Z", updatedAt: "2026-09-01T00:00:00Z", allowlist: { items: [], expired: false },
  gate: { notScanned: "block", waiting: "hold:30s", running: "hold:30s", failed: "block", scanRefused: "block", notScannable: "allow", reportOnly: false, graceDays: 0, alsoBlock: { "weak-password": "high" }, exemptAccounts: ["deployer"], } as unknown as GateSettings,
};

test("a form that nobody touched changes nothing", () => {
  expect(changeOf(namespace, formOf(namespace))).toEqual({});
});

test("only what was touched is sent", () => {
  const form = { ...formOf(namespace), autoScan: true, waiting: "hold:60s", graceDays: "14", exemptAccounts: "deployer, rescue deployer" };
  form.alsoBlock = { ...form.alsoBlock, "weak-password": "off", "malicious-file": "low" };
  expect(changeOf(namespace, form)).toEqual({
    autoScan: true,
    gate: { waiting: "hold:60s", graceDays: 14, alsoBlock: { "weak-password": "off", "malicious-file": "low" }, exemptAccounts: ["deployer", "rescue"] },
  });
});

test("lists of names", () => {
  expect(names(" a,b;;c\nd  a ")).toEqual(["a", "b", "c", "d"]);
});
