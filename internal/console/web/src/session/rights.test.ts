import { expect, test } from "vitest";
import { has, hasEverywhere, refusalOf } from "./rights";

type Account = Parameters<typeof has>[0];

const reader: Account = { rights: ["list"], roles: [{ role: "reader", realm: "namespace", namespace: "team", rights: ["read", "pull", "list"] }] };
const maintainer: Account = { rights: ["list"], roles: [...reader.roles, { role: "maintainer", realm: "namespace", namespace: "shop", group: "developers", rights: ["read", "pull", "push", "scan", "delete", "handle", "manage", "list"] }] };
const administrator: Account = { rights: ["read", "scan", "manage", "administer"], roles: [{ role: "administrator", realm: "instance", rights: ["read", "scan", "manage", "administer"] }] };
const elsewhere: Account = { rights: ["list"], roles: [{ role: "administrator", realm: "other-instance", rights: ["manage"] }] };
const everywhere: Account = { rights: ["administer"], roles: [{ role: "administrator", realm: "everything", rights: ["administer"] }] };

test("a right is looked for in the namespace and in the whole instance", () => {
  expect(has(reader, "scan", "team")).toBe(false);
  expect(has(maintainer, "scan", "team")).toBe(false);
  expect(has(maintainer, "scan", "shop")).toBe(true);
  expect(has(maintainer, "manage")).toBe(false);
  expect(has(administrator, "manage", "any")).toBe(true);
  expect(has(elsewhere, "manage", "team")).toBe(false);
});

test("over everything is more than over an instance", () => {
  expect(hasEverywhere(administrator, "administer")).toBe(false);
  expect(hasEverywhere(everywhere, "administer")).toBe(true);
});

test("a refusal tells which role, what and who may", () => {
  expect(refusalOf(reader, "scan", "team")).toBe("As reader you may not have images scanned here; a writer or maintainer of team may.");
  expect(refusalOf(reader, "administer")).toBe("Your account may not change this here; an administrator may.");
  expect(refusalOf(maintainer, "manage", "shop")).toBeUndefined();
});
