import type { ReactNode } from "react";
import { type ReportKey, useFiles } from "../api/queries";
import { count, filePath, size } from "../text/format";
import { Meter, Tag } from "../ui/marks";
import { ErrorState, Loading } from "../ui/states";
import { type Column, DataTable } from "../ui/table";

/** What files there are, and what they take. */
export function FilesSection({ of }: { of: ReportKey }) {
  const files = useFiles(of);
  const f = files.data;
  if (!f) return <div className="card">{files.error ? <ErrorState error={files.error} retry={() => void files.refetch()} /> : <Loading rows={8} />}</div>;
  const most = Math.max(1, ...(f.types ?? []).map((t) => t.size));
  const path: Column<{ path: string }> = { name: "Path", cell: (x) => <code className="wrap">{filePath(x.path)}</code> };
  return (
    <div className="stackv">
      <div className="card pad">
        <h2 className="hidden">Files</h2>
        <dl className="facts">
          <div><dt>Files</dt><dd className="number">{count(f.count)}</dd></div>
          <div><dt>Size, unpacked</dt><dd>{size(f.size)}</dd></div>
          <div><dt>Hidden by later layers</dt><dd>{size(f.wasted)}{f.wasted > 0 && f.size > 0 && <span className="quiet"> that every pull still loads</span>}</dd></div>
        </dl>
      </div>
      {(f.types?.length ?? 0) > 0 && (
        <Part title="By type">
          <DataTable label="Types of files" rows={f.types!} rowKey={(t) => t.type} columns={[
            { name: "Type", cell: (t) => t.type },
            { name: "Files", right: true, cell: (t) => count(t.count) },
            { name: "Size", right: true, cell: (t) => size(t.size) },
            { name: "Share", hideName: true, width: "40%", cell: (t) => <Meter share={t.size / most} /> },
          ]} />
        </Part>
      )}
      {(f.special?.length ?? 0) > 0 && (
        <Part title={`With special rights${(f.specialCount ?? 0) > f.special!.length ? ` (the first ${f.special!.length} of ${count(f.specialCount!)})` : ""}`}>
          <DataTable label="Files with special rights" rows={f.special!} rowKey={(s) => s.path} columns={[
            path as Column<(typeof f.special & object)[number]>,
            { name: "What", cell: (s) => <span className="row">{s.kinds.map((k) => <Tag key={k} tone="wait">{k}</Tag>)}{s.capabilities?.map((c) => <Tag key={c}>{c}</Tag>)}</span> },
            { name: "Mode", cell: (s) => <code className="nowrap">{s.mode}</code> },
            { name: "Owner", cell: (s) => <span className="number">{s.uid}:{s.gid}</span> },
            { name: "Layer", right: true, cell: (s) => s.layer },
          ]} />
        </Part>
      )}
      {(f.wastedFiles?.length ?? 0) > 0 && (
        <Part title="Hidden by later layers">
          <DataTable label="Hidden files" rows={f.wastedFiles!} rowKey={(w) => `${w.layer} ${w.path}`} columns={[
            path as Column<(typeof f.wastedFiles & object)[number]>,
            { name: "Size", right: true, cell: (w) => <span className="nowrap">{size(w.size)}</span> },
            { name: "What became of it", cell: (w) => `${w.hidden} by layer ${w.by}` },
            { name: "Layer", right: true, cell: (w) => w.layer },
          ]} />
        </Part>
      )}
      {(f.largest?.length ?? 0) > 0 && (
        <Part title={`The ${f.largest!.length} largest`}>
          <DataTable label="Largest files" rows={f.largest!} rowKey={(l) => `${l.layer} ${l.path}`} columns={[
            path as Column<(typeof f.largest & object)[number]>,
            { name: "Size", right: true, cell: (l) => <span className="nowrap">{size(l.size)}</span> },
            { name: "Layer", right: true, cell: (l) => l.layer },
          ]} />
        </Part>
      )}
    </div>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="card">
      <h2 style={{ padding: "1rem 1rem 0.25rem" }}>{title}</h2>
      {children}
    </div>
  );
}
