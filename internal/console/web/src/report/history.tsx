import { useHistory } from "../api/queries";
import { duration, exactTime } from "../text/format";
import { decided } from "../text/verdict";
import { Tag } from "../ui/marks";
import { Empty, ErrorState, Loading, sentence } from "../ui/states";
import { DataTable } from "../ui/table";
import type { Place } from "./handling";

const triggers: Record<string, string> = { manual: "by hand", push: "on push", synchronized: "came from another registry", schedule: "batch or schedule" };

/** The scans of this image, and how its verdict changed. */
export function HistorySection(place: Place) {
  const history = useHistory(place.namespace, place.repository, place.digest);
  if (history.error && !history.data) return <div className="card"><ErrorState error={history.error} retry={() => void history.refetch()} /></div>;
  if (!history.data) return <div className="card"><Loading rows={5} /></div>;
  const { scans, changes } = history.data;
  return (
    <div className="stackv">
      <div className="card">
        <h2 style={{ padding: "1rem 1rem 0.25rem" }}>Verdicts</h2>
        {changes.length === 0 ? <Empty title="The verdict has not changed" /> : (
          <DataTable label="Changes of the verdict" rows={changes} rowKey={(c) => String(c.id)} columns={[
            { name: "When", width: "13rem", cell: (c) => exactTime(c.at) },
            { name: "Verdict", cell: (c) => <>{decided[c.before]} → <Tag tone={c.after === "allow" ? "good" : c.after === "block" ? "bad" : "wait"}>{decided[c.after]}</Tag></> },
            { name: "Reason", cell: (c) => c.reason.replaceAll("-", " ") },
            { name: "Because of", cell: (c) => c.cause },
            { name: "Remaining", right: true, cell: (c) => c.remaining },
          ]} />
        )}
      </div>
      <div className="card">
        <h2 style={{ padding: "1rem 1rem 0.25rem" }}>Scans</h2>
        {scans.length === 0 ? <Empty title="There was no scan" /> : (
          <DataTable label="Scans" rows={scans} rowKey={(s) => String(s.id)} columns={[
            { name: "Asked for", width: "13rem", cell: (s) => exactTime(s.createdAt) },
            { name: "How", cell: (s) => triggers[s.trigger] ?? s.trigger },
            { name: "Result", cell: (s) => <div><Tag tone={s.state === "Success" ? "good" : s.state === "Error" ? "bad" : "wait"}>{s.state === "Success" ? "succeeded" : s.state === "Error" ? "failed" : s.state === "Running" ? "runs" : "waits"}</Tag>{s.detail && <div className="small quiet wrap">{sentence(s.detail)} {sentence(s.advice ?? "")}</div>}</div> },
            { name: "Took", right: true, cell: (s) => (s.endedAt ? duration(s.durationSeconds) : "") },
            { name: "Number", right: true, cell: (s) => s.id },
          ]} />
        )}
      </div>
    </div>
  );
}
