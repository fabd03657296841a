import type { Verdict } from "../api/types";
import { plural } from "./format";

/** What a verdict comes to for a reader. */
export interface Judgement {
  word: string;
  tone: "good" | "bad" | "wait" | "neutral";
  /** Why, in a few words. */
  reason: string;
}

const reasons: Record<string, string> = {
  "blocking-off": "blocking is off in this namespace",
  "not-scannable": "it is not an image",
  index: "it names no image that is here",
  "not-scanned": "it has not been scanned",
  pending: "its first scan waits",
  running: "its first scan runs",
  failed: "no scan has succeeded",
  clean: "nothing was found",
  allowlisted: "all that was found is on the allowlist",
  excepted: "all that was found is excepted",
  grace: "what was found is in its grace period",
  malware: "malicious files",
  secrets: "sensitive information",
  "weak-passwords": "weak passwords",
  "unsafe-settings": "unsafe settings",
  "software-compliance": "software compliance",
};

/** decided is a decision alone in a word. */
export const decided: Record<string, string> = { allow: "allowed", block: "blocked", unknown: "not yet" };

/** judge puts a verdict into words. */
export function judge(v: Verdict): Judgement {
  const reason = reasonOf(v);
  if (v.wouldRefuse) return { word: "Reported", tone: "wait", reason };
  if (v.decision === "block") return { word: "Blocked", tone: "bad", reason };
  if (v.decision === "unknown") return { word: "Not yet", tone: "wait", reason };
  // An index or a chart passes, but what a client goes on to pull may not.
  if (v.members === "block") return { word: "Blocked", tone: "bad", reason: "an image that it names is blocked" };
  if (v.members === "unknown") return { word: "Not yet", tone: "wait", reason: "an image that it names is not judged yet" };
  if (v.members === "allow") return { word: "Allowed", tone: "good", reason: "as are the images that it names" };
  return { word: "Allowed", tone: v.reason === "blocking-off" ? "neutral" : "good", reason };
}

function reasonOf(v: Verdict): string {
  const left = plural(v.remaining, "vulnerability", "vulnerabilities");
  if (v.reason === "vulnerable") return `${left}, up to ${v.severity ?? "unknown"}`;
  if (v.reason === "below-threshold") return `${left}, all below the threshold`;
  return reasons[v.reason] ?? v.reason;
}
