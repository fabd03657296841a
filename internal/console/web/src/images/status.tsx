import type { Artifact } from "../api/types";
import { Meter, Tag } from "../ui/marks";
import { Ago } from "../ui/time";
import { sentence } from "../ui/states";

/** How the latest scan of an artifact is getting on, what became of it, or that there is none. */
export function ScanStatus({ of }: { of: Pick<Artifact, "scanOverview" | "notScanned"> }) {
  const scan = of.scanOverview;
  if (!scan) return of.notScanned ? <span className="quiet" title={sentence(of.notScanned.reason)}>is not scanned</span> : <Tag>not scanned</Tag>;
  switch (scan.state) {
    case "Pending":
      return <Tag tone="wait">waits for its turn</Tag>;
    case "Running":
      return (
        <div style={{ minWidth: "7rem" }} role="progressbar" aria-valuenow={scan.percent} aria-valuemin={0} aria-valuemax={100} aria-label="Scan">
          <span className="small number">being scanned, {scan.percent} %</span>
          <Meter share={scan.percent / 100} />
        </div>
      );
    case "Error":
      return (
        <div>
          <Tag tone="bad">scan failed</Tag>
          <div className="small quiet wrap">{sentence(scan.detail ?? scan.cause ?? "")}</div>
        </div>
      );
    default:
      return <span>scanned <Ago at={scan.endedAt ?? scan.createdAt} /></span>;
  }
}
