import { Link } from "wouter";
import type { Artifact } from "../api/types";
import { ScanStatus } from "../images/status";
import { shortDigest } from "../text/format";
import { link, parse } from "../url/image";
import { SeverityBar, VerdictMark } from "../ui/marks";
import { type Column, DataTable } from "../ui/table";

type Member = NonNullable<Artifact["members"]>[number];

const columns: Column<Member>[] = [
  { name: "Platform", width: "10rem", cell: (m) => m.platform ?? <span className="quiet">not stated</span> },
  { name: "Image", cell: (m) => <div><Link className="wrap" href={hrefOf(m)}>{m.image}</Link><div className="small quiet mono">{shortDigest(m.digest)}</div></div> },
  { name: "Scan", width: "12rem", cell: (m) => <ScanStatus of={m} /> },
  { name: "Vulnerabilities", width: "13rem", cell: (m) => m.scanOverview?.findings && <SeverityBar counts={m.scanOverview.findings.bySeverity} /> },
  { name: "Verdict", width: "17rem", cell: (m) => <VerdictMark verdict={m.verdict} /> },
];

/** The images that an index or a chart names; each has a report and a verdict of its own. */
export function Members({ artifact: a }: { artifact: Artifact }) {
  return (
    <section className="card" aria-label="Images it names">
      <div className="pad" style={{ paddingBottom: 0 }}>
        <h2>{a.kind === "index" ? "One image for each platform" : "Images that the chart names"}</h2>
        <p className="quiet small">Each is scanned and judged by itself; a pull is refused where the image is blocked that it comes to.</p>
      </div>
      {(a.members?.length ?? 0) > 0 && <DataTable label="Images it names" columns={columns} rows={a.members!} rowKey={(m) => m.image + m.digest} />}
      {(a.otherImages?.length ?? 0) > 0 && (
        <details className="pad small">
          <summary>{a.otherImages!.length} more, which this registry does not hold</summary>
          <ul>{a.otherImages!.map((name) => <li key={name} className="mono wrap">{name}</li>)}</ul>
        </details>
      )}
    </section>
  );
}

/** Whether an artifact names images. */
export function hasMembers(a: Artifact): boolean {
  return (a.members?.length ?? 0) > 0 || (a.otherImages?.length ?? 0) > 0;
}

function hrefOf(m: Member): string {
  const ref = parse(encodeURIComponent(m.image));
  return link(ref?.repository ? { ...ref, reference: ref.reference ?? m.digest } : { namespace: m.image });
}
