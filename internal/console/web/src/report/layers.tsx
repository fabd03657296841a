import { useMemo } from "react";
import { Link } from "wouter";
import type { Report } from "../api/types";
import { plural, shortDigest, size } from "../text/format";
import { total } from "../text/severity";
import { Meter, SeverityBar, Tag } from "../ui/marks";
import { countBySeverity, type Row } from "./rows";
import { sections } from "./sections";

interface Line {
  layer: number;
  instruction: string;
}

/** Layer by layer: which instruction brought what. */
export function LayersSection({ report, rows }: { report: Report; rows: Row[] }) {
  const lines = useMemo(() => linesOf(report), [report]);
  const byLayer = useMemo(() => Map.groupBy(rows.flatMap((r) => r.layers.map((layer) => ({ layer, r }))), (x) => x.layer), [rows]);
  const largest = Math.max(1, ...report.image.layers.map((l) => l.size));
  const files = new Map(report.files.layers?.map((l) => [l.layer, l]));
  const base = report.base?.layers ?? 0;
  return (
    <div className="stackv">
      <h2 className="hidden">Layers</h2>
      <div className="card layers" role="list">
        {lines.map((line, i) => {
          const layer = report.image.layers.find((l) => l.index === line.layer);
          if (!layer) return <div key={i} className="layer empty small" role="listitem"><span>–</span><code className="wrap">{line.instruction}</code><span>no layer</span></div>;
          const found = (byLayer.get(layer.index) ?? []).map((x) => x.r);
          const f = files.get(layer.index);
          return (
            <div key={i} className="layer" role="listitem">
              <b className="number">{layer.index}</b>
              <div>
                <code className="wrap">{line.instruction || "no instruction is known"}</code>
                <div className="small quiet row" style={{ marginTop: "0.25rem", gap: "0.2rem 0.9rem" }}>
                  <span className="mono" title={layer.digest ?? layer.diffId}>{shortDigest(layer.digest ?? layer.diffId)}</span>
                  {layer.index < base && <Tag>base image</Tag>}
                  {f && <span>{plural(f.count, "file")}, {size(f.size)} unpacked</span>}
                  {(f?.wasted ?? 0) > 0 && <span>{size(f!.wasted!)} of it hidden by later layers</span>}
                </div>
                <Categories rows={found} layer={layer.index} />
              </div>
              <div className="small"><span className="number">{size(layer.size)}</span><Meter share={layer.size / largest} /></div>
              <div className="small">{found.length === 0 ? <span className="quiet">nothing found</span> : <><span className="number">{plural(total(countBySeverity(found)), "finding")}</span><SeverityBar counts={countBySeverity(found)} what="finding" many="findings" /></>}</div>
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** Links to what was found in a layer, by category. */
function Categories({ rows, layer }: { rows: Row[]; layer: number }) {
  const present = sections.filter((s) => s.category && rows.some((r) => r.category === s.category));
  if (present.length === 0) return null;
  return (
    <div className="row small" style={{ marginTop: "0.3rem" }}>
      {present.map((s) => <Link key={s.key} href={`${window.location.pathname}?tab=${s.key}&layer=${layer}`}>{s.name} ({rows.filter((r) => r.category === s.category).length})</Link>)}
    </div>
  );
}

/** The build instructions with their layers, or the layers alone where those are not known. */
function linesOf(report: Report): Line[] {
  const steps = report.image.config.steps ?? [];
  const told = new Set(steps.map((s) => s.layer));
  const rest = report.image.layers.filter((l) => !told.has(l.index)).map((l) => ({ layer: l.index, instruction: l.instruction ?? "" }));
  return [...rest, ...steps.map((s) => ({ layer: s.layer, instruction: s.instruction }))];
}
