import { NativeSelect, TextInput } from "@mantine/core";
import type { ReactNode } from "react";
import { useNamespaces, useRepositories } from "../api/queries";
import { severities } from "../text/severity";
import { IconSearch } from "../ui/icons";
import { useAllPages } from "../ui/more";

/** What every list of risks can be narrowed by, as it stands in the address. */
export interface Narrowing {
  q: string;
  severity: string;
  ns: string;
  repo: string;
}

/** severityOf reads the least severity that is wanted, which somebody may have typed. */
export function severityOf(text: string): string {
  return severities.includes(text as (typeof severities)[number]) ? text : "";
}

/** Filters narrows a list of risks. */
export function Filters({ state, placeholder, narrow, children }: { state: Narrowing; placeholder: string; narrow(change: Partial<Narrowing>): void; children?: ReactNode }) {
  const namespaces = useAllPages(useNamespaces(), true).items.map((n) => n.name);
  return (
    <div className="tools-row">
      <TextInput className="grow" label="Search" placeholder={placeholder} maxLength={256} leftSection={<IconSearch />} value={state.q} onChange={(e) => narrow({ q: e.currentTarget.value })} />
      <NativeSelect label="Severity" value={severityOf(state.severity)} onChange={(e) => narrow({ severity: e.currentTarget.value })}
        data={[{ value: "", label: "any" }, ...severities.filter((s) => s !== "unknown").map((s) => ({ value: s, label: s === "critical" ? "critical" : `${s} and above` }))]} />
      {children}
      <NativeSelect label="Namespace" value={state.ns} onChange={(e) => narrow({ ns: e.currentTarget.value, repo: "" })}
        data={[{ value: "", label: "all" }, ...withOwn(namespaces, state.ns)]} />
      {state.ns !== "" && <RepositorySelect namespace={state.ns} value={state.repo} onChange={(repo) => narrow({ repo })} />}
    </div>
  );
}

function RepositorySelect({ namespace, value, onChange }: { namespace: string; value: string; onChange(repo: string): void }) {
  const names = useAllPages(useRepositories(namespace), true).items.map((r) => r.name);
  return <NativeSelect label="Repository" value={value} onChange={(e) => onChange(e.currentTarget.value)} data={[{ value: "", label: "all" }, ...withOwn(names, value)]} />;
}

/** withOwn lists a choice also while, or though, the list has it not. */
export function withOwn(names: string[], own: string): string[] {
  return own === "" || names.includes(own) ? names : [own, ...names];
}
