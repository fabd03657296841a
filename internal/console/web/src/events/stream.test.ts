import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Event } from "../api/types";
import { Follower, type Health, type Message, Parser, type Source } from "./stream";

describe("Parser", () => {
  const text = ": following\n\nid: 1\nevent: scan.done\ndata: {\"id\":1}\n\nid: 2\r\ndata: two\r\ndata: lines\r\n\r\n: alive\n\n";
  const want: Message[] = [{ id: "1", event: "scan.done", data: '{"id":1}' }, { id: "2", event: "message", data: "two\nlines" }];
  test.each([1, 2, 3, 7, 1000])("in pieces of %d", (n) => {
    const got: Message[] = [];
    const p = new Parser((m) => got.push(m));
    for (let i = 0; i < text.length; i += n) p.feed(text.slice(i, i + n));
    expect(got).toEqual(want);
  });
  test("half a message is none", () => {
    const got: Message[] = [];
    new Parser((m) => got.push(m)).feed("id: 1\ndata: x\n");
    expect(got).toEqual([]);
  });
});

/** A server that keeps events and streams those after an id. */
class Fake implements Source {
  opens: (string | undefined)[] = [];
  received: number[] = [];
  healths: Health[] = [];
  waits: number[] = [];
  openings = 0;
  refuse = 0;
  private current: ReadableStreamDefaultController<Uint8Array> | undefined;
  private readonly kept: number[] = [];

  open(after: string | undefined, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    this.opens.push(after);
    if (this.refuse-- > 0) return Promise.reject(new Error("refused"));
    return Promise.resolve(
      new ReadableStream({
        start: (c) => {
          this.current = c;
          signal.addEventListener("abort", () => c.error(new Error("aborted")));
          c.enqueue(new TextEncoder().encode(": following\n\n"));
          if (after !== undefined) for (const id of this.kept) if (id > Number(after)) this.send(id);
        },
      }),
    );
  }
  send(id: number) {
    this.current?.enqueue(new TextEncoder().encode(`id: ${id}\nevent: scan.done\ndata: {"id":${id}}\n\n`));
  }
  happen(id: number) {
    this.kept.push(id);
    this.send(id);
  }
  /** Something happens that no connection tells. */
  miss(id: number) {
    this.kept.push(id);
  }
  cut() {
    this.current?.error(new Error("cut"));
    this.current = undefined;
  }
  receive(e: Event) {
    this.received.push(e.id);
  }
  opened() {
    this.openings++;
  }
  health(h: Health) {
    if (this.healths.at(-1) !== h) this.healths.push(h);
  }
  wait(ms: number, signal: AbortSignal): Promise<void> {
    this.waits.push(ms);
    return new Promise((resolve) => {
      setTimeout(resolve, ms);
      signal.addEventListener("abort", () => resolve());
    });
  }
}

describe("Follower", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

  test("catches up after a lost connection, and tells nothing twice", async () => {
    const s = new Fake();
    const f = new Follower(s);
    f.start();
    await pass(10);
    s.happen(1);
    s.happen(2);
    await pass(10);
    s.cut();
    s.miss(3);
    await pass(1_000);
    s.send(3); // as a server may that is not sure
    s.happen(4);
    await pass(10);
    expect(s.received).toEqual([1, 2, 3, 4]);
    expect(s.opens).toEqual([undefined, "2"]);
    expect(s.openings).toBe(2);
    expect(s.healths).toEqual(["connecting", "live", "waiting", "connecting", "live"]);
    f.pause();
  });

  test("waits longer each time, and short again when it was open", async () => {
    const s = new Fake();
    s.refuse = 7;
    const f = new Follower(s);
    f.start();
    await pass(200_000);
    expect(s.waits.slice(0, 7)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    s.waits.length = 0;
    s.cut();
    await pass(10);
    expect(s.waits[0]).toBe(1_000);
    f.pause();
  });

  test("takes a connection for dead that is silent", async () => {
    const s = new Fake();
    const f = new Follower(s);
    f.start();
    await pass(10);
    await pass(45_000);
    expect(s.opens.length).toBe(2);
    f.pause();
  });

  test("goes on where it was when it was paused", async () => {
    const s = new Fake();
    const f = new Follower(s);
    f.start();
    await pass(10);
    s.happen(5);
    await pass(10);
    f.pause();
    s.miss(6);
    await pass(60_000);
    expect(s.healths.at(-1)).toBe("off");
    f.start();
    await pass(10);
    expect(s.received).toEqual([5, 6]);
    f.pause();
  });
});
