import { Button, NativeSelect, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useLocation } from "wouter";
import type { PackageImage } from "../api/types";
import { count, plural } from "../text/format";
import { useUrlState } from "../url/state";
import { MoreRows, useAllPages } from "../ui/more";
import { Page } from "../ui/page";
import { Empty, ErrorState, Loading } from "../ui/states";
import { type Column, DataTable } from "../ui/table";
import { packageLink, risksRoot } from "./links";
import { useImagesOfPackage } from "./queries";
import { ImageLink } from "./vulnerability";

/** The purl types of packages that scans find. */
const types = ["deb", "rpm", "apk", "alpm", "npm", "pypi", "maven", "golang", "nuget", "gem", "composer", "cargo", "generic"];

/** PackagesTab asks which package is looked for. */
export function PackagesTab() {
  const [, navigate] = useLocation();
  const [name, setName] = useState("");
  const [type, setType] = useState("");
  const submit = (e: FormEvent) => {
    e.preventDefault();
    if (name.trim() !== "") navigate(packageLink(name.trim(), type));
  };
  return (
    <>
      <h2 className="hidden">Packages</h2>
      <form className="card pad stackv" onSubmit={submit}>
        <p className="quiet">Which images hold a package, and in which versions, whether or not a vulnerability of it is known.</p>
        <div className="tools-row" style={{ marginBottom: 0 }}>
          <TextInput className="grow" label="Name" placeholder="openssl" required withAsterisk={false} maxLength={256} autoCapitalize="none" spellCheck={false} value={name} onChange={(e) => setName(e.currentTarget.value)} />
          <NativeSelect label="Type" value={type} onChange={(e) => setType(e.currentTarget.value)} data={[{ value: "", label: "any" }, ...types]} />
          <Button type="submit">Find</Button>
        </div>
      </form>
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
