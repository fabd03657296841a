import { expect, test } from "vitest";
import { spread, ticks } from "./scale";

test.each([
  [0, [0, 1]],
  [1, [0, 1]],
  [2, [0, 1, 2]],
  [3, [0, 1, 2, 3]],
  [7, [0, 5, 10]],
  [12, [0, 5, 10, 15]],
  [60, [0, 20, 40, 60]],
  [1234, [0, 500, 1000, 1500]],
])("marks up to %d", (largest, want) => expect(ticks(largest)).toEqual(want));

test.each([
  ["apart already", [10, 40, 80], [10, 40, 80]],
  ["at one place", [50, 50, 50], [50, 64, 78]],
  ["at the end", [98, 99, 100], [72, 86, 100]],
  ["none", [], []],
])("labels %s", (_, places, want) => expect(spread(places, 14, 0, 100)).toEqual(want));
