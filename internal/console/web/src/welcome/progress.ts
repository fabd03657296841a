// How far somebody has come on the way from an empty registry to a refused pull.

import type { Artifact, Event, Namespace } from "../api/types";

export type Step = "namespace" | "policy" | "push" | "scan" | "pull" | "done";

const order: Step[] = ["namespace", "policy", "push", "scan", "pull", "done"];

/** What is known of the way. */
export interface Known {
  namespace?: Namespace;
  /** The image that was pushed first. */
  artifact?: Artifact;
  /** Whether a pull of it was refused. */
  refused: boolean;
}

/** now is the step that is to be done. */
export function now({ namespace, artifact, refused }: Known): Step {
  if (!namespace) return "namespace";
  if (artifact) {
    const state = artifact.scanOverview?.state;
    if (state !== "Success" && state !== "Error") return "scan";
    return refused || artifact.verdict.decision === "allow" ? "done" : "pull";
  }
  return namespace.autoScan && namespace.preventVul ? "push" : "policy";
}

/** state tells how a step stands when another one is to be done. */
export function state(step: Step, at: Step): "done" | "now" | "later" {
  const difference = order.indexOf(step) - order.indexOf(at);
  return difference < 0 ? "done" : difference === 0 ? "now" : "later";
}

/** refusedPull reports whether an event says that a pull of the artifact was refused. */
export function refusedPull(e: Event, a: Artifact | undefined): boolean {
  return e.kind === "pull.blocked" && a !== undefined && e.digest === a.digest && e.namespace === a.namespace;
}
