import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { call, path } from "../api/client";
import type { Gate } from "../api/types";
import { exactTime } from "../text/format";
import { Tag } from "../ui/marks";
import { notify, notifyFailure } from "../ui/notices";
import { ErrorState, Loading, sentence } from "../ui/states";
import { PartHead } from "./head";
import { adminKeys, useGates } from "./queries";

const words: Record<Gate["gate"], { name: string; what: string }> = {
  scanning: { name: "Scanning", what: "The tenant's switch for scans, as they may cost money. It holds for all instances of the tenant." },
  "registry-access": { name: "Access to registries", what: "Whether the scanner may read what the tenant's registries in this region hold." },
  authorization: { name: "Authorization", what: "The tenant's consent to scans, given once for each region. Nothing is scanned before it was given." },
  feature: { name: "This instance", what: "Whether this instance offers scans at all. Others of the tenant are not touched." },
};

/** GatesPart opens and closes what every scan must pass before an image is looked at. */
export function GatesPart() {
  const query = useGates();
  return (
    <div className="stackv">
      <PartHead title="Authorization of scans">A scan must pass four gates before it looks at an image, in this order. A closed one keeps new scans and batches out; reports and verdicts that are there stay in force.</PartHead>
      {query.error && !query.data ? <div className="card"><ErrorState error={query.error} retry={() => void query.refetch()} /></div>
        : !query.data ? <div className="card"><Loading rows={8} /></div>
        : <ol className="gates">{query.data.items.map((g) => <GateItem key={g.gate} gate={g} />)}</ol>}
    </div>
  );
}

function GateItem({ gate: g }: { gate: Gate }) {
  const [busy, setBusy] = useState(false);
  const client = useQueryClient();
  const { name, what } = words[g.gate] ?? { name: g.gate, what: "" };
  const set = async (open: boolean) => {
    setBusy(true);
    try {
      client.setQueryData(adminKeys.gates, await call<{ items: Gate[] }>(path("gates", g.gate), { method: "PUT", body: { open } }));
      notify(open ? `The gate “${name}” is open.` : `The gate “${name}” is closed: nothing is scanned until it is opened again.`, open ? "good" : "neutral");
    } catch (error) {
      notifyFailure(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <li className="card pad gate">
      <div>
        <h3>{name} <Tag tone={g.open ? "good" : "bad"}>{g.open ? "open" : "closed"}</Tag></h3>
        <p className="quiet">{what}</p>
        {!g.open && g.refusal && <p className="small">{sentence(g.refusal)}{g.cause && <> Scans fail with <code>{g.cause}</code>.</>}</p>}
        {g.changedAt && <p className="small quiet">{g.open ? "Opened" : "Closed"} by {g.changedBy}, {exactTime(g.changedAt)}</p>}
      </div>
      <Button variant={g.open ? "default" : "filled"} loading={busy} onClick={() => void set(!g.open)} aria-label={`${g.open ? "Close" : "Open"} the gate ${name}`}>{g.open ? "Close" : "Open"}</Button>
    </li>
  );
}
