import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import type { Event } from "../api/types";
import { useEvents } from "./live";

/** How long events are gathered before what they concern is read again. */
const gather = 1_000;

/**
 * useRefresh reads something again when something happened that concerns it.
 * Many events at once, as while a namespace is scanned, make one reading.
 */
export function useRefresh(queryKey: readonly unknown[], concerns: (e: Event) => boolean): void {
  const client = useQueryClient();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  useEvents((e) => {
    if (timer.current !== undefined || !concerns(e)) return;
    timer.current = setTimeout(() => {
      timer.current = undefined;
      void client.invalidateQueries({ queryKey });
    }, gather);
  });
}
