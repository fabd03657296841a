import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import type { Event } from "../api/types";
import { useEvents } from "./live";

/** The least time between two readings. */
const pause = 1_000;

/**
 * useRefresh reads something again as soon as something happened that concerns
 * it. What happens right after, as while a namespace is scanned, makes one more
 * reading, not many.
 */
export function useRefresh(queryKey: readonly unknown[], concerns: (e: Event) => boolean): void {
  const client = useQueryClient();
  const resting = useRef<ReturnType<typeof setTimeout>>(undefined);
  const again = useRef(false);
  useEffect(() => () => clearTimeout(resting.current), []);
  const refresh = () => {
    again.current = false;
    void client.invalidateQueries({ queryKey });
    resting.current = setTimeout(() => {
      resting.current = undefined;
      if (again.current) refresh();
    }, pause);
  };
  useEvents((e) => {
    if (!concerns(e)) return;
    if (resting.current === undefined) refresh();
    else again.current = true;
  });
}
