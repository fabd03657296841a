import { Command } from "../ui/copy";
import { ErrorState, Loading } from "../ui/states";
import { Logo } from "../ui/icons";
import { prefix } from "../api/client";
import { PartHead } from "./head";
import { useInfo } from "./queries";

/** AboutPart tells what this program is, and where to go on. */
export function AboutPart() {
  const query = useInfo();
  const i = query.data;
  return (
    <div className="stackv">
      <PartHead title="About" />
      <div className="card pad stackv">
        {query.error && !i ? <ErrorState error={query.error} retry={() => void query.refetch()} />
          : !i ? <Loading rows={3} />
          : (
            <>
              <div className="row"><Logo size={36} /><div><b>{i.name}</b><div className="quiet">Version {i.version}</div></div></div>
              <p className="quiet">An OCI registry with its own image scanner and a gate on every pull, in one program. Its licence is Apache 2.0.</p>
            </>
          )}
      </div>
      <div className="card pad stackv text-links">
        <h3>For programs and terminals</h3>
        <p className="quiet">Everything this console does is done by the REST interface, which describes itself: <a href={`${prefix}/openapi.yaml`}>openapi.yaml</a>, <a href={`${prefix}/openapi.json`}>openapi.json</a>. The same from a terminal:</p>
        <Command text="pratique admin --help" />
        <p className="quiet">Whether the server lives and can work is told without signing in: <a href="/healthz">/healthz</a>, <a href="/readyz">/readyz</a>. <a href="/metrics">/metrics</a> has figures for Prometheus, which logs in with the credential of an auditor.</p>
      </div>
    </div>
  );
}
