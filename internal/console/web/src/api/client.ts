import { expired, moment, ownHeader } from "../session/session";
import type { Problem } from "./types";

/** What every path of the interface begins with. */
export const prefix = "/api/v1";

/** A refusal by the server, or that it could not be reached (status 0). */
export class Failure extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly advice: string = "",
    readonly fields: { location: string; message: string }[] = [],
  ) {
    super(detail);
    this.name = "Failure";
  }
}

type Query = Record<string, string | number | boolean | undefined>;

/** Options of a request. Body is sent as JSON. */
export interface Options {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  query?: Query;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** Wants the answer to the letter, which is for what is edited and sent back. */
  exact?: boolean;
}

/**
 * path builds the path of a resource from segments, each of which is encoded:
 * names come from the address bar and from clients that push.
 */
export function path(...segments: string[]): string {
  return segments.map((s) => "/" + encodeURIComponent(s)).join("");
}

/** image is the path of an artifact below the interface. */
export function image(namespace: string, repository: string, reference: string): string {
  return path("namespaces", namespace, "repositories", repository, "artifacts", reference);
}

/** Sends a request and returns the answer, if it is a success. */
export async function send(target: string, options: Options = {}): Promise<Response> {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(options.query ?? {})) {
    if (value !== undefined && value !== "") query.set(name, String(value));
  }
  const begun = moment();
  const headers: Record<string, string> = { Accept: "application/json, application/problem+json", [ownHeader]: "pratique", ...options.headers };
  if (options.body !== undefined) headers["Content-Type"] = "application/json";
  let answer: Response;
  try {
    answer = await fetch(prefix + target + (query.size > 0 ? "?" + query : ""), {
      method: options.method ?? "GET",
      headers,
      credentials: "same-origin",
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      signal: options.signal,
      cache: "no-store",
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Failure(0, "unreachable", "The server could not be reached.", "Check that it runs and that you are connected, then try again.");
  }
  if (answer.ok) return answer;
  const failure = await failureOf(answer);
  // A wrong password says nothing about the session.
  if (failure.status === 401 && failure.code !== "credentials_wrong") expired(begun);
  throw failure;
}

/** Reads what a refusal says, which may come from a proxy and be no problem document. */
export async function failureOf(answer: Response): Promise<Failure> {
  try {
    const p = JSON.parse(upright(await answer.text())) as Partial<Problem>;
    if (typeof p.detail === "string") return new Failure(answer.status, p.code ?? "", p.detail, p.advice, p.errors ?? []);
  } catch {
    // not JSON
  }
  return new Failure(answer.status, "", `The server answered ${answer.status} ${answer.statusText}`.trim() + ".", "Try again; the server's log tells more.");
}

/**
 * upright replaces characters that turn the direction of writing by a mark. With
 * them a name that somebody gave to a file makes itself, and what stands beside it,
 * read otherwise than it is, and no markup holds all of them in.
 */
export function upright(text: string): string {
  return text.replace(/[\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
}

/** Whether a text can be what the server has, and no upright form of it. */
export function isExact(text: string): boolean {
  return !text.includes("\ufffd");
}

/** Sends a request and decodes the answer, upright unless it is wanted exact. */
export async function call<T>(target: string, options: Options = {}): Promise<T> {
  const answer = await send(target, options);
  const text = await answer.text(); // empty for some of 201, too
  return (text === "" ? undefined : JSON.parse(options.exact ? text : upright(text))) as T;
}
