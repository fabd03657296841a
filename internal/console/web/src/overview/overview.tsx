import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useCallback } from "react";
import { Link } from "wouter";
import type { Dashboard, Event, ExposedRepository, Standing } from "../api/types";
import { Columns } from "../charts/columns";
import { Shares } from "../charts/shares";
import { useRefresh } from "../events/refresh";
import { useEvents } from "../events/live";
import { isEcosystem } from "../text/advisories";
import { count, plural, shortDigest } from "../text/format";
import { link } from "../url/image";
import { Meter, SeverityBar, Tag } from "../ui/marks";
import { Page } from "../ui/page";
import { Empty, ErrorState, Loading } from "../ui/states";
import { DataTable } from "../ui/table";
import { Ago, useNow } from "../ui/time";
import { NewsCard } from "./news-card";
import { type ActiveScans, overviewKeys, useAdvisories, useDashboard, useScans } from "./queries";
import "../ui/parts.css";
import "./overview.css";

const ends = new Set(["scan.done", "scan.failed", "verdict.changed", "pull.blocked", "vulnerability.new"]);

/** Overview is how all images stand, and what goes on. */
export default function Overview() {
  const dashboard = useDashboard();
  useRefresh(overviewKeys.dashboard, useCallback((e: Event) => ends.has(e.kind), []));
  const d = dashboard.data;
  return (
    <Page title="Overview" actions={<Button component={Link} href="/welcome" variant="default">How to push</Button>}>
      {dashboard.error && !d ? <div className="card"><ErrorState error={dashboard.error} retry={() => void dashboard.refetch()} /></div> : (
        <div className="overview">
          <Figures dashboard={d} />
          <section className="card pad span2" aria-labelledby="images-now">
            <h2 id="images-now">Images now</h2>
            {d ? <div className="two">{sharesOf(d)}</div> : <Loading rows={6} height={36} />}
          </section>
          <ScansCard />
          <section className="card pad span2" aria-labelledby="trend">
            <h2 id="trend">Images by their worst vulnerability</h2>
            <p className="small quiet gap">The last 30 days, as they stood at the end of each.</p>
            {d ? <Trend dashboard={d} /> : <div className="room" />}
          </section>
          <NewsCard />
          <section className="card span2" aria-labelledby="exposed">
            <h2 id="exposed" className="cardhead">Most exposed repositories</h2>
            {d ? <Exposed items={d.exposed} /> : <Loading rows={6} />}
          </section>
          <section className="card pad last" aria-labelledby="refused">
            <h2 id="refused">Refused pulls</h2>
            <p className="small quiet gap">Each day of the last 30.</p>
            {d ? <Columns label="Refused pulls" days={d.days.map((x) => x.day)} height={160} series={[{ name: "refused", tone: "bad", values: d.days.map((x) => x.refused) }]} /> : <div className="room" />}
          </section>
        </div>
      )}
    </Page>
  );
}

/** The figures that are looked for first. */
function Figures({ dashboard: d }: { dashboard: Dashboard | undefined }) {
  const refused = d?.days.reduce((n, x) => n + x.refused, 0) ?? 0;
  const pulls = d?.days.reduce((n, x) => n + x.pulls, 0) ?? 0;
  return (
    <dl className="figures">
      <Figure name="Images" href="/repositories" value={d && count(d.standing.images)} note={d && `${count(d.standing.reported)} with a report`} />
      <Figure name="Blocked images" href="/repositories" value={d && count(d.standing.blocked)} note="cannot be pulled for what was found" />
      <Figure name="Refused pulls" href="/administration/events?kind=pull.blocked" value={d && count(refused)} note={d && `of ${count(pulls + refused)} in 30 days`} />
      <AdvisoryFigure />
    </dl>
  );
}

function Figure({ name, value, note, href, mark }: { name: string; value: ReactNode; note: ReactNode; href: string; mark?: ReactNode }) {
  return (
    <div className="card figure">
      <dt><Link href={href}>{name}</Link>{mark}</dt>
      <dd className="value number">{value ?? " "}</dd>
      <dd className="small quiet">{note ?? " "}</dd>
    </div>
  );
}

/** Advisories that were not fetched for longer are called old. */
const oldAfter = 3 * 86_400_000;

function AdvisoryFigure() {
  const query = useAdvisories();
  const now = useNow();
  const a = query.data;
  const ecosystems = a?.items.filter((i) => isEcosystem(i.ecosystem)) ?? [];
  const newest = ecosystems.flatMap((i) => i.newest ?? []).sort().at(-1);
  const old = newest !== undefined && now - Date.parse(newest) > oldAfter;
  const mark = a?.fetch.running ? <Tag tone="wait">being fetched</Tag> : a?.fetch.error ? <Tag tone="bad">fetching failed</Tag> : old ? <Tag tone="wait">old</Tag> : undefined;
  return (
    <Figure name="Latest advisory" href="/administration/advisories" mark={mark}
      value={query.error && !a ? "unknown" : !a ? undefined : newest ? <Ago at={newest} /> : "none"}
      note={query.error && !a ? "The server did not say." : a && (ecosystems.length === 0 ? "Scans wait until there are some." : `${count(ecosystems.reduce((n, i) => n + i.records, 0))} in ${plural(ecosystems.length, "ecosystem")}`)} />
  );
}

/** How images stand now: by verdict, and by their worst vulnerability. */
function sharesOf({ standing: s }: Dashboard): ReactNode {
  return (
    <>
      <Shares label="By verdict" parts={[
        { name: "Blocked", value: s.blocked, tone: "bad" },
        { name: "Not blocked", value: s.reported - s.blocked, tone: "good" },
        { name: "No report yet", value: s.images - s.reported, tone: "unknown" },
      ]} />
      <Shares label="By worst vulnerability" parts={[
        { name: "Critical", value: s.worst.critical, tone: "critical" },
        { name: "High", value: s.worst.high, tone: "high" },
        { name: "Medium", value: s.worst.medium, tone: "medium" },
        { name: "Low", value: s.worst.low, tone: "low" },
        { name: "Negligible or unknown", value: s.worst.rest, tone: "negligible" },
        { name: "None", value: s.clean, tone: "good" },
      ]} />
    </>
  );
}

function Trend({ dashboard: d }: { dashboard: Dashboard }) {
  const days = d.days.map((x) => x.day);
  // The server counts every hour; today is as it is now.
  const standings = d.days.map((x, i) => (i === d.days.length - 1 ? d.standing : x.standing));
  const of = (f: (s: Standing) => number) => standings.map((s) => s && f(s));
  return (
    <Columns label="Images by their worst vulnerability" days={days} height={230} series={[
      { name: "critical", tone: "critical", values: of((s) => s.worst.critical) },
      { name: "high", tone: "high", values: of((s) => s.worst.high) },
      { name: "medium", tone: "medium", values: of((s) => s.worst.medium) },
      { name: "low", tone: "low", values: of((s) => s.worst.low) },
      { name: "lower", tone: "negligible", values: of((s) => s.worst.rest) },
      { name: "with none", tone: "good", values: of((s) => s.clean) },
    ]} />
  );
}

/** How many scans are shown by name. */
const shownScans = 6;

/** What is being scanned and what waits, as it goes on. */
function ScansCard() {
  const scans = useScans();
  const client = useQueryClient();
  useRefresh(overviewKeys.scans, useCallback((e: Event) => e.kind.startsWith("scan.") && e.kind !== "scan.progress", []));
  useEvents((e) => {
    if (e.kind !== "scan.progress") return;
    client.setQueryData<ActiveScans>(overviewKeys.scans, (old) => old && {
      ...old,
      items: old.items.map((i) => (i.scan.id === e.scan ? { ...i, scan: { ...i.scan, state: "Running", percent: Math.max(i.scan.percent, e.percent ?? 0) } } : i)),
    });
  });
  const s = scans.data;
  return (
    <section className="card pad" aria-labelledby="scans">
      <div className="row between"><h2 id="scans">Scans</h2>{s && <span className="small quiet number">{count(s.running)} running, {count(s.waiting)} waiting</span>}</div>
      {scans.error && !s ? <ErrorState error={scans.error} retry={() => void scans.refetch()} />
        : !s ? <Loading rows={4} />
        : s.items.length === 0 ? <p className="quiet nothing text-links">Nothing is being scanned. Images are scanned when they are pushed, from their row in <Link href="/repositories">the repositories</Link>, or many at once as <Link href="/administration/batches">a batch</Link>.</p>
        : (
          <ul className="plainlist">
            {s.items.slice(0, shownScans).map((i) => (
              <li key={i.scan.id}>
                <div className="row between">
                  <Link className="wrap" href={link({ namespace: i.namespace, repository: i.repository, reference: i.tags[0] ?? i.digest })}>{i.namespace}/{i.repository}{i.tags[0] ? `:${i.tags[0]}` : `@${shortDigest(i.digest)}`}</Link>
                  <span className="small quiet number nowrap">{i.scan.state === "Running" ? `${i.scan.percent} %` : "waits"}</span>
                </div>
                <Meter share={i.scan.state === "Running" ? i.scan.percent / 100 : 0} />
              </li>
            ))}
            {s.running + s.waiting > shownScans && <li className="small quiet">and {count(s.running + s.waiting - Math.min(shownScans, s.items.length))} more</li>}
          </ul>
        )}
    </section>
  );
}

function Exposed({ items }: { items: ExposedRepository[] }) {
  if (items.length === 0) return <Empty title="No repository has a known vulnerability">That is told of the latest image of each, once it was scanned.</Empty>;
  const decisions = { block: <Tag tone="bad">Blocked</Tag>, allow: <Tag tone="good">Allowed</Tag>, unknown: <Tag tone="wait">Not yet</Tag> };
  return (
    <DataTable label="Most exposed repositories" rows={items} rowKey={(r) => `${r.namespace}/${r.repository}`} columns={[
      { name: "Repository", cell: (r) => <Link className="wrap" href={link({ namespace: r.namespace, repository: r.repository })}>{r.namespace}/{r.repository}</Link> },
      { name: "Image", cell: (r) => <Link className="wrap" href={link({ namespace: r.namespace, repository: r.repository, reference: r.tags[0] ?? r.digest })}>{r.tags[0] ?? shortDigest(r.digest)}</Link> },
      { name: "Vulnerabilities", width: "14rem", cell: ({ vulnerabilities: { rest, ...v } }) => <SeverityBar counts={{ ...v, negligible: rest }} /> },
      { name: "Verdict", cell: (r) => decisions[r.decision] },
    ]} />
  );
}
