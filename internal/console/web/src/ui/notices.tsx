import { ActionIcon } from "@mantine/core";
import { useEffect, useSyncExternalStore } from "react";
import { Failure } from "../api/client";
import { IconClose } from "./icons";
import { tone } from "./marks";
import { sentence } from "./states";

interface Notice {
  id: number;
  text: string;
  kind: "good" | "bad" | "neutral";
}

let notices: Notice[] = [];
let last = 0;
const readers = new Set<() => void>();

function set(next: Notice[]) {
  notices = next;
  for (const f of readers) f();
}

/** notify tells the reader something, for a while; what went wrong, until it is closed. */
export function notify(text: string, kind: Notice["kind"] = "good"): void {
  const id = ++last;
  set([...notices.slice(-3), { id, text, kind }]);
  if (kind !== "bad") setTimeout(() => dismiss(id), 6000);
}

/** notifyFailure tells what a request was refused for. */
export function notifyFailure(error: unknown): void {
  notify(error instanceof Failure ? `${sentence(error.message)} ${sentence(error.advice)}` : "Something in this page went wrong. Reload it.", "bad");
}

function dismiss(id: number) {
  set(notices.filter((n) => n.id !== id));
}

/** Notices shows them; one of it must be on the page. */
export function Notices() {
  const list = useSyncExternalStore((f) => (readers.add(f), () => void readers.delete(f)), () => notices);
  useEffect(() => () => set([]), []);
  return (
    <div className="notices" role="status" aria-live="polite">
      {list.map((n) => (
        <div className="notice" key={n.id} style={tone(n.kind)}>
          <div>{n.text}</div>
          <ActionIcon variant="subtle" color="gray" size="sm" aria-label="Close" onClick={() => dismiss(n.id)}><IconClose size={14} /></ActionIcon>
        </div>
      ))}
    </div>
  );
}
