import { expect, test } from "vitest";
import { nextOf } from "./next";

test("the way on is on this server", () => {
  for (const [next, want] of [
    ["/", "/"],
    ["/repositories/team/app:1?tab=layers#x", "/repositories/team/app:1?tab=layers#x"],
    ["//evil.example", "/"],
    ["/\\evil.example", "/"],
    ["\\\\evil.example", "/"],
    ["/\t/evil.example", "/"],
    ["/\n/evil.example", "/"],
    ["https://evil.example", "/"],
    ["javascript:alert(1)", "/"],
    ["", "/"],
  ]) expect(nextOf("?code=x&next=" + encodeURIComponent(next!)), next).toBe(want);
  expect(nextOf("")).toBe("/");
});
