import { Button, NativeSelect, TextInput } from "@mantine/core";
import { Link } from "wouter";
import type { PackageImage, RiskPackage } from "../api/types";
import { count, plural } from "../text/format";
import { useUrlState } from "../url/state";
import { IconSearch } from "../ui/icons";
import { SeverityMark } from "../ui/marks";
import { MoreRows, useAllPages } from "../ui/more";
import { Page } from "../ui/page";
import { pageRows, Pager } from "../ui/pager";
import { useSettled } from "../ui/settled";
import { Empty, ErrorState, Loading } from "../ui/states";
import { type Column, DataTable } from "../ui/table";
import { withOwn } from "./filters";
import { packageLink, risksRoot } from "./links";
import { numberOf } from "./pages";
import { useImagesOfPackage, useRiskPackages } from "./queries";
import { ImageLink } from "./vulnerability";

/** The purl types of packages that scans find. */
const types = ["deb", "rpm", "apk", "alpm", "npm", "pypi", "maven", "golang", "nuget", "gem", "composer", "cargo", "generic"];

const searched = { q: "", type: "", page: "1" };

const found: Column<RiskPackage>[] = [
  { name: "Package", cell: (p) => <Link className="wrap" href={packageLink(p.name, p.type)}>{p.name}</Link> },
  { name: "Type", width: "7rem", cell: (p) => p.type },
  { name: "Versions", right: true, width: "7rem", cell: (p) => count(p.versions) },
  { name: "Images", right: true, width: "7rem", cell: (p) => count(p.images) },
  { name: "Vulnerabilities", right: true, width: "9rem", cell: (p) => (p.vulnerabilities > 0 ? count(p.vulnerabilities) : <span className="quiet">none known</span>) },
  { name: "Worst", width: "9rem", cell: (p) => (p.severity ? <SeverityMark severity={p.severity} /> : null) },
];

/** PackagesTab finds packages by part of their name. */
export function PackagesTab() {
  const [state, change] = useUrlState(searched);
  const page = numberOf(state.page);
  const list = useRiskPackages({ q: useSettled(state.q).trim().slice(0, 256), type: state.type, offset: (page - 1) * pageRows, limit: pageRows });
  const narrow = (c: Partial<typeof searched>) => change({ ...c, page: "1" });
  return (
    <>
      <h2 className="hidden">Packages</h2>
      <div className="tools-row">
        <TextInput className="grow" label="Name" placeholder="part of a name, such as openss" maxLength={256} autoCapitalize="none" spellCheck={false} leftSection={<IconSearch />} value={state.q} onChange={(e) => narrow({ q: e.currentTarget.value })} />
        <NativeSelect label="Type" value={state.type} onChange={(e) => narrow({ type: e.currentTarget.value })} data={[{ value: "", label: "any" }, ...withOwn(types, state.type)]} />
      </div>
      <div className="card" aria-busy={list.isPlaceholderData}>
        {list.error && !list.data ? <ErrorState error={list.error} retry={() => void list.refetch()} />
          : !list.data ? <Loading rows={10} />
          : list.data.items.length > 0 ? <DataTable label="Packages" columns={found} rows={list.data.items} rowKey={(p) => `${p.type} ${p.name}`} />
          : state.q !== "" || state.type !== "" || page > 1 ? <Empty title="No image holds such a package" action={<Button variant="default" onClick={() => change(searched)}>Show all</Button>} />
          : <Empty title="No image holds a package">Images are known here once they were scanned.</Empty>}
      </div>
      {list.data && <Pager total={list.data.total} page={page} shown={list.data.items.length} what="packages" onPage={(p) => change({ page: String(p) }, true)} />}
    </>
  );
}

const defaults = { name: "", type: "", version: "" };

/** PackagePage is which images hold a package, by its versions. */
export function PackagePage() {
  const [state, change] = useUrlState(defaults);
  const list = useAllPages(useImagesOfPackage(state.name.slice(0, 256), state.type), true);
  const versions = versionsOf(list.items);
  const shown = state.version === "" ? list.items : list.items.filter((i) => i.version === state.version);
  const crumbs = [{ text: "Risks", href: risksRoot }, { text: "Packages", href: `${risksRoot}/packages` }];
  if (state.name === "") return <Page title="Package" crumbs={crumbs}><PackagesTab /></Page>;
  return (
    <Page title={state.name} crumbs={crumbs}
      lead={list.loading || list.error ? " " : `${state.type ? `Package of type ${state.type}: ` : ""}${plural(versions.length, "version")} in ${plural(new Set(list.items.map((i) => `${i.namespace}/${i.repository}@${i.digest}`)).size, "image")}`}>
      {list.error ? <div className="card"><ErrorState error={list.error} retry={list.retry} /></div>
        : list.loading ? <div className="card"><Loading rows={8} /></div>
        : list.items.length === 0 ? <div className="card"><Empty title="No image holds this package">Names are compared as they are written{state.type ? ` and the type must be ${state.type}` : ""}. Images are known here once they were scanned.</Empty></div>
        : (
          <div className="stackv">
            <div className="tools-row" style={{ marginBottom: 0 }}>
              <NativeSelect label="Version" value={state.version} onChange={(e) => change({ version: e.currentTarget.value })}
                data={[{ value: "", label: "all" }, ...versions.map((v) => ({ value: v.version, label: `${v.version || "none stated"} (${plural(v.images, "image")})` }))]} />
            </div>
            <div className="card"><DataTable label={`Images that hold ${state.name}`} columns={columns} rows={shown.slice(0, mostRows)} rowKey={(i) => `${i.namespace}/${i.repository}@${i.digest} ${i.type} ${i.version} ${i.layer}`} /></div>
            {shown.length > mostRows && <p className="small quiet">The first {count(mostRows)} of {count(shown.length)}. Choose a version to see fewer.</p>}
            <MoreRows list={list} what="image" />
          </div>
        )}
    </Page>
  );
}

/** The most rows that are drawn. */
const mostRows = 500;

const columns: Column<PackageImage>[] = [
  { name: "Image", cell: (i) => <ImageLink of={i} query={`?${new URLSearchParams({ tab: "software", q: i.package })}`} /> },
  { name: "Version", cell: (i) => <span className="wrap">{i.version || <span className="quiet">none stated</span>}</span> },
  { name: "Type", cell: (i) => i.type },
  { name: "Ecosystem", cell: (i) => i.ecosystem },
  { name: "Layer", right: true, cell: (i) => count(i.layer) },
];

const collator = new Intl.Collator("en", { numeric: true });

/** versionsOf counts images by version. */
export function versionsOf(images: PackageImage[]): { version: string; images: number }[] {
  const byVersion = new Map<string, Set<string>>();
  for (const i of images) byVersion.set(i.version, (byVersion.get(i.version) ?? new Set()).add(`${i.namespace}/${i.repository}@${i.digest}`));
  return [...byVersion].map(([version, set]) => ({ version, images: set.size })).sort((a, b) => collator.compare(b.version, a.version));
}
