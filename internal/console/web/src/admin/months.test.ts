import { expect, test } from "vitest";
import { months } from "./months";

test("months go back over the year, by UTC", () => {
  expect(months(new Date("2026-02-01T00:30:00+02:00"), 3)).toEqual([
    { value: "2026-01", label: "January 2026" },
    { value: "2025-12", label: "December 2025" },
    { value: "2025-11", label: "November 2025" },
  ]);
});
