import { useState } from "react";
import { Link } from "wouter";
import { type ReportKey, useFiles, useFindings, useVulnerabilities } from "../api/queries";
import type { Overview } from "../api/types";
import { plural, shortDigest, size } from "../text/format";
import { IconChevron } from "../ui/icons";
import { Meter, SeverityBar, SeverityMark, Tag } from "../ui/marks";
import { ErrorState, Loading } from "../ui/states";
import { findingRow, type Row, vulnerabilityRow } from "./rows";
import { sections } from "./sections";

interface Line {
  layer: number;
  instruction: string;
}

/** Layer by layer: which instruction brought what. */
export function LayersSection({ overview, of }: { overview: Overview; of: ReportKey }) {
  const [open, setOpen] = useState<number>();
  const files = new Map(useFiles(of).data?.layers?.map((l) => [l.layer, l]));
  const found = new Map(overview.layers.map((l) => [l.layer, l]));
  const largest = Math.max(1, ...overview.image.layers.map((l) => l.size));
  const base = overview.base?.layers ?? 0;
  return (
    <div className="card layers" role="list" aria-label="Layers">
      {linesOf(overview).map((line, i) => {
        const layer = overview.image.layers.find((l) => l.index === line.layer);
        if (!layer) return <div key={i} className="layer empty small" role="listitem"><span aria-hidden="true">–</span><code className="few-lines">{line.instruction}</code><span>no layer</span></div>;
        const f = files.get(layer.index);
        const o = found.get(layer.index);
        return (
          <div key={i} className="layer" role="listitem">
            <b className="number">{layer.index}</b>
            <div>
              <code className="few-lines">{line.instruction || "no instruction is known"}</code>
              <div className="small quiet row" style={{ marginTop: "0.25rem", gap: "0.2rem 0.9rem" }}>
                <span className="mono" title={layer.digest ?? layer.diffId}>{shortDigest(layer.digest ?? layer.diffId)}</span>
                {layer.index < base && <Tag>base image</Tag>}
                {(o?.packages ?? 0) > 0 && <Link href={`${window.location.pathname}?tab=software&layer=${layer.index}`}>{plural(o!.packages, "package")}</Link>}
                {f && <span>{plural(f.count, "file")}, {size(f.size)} unpacked</span>}
                {(f?.wasted ?? 0) > 0 && <span>{size(f!.wasted!)} of it hidden by later layers</span>}
              </div>
            </div>
            <div className="small"><span className="number">{size(layer.size)}</span><Meter share={layer.size / largest} /></div>
            <div className="small">
              {!o || o.total === 0 ? <span className="quiet">nothing found</span> : (
                <>
                  <button type="button" className="expander" aria-expanded={open === layer.index} onClick={() => setOpen(open === layer.index ? undefined : layer.index)}><IconChevron size={12} /><span className="name">{plural(o.total, "finding")}</span></button>
                  <SeverityBar counts={o.bySeverity} what="finding" many="findings" />
                </>
              )}
            </div>
            {open === layer.index && <div className="full"><InLayer of={of} layer={layer.index} /></div>}
          </div>
        );
      })}
    </div>
  );
}

/** How many findings of a layer are shown at once. */
const few = 8;

/** The worst that a layer brought, with the way to the rest. */
function InLayer({ of, layer }: { of: ReportKey; layer: number }) {
  const query = { layer, limit: few, sort: "severity" };
  const vulnerabilities = useVulnerabilities(of, query);
  const findings = useFindings(of, query);
  const error = vulnerabilities.error ?? findings.error;
  if (error) return <ErrorState error={error} retry={() => (void vulnerabilities.refetch(), void findings.refetch())} />;
  if (!vulnerabilities.data || !findings.data) return <Loading rows={3} />;
  return (
    <div className="stackv">
      <Few rows={findings.data.items.map(findingRow)} total={findings.data.total} layer={layer} />
      <Few rows={vulnerabilities.data.items.map(vulnerabilityRow)} total={vulnerabilities.data.total} layer={layer} />
    </div>
  );
}

function Few({ rows, total, layer }: { rows: Row[]; total: number; layer: number }) {
  if (rows.length === 0) return null;
  const href = (r: Row, more = "") => `${window.location.pathname}?tab=${sections.find((s) => s.category === r.category)?.key ?? "system"}&layer=${layer}${more}`;
  return (
    <ul className="few small">
      {rows.map((r) => <li key={r.id}><SeverityMark severity={r.severity} /><Link className="wrap" href={href(r, `&open=${r.id}&q=${encodeURIComponent(r.vulnerability ? r.title : (r.finding?.rule ?? ""))}`)}>{r.title}</Link><span className="quiet wrap">{r.subject}</span></li>)}
      {total > rows.length && <li><Link href={href(rows[0]!)}>All {total}</Link></li>}
    </ul>
  );
}

/** The build instructions with their layers, or the layers alone where those are not known. */
function linesOf({ image }: Overview): Line[] {
  const steps = image.config.steps ?? [];
  const told = new Set(steps.map((s) => s.layer));
  const rest = image.layers.filter((l) => !told.has(l.index)).map((l) => ({ layer: l.index, instruction: l.instruction ?? "" }));
  return [...rest, ...steps.map((s) => ({ layer: s.layer, instruction: s.instruction }))];
}
