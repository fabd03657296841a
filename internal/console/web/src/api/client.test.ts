import { expect, test } from "vitest";
import { isExact, upright } from "./client";

test("nothing that turns the direction of writing is left", () => {
  expect(upright('{"path":"/srv/\u202egnp.exe","rest":"\u2066a\u2069"}')).toBe('{"path":"/srv/\ufffdgnp.exe","rest":"\ufffda\ufffd"}');
  expect(upright("שלום é 漢 \u200d")).toBe("שלום é 漢 \u200d");
});

test("what may not be what the server has", () => {
  expect(isExact("lib\u00e9-1.0")).toBe(true);
  expect(isExact(upright("a\u202eb"))).toBe(false);
});
