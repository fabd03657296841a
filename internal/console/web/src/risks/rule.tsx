import { useSearch } from "wouter";
import type { FoundImage } from "../api/types";
import { count } from "../text/format";
import { SeverityMark } from "../ui/marks";
import { MoreRows, useAllPages } from "../ui/more";
import { Page } from "../ui/page";
import { Empty, ErrorState, Loading } from "../ui/states";
import { type Column, DataTable } from "../ui/table";
import { categories } from "./categories";
import { risksRoot } from "./links";
import { useImagesOfRule } from "./queries";
import { ImageLink } from "./vulnerability";

/** RulePage is in which images a rule found something. */
export function RulePage() {
  const query = new URLSearchParams(useSearch());
  const rule = query.get("rule") ?? "";
  const category = categories.find((c) => c.category === query.get("category"));
  if (!category || rule === "") {
    return <Page title="Not found" crumbs={[{ text: "Risks", href: risksRoot }]}><div className="card"><Empty title="There is no such rule">Open it from the list of its category.</Empty></div></Page>;
  }
  return <Images key={category.category + rule} category={category} rule={rule} />;
}

function Images({ category, rule }: { category: (typeof categories)[number]; rule: string }) {
  const list = useAllPages(useImagesOfRule(category.category, rule), false);
  const columns: Column<FoundImage>[] = [
    { name: "Image", cell: (i) => <ImageLink of={i} query={`?${new URLSearchParams({ tab: category.tab, q: rule })}`} /> },
    { name: "Finding", cell: (i) => <span className="wrap">{i.title}</span> },
    { name: "Severity", cell: (i) => <SeverityMark severity={i.severity} /> },
    { name: "Findings", right: true, cell: (i) => count(i.findings) },
  ];
  const title = list.items[0]?.title ?? rule;
  return (
    <Page title={title} crumbs={[{ text: "Risks", href: risksRoot }, { text: category.name, href: `${risksRoot}/${category.key}` }]}
      lead={<>Rule <code>{rule}</code>. Each image's report tells where exactly, and what to do.</>}>
      <div className="card">
        {list.error ? <ErrorState error={list.error} retry={list.retry} />
          : list.loading ? <Loading rows={6} />
          : list.items.length === 0 ? <Empty title="No image has it">It may have been fixed, or the images were deleted.</Empty>
          : <DataTable label="Images" columns={columns} rows={list.items} rowKey={(i) => `${i.namespace}/${i.repository}@${i.digest}`} />}
      </div>
      <MoreRows list={list} what="image" />
    </Page>
  );
}
