import { count, duration, size } from "../text/format";
import { ErrorState, Loading } from "../ui/states";
import { PartHead } from "./head";
import { useInfo } from "./queries";

/** LimitsPart tells what bounds scans. */
export function LimitsPart() {
  const query = useInfo();
  const l = query.data?.limits;
  return (
    <div className="stackv">
      <PartHead title="Limits">What is larger is not scanned, and its scan fails with a cause that says so.</PartHead>
      <div className="card pad">
        {query.error && !l ? <ErrorState error={query.error} retry={() => void query.refetch()} />
          : !l ? <Loading rows={6} />
          : (
            <dl className="pairs wide">
              <dt>Largest image</dt><dd>{size(l.imageBytes)} <span className="quiet">as stored</span></dd>
              <dt>Largest layer</dt><dd>{size(l.layerBytes)} <span className="quiet">as stored</span></dd>
              <dt>Most layers</dt><dd>{count(l.layers)}</dd>
              <dt>Longest scan</dt><dd>{duration(l.scanTimeoutSeconds)}</dd>
              <dt>Scans at a time</dt><dd>{count(l.concurrentScans)} <span className="quiet">of this instance; others wait</span></dd>
              <dt>Longest allowlist</dt><dd>{count(l.allowlistItems)} ids</dd>
            </dl>
          )}
      </div>
    </div>
  );
}
