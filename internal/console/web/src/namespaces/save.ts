import { useQueryClient } from "@tanstack/react-query";
import { call, Failure, path } from "../api/client";
import { keys } from "../api/queries";
import type { Namespace, NamespaceChange } from "../api/types";

/** Somebody else changed the namespace after it was read. */
export class Overtaken extends Error {
  constructor(readonly now: Namespace) {
    super("changed by somebody else");
  }
}

/** Changes a namespace as it was read, or fails with Overtaken where somebody changed it since. */
export function useSaveNamespace(): (read: Namespace, change: NamespaceChange) => Promise<Namespace> {
  const client = useQueryClient();
  return async (read, change) => {
    const target = path("namespaces", read.name);
    let saved: Namespace;
    try {
      saved = await call<Namespace>(target, { method: "PATCH", body: { ...change, id: read.id, updatedAt: read.updatedAt } });
    } catch (error) {
      if (!(error instanceof Failure) || (error.code !== "namespace_changed" && error.code !== "id_mismatch")) throw error;
      throw new Overtaken(await call<Namespace>(target));
    }
    client.setQueryData(keys.namespace(read.name), saved);
    void client.invalidateQueries({ queryKey: keys.namespaces });
    return saved;
  };
}

/** What to tell about a change that was not made. */
export function refusal(error: unknown): { text: string; advice: string } {
  if (error instanceof Overtaken) return { text: "Somebody else changed this namespace while you did.", advice: "Nothing of yours was saved. Load what it says now, then make your change again." };
  if (error instanceof Failure) return { text: error.message, advice: [error.advice, ...error.fields.map((f) => f.message)].join(" ") };
  return { text: "Something in this page went wrong.", advice: "Reload it." };
}
