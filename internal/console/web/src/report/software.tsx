import { NativeSelect, TextInput } from "@mantine/core";
import { useDeferredValue, useMemo } from "react";
import { Link } from "wouter";
import type { Package, Report } from "../api/types";
import { useUrlState } from "../url/state";
import { IconSearch } from "../ui/icons";
import { Tag } from "../ui/marks";
import { paged, Pager } from "../ui/pager";
import { Empty } from "../ui/states";
import { type Column, DataTable } from "../ui/table";

const defaults = { tab: "software", q: "", type: "", sort: "name", page: "1" };
const collator = new Intl.Collator("en", { numeric: true });
const orders: Record<string, (a: Package, b: Package) => number> = {
  name: (a, b) => collator.compare(a.name, b.name),
  type: (a, b) => collator.compare(a.type, b.type),
  vulnerabilities: (a, b) => (a.vulnerabilities ?? 0) - (b.vulnerabilities ?? 0),
  layer: (a, b) => a.layer - b.layer,
};

/** The software in the image. */
export function SoftwareSection({ report }: { report: Report }) {
  const [state, change] = useUrlState(defaults);
  const wanted = useDeferredValue(state);
  const types = useMemo(() => [...new Set(report.packages.map((p) => p.type))].sort(), [report]);
  const shown = useMemo(() => {
    const q = wanted.q.toLowerCase();
    const fit = report.packages.filter((p) => (wanted.type === "" || p.type === wanted.type) && (p.name + " " + (p.version ?? "") + " " + (p.licences ?? []).join(" ")).toLowerCase().includes(q));
    const down = wanted.sort.startsWith("-");
    const order = orders[down ? wanted.sort.slice(1) : wanted.sort];
    return order ? fit.toSorted((a, b) => (down ? order(b, a) : order(a, b))) : fit;
  }, [report, wanted]);
  const page = paged(shown, state.page);
  const columns: Column<Package>[] = [
    { name: "Name", sort: "name", cell: (p) => <div className="wrap">{p.name}{p.inferred && <> <Tag title="No package manager knows it; its files tell">inferred</Tag></>}{p.path && <div className="small quiet mono wrap">/{p.path}</div>}</div> },
    { name: "Version", cell: (p) => <span className="wrap">{p.version}</span> },
    { name: "Type", sort: "type", cell: (p) => p.type },
    { name: "Licences", cell: (p) => <span className="wrap small">{p.licences?.join(", ")}</span> },
    { name: "Vulnerabilities", sort: "vulnerabilities", right: true, cell: (p) => (p.vulnerabilities ? <Link href={`${window.location.pathname}?tab=${system.has(p.type) ? "system" : "application"}&q=${encodeURIComponent(p.name)}`}>{p.vulnerabilities}</Link> : <span className="quiet">0</span>) },
    { name: "Layer", sort: "layer", right: true, cell: (p) => (p.layer < 0 ? "" : p.layer) },
  ];
  return (
    <>
      <h2 className="hidden">Software</h2>
      <div className="tools-row">
        <TextInput className="grow" label="Search" placeholder="name, version, licence" leftSection={<IconSearch />} value={state.q} onChange={(e) => change({ q: e.currentTarget.value, page: "1" })} />
        <NativeSelect label="Type" value={state.type} onChange={(e) => change({ type: e.currentTarget.value, page: "1" })} data={[{ value: "", label: "any" }, ...types.map((t) => ({ value: t, label: t }))]} />
      </div>
      <div className="card">
        {shown.length > 0 ? <DataTable label="Software" columns={columns} rows={page.rows} rowKey={(p) => [p.type, p.name, p.version, p.path, p.layer, p.arch].join(" ")} sort={state.sort} onSort={(sort) => change({ sort, page: "1" })} />
          : <Empty title={report.packages.length === 0 ? "No software was recognised" : "Nothing fits this selection"} />}
      </div>
      <Pager total={shown.length} {...page} shown={page.rows.length} what="packages" onPage={(p) => change({ page: String(p) })} />
    </>
  );
}

/** Types of packages that the system's package manager installs. */
const system = new Set(["deb", "apk", "rpm", "alpm"]);
