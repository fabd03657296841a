import { expect, test } from "vitest";
import { next, parse } from "./visit";

const minute = 60_000;
const noon = 1_800_000_000_000;

test("the first visit has nothing before it", () => expect(next(undefined, noon)).toEqual({ seen: noon }));
test("another page is the same visit", () => expect(next({ since: 5, seen: noon }, noon + minute)).toEqual({ since: 5, seen: noon + minute }));
test("after a pause it is another", () => expect(next({ since: 5, seen: noon }, noon + 31 * minute)).toEqual({ since: noon, seen: noon + 31 * minute }));
test("a clock that was put back begins anew", () => expect(next({ since: 5, seen: noon }, noon - minute)).toEqual({ seen: noon - minute }));

test.each([
  [null, undefined],
  ["", undefined],
  ["[]", undefined],
  ["null", undefined],
  ['{"seen":"now"}', undefined],
  ['{"seen":-1}', undefined],
  ['{"seen":7,"since":"x"}', { seen: 7, since: undefined }],
  ['{"seen":7,"since":3}', { seen: 7, since: 3 }],
])("reads %s", (text, want) => expect(parse(text)).toEqual(want));
