// Who is signed in. The session itself is a cookie that no script can read; the
// server is asked who it stands for when the page is loaded, when somebody signs
// in, and when another page of this browser says that it has become another.

import { useSyncExternalStore } from "react";
import { call, Failure } from "../api/client";
import type { OwnAccount } from "../api/types";

/** What is known about who is there. */
export type State =
  | { phase: "asking" }
  | { phase: "out"; expired: boolean }
  | { phase: "in"; account: OwnAccount }
  | { phase: "failed"; error: unknown };

/**
 * The header without which the server makes no change for a cookie: no page of
 * another site can send it.
 */
export const ownHeader = "X-Requested-With";

let state: State = { phase: "asking" };
let count = 0; // of states, so that a late answer is not taken for one about now
const listeners = new Set<() => void>();
/** Tells the other pages of this browser, which share the cookie. */
const others = typeof BroadcastChannel === "undefined" ? undefined : new BroadcastChannel("pratique-session");

function become(next: State) {
  state = next;
  count++;
  for (const tell of listeners) tell();
}

/** For useSyncExternalStore. */
export function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The state as it is now; another object for another state. */
export function current(): State {
  return state;
}

/** Tells one state from another, for expired. */
export function moment(): number {
  return count;
}

/** Asks the server who is there. What is shown stays until it answers. */
export async function load(): Promise<void> {
  const before = count;
  try {
    const account = await call<OwnAccount>("/account");
    if (before !== count) return;
    if (state.phase === "in" && state.account.name !== account.name) window.location.reload(); // what is shown is another's
    else become({ phase: "in", account });
  } catch (error) {
    if (before !== count) return;
    if (error instanceof Failure && error.status === 401) become({ phase: "out", expired: false });
    else if (state.phase === "asking") become({ phase: "failed", error });
  }
}

/** Follows what other pages of this browser do to the session. */
export function follow(): void {
  if (others) others.onmessage = () => void load();
}

/** Signs in. The promise is rejected with a Failure where that is refused. */
export async function signIn(name: string, password: string): Promise<void> {
  let account: OwnAccount;
  try {
    account = await call<OwnAccount>("/session", { method: "POST", body: { name, password } });
  } catch (error) {
    if (error instanceof Failure && error.code === "credentials_wrong") {
      throw new Failure(401, error.code, "Name or password is wrong.", "An administrator can give you another password; the one of admin was printed by the server's first start.");
    }
    throw error;
  }
  become({ phase: "in", account });
  others?.postMessage("in");
}

/** Signs out. The promise is rejected where the session could not be ended. */
export async function signOut(): Promise<void> {
  try {
    await call("/session", { method: "DELETE" });
  } catch (error) {
    if (!(error instanceof Failure && error.status === 401)) throw error;
  }
  become({ phase: "out", expired: false });
  others?.postMessage("out");
}

/** Changes the own password, which ends all other sessions of the account. */
export async function changePassword(oldPassword: string, newPassword: string): Promise<void> {
  await call("/account/password", { method: "POST", body: { oldPassword, newPassword } });
  await load();
}

/** Is told by requests that were begun at a moment that the server did not know who asks. */
export function expired(begun: number): void {
  if (begun === count && state.phase === "in") become({ phase: "out", expired: true });
}

/** Whose session it is, for what is only shown to those who have one. */
export function useAccount(): OwnAccount {
  const now = useSyncExternalStore(subscribe, current);
  // What is shown for a moment after the end of a session belongs to nobody.
  return now.phase === "in" ? now.account : nobody;
}

const nobody: OwnAccount = { name: "", groups: [], roles: [], rights: [], administrator: false, hasPassword: false, passwordMustChange: false, via: "session" };
