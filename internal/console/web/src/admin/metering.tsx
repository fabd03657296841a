import { Button, NativeSelect } from "@mantine/core";
import { useState } from "react";
import { send } from "../api/client";
import { count } from "../text/format";
import { useUrlState } from "../url/state";
import { notifyFailure } from "../ui/notices";
import { save } from "../ui/save";
import { Empty, ErrorState, Loading } from "../ui/states";
import { DataTable } from "../ui/table";
import { PartHead } from "./head";
import { months } from "./months";
import { useMetering } from "./queries";

const defaults = { month: "" };

/** MeteringPart is what was used in a month. */
export function MeteringPart() {
  const [list] = useState(() => months(new Date(), 24));
  const [state, change] = useUrlState(defaults);
  const month = list.some((m) => m.value === state.month) ? state.month : list[0]!.value;
  const query = useMetering(month);
  const [busy, setBusy] = useState(false);
  const s = query.data;
  const download = async () => {
    setBusy(true);
    try {
      const answer = await send("/metering", { query: { month, format: "csv" }, headers: { Accept: "text/csv, application/problem+json" } });
      save(await answer.blob(), `pratique-metering-${month}.csv`);
    } catch (error) {
      notifyFailure(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="stackv">
      <PartHead title="Metering" actions={<Button variant="default" loading={busy} onClick={() => void download()}>Save as CSV</Button>}>
        One unit is a scan that succeeded, also a repeated one; judging again costs nothing. The statement covers all instances of the tenant.
      </PartHead>
      <div className="tools-row" style={{ marginBottom: 0 }}><NativeSelect label="Month" value={month} onChange={(e) => change({ month: e.currentTarget.value })} data={list} /></div>
      {query.error && !s ? <div className="card"><ErrorState error={query.error} retry={() => void query.refetch()} /></div>
        : !s ? <div className="card"><Loading rows={6} /></div>
        : (
          <>
            <dl className="card pad facts">
              <div><dt>Scans that succeeded</dt><dd className="big number">{count(s.scans)}</dd></div>
              <div><dt>Free</dt><dd className="big number">{count(s.free)}</dd></div>
              <div><dt>At the full price</dt><dd className="big number">{count(s.full)}</dd></div>
              <div><dt>Discounted</dt><dd className="big number">{count(s.discounted)}</dd></div>
            </dl>
            <div className="card">
              {s.namespaces.length === 0 ? <Empty title="Nothing was scanned in this month" />
                : <DataTable label="Scans by namespace" rows={s.namespaces} rowKey={(u) => `${u.instance}/${u.namespace}`} columns={[
                    { name: "Instance", cell: (u) => u.instance },
                    { name: "Namespace", cell: (u) => <span className="wrap">{u.namespace}</span> },
                    { name: "Scans", right: true, cell: (u) => count(u.scans) },
                  ]} />}
            </div>
          </>
        )}
    </div>
  );
}
