import { Button, NativeSelect } from "@mantine/core";
import { Link } from "wouter";
import type { RiskVulnerability } from "../api/types";
import { count, percentage, plural } from "../text/format";
import { useUrlState } from "../url/state";
import { SeverityMark, Tag } from "../ui/marks";
import { pageRows, Pager } from "../ui/pager";
import { useSettled } from "../ui/settled";
import { Empty, ErrorState, Loading } from "../ui/states";
import { type Column, DataTable } from "../ui/table";
import { Ago } from "../ui/time";
import { Filters, severityOf } from "./filters";
import { vulnerabilityLink } from "./links";
import { numberOf } from "./pages";
import { useRiskVulnerabilities } from "./queries";

const defaults = { q: "", severity: "", fixable: "", exploited: "", ns: "", repo: "", sort: "severity", page: "1" };

const columns: Column<RiskVulnerability>[] = [
  { name: "Severity", sort: "severity", width: "8rem", cell: (v) => <SeverityMark severity={v.severity} /> },
  {
    name: "Vulnerability", sort: "id",
    cell: (v) => (
      <div>
        <Link className="wrap" href={vulnerabilityLink(v.id)}>{v.id}</Link>{v.exploited && <> <Tag tone="bad" title="Known to be exploited: CISA lists it">exploited</Tag></>}
        {v.title && <div className="small quiet wrap">{v.title}</div>}
      </div>
    ),
  },
  { name: "Images", sort: "images", right: true, width: "6rem", cell: (v) => count(v.images) },
  { name: "Likely", sort: "epss", right: true, width: "6rem", cell: (v) => (v.epss ? <span className="nowrap" title="Chance that it is exploited within 30 days (EPSS)">{percentage(v.epss.score)}</span> : null) },
  { name: "Fix", width: "12rem", cell: (v) => (v.fixable === 0 ? <span className="quiet">none yet</span> : v.fixable === v.packages ? "there is one" : `for ${count(v.fixable)} of ${plural(v.packages, "package")}`) },
  { name: "First seen", sort: "since", width: "9rem", cell: (v) => <Ago at={v.since} /> },
];

/** What the list can be sorted by. */
const sorts = columns.flatMap((c) => c.sort ?? []);

/** choiceOf reads one of some words, which somebody may have typed; the first for any other. */
function choiceOf(text: string, words: string[]): string {
  return words.includes(text) ? text : words[0]!;
}

/** The vulnerabilities of all images. */
export function VulnerabilitiesList() {
  const [state, change] = useUrlState(defaults);
  const page = numberOf(state.page);
  const sort = choiceOf(state.sort, sorts);
  const list = useRiskVulnerabilities({
    q: useSettled(state.q).trim().slice(0, 256), severity: severityOf(state.severity), fixable: choiceOf(state.fixable, ["", "yes", "no"]),
    exploited: state.exploited === "" ? undefined : true, sort,
    namespace: state.ns, repository: state.ns === "" ? undefined : state.repo, offset: (page - 1) * pageRows, limit: pageRows,
  });
  const narrow = (c: Partial<typeof defaults>) => change({ ...c, page: "1" });
  const narrowed = Object.entries(defaults).some(([k, v]) => k !== "page" && k !== "sort" && state[k as keyof typeof defaults] !== v);
  return (
    <>
      <h2 className="hidden">Vulnerabilities</h2>
      <Filters state={state} placeholder="CVE or other id" narrow={narrow}>
        <NativeSelect label="Fix" value={state.fixable} onChange={(e) => narrow({ fixable: e.currentTarget.value })} data={[{ value: "", label: "any" }, { value: "yes", label: "there is one" }, { value: "no", label: "none yet" }]} />
        <NativeSelect label="Exploited" value={state.exploited} onChange={(e) => narrow({ exploited: e.currentTarget.value })} data={[{ value: "", label: "any" }, { value: "yes", label: "known to be" }]} />
      </Filters>
      <div className="card" aria-busy={list.isPlaceholderData}>
        {list.error && !list.data ? <ErrorState error={list.error} retry={() => void list.refetch()} />
          : !list.data ? <Loading rows={10} />
          : list.data.items.length > 0 ? <DataTable label="Vulnerabilities" columns={columns} rows={list.data.items} rowKey={(v) => v.id} sort={sort} onSort={(sort) => narrow({ sort })} oneWay />
          : narrowed || page > 1 ? <Empty title="Nothing fits this selection" action={<Button variant="default" onClick={() => change(defaults)}>Show all</Button>} />
          : <Empty title="No vulnerability was found">Images are told of here once they were scanned, and again when advisories tell of more.</Empty>}
      </div>
      {list.data && <Pager total={list.data.total} page={page} shown={list.data.items.length} what="vulnerabilities" onPage={(p) => change({ page: String(p) }, true)} />}
    </>
  );
}
