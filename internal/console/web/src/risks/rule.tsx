import { Link, useSearch } from "wouter";
import type { FoundImage, RiskRule } from "../api/types";
import { count, shortDigest, webAddress } from "../text/format";
import { link } from "../url/image";
import { SeverityMark } from "../ui/marks";
import { MoreRows, useAllPages } from "../ui/more";
import { Page } from "../ui/page";
import { Prose } from "../ui/prose";
import { Empty, ErrorState, Loading } from "../ui/states";
import { type Column, DataTable } from "../ui/table";
import { categories } from "./categories";
import { risksRoot } from "./links";
import { useImagesOfRule, useRiskRule } from "./queries";
import { ImageLink, References } from "./vulnerability";

/** RulePage is what a rule is about, and in which images it found something. */
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
  const query = useRiskRule(category.category, rule);
  const about = query.data;
  return (
    <Page title={about?.title ?? list.items[0]?.title ?? rule} crumbs={[{ text: "Risks", href: risksRoot }, { text: category.name, href: `${risksRoot}/${category.key}` }]}
      lead={<span className="row">{about && <SeverityMark severity={about.severity} />}<span>Rule <code className="wrap">{rule}</code></span></span>}>
      <div className="stackv">
        {!(query.error && list.items.length === 0 && !list.loading) && (
          <div className="card pad">
            {query.error && !about ? <ErrorState error={query.error} retry={() => void query.refetch()} /> : about ? <About rule={about} tab={category.tab} /> : <Loading rows={4} />}
          </div>
        )}
        <section aria-labelledby="images" className="card">
          <h2 id="images" className="cardhead">Images that have it</h2>
          {list.error ? <ErrorState error={list.error} retry={list.retry} />
            : list.loading ? <Loading rows={6} />
            : list.items.length === 0 ? <Empty title="No image has it">It may have been fixed, or the images were deleted.</Empty>
            : <DataTable label="Images" columns={columns} rows={list.items} rowKey={(i) => `${i.namespace}/${i.repository}@${i.digest}`} />}
          <div className="padx"><MoreRows list={list} what="image" /></div>
        </section>
      </div>
    </Page>
  );
}

/** What a rule is about and what to do, in the words of a report. */
function About({ rule, tab }: { rule: RiskRule; tab: string }) {
  const image = rule.image;
  const reference = image.tags[0] ?? image.digest;
  const references = rule.references.filter((r) => webAddress(r));
  return (
    <div className="details">
      <div className="full"><h2 className="minor">What to do</h2><Prose text={rule.solution.slice(0, 8000)} /></div>
      <div>
        <h2 className="minor">What it is</h2>
        {rule.details ? <Prose text={rule.details.slice(0, 8000)} /> : <p className="quiet">The rule says no more than its title.</p>}
      </div>
      {references.length > 0 && <div><h2 className="minor">References</h2><References of={references.slice(0, 12)} /></div>}
      <p className="full small quiet text-links">In the words of the report of <Link className="wrap" href={link({ namespace: image.namespace, repository: image.repository, reference }) + `?${new URLSearchParams({ tab, q: rule.rule })}`}>{image.namespace}/{image.repository}{image.tags[0] ? `:${image.tags[0]}` : `@${shortDigest(image.digest)}`}</Link>. Each image's own tells where exactly.</p>
    </div>
  );
}
