import { expect, test } from "vitest";
import { upright } from "./client";

test("nothing that turns the direction of writing is left", () => {
  expect(upright('{"path":"/srv/\u202egnp.exe","rest":"\u2066a\u2069"}')).toBe('{"path":"/srv/\ufffdgnp.exe","rest":"\ufffda\ufffd"}');
  expect(upright("שלום é 漢 \u200d")).toBe("שלום é 漢 \u200d");
});
