import { Button, NativeSelect } from "@mantine/core";
import { Link } from "wouter";
import type { RiskVulnerability } from "../api/types";
import { count, plural } from "../text/format";
import { useUrlState } from "../url/state";
import { SeverityMark } from "../ui/marks";
import { Empty, ErrorState, Loading } from "../ui/states";
import { type Column, DataTable } from "../ui/table";
import { Ago } from "../ui/time";
import { Filters, severityOf, useSettled } from "./filters";
import { vulnerabilityLink } from "./links";
import { numberOf, pageRows, StepPager } from "./pages";
import { useRiskVulnerabilities } from "./queries";

const defaults = { q: "", severity: "", fixable: "", ns: "", repo: "", page: "1" };

const columns: Column<RiskVulnerability>[] = [
  { name: "Severity", width: "9rem", cell: (v) => <SeverityMark severity={v.severity} /> },
  { name: "Vulnerability", cell: (v) => <Link className="wrap" href={vulnerabilityLink(v.id)}>{v.id}</Link> },
  { name: "Images", right: true, cell: (v) => count(v.images) },
  { name: "Packages", right: true, cell: (v) => count(v.packages) },
  { name: "Fix", cell: (v) => (v.fixable === 0 ? <span className="quiet">none yet</span> : v.fixable === v.packages ? "there is one" : `for ${v.fixable} of ${plural(v.packages, "package")}`) },
  { name: "First seen", cell: (v) => <Ago at={v.since} /> },
];

/** The vulnerabilities of all images. */
export function VulnerabilitiesList() {
  const [state, change] = useUrlState(defaults);
  const page = numberOf(state.page);
  const list = useRiskVulnerabilities({
    q: useSettled(state.q).trim().slice(0, 256), severity: severityOf(state.severity), fixable: state.fixable === "" ? undefined : true,
    namespace: state.ns, repository: state.ns === "" ? undefined : state.repo, offset: (page - 1) * pageRows, limit: pageRows,
  });
  const narrow = (c: Partial<typeof defaults>) => change({ ...c, page: "1" });
  const narrowed = Object.entries(defaults).some(([k, v]) => k !== "page" && state[k as keyof typeof defaults] !== v);
  return (
    <>
      <h2 className="hidden">Vulnerabilities</h2>
      <Filters state={state} placeholder="CVE or other id" narrow={narrow}>
        <NativeSelect label="Fix" value={state.fixable} onChange={(e) => narrow({ fixable: e.currentTarget.value })} data={[{ value: "", label: "any" }, { value: "yes", label: "there is one" }]} />
      </Filters>
      <div className="card" aria-busy={list.isPlaceholderData}>
        {list.error && !list.data ? <ErrorState error={list.error} retry={() => void list.refetch()} />
          : !list.data ? <Loading rows={10} />
          : list.data.items.length > 0 ? <DataTable label="Vulnerabilities" columns={columns} rows={list.data.items} rowKey={(v) => v.id} />
          : narrowed || page > 1 ? <Empty title="Nothing fits this selection" action={<Button variant="default" onClick={() => change(defaults)}>Show all</Button>} />
          : <Empty title="No vulnerability was found">Images are told of here once they were scanned, and again when advisories tell of more.</Empty>}
      </div>
      <StepPager page={page} shown={list.data?.items.length ?? 0} more={list.data?.more ?? false} what="vulnerabilities" onPage={(p) => change({ page: String(p) }, true)} />
    </>
  );
}
