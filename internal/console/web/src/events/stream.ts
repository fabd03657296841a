import { upright } from "../api/client";
import type { Event } from "../api/types";

/** One message of a stream of server-sent events. */
export interface Message {
  id: string;
  event: string;
  data: string;
}

/**
 * Parser takes a stream of server-sent events apart as it arrives, in pieces cut
 * anywhere (HTML standard, section 9.2.6). It does not keep more than a message.
 */
export class Parser {
  private rest = "";
  private id = "";
  private event = "";
  private data: string[] = [];

  constructor(private readonly receive: (m: Message) => void) {}

  /** feed takes the next piece. */
  feed(piece: string): void {
    const lines = (this.rest + piece).split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop() ?? "";
    for (const line of lines) this.line(line);
  }

  private line(line: string): void {
    if (line === "") {
      if (this.data.length > 0) this.receive({ id: this.id, event: this.event || "message", data: this.data.join("\n") });
      this.event = "";
      this.data = [];
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return; // a comment
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.data.push(value);
    else if (field === "event") this.event = value;
    else if (field === "id" && !value.includes("\0")) this.id = value;
  }
}

/** How a follower is getting on. */
export type Health = "connecting" | "live" | "waiting" | "off";

/** What a Follower needs. */
export interface Source {
  /** Opens the stream after the event with this id, or from now on. */
  open(after: string | undefined, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
  /** Is told of each event, in order, none twice. */
  receive(e: Event): void;
  /** Is told whenever the stream is open: what was read before may be old. */
  opened(): void;
  health(h: Health): void;
  /** Resolves after so many milliseconds, or when the signal fires. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
}

const shortestWait = 1_000;
const longestWait = 30_000;
/** The server says something every 15 seconds; without that the connection is dead. */
const silence = 40_000;

/**
 * Follower keeps a stream of events open. When the connection is lost it opens
 * another that goes on after the last event, so that none is missed.
 */
export class Follower {
  private last: string | undefined;
  private stop: AbortController | undefined;

  constructor(private readonly source: Source) {}

  /** start follows until the follower is paused. It does nothing while it follows. */
  start(): void {
    if (this.stop) return;
    this.stop = new AbortController();
    void this.run(this.stop.signal);
  }

  /** pause closes the stream; started again, it goes on where it was. */
  pause(): void {
    this.stop?.abort();
    this.stop = undefined;
    this.source.health("off");
  }

  private async run(signal: AbortSignal): Promise<void> {
    let wait = shortestWait;
    while (!signal.aborted) {
      this.source.health("connecting");
      try {
        await this.connect(signal, () => {
          wait = shortestWait;
        });
      } catch {
        // told by health; the next attempt tells more
      }
      if (signal.aborted) return;
      this.source.health("waiting");
      await this.source.wait(wait, signal);
      wait = Math.min(wait * 2, longestWait);
    }
  }

  /** connect reads one stream to its end. */
  private async connect(signal: AbortSignal, opened: () => void): Promise<void> {
    const connection = new AbortController();
    const abort = () => connection.abort();
    signal.addEventListener("abort", abort);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const alive = () => {
      clearTimeout(timer);
      timer = setTimeout(abort, silence);
    };
    try {
      alive();
      const body = await this.source.open(this.last, connection.signal);
      const parser = new Parser((m) => this.message(m));
      const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
      for (let first = true; ; first = false) {
        const { done, value } = await reader.read();
        if (done || signal.aborted) return;
        alive();
        if (first) {
          opened();
          this.source.health("live");
          this.source.opened();
        }
        parser.feed(value);
      }
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    }
  }

  private message(m: Message): void {
    if (m.id !== "") {
      if (this.last !== undefined && Number(m.id) <= Number(this.last)) return;
      this.last = m.id;
    }
    let e: Event;
    try {
      e = JSON.parse(upright(m.data)) as Event;
    } catch {
      return; // half a message, or not ours
    }
    this.source.receive(e);
  }
}
