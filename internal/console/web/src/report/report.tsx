import { Button, Menu, NativeSelect } from "@mantine/core";
import { type ReactNode, useEffect, useMemo, useRef } from "react";
import { Link, useLocation, useSearch } from "wouter";
import { image as imagePath, send } from "../api/client";
import { type ReportKey, useArtifact, useOverview } from "../api/queries";
import type { Artifact, Format, Overview } from "../api/types";
import { useRefusal } from "../session/rights";
import { ScanStatus } from "../images/status";
import { scannable, underWay, useScan } from "../images/scan";
import { ago, count, date, exactTime, plural, shortDigest, size } from "../text/format";
import { judge } from "../text/verdict";
import { link, name } from "../url/image";
import { CopyButton } from "../ui/copy";
import { SeverityBar, Tag, tone } from "../ui/marks";
import { notify, notifyFailure } from "../ui/notices";
import { Page } from "../ui/page";
import { save } from "../ui/save";
import { Empty, ErrorState, Loading, sentence } from "../ui/states";
import { useNow } from "../ui/time";
import { BaseSection } from "./base";
import { ConfigurationSection } from "./configuration";
import { DecisionsSection } from "./decisions";
import { FilesSection } from "./files";
import { FindingsSection } from "./findings";
import { HistorySection } from "./history";
import { LayersSection } from "./layers";
import { hasMembers, Members } from "./members";
import { SettingsChecks } from "./checks";
import { firstSection, inCategory, lookedFor, type Section, sections } from "./sections";
import { SoftwareSection } from "./software";

interface Props {
  namespace: string;
  repository: string;
  reference: string;
}

/** ReportPage is the report of one image, whatever state its scans are in. */
export default function ReportPage(ref: Props) {
  const { namespace, repository, reference } = ref;
  const artifact = useArtifact(namespace, repository, reference);
  const a = artifact.data;
  const scan = useScan(namespace, repository);
  const refused = useRefusal("scan", namespace);
  const of: ReportKey = { namespace, repository, digest: a?.digest ?? "", stamp: a && stampOf(a) };
  const report = useOverview(of);
  const title = name(ref);
  useDoneNotice(a, title);
  const crumbs = [
    { text: "Repositories", href: "/repositories" },
    { text: namespace, href: link({ namespace }) },
    { text: repository, href: link({ namespace, repository }) },
  ];
  const ask = () => scan.mutate(a!.digest, { onError: notifyFailure });
  const actions = a && (
    <>
      {scannable(a) && <Button variant={a.scanOverview ? "default" : "filled"} disabled={underWay(a) || refused !== undefined} title={refused} loading={scan.isPending} onClick={ask}>{a.scanOverview ? "Scan again" : "Scan"}</Button>}
      {report.data && <Button component={Link} variant="default" href={`/difference${link(ref).slice("/repositories".length)}`}>Difference</Button>}
      {report.data && <ExportMenu {...ref} digest={a.digest} />}
    </>
  );
  return (
    <Page title={title} crumbs={crumbs} actions={actions}
      lead={a && <span className="row small"><span className="mono wrap">{shortDigest(a.digest)}</span><CopyButton text={a.digest} what="the digest" />{a.tags.length > 1 && <span>also tagged {a.tags.filter((t) => t !== reference).slice(0, 8).join(", ")}</span>}</span>}>
      {artifact.error && !a ? <div className="card"><ErrorState error={artifact.error} retry={() => void artifact.refetch()} /></div>
        : !a ? <div className="card"><Loading rows={10} /></div>
        : <div className="stackv">
            <VerdictBanner artifact={a} namespace={namespace} />
            {hasMembers(a) && <Members artifact={a} />}
            {report.data ? <Body artifact={a} overview={report.data} of={of} reference={reference} />
              : !(a.kind === "index" && hasMembers(a)) && <div className="card"><WithoutReport artifact={a} error={report.error} retry={() => void report.refetch()} ask={ask} refused={refused} /></div>}
          </div>}
    </Page>
  );
}

/** Another stamp means another report: see useReport. */
function stampOf(a: Artifact): string | undefined {
  const s = a.scanOverview;
  if (!s || a.kind === "index") return undefined; // an index has no report of its own
  const decided = `${s.findings?.ignored ?? 0}/${s.findings?.whitelisted ?? 0}`;
  return s.state === "Success" ? `${s.id} ${decided}` : `before ${s.id}`;
}

/** Says when a scan that was under way on this page is done: the report is another then. */
function useDoneNotice(a: Artifact | undefined, title: string) {
  const before = useRef<Artifact>(undefined);
  useEffect(() => {
    const was = before.current;
    before.current = a;
    if (!a || !was || !underWay(was) || underWay(a) || was.digest !== a.digest) return;
    if (a.scanOverview?.state === "Success") notify(a.kind === "index" ? `The images of ${title} were scanned.` : `${title} was scanned. This is the new report.`);
    else notify(`The scan of ${title} failed. ${sentence(a.scanOverview?.detail ?? "")} ${sentence(a.scanOverview?.advice ?? "")}`, "bad");
  }, [a, title]);
}

/** Whether the image can be pulled, why, and what to do about it. */
function VerdictBanner({ artifact: a, namespace }: { artifact: Artifact; namespace: string }) {
  const j = judge(a.verdict);
  const now = useNow();
  return (
    <div className="banner" style={tone(j.tone)} role="status">
      <div className="row">
        <strong>{j.word}: {j.reason}.</strong>
        {a.verdict.changesAt && <span className="small" title={exactTime(a.verdict.changesAt)}>That changes by itself {ago(a.verdict.changesAt, now)}.</span>}
        {underWay(a) && <span style={{ marginLeft: "auto" }}><ScanStatus of={a} /></span>}
      </div>
      {a.verdict.message && a.verdict.decision !== "allow" && (
        <details className="small">
          <summary>What who pulls it is told</summary>
          <p className="wrap" style={{ marginTop: "0.4rem" }}>{a.verdict.message}</p>
        </details>
      )}
      {a.verdict.reason === "blocking-off" && <div className="small"><Link href={`/namespaces/${namespace}`}>Switch blocking on</Link> to have it judged by what was found.</div>}
      {a.scanOverview?.state === "Error" && <div className="small">The latest scan failed. {sentence(a.scanOverview.detail ?? "")} {sentence(a.scanOverview.advice ?? "")}</div>}
    </div>
  );
}

function WithoutReport({ artifact: a, error, retry, ask, refused }: { artifact: Artifact; error: unknown; retry(): void; ask(): void; refused: string | undefined }) {
  const notScanned = error instanceof Error && "code" in error && error.code === "not_scanned";
  if (error && !notScanned) return <ErrorState error={error} retry={retry} />;
  if (underWay(a)) return <Empty title="This image is being scanned"><ScanStatus of={a} /> The report opens here when it is done.</Empty>;
  if (a.scanOverview?.state === "Error") return <Empty title="No scan of this image has succeeded" action={<Button disabled={refused !== undefined} onClick={ask}>Scan again</Button>}>{sentence(a.scanOverview.detail ?? "")} {sentence(a.scanOverview.advice ?? "")}</Empty>;
  if (!scannable(a)) return <Empty title="This is not scanned">{sentence(a.notScanned!.reason)} {sentence(a.notScanned!.advice)}</Empty>;
  if (a.scanOverview) return <Loading rows={10} />;
  return <Empty title="This image has not been scanned" action={<Button disabled={refused !== undefined} onClick={ask}>Scan</Button>}>{refused ?? "The report opens here when the scan is done."}</Empty>;
}

interface Parts {
  artifact: Artifact;
  overview: Overview;
  of: ReportKey;
  reference: string;
}

/** The report itself: what it comes to, and its sections. */
function Body(parts: Parts) {
  const { overview } = parts;
  const search = useSearch();
  const [path, navigate] = useLocation();
  const wanted = new URLSearchParams(search).get("tab");
  const section = sections.find((s) => s.key === wanted) ?? firstSection(overview);
  const counts = useMemo(() => tally(overview), [overview]);
  const href = (s: Section) => `${path}?tab=${s.key}`;
  return (
    <>
      <Summary {...parts} />
      <div className="report">
        <nav className="card sections" aria-label="Parts of the report">
          {sections.map((s) => [
            s.group && <hr key={s.key + " line"} />,
            <Link key={s.key} href={href(s)} aria-current={s.key === section.key ? "page" : undefined}>
              {s.name}
              {counts[s.key] !== undefined && <span className="number">{count(counts[s.key]!)}</span>}
            </Link>,
          ])}
        </nav>
        <NativeSelect className="sections-narrow" label="Part of the report" value={section.key} onChange={(e) => navigate(`${path}?tab=${e.currentTarget.value}`)}
          data={sections.map((s) => ({ value: s.key, label: counts[s.key] === undefined ? s.name : `${s.name} (${count(counts[s.key]!)})` }))} />
        <section aria-label={section.name}>
          <SectionContent key={section.key} section={section} {...parts} />
        </section>
      </div>
    </>
  );
}

/** How much there is in each section. */
function tally(o: Overview): Record<string, number> {
  const counts: Record<string, number> = { software: o.packages, layers: o.image.layers.length };
  for (const s of sections) if (s.category && lookedFor(o, s)) counts[s.key] = inCategory(o, s.category);
  return counts;
}

function SectionContent({ section, overview, of, reference }: Parts & { section: Section }) {
  const place = { namespace: of.namespace, repository: of.repository, digest: of.digest, reference };
  if (!lookedFor(overview, section)) return <div className="card"><Empty title="This scan did not look for that">It was asked to look for other things only. Scan again to look for everything.</Empty></div>;
  const findings = <FindingsSection section={section} overview={overview} of={of} place={place} />;
  switch (section.key) {
    case "software":
      return <SoftwareSection of={of} />;
    case "files":
      return <FilesSection of={of} />;
    case "layers":
      return <LayersSection overview={overview} of={of} />;
    case "configuration":
      return <ConfigurationSection overview={overview} />;
    case "decisions":
      return <DecisionsSection {...place} />;
    case "history":
      return <HistorySection {...place} />;
    case "base":
      return <><BaseSection overview={overview} />{findings}</>;
    case "settings":
      return <>{findings}<SettingsChecks overview={overview} /></>;
    default:
      return findings;
  }
}

/** What the report comes to, at a glance. */
function Summary({ artifact: a, overview: r }: Parts) {
  const { summary } = r;
  const aside = (summary.ignored ?? 0) + (summary.findings.ignored ?? 0);
  const gone = (summary.whitelisted ?? 0) + (summary.findings.whitelisted ?? 0);
  return (
    <div className="card pad stackv">
      <dl className="facts">
        <div>
          <dt>Vulnerabilities</dt>
          <dd><b className="number">{count(summary.total)}</b>{summary.total > 0 && <span className="quiet">, {count(summary.fixable)} with a fix</span>}<SeverityBar counts={summary.bySeverity} /></dd>
        </div>
        <div>
          <dt>Other findings</dt>
          <dd><b className="number">{count(summary.findings.total)}</b><SeverityBar counts={summary.findings.bySeverity} what="finding" many="findings" /></dd>
        </div>
        <Fact name="System">{r.os.name ?? "not recognised"}</Fact>
        <Fact name="Platform">{r.image.platform ?? "not stated"}</Fact>
        <Fact name="Size">{size(a.size)} in {plural(r.image.layers.length, "layer")}</Fact>
        <Fact name="Built">{r.image.created ? date(r.image.created) : "not stated"}</Fact>
        <Fact name="Scanned"><span title={a.scanOverview?.endedAt && exactTime(a.scanOverview.endedAt)}>{a.scanOverview?.endedAt ? date(a.scanOverview.endedAt) : "earlier"}</span></Fact>
        <Fact name="Advisories of">{r.advisories.newest ? date(r.advisories.newest) : "not stated"}</Fact>
      </dl>
      {(aside > 0 || gone > 0) && (
        <div className="row small">
          {aside > 0 && <Tag tone="neutral">{plural(aside, "finding")} ignored</Tag>}
          {gone > 0 && <Tag tone="neutral">{plural(gone, "finding")} whitelisted, not listed here</Tag>}
          <Link href={`${window.location.pathname}?tab=decisions`}>See the decisions</Link>
        </div>
      )}
      {r.notes.length > 0 && (
        <details className="small">
          <summary>{plural(r.notes.length, "thing")} could not be looked at</summary>
          <ul>{r.notes.slice(0, 200).map((n, i) => <li key={i} className="wrap">{n.path ? <code>{n.path}</code> : null} {n.message}</li>)}</ul>
        </details>
      )}
    </div>
  );
}

function Fact({ name: what, children }: { name: string; children: ReactNode }) {
  return <div><dt>{what}</dt><dd>{children}</dd></div>;
}

const formats: { format: Format; name: string; extension: string }[] = [
  { format: "html", name: "Page (HTML)", extension: "html" },
  { format: "csv", name: "Spreadsheet (CSV)", extension: "csv" },
  { format: "json", name: "JSON", extension: "json" },
  { format: "sarif", name: "SARIF", extension: "sarif" },
  { format: "cyclonedx", name: "CycloneDX", extension: "cdx.json" },
  { format: "spdx", name: "SPDX", extension: "spdx.json" },
  { format: "table", name: "Text", extension: "txt" },
];

function ExportMenu({ namespace, repository, reference, digest }: Props & { digest: string }) {
  const fetchReport = async (format: Format, extension: string) => {
    try {
      const answer = await send(imagePath(namespace, repository, digest) + "/report", { query: { format }, headers: { Accept: "*/*" } });
      save(await answer.blob(), `${namespace}-${repository.replaceAll("/", "-")}-${reference.replace(":", "-")}.${extension}`);
    } catch (error) {
      notifyFailure(error);
    }
  };
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target><Button variant="default">Export</Button></Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>The whole report</Menu.Label>
        {formats.map((f) => <Menu.Item key={f.format} onClick={() => void fetchReport(f.format, f.extension)}>{f.name}</Menu.Item>)}
      </Menu.Dropdown>
    </Menu>
  );
}
