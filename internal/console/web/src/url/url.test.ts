import { describe, expect, test } from "vitest";
import { link, name, parse } from "./image";
import { read, write } from "./state";

describe("images in addresses", () => {
  const digest = "sha256:" + "0".repeat(64);
  test.each([
    ["team", { namespace: "team" }],
    ["team/", { namespace: "team" }],
    ["team/app", { namespace: "team", repository: "app" }],
    ["team/app:1.0", { namespace: "team", repository: "app", reference: "1.0" }],
    ["team/backend/api:1.0", { namespace: "team", repository: "backend/api", reference: "1.0" }],
    [`team/backend/api@${digest}`, { namespace: "team", repository: "backend/api", reference: digest }],
    ["team/backend%2Fapi%3A1", { namespace: "team", repository: "backend/api", reference: "1" }],
  ])("%s", (text, want) => expect(parse(text)).toEqual(want));
  test.each(["", "/", "/app", "%E0%A4%A", "team/:1", "team/@" + digest])("%j names nothing", (text) => {
    const got = parse(text);
    // A single slash is trimmed away before a name.
    if (text === "/app") expect(got).toEqual({ namespace: "app" });
    else expect(got).toBeUndefined();
  });
  test.each([
    { namespace: "team" }, { namespace: "team", repository: "a/b/c" }, { namespace: "team", repository: "app", reference: "v1.0_x-y" },
    { namespace: "team", repository: "a/b", reference: digest }, { namespace: "team", repository: "<script>?#%", reference: "1" },
  ])("the link of %j leads back", (ref) => expect(parse(link(ref).replace("/repositories/", ""))).toEqual(ref));
  test("as clients write them", () => {
    expect(name({ namespace: "team", repository: "app", reference: digest })).toBe("team/app@" + digest);
    expect(link({ namespace: "team", repository: "a/b", reference: "1" })).toBe("/repositories/team/a/b:1");
  });
});

describe("state in addresses", () => {
  const defaults = { tab: "", q: "", page: "1" };
  test("defaults are left out", () => {
    expect(write({ tab: "", q: "", page: "1" }, defaults)).toBe("");
    expect(write({ tab: "system", q: "a&b=c", page: "2" }, defaults)).toBe("?tab=system&q=a%26b%3Dc&page=2");
  });
  test("what is written is read again, and nothing else", () => {
    const state = { tab: "system", q: "ü & <b>", page: "3" };
    expect(read(write(state, defaults), defaults)).toEqual(state);
    expect(read("?q=x&__proto__=y&other=z", defaults)).toEqual({ tab: "", q: "x", page: "1" });
  });
});
