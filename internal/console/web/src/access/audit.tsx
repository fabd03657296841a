import { Button, NativeSelect, TextInput } from "@mantine/core";
import { Fragment, useState } from "react";
import { send } from "../api/client";
import type { AuditEntry } from "../api/types";
import { exactTime } from "../text/format";
import { Tag } from "../ui/marks";
import { MoreRows, useAllPages } from "../ui/more";
import { notifyFailure } from "../ui/notices";
import { save } from "../ui/save";
import { Empty, ErrorState, Loading } from "../ui/states";
import { DataTable } from "../ui/table";
import { Ago } from "../ui/time";
import { useUrlState } from "../url/state";
import { useAudit } from "./queries";

/** An operation's name, which may be broken before its words. */
const operation = (name: string) => name.split(/(?=[A-Z])/).map((word, i) => <Fragment key={i}>{i > 0 && <wbr />}{word}</Fragment>);

const defaults = { actor: "", action: "", namespace: "", address: "", result: "", since: "", until: "" };

/** Who did what to what, latest first. What selects it stands in the address. */
export function AuditSection() {
  const [state, change] = useUrlState(defaults);
  const [typed, setTyped] = useState(state);
  const [busy, setBusy] = useState(false);
  const query = { ...state, since: dayStart(state.since), until: dayStart(state.until) };
  const list = useAllPages(useAudit(query), false);
  // What is typed counts when the field is left or Enter is pressed.
  const text = (key: keyof typeof defaults, label: string) => (
    <TextInput label={label} maxLength={64} autoCapitalize="none" spellCheck={false} autoComplete="off" value={typed[key]} onChange={(e) => setTyped({ ...typed, [key]: e.currentTarget.value })} onBlur={(e) => change({ [key]: e.currentTarget.value.trim() })} />
  );
  const day = (key: "since" | "until", label: string) => <TextInput type="date" label={label} value={state[key]} onChange={(e) => change({ [key]: e.currentTarget.value })} />;
  const store = async () => {
    setBusy(true);
    try {
      save(await (await send("/audit/export", { query: { ...query, format: "csv" }, headers: { Accept: "text/csv, application/problem+json" } })).blob(), "audit.csv");
    } catch (error) {
      notifyFailure(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <form className="tools-row" onSubmit={(e) => { e.preventDefault(); change({ ...typed, result: state.result, since: state.since, until: state.until }); }}>
        {text("actor", "Account")}
        {text("action", "Action")}
        {text("namespace", "Namespace")}
        {text("address", "Address")}
        <NativeSelect label="Result" value={state.result} onChange={(e) => change({ result: e.currentTarget.value })} data={[{ value: "", label: "any" }, "done", "denied", "failed"]} />
        {day("since", "From")}
        {day("until", "Before")}
        <Button type="submit" className="hidden" tabIndex={-1}>Select</Button>
        <Button variant="default" loading={busy} onClick={() => void store()}>Save as CSV</Button>
      </form>
      <div className="card">
        {list.error ? <ErrorState error={list.error} retry={list.retry} />
          : list.loading ? <Loading />
          : list.items.length === 0 ? <Empty title="No entry fits this selection" action={<Button variant="default" onClick={() => { change(defaults); setTyped(defaults); }}>Show all</Button>} />
          : <DataTable label="Audit log" rows={list.items} rowKey={(e) => String(e.id)} columns={[
              { name: "When", width: "9rem", cell: (e) => <span title={exactTime(e.at)}><Ago at={e.at} /></span> },
              { name: "Who", width: "12rem", cell: (e) => <Who entry={e} /> },
              { name: "Did", width: "11rem", cell: (e) => <span>{operation(e.action)}{e.count > 1 && <span className="quiet"> {e.count} times</span>}</span> },
              { name: "To", cell: (e) => <div className="wrap">{[e.namespace, e.target].filter(Boolean).join(": ")}{e.result === "done" && e.detail && <div className="small quiet mono wrap">{e.detail}</div>}</div> },
              { name: "Result", width: "9rem", cell: (e) => <div><Tag tone={e.result === "done" ? "good" : e.result === "denied" ? "bad" : "wait"}>{e.result}</Tag>{e.result !== "done" && e.detail && <div className="small quiet wrap">{e.detail}</div>}</div> },
            ]} />}
      </div>
      <MoreRows list={list} what="entry" many="entries" />
    </>
  );
}

function Who({ entry: e }: { entry: AuditEntry }) {
  return <div><span className="wrap">{e.actor || "nobody in particular"}</span><div className="small quiet wrap">{[e.via, e.address].filter(Boolean).join(", ")}</div></div>;
}

/** The moment a day begins for who reads, as the server takes it; empty where there is none. */
function dayStart(day: string): string {
  const at = new Date(day + "T00:00");
  return day === "" || Number.isNaN(at.getTime()) ? "" : at.toISOString();
}
