// What the account that is signed in may do. The server decides; the console
// only keeps people from asking for what it would refuse, and says why.

import type { OwnAccount } from "../api/types";
import { useAccount } from "./session";

/** Rights that decide what the console offers. */
export type Right = "scan" | "delete" | "handle" | "manage" | "audit" | "administer";

/** What a right is for, and who has it. */
const words: Record<Right, { what: string; who: string }> = {
  scan: { what: "have images scanned", who: "a writer or maintainer" },
  delete: { what: "delete images", who: "a maintainer" },
  handle: { what: "decide about findings", who: "a maintainer" },
  manage: { what: "change settings, rules and members", who: "a maintainer" },
  audit: { what: "read what concerns everybody", who: "an administrator or auditor" },
  administer: { what: "change this", who: "an administrator" },
};

type Rights = Pick<OwnAccount, "rights" | "roles">;

/** Whether an account has a right in a namespace, or in the whole instance. */
export function has(account: Rights, right: Right, namespace?: string): boolean {
  if (account.rights.includes(right)) return true;
  return namespace !== undefined && account.roles.some((r) => r.realm === "namespace" && r.namespace === namespace && r.rights.includes(right));
}

/** Whether an account has a right over accounts and all instances. */
export function hasEverywhere(account: Rights, right: Right): boolean {
  return account.roles.some((r) => r.realm === "everything" && r.rights.includes(right));
}

/** Why an account may not do something, and who may; undefined if it may. */
export function refusalOf(account: Rights, right: Right, namespace?: string): string | undefined {
  if (has(account, right, namespace)) return undefined;
  const place = namespace === undefined ? "" : ` of ${namespace}`;
  const roles = [...new Set(account.roles.filter((r) => r.realm === "everything" || r.realm === "instance" || (r.realm === "namespace" && r.namespace === namespace)).map((r) => r.role))];
  const as = roles.length === 0 ? "Your account" : `As ${roles.join(" and ")} you`;
  return `${as} may not ${words[right].what} here; ${words[right].who}${place} may.`;
}

/** refusalOf for who is signed in. */
export function useRefusal(right: Right, namespace?: string): string | undefined {
  return refusalOf(useAccount(), right, namespace);
}
