// Who is signed in, and what requests carry to show it. This is the only module
// that knows how; it is to be replaced when the server has sessions in cookies
// (POST, GET and DELETE /api/v1/session). Until then name and password are held
// in memory, and nowhere else: reloading the page signs out.

import { call, Failure } from "../api/client";

/** Who is signed in. */
export interface Account {
  name: string;
}

interface State {
  account?: Account;
  /** Whether somebody was signed out by the server. */
  expired: boolean;
}

let state: State = { expired: false };
let authorization = "";
const listeners = new Set<() => void>();

function become(next: State, header: string) {
  state = next;
  authorization = header;
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

/** What a request is sent with. key tells one sign-in from another. */
export function credentials(): { headers: Record<string, string>; credentials: RequestCredentials; key: string } {
  const headers: Record<string, string> = { "X-Requested-With": "pratique" };
  if (authorization) headers["Authorization"] = authorization;
  // The browser shall neither ask for a password by itself nor remember one.
  return { headers, credentials: "omit", key: authorization };
}

/** Signs in. The promise is rejected with a Failure where that is refused. */
export async function signIn(name: string, password: string): Promise<void> {
  const header = "Basic " + base64(name + ":" + password);
  try {
    await call("/statistics", { headers: { Authorization: header } });
  } catch (error) {
    if (error instanceof Failure && error.code === "credentials_wrong") {
      throw new Failure(401, error.code, "Name or password is wrong.", "The first start of the server printed the password of admin; pratique admin password makes a new one.");
    }
    throw error;
  }
  become({ account: { name }, expired: false }, header);
}

/** Signs out. */
export async function signOut(): Promise<void> {
  become({ expired: false }, "");
}

/** Is told by requests that the server did not know them any more. */
export function expired(key: string): void {
  if (key !== "" && key === authorization) become({ expired: true }, "");
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
