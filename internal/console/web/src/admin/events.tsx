import { NativeSelect, Switch, TextInput } from "@mantine/core";
import { type InfiniteData, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { useNamespaces } from "../api/queries";
import type { Event } from "../api/types";
import { useEvents, useHealth } from "../events/live";
import { vulnerabilityLink } from "../risks/links";
import { exactTime, shortDigest } from "../text/format";
import { link } from "../url/image";
import { useUrlState } from "../url/state";
import { Tag } from "../ui/marks";
import { MoreRows, useAllPages } from "../ui/more";
import { useSettled } from "../ui/settled";
import { Empty, ErrorState, Loading, sentence } from "../ui/states";
import { type Column, DataTable } from "../ui/table";
import { Ago } from "../ui/time";
import { fits, kinds, sayEvent, usual } from "./event-words";
import { PartHead } from "./head";
import { adminKeys, type EventFilter, type Latest, useEventList } from "./queries";

const defaults = { kind: "", ns: "", repo: "" };

/** The most events that come by themselves before the oldest of the page go. */
const mostLive = 1_000;

/** EventsPart is what happened, and what happens now. */
export function EventsPart() {
  const [state, change] = useUrlState(defaults);
  const [live, setLive] = useState(true);
  const namespaces = useAllPages(useNamespaces(), true).items.map((n) => n.name);
  const known = kinds.some((k) => k.value === state.kind);
  const filter: EventFilter = { kind: known ? state.kind : state.kind === "all" ? "" : usual, namespace: state.ns, repository: useSettled(state.repo).trim() };
  const list = useAllPages(useEventList(filter), false);
  useLive(filter, live);
  const narrowed = state.kind !== "" || state.ns !== "" || state.repo !== "";
  return (
    <div className="stackv">
      <PartHead title="Events">Scans, changes of verdicts, refused pulls and new vulnerabilities, the latest first.</PartHead>
      <div className="tools-row" style={{ marginBottom: 0 }}>
        <NativeSelect label="Kind" value={known || state.kind === "all" ? state.kind : ""} onChange={(e) => change({ kind: e.currentTarget.value })}
          data={[{ value: "", label: "all but layers read" }, ...kinds.map((k) => ({ value: k.value, label: k.label })), { value: "all", label: "all" }]} />
        <NativeSelect label="Namespace" value={state.ns} onChange={(e) => change({ ns: e.currentTarget.value, repo: "" })} data={[{ value: "", label: "all" }, ...(state.ns === "" || namespaces.includes(state.ns) ? namespaces : [state.ns, ...namespaces])]} />
        {state.ns !== "" && <TextInput label="Repository" placeholder="all" maxLength={255} spellCheck={false} autoCapitalize="none" value={state.repo} onChange={(e) => change({ repo: e.currentTarget.value })} />}
        <div className="last live"><Switch label={live ? <LiveWord /> : "Follow"} checked={live} onChange={(e) => setLive(e.currentTarget.checked)} /></div>
      </div>
      <div className="card">
        {list.error ? <ErrorState error={list.error} retry={list.retry} />
          : list.loading ? <Loading rows={10} />
          : list.items.length === 0 ? <Empty title={narrowed ? "Nothing fits this selection" : "Nothing has happened yet"}>{live ? "What happens from now on appears here by itself." : undefined}</Empty>
          : <DataTable label="Events" columns={columns} rows={list.items} rowKey={(e) => String(e.id)} />}
      </div>
      <MoreRows list={list} what="event" />
    </div>
  );
}

function LiveWord() {
  return useHealth() === "live" ? "Following" : "Connecting";
}

/** useLive puts what happens at the top of the list. */
function useLive(filter: EventFilter, on: boolean) {
  const client = useQueryClient();
  useEvents((e) => {
    if (!on || !fits(e, filter)) return;
    client.setQueryData<InfiniteData<Latest<Event>>>(adminKeys.events(filter), (old) => {
      const [first, ...others] = old?.pages ?? [];
      if (!old || !first || old.pages.some((p) => p.items.some((i) => i.id === e.id))) return old;
      return { ...old, pages: [{ ...first, items: [e, ...first.items].slice(0, mostLive) }, ...others] };
    });
  });
}

const columns: Column<Event>[] = [
  { name: "When", width: "9rem", cell: (e) => <span title={exactTime(e.at)}><Ago at={e.at} /></span> },
  { name: "What", width: "10rem", cell: (e) => <KindTag kind={e.kind} /> },
  { name: "Where", cell: (e) => <Where of={e} /> },
  { name: "More", cell: (e) => <More of={e} /> },
  { name: "Cause", cell: (e) => <span className="quiet wrap">{e.cause}</span> },
];

function KindTag({ kind }: { kind: string }) {
  const k = kinds.find((x) => x.value === kind);
  return <Tag tone={k?.tone}>{k?.label ?? kind}</Tag>;
}

function Where({ of: e }: { of: Event }) {
  if (!e.namespace) return null;
  if (!e.repository) return <Link className="wrap" href={link({ namespace: e.namespace })}>{e.namespace}</Link>;
  return (
    <div>
      <Link className="wrap" href={link({ namespace: e.namespace, repository: e.repository, reference: e.digest })}>{e.namespace}/{e.repository}</Link>
      {e.digest && <div className="small quiet mono">{shortDigest(e.digest)}</div>}
    </div>
  );
}

function More({ of: e }: { of: Event }) {
  const text = sayEvent(e);
  const only = e.kind === "vulnerability.new" && e.vulnerabilities?.length === 1 ? e.vulnerabilities[0] : undefined;
  return (
    <div className="small wrap">
      {only ? <Link href={vulnerabilityLink(only)}>{only}</Link> : e.kind === "scan.failed" ? sentence(text) : text}
      {e.advice && <span className="quiet"> {sentence(e.advice)}</span>}
      {e.detail && e.kind.startsWith("pull.") && <details><summary>The whole message</summary><p className="wrap">{e.detail}</p></details>}
    </div>
  );
}
