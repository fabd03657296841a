import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { call } from "../api/client";
import type { AdvisoryFetch, AdvisoryInfo } from "../api/types";
import { overviewKeys, useAdvisories } from "../overview/queries";
import { isEcosystem, knowledgeName } from "../text/advisories";
import { count, date, exactTime, plural, size } from "../text/format";
import { Tag, tone } from "../ui/marks";
import { notify, notifyFailure } from "../ui/notices";
import { Empty, ErrorState, Loading, sentence } from "../ui/states";
import { type Column, DataTable } from "../ui/table";
import { Ago } from "../ui/time";
import { PartHead } from "./head";

/** AdvisoriesPart is what is known about vulnerabilities, and how it is kept fresh. */
export function AdvisoriesPart() {
  const query = useAdvisories();
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const a = query.data;
  const ecosystems = a?.items.filter((i) => isEcosystem(i.ecosystem)) ?? [];
  const beside = a?.items.filter((i) => !isEcosystem(i.ecosystem)) ?? [];
  useEndNotice(a?.fetch);
  const update = async () => {
    setAsking(true);
    try {
      await call<AdvisoryFetch>("/advisories/update", { method: "POST" });
      await client.invalidateQueries({ queryKey: overviewKeys.advisories });
    } catch (error) {
      notifyFailure(error);
    } finally {
      setAsking(false);
    }
  };
  return (
    <div className="stackv">
      <PartHead title="Advisories" actions={a && <Button loading={asking} disabled={a.fetch.running} onClick={() => void update()}>{a.fetch.running ? "Being fetched" : "Update now"}</Button>}>
        What is known about vulnerabilities. When news arrive, every image is judged again without being scanned.
      </PartHead>
      {query.error && !a ? <div className="card"><ErrorState error={query.error} retry={() => void query.refetch()} /></div>
        : !a ? <div className="card"><Loading rows={10} /></div>
        : (
          <>
            <FetchCard fetch={a.fetch} />
            <div className="card">
              {a.items.length === 0 ? <Empty title="There are no advisories yet">Scans wait until there are some. They are fetched from the source above, or imported with pratique advisories import.</Empty>
                : <DataTable label="Advisories by ecosystem" columns={columns} rows={[...ecosystems, ...beside]} rowKey={(i) => i.ecosystem} />}
            </div>
            <p className="small quiet">{count(ecosystems.reduce((n, i) => n + i.records, 0))} advisories in {plural(ecosystems.length, "ecosystem")}; the whole database is {size(a.items.reduce((n, i) => n + i.size, 0))}.</p>
          </>
        )}
    </div>
  );
}

/** Says how a download ended that went on while this page was open. */
function useEndNotice(f: AdvisoryFetch | undefined) {
  const running = useRef(false);
  useEffect(() => {
    if (!f) return;
    if (running.current && !f.running) notify(f.error ? `Advisories could not be fetched. ${sentence(f.error)}` : "The advisories are up to date.", f.error ? "bad" : "good");
    running.current = f.running;
  }, [f]);
}

function FetchCard({ fetch: f }: { fetch: AdvisoryFetch }) {
  return (
    <div className="card pad stackv">
      <div role="status"><dl className="facts">
        <div><dt>State</dt><dd>{f.running ? <Tag tone="wait">being fetched{f.startedAt ? ` since ${exactTime(f.startedAt)}` : ""}</Tag> : f.error ? <Tag tone="bad">the latest download failed</Tag> : f.endedAt ? <Tag tone="good">up to date</Tag> : <Tag>as they were imported</Tag>}</dd></div>
        <div><dt>Latest download</dt><dd>{f.endedAt ? <Ago at={f.endedAt} /> : <span className="quiet">none since the server runs</span>}</dd></div>
        <div><dt>Next one</dt><dd>{f.nextAt ? <Ago at={f.nextAt} /> : <span className="quiet">not by itself</span>}</dd></div>
        <div><dt>Source</dt><dd className="wrap">{f.source || <span className="quiet">none</span>}</dd></div>
      </dl></div>
      {f.error && !f.running && (
        <div className="banner" style={tone("bad")}>
          <strong>{sentence(f.error)}</strong>
          <p className="small">Scans go on with the advisories that are there. Check the source and that this server reaches it, then update again.</p>
        </div>
      )}
    </div>
  );
}

const columns: Column<AdvisoryInfo>[] = [
  { name: "Ecosystem", cell: (i) => knowledgeName(i.ecosystem) },
  { name: "Records", right: true, cell: (i) => count(i.records) },
  { name: "Latest change", cell: (i) => (i.newest ? <span title={exactTime(i.newest)}>{date(i.newest)}</span> : <span className="quiet">not stated</span>) },
  { name: "Age", cell: (i) => i.newest && <Ago at={i.newest} /> },
  { name: "Size", right: true, cell: (i) => size(i.size) },
];
