import { Button } from "@mantine/core";
import { Link } from "wouter";
import type { RiskFinding } from "../api/types";
import { count } from "../text/format";
import { useUrlState } from "../url/state";
import { SeverityMark } from "../ui/marks";
import { pageRows, Pager } from "../ui/pager";
import { useSettled } from "../ui/settled";
import { Empty, ErrorState, Loading } from "../ui/states";
import { type Column, DataTable } from "../ui/table";
import type { Category } from "./categories";
import { Filters, severityOf } from "./filters";
import { ruleLink } from "./links";
import { numberOf } from "./pages";
import { useRiskFindings } from "./queries";

const defaults = { q: "", severity: "", ns: "", repo: "", page: "1" };

const columns: Column<RiskFinding>[] = [
  { name: "Severity", width: "9rem", cell: (f) => <SeverityMark severity={f.severity} /> },
  { name: "Finding", cell: (f) => <div><Link className="wrap" href={ruleLink(f.category, f.rule)}>{f.title}</Link><div className="small quiet wrap">{f.rule}</div></div> },
  { name: "Images", right: true, cell: (f) => count(f.images) },
  { name: "Findings", right: true, cell: (f) => count(f.findings) },
];

/** What the rules of a category found in all images. */
export function FindingsList({ category }: { category: Category }) {
  const [state, change] = useUrlState(defaults);
  const page = numberOf(state.page);
  const list = useRiskFindings({
    category: category.category, q: useSettled(state.q).trim().slice(0, 256), severity: severityOf(state.severity),
    namespace: state.ns, repository: state.ns === "" ? undefined : state.repo, offset: (page - 1) * pageRows, limit: pageRows,
  });
  const narrowed = state.q !== "" || state.severity !== "" || state.ns !== "";
  // Another category is another question: its old answer is not shown meanwhile.
  const data = list.data && (!list.isPlaceholderData || list.data.items[0]?.category === category.category) ? list.data : undefined;
  return (
    <>
      <h2 className="hidden">{category.name}</h2>
      <Filters state={state} placeholder="title or rule" narrow={(c) => change({ ...c, page: "1" })} />
      <div className="card" aria-busy={list.isPlaceholderData}>
        {list.error && !data ? <ErrorState error={list.error} retry={() => void list.refetch()} />
          : !data ? <Loading rows={8} />
          : data.items.length > 0 ? <DataTable label={category.name} columns={columns} rows={data.items} rowKey={(f) => f.rule} />
          : narrowed || page > 1 ? <Empty title="Nothing fits this selection" action={<Button variant="default" onClick={() => change(defaults)}>Show all</Button>} />
          : <Empty title="Nothing was found">{category.nothing}</Empty>}
      </div>
      {category.note && <p className="small quiet" style={{ marginTop: "0.9rem" }}>{category.note}</p>}
      {data && <Pager total={data.total} page={page} shown={data.items.length} what="rules" onPage={(p) => change({ page: String(p) }, true)} />}
    </>
  );
}
