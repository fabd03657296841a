import { expect, test } from "vitest";
import { bodyOf, choiceOf, everything, missing, saySelection, split } from "./selection";

test("a list that was typed", () => expect(split(" a, b\nc;a ")).toEqual(["a", "b", "c"]));

test.each([
  [everything, {}],
  [{ ...everything, which: "namespaces" as const, names: "team shop", pushedDays: 7, imagesPerHour: 100 }, { namespaces: ["team", "shop"], pushedDays: 7, imagesPerHour: 100 }],
  [{ ...everything, which: "repositories" as const, names: "team/back*", categories: ["secret"] }, { repositories: ["team/back*"], categories: ["vuln", "secret"] }],
  [{ ...everything, categories: [] }, { categories: ["vuln"] }],
])("is sent as the server wants it (%#)", (choice, want) => {
  expect(JSON.parse(JSON.stringify(bodyOf(choice)))).toEqual(want);
});

test("names are needed where some are meant", () => {
  expect(missing(everything)).toBe("");
  expect(missing({ ...everything, which: "namespaces", names: " , " })).toMatch(/namespace/);
});

test("what the server has goes into the form and back", () => {
  const choice = { ...everything, which: "repositories" as const, names: "team/a\nteam/b", pushedDays: 3, categories: ["malware"], imagesPerHour: 5 };
  expect(choiceOf({ selection: { repositories: ["team/a", "team/b"], pushedDays: 3 }, categories: ["vuln", "malware"], imagesPerHour: 5 })).toEqual(choice);
  expect(choiceOf({ selection: { all: true }, categories: [], imagesPerHour: 0 })).toEqual(everything);
});

test.each([
  [{ all: true }, "all images"],
  [{ namespaces: ["team"], pushedDays: 7 }, "namespace team, pushed within 7 days"],
  [{ repositories: ["a/1", "a/2", "a/3", "a/4"] }, "repositories a/1, a/2, a/3 and 1 more"],
])("in words (%#)", (selection, want) => expect(saySelection(selection)).toBe(want));
