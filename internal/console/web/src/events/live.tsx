import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useRef, useState } from "react";
import { send } from "../api/client";
import { keys } from "../api/queries";
import type { Artifact, Event, List } from "../api/types";
import { Follower, type Health } from "./stream";

type Listener = (e: Event) => void;

interface Live {
  health: Health;
  /** Calls a function for each event until the returned one is called. */
  listen(f: Listener): () => void;
}

const Context = createContext<Live>({ health: "off", listen: () => () => {} });

/** How the connection is that tells what happens. */
export function useHealth(): Health {
  return useContext(Context).health;
}

/** Calls f for each event while the component is there. */
export function useEvents(f: Listener): void {
  const live = useContext(Context);
  const latest = useRef(f);
  useEffect(() => {
    latest.current = f;
  });
  useEffect(() => live.listen((e) => latest.current(e)), [live]);
}

/**
 * LiveEvents follows what happens at the server while the page can be seen and
 * keeps what was read fresh. Pages that are not seen hold no connection, as
 * browsers have few for a server.
 */
export function LiveEvents({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [health, setHealth] = useState<Health>("connecting");
  const listeners = useRef(new Set<Listener>());
  const [listen] = useState(() => (f: Listener) => {
    listeners.current.add(f);
    return () => void listeners.current.delete(f);
  });
  useEffect(() => {
    const refresher = new Refresher(client);
    const follower = new Follower({
      open: async (after, signal) => {
        const headers: Record<string, string> = { Accept: "text/event-stream, application/problem+json" };
        if (after !== undefined) headers["Last-Event-ID"] = after;
        const answer = await send("/events/stream", { headers, signal });
        if (!answer.body) throw new Error("the answer has no body");
        return answer.body;
      },
      opened: () => refresher.all(),
      receive: (e) => {
        refresher.event(e);
        for (const f of listeners.current) f(e);
      },
      health: setHealth,
      wait: (ms, signal) =>
        new Promise((resolve) => {
          const timer = setTimeout(resolve, ms);
          signal.addEventListener("abort", () => (clearTimeout(timer), resolve()));
        }),
    });
    const follow = () => (document.visibilityState === "visible" ? follower.start() : follower.pause());
    follow();
    document.addEventListener("visibilitychange", follow);
    return () => {
      document.removeEventListener("visibilitychange", follow);
      follower.pause();
      refresher.stop();
    };
  }, [client]);
  // The listeners stay when the health changes.
  const live = useRef<Live>({ health, listen });
  if (live.current.health !== health) live.current = { health, listen };
  return <Context value={live.current}>{children}</Context>;
}

/** How long changes are gathered before what they concern is read again. */
const gather = 250;

/**
 * Refresher reads again what an event made old. Many events at once, as when a
 * namespace is scanned, make one reading.
 */
class Refresher {
  private readonly old = new Map<string, readonly unknown[]>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly client: QueryClient) {}

  /** all is for when events may have been missed. */
  all(): void {
    this.later(keys.live);
  }

  event(e: Event): void {
    if (!e.namespace) return;
    if (e.kind === "scan.progress") {
      this.progress(e);
      return;
    }
    if (e.kind === "scan.waiting") this.later(keys.repositories(e.namespace)); // there may be a new one
    if (e.kind === "scan.waiting") this.later(keys.statistics);
    if (e.repository) this.later(keys.repository(e.namespace, e.repository));
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private later(key: readonly unknown[]): void {
    this.old.set(JSON.stringify(key), key);
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      const keysNow = [...this.old.values()];
      this.old.clear();
      for (const queryKey of keysNow) void this.client.invalidateQueries({ queryKey });
    }, gather);
  }

  /** progress is written into what is shown: nothing needs to be read for it. */
  private progress(e: Event): void {
    const advance = (a: Artifact): Artifact =>
      a.scanOverview?.id !== e.scan || !a.scanOverview || a.scanOverview.state === "Success" || a.scanOverview.state === "Error"
        ? a
        : { ...a, scanOverview: { ...a.scanOverview, state: "Running", percent: Math.max(a.scanOverview.percent, e.percent ?? 0) } };
    const key = keys.repository(e.namespace ?? "", e.repository ?? "");
    this.client.setQueriesData<{ pages: List<Artifact>[] }>({ queryKey: [...key, "artifacts"] }, (old) =>
      old && { ...old, pages: old.pages.map((p) => ({ ...p, items: p.items.map(advance) })) });
    this.client.setQueriesData<Artifact>({ queryKey: [...key, "artifact"] }, (old) => old && advance(old));
  }
}
