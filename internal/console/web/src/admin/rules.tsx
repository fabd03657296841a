import { Modal } from "@mantine/core";
import { useState } from "react";
import { Link } from "wouter";
import { count, size } from "../text/format";
import { Empty, ErrorState, Loading } from "../ui/states";
import { DataTable } from "../ui/table";
import { Ago } from "../ui/time";
import { PartHead } from "./head";
import { useServerRuleFile, useServerRules } from "./queries";

/** RulesPart lists the rules and word lists that stand beside the built-in ones. */
export function RulesPart() {
  const query = useServerRules();
  const [shown, setShown] = useState<string>();
  const r = query.data;
  return (
    <div className="stackv">
      <PartHead title="Rules and word lists">
        What scans look for beside what is built in: secrets, words that passwords are guessed from, hashes of malicious files, unwanted software, licences, settings.
      </PartHead>
      <section className="card" aria-label="Of the server">
        <div className="pad" style={{ paddingBottom: 0 }}><h3>Of the server</h3><p className="quiet small">They hold for every namespace. They are files in the directory that <code>scan.rules</code> in the configuration names, and are read when the server starts.</p></div>
        {query.error && !r ? <ErrorState error={query.error} retry={() => void query.refetch()} />
          : !r ? <Loading rows={2} />
          : r.files.length === 0 ? <Empty title="The built-in rules alone hold for all">Put files into a directory, name it as scan.rules, and start the server again.</Empty>
          : <DataTable label="Files of rules of the server" rows={r.files} rowKey={(f) => f.name} columns={[
              { name: "File", cell: (f) => <button type="button" className="expander" onClick={() => setShown(f.name)}><span className="name wrap" style={{ color: "var(--mantine-color-anchor)" }}>{f.name}</span></button> },
              { name: "Size", right: true, cell: (f) => size(f.size) },
            ]} />}
      </section>
      <section className="card" aria-label="Of namespaces">
        <div className="pad" style={{ paddingBottom: 0 }}><h3>Of namespaces</h3><p className="quiet small">They hold in one namespace, and its maintainers change them there. A file takes the place of the server's of the same name.</p></div>
        {!r ? <Loading rows={2} />
          : r.namespaces.length === 0 ? <Empty title="No namespace has rules of its own" />
          : <DataTable label="Namespaces with rules of their own" rows={r.namespaces} rowKey={(n) => n.namespace} columns={[
              { name: "Namespace", cell: (n) => <Link className="wrap" href={`/namespaces/${encodeURIComponent(n.namespace)}?tab=rules`}>{n.namespace}</Link> },
              { name: "Files", right: true, cell: (n) => count(n.files) },
              { name: "Changed", cell: (n) => <Ago at={n.updatedAt} /> },
            ]} />}
      </section>
      {shown !== undefined && <FileDialog file={shown} onClose={() => setShown(undefined)} />}
    </div>
  );
}

function FileDialog({ file, onClose }: { file: string; onClose(): void }) {
  const query = useServerRuleFile(file);
  return (
    <Modal opened onClose={onClose} size="xl" title={file} closeButtonProps={{ "aria-label": "Close" }}>
      {query.error ? <ErrorState error={query.error} retry={() => void query.refetch()} />
        : !query.data ? <Loading rows={6} />
        : (
          <div className="details stackv" style={{ display: "flex" }}>
            <pre tabIndex={0} className="mono small" style={{ maxHeight: "60vh", overflow: "auto" }}>{query.data.content}</pre>
            {!query.data.complete && <p className="quiet small">This is the beginning of a longer file.</p>}
          </div>
        )}
    </Modal>
  );
}
