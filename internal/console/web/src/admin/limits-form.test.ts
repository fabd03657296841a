import { expect, test } from "vitest";
import type { Settings } from "../api/types";
import { changeOf, defaultsOf, formOf } from "./limits-form";

const settings: Settings = { profile: "default", concurrentScans: 10, scanTimeoutSeconds: 10_800, imageBytes: 50 * 2 ** 30, layers: 127, layerBytes: 10 * 2 ** 30, refuse: [], firstInFirstOut: false, set: {}, revision: 4 };

test("what the instance does not set stays unset", () => {
  expect(JSON.parse(JSON.stringify(changeOf(formOf(settings), 4)))).toEqual({ revision: 4 });
});

test("what it sets goes into the form and back", () => {
  const set: Settings["set"] = { profile: "swr", concurrentScans: 4, scanTimeoutSeconds: 5400, imageBytes: 1.5 * 2 ** 30, layers: 60, refuse: ["windows"] };
  const form = formOf({ ...settings, set });
  expect([form.timeout, form.image, form.layer]).toEqual(["90", "1.5", ""]);
  expect(JSON.parse(JSON.stringify(changeOf(form, 5)))).toEqual({ revision: 5, ...set });
});

test("fields that are empty show what is in force", () => {
  expect(defaultsOf(settings)).toEqual({ concurrentScans: "10", timeout: "180", image: "50", layer: "10", layers: "127" });
});
