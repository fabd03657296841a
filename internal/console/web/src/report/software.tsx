import { Checkbox, TextInput } from "@mantine/core";
import { useEffect, useState } from "react";
import { Link } from "wouter";
import { type ReportKey, usePackages } from "../api/queries";
import type { Package } from "../api/types";
import { filePath } from "../text/format";
import { useUrlState } from "../url/state";
import { IconSearch } from "../ui/icons";
import { Tag } from "../ui/marks";
import { pageRows, Pager } from "../ui/pager";
import { Empty, ErrorState, Loading } from "../ui/states";
import { type Column, DataTable } from "../ui/table";
import { pageOf } from "./query";

const defaults = { tab: "software", q: "", type: "", vulnerable: "", layer: "", sort: "name", page: "1" };

/** The software in the image. */
export function SoftwareSection({ of }: { of: ReportKey }) {
  const [state, change] = useUrlState(defaults);
  const [q, setQ] = useState(state.q);
  useEffect(() => {
    const timer = setTimeout(() => setQ(state.q), 200);
    return () => clearTimeout(timer);
  }, [state.q]);
  const list = usePackages(of, {
    q, type: state.type, vulnerable: state.vulnerable !== "" ? true : undefined, layer: /^\d+$/.test(state.layer) ? Number(state.layer) : undefined,
    sort: state.sort === "vulnerabilities" ? "vulnerabilities" : "name", offset: (pageOf(state.page) - 1) * pageRows, limit: pageRows,
  });
  const narrow = (c: Partial<typeof defaults>) => change({ ...c, page: "1" });
  const narrowed = [state.q, state.type, state.vulnerable, state.layer].some((s) => s !== "");
  const columns: Column<Package>[] = [
    { name: "Name", sort: "name", width: "34%", cell: (p) => <div className="wrap">{p.name}{p.inferred && <> <Tag title="No package manager knows it; its files tell">inferred</Tag></>}{p.path && <div className="small quiet mono wrap">{filePath(p.path)}</div>}</div> },
    { name: "Version", width: "18%", cell: (p) => <span className="wrap">{p.version}</span> },
    { name: "Type", cell: (p) => <button type="button" className="expander" onClick={() => narrow({ type: state.type === "" ? p.type : "" })} title={state.type === "" ? `Only ${p.type}` : "All types"}><span className="name">{p.type}</span></button> },
    { name: "Licences", cell: (p) => <span className="wrap small">{p.licences?.join(", ")}</span> },
    { name: "Vulnerabilities", sort: "vulnerabilities", right: true, cell: (p) => (p.vulnerabilities ? <Link href={`${window.location.pathname}?tab=${system.has(p.type) ? "system" : "application"}&q=${encodeURIComponent(p.name)}`}>{p.vulnerabilities}</Link> : <span className="quiet">0</span>) },
    { name: "Layer", right: true, cell: (p) => (p.layer < 0 ? "" : p.layer) },
  ];
  return (
    <>
      <h2 className="hidden">Software</h2>
      <div className="tools-row">
        <TextInput className="grow" label="Search" placeholder="name, version, licence, path" maxLength={256} leftSection={<IconSearch />} value={state.q} onChange={(e) => narrow({ q: e.currentTarget.value })} />
        <TextInput label="Type" placeholder="deb, npm, …" maxLength={32} value={state.type} onChange={(e) => narrow({ type: e.currentTarget.value })} />
        <Checkbox mb={9} label="with vulnerabilities only" checked={state.vulnerable !== ""} onChange={(e) => narrow({ vulnerable: e.currentTarget.checked ? "yes" : "" })} />
      </div>
      <div className="card" aria-busy={list.isPlaceholderData}>
        {!list.data ? (list.error ? <ErrorState error={list.error} retry={() => void list.refetch()} /> : <Loading rows={8} />)
          : list.data.items.length > 0 ? <DataTable label="Software" columns={columns} rows={list.data.items} rowKey={(p) => [p.type, p.name, p.version, p.path, p.layer, p.arch].join(" ")} sort={state.sort} onSort={(sort) => narrow({ sort: sort.replace("-", "") })} oneWay />
          : <Empty title={narrowed || list.data.total > 0 ? "Nothing fits this selection" : "No software was recognised"} />}
      </div>
      <Pager total={list.data?.total ?? 0} page={pageOf(state.page)} shown={list.data?.items.length ?? 0} what={narrowed ? "selected" : "packages"} onPage={(p) => change({ page: String(p) })} />
    </>
  );
}

/** Types of packages that the system's package manager installs. */
const system = new Set(["deb", "apk", "rpm", "alpm"]);
