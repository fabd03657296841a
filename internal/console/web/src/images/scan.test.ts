import { expect, test } from "vitest";
import type { Artifact, Scan } from "../api/types";
import { isOver } from "./scan";

const asked = { createdAt: "2026-11-23T10:00:00.45Z" } as Scan;

test.each([
  ["none", undefined, false],
  ["the one before", { state: "Success", createdAt: "2026-11-23T09:00:00Z" }, false],
  ["waits", { state: "Pending", createdAt: "2026-11-23T10:00:00.45Z" }, false],
  ["runs", { state: "Running", createdAt: "2026-11-23T10:00:00.45Z" }, false],
  ["done", { state: "Success", createdAt: "2026-11-23T10:00:00.45Z" }, true],
  ["failed", { state: "Error", createdAt: "2026-11-23T10:00:00.45Z" }, true],
  ["a later one is done", { state: "Success", createdAt: "2026-11-23T10:00:00.451Z" }, true],
])("%s", (_, scanOverview, over) => expect(isOver({ scanOverview } as Artifact, asked)).toBe(over));
