import { ActionIcon, Button, Menu, NativeSelect, TextInput } from "@mantine/core";
import { useEffect, useMemo, useState } from "react";
import { call, image } from "../api/client";
import { type ListQuery, type ReportKey, useFindings, useVulnerabilities } from "../api/queries";
import type { Finding, Overview, Part, Vulnerability } from "../api/types";
import { date, exactTime, percentage, webAddress } from "../text/format";
import { severities } from "../text/severity";
import { useUrlState } from "../url/state";
import { CopyButton } from "../ui/copy";
import { IconChevron, IconMore, IconSearch } from "../ui/icons";
import { SeverityMark, Tag } from "../ui/marks";
import { notifyFailure } from "../ui/notices";
import { Pager } from "../ui/pager";
import { Prose } from "../ui/prose";
import { save } from "../ui/save";
import { Empty, ErrorState, Loading } from "../ui/states";
import { type Column, DataTable } from "../ui/table";
import { HandlingDialog, type Place, useRemoveException } from "./handling";
import { defaults, isVulnerability, narrowed, pageOf, questionOf, type Selection } from "./query";
import { useRefusal } from "../session/rights";
import { csv, findingRow, placeOf, type Row, vulnerabilityRow } from "./rows";
import type { Section } from "./sections";

/** FindingsSection lists what was found in one category, page by page as the server has it. */
export function FindingsSection({ section, overview, of, place }: { section: Section; overview: Overview; of: ReportKey; place: Place }) {
  const [state, change] = useUrlState(defaults);
  const [handling, setHandling] = useState<{ row: Row; action: "ignore" | "whitelist" }>();
  const remove = useRemoveException(place);
  const refused = useRefusal("handle", place.namespace);
  const category = section.category!;
  const vulnerabilities = isVulnerability(category);
  const question = questionOf(useSettled(state), category);
  const list = useRows(of, question);
  const layers = overview.layers.filter((l) => l.total > 0).map((l) => l.layer);
  const known = overview.summary;
  const decided = (known.ignored ?? 0) + (known.findings.ignored ?? 0) > 0;
  // Another selection begins at its first page.
  const narrow = (c: Partial<Selection>) => change({ ...c, page: "1", open: "", tab: section.key });
  const toggle = (row: Row) => change({ open: state.open === row.id ? "" : row.id, tab: section.key });
  const columns = columnsOf(vulnerabilities, state.open, toggle, (row, action) => setHandling({ row, action }), remove, refused);

  return (
    <>
      <h2 className="hidden">{section.name}</h2>
      {refused && <p className="small quiet">{refused}</p>}
      <div className="tools-row">
        <TextInput className="grow" label="Search" placeholder={vulnerabilities ? "CVE, package, path" : "title, rule, path"} maxLength={256} leftSection={<IconSearch />} value={state.q} onChange={(e) => narrow({ q: e.currentTarget.value })} />
        <NativeSelect label="Severity" value={state.severity} onChange={(e) => narrow({ severity: e.currentTarget.value })}
          data={[{ value: "", label: "any" }, ...severities.filter((s) => s !== "unknown").map((s) => ({ value: s, label: s === "critical" ? "critical" : `${s} and above` }))]} />
        {vulnerabilities && <NativeSelect label="Fix" value={state.fixable} onChange={(e) => narrow({ fixable: e.currentTarget.value })} data={[{ value: "", label: "any" }, { value: "yes", label: "has a fix" }]} />}
        {overview.base && <NativeSelect label="From" value={state.origin} onChange={(e) => narrow({ origin: e.currentTarget.value })} data={[{ value: "", label: "anywhere" }, { value: "base", label: "the base image" }, { value: "own", label: "own layers" }]} />}
        {(layers.length > 1 || state.layer !== "") && <NativeSelect label="Layer" value={state.layer} onChange={(e) => narrow({ layer: e.currentTarget.value })} data={[{ value: "", label: "any" }, ...layers.map((l) => ({ value: String(l), label: l < 0 ? "configuration" : String(l) }))]} />}
        {(decided || state.handled !== "") && <NativeSelect label="Decided" value={state.handled} onChange={(e) => narrow({ handled: e.currentTarget.value })} data={[{ value: "", label: "all" }, { value: "open", label: "not ignored" }, { value: "ignored", label: "ignored" }]} />}
      </div>
      <div className="card" aria-busy={list.busy}>
        {list.error ? <ErrorState error={list.error} retry={list.retry} />
          : !list.rows ? <Loading rows={8} />
          : list.rows.length > 0 ? (
            <DataTable label={section.name} columns={columns} rows={list.rows} rowKey={(r) => `${r.id} ${r.layers.join()}`} sort={state.sort} onSort={(sort) => narrow({ sort: sort.replace("-", "") })} oneWay
              rowClass={(r) => (r.handling ? "set" : "")} below={(r) => (state.open === r.id ? <Details row={r} overview={overview} /> : null)} />
          ) : narrowed(state) || list.total > 0 ? (
            <Empty title="Nothing fits this selection" action={<Button variant="default" onClick={() => change({ ...defaults, tab: section.key })}>Show all</Button>} />
          ) : (
            <Empty title="Nothing was found">{nothing[section.key] ?? "The scan looked for it."}</Empty>
          )}
      </div>
      <Pager total={list.total} page={pageOf(state.page)} shown={list.rows?.length ?? 0} what={narrowed(state) ? "selected" : "findings"} onPage={(p) => change({ page: String(p), open: "", tab: section.key })}>
        {list.total > 0 && <SaveButton of={of} question={question} name={section.key} />}
      </Pager>
      {handling && <HandlingDialog {...handling} place={place} onClose={() => setHandling(undefined)} />}
    </>
  );
}

/** How long the reader must rest from typing before the server is asked. */
const rest = 200;

/** useSettled is the selection without what is just being typed. */
function useSettled(s: Selection): Selection {
  const [q, setQ] = useState(s.q);
  useEffect(() => {
    const timer = setTimeout(() => setQ(s.q), rest);
    return () => clearTimeout(timer);
  }, [s.q]);
  return { ...s, q };
}

/** The rows of a page, from whichever list has them. */
function useRows(of: ReportKey, question: ListQuery) {
  const inPackages = isVulnerability(String(question.category));
  const vulnerabilities = useVulnerabilities(of, question, inPackages);
  const findings = useFindings(of, question, !inPackages);
  const query = inPackages ? vulnerabilities : findings;
  const rows = useMemo(() => (inPackages ? vulnerabilities.data?.items.map(vulnerabilityRow) : findings.data?.items.map(findingRow)), [inPackages, vulnerabilities.data, findings.data]);
  return { rows, total: query.data?.total ?? 0, error: query.data ? undefined : query.error, busy: query.isPlaceholderData, retry: () => void query.refetch() };
}

/** Saves all that the selection shows, also what is on other pages. */
function SaveButton({ of, question, name }: { of: ReportKey; question: ListQuery; name: string }) {
  const [busy, setBusy] = useState(false);
  const store = async () => {
    setBusy(true);
    try {
      const rows = await allRows(of, question);
      save(new Blob([csv(rows)], { type: "text/csv" }), `${of.namespace}-${of.repository.replaceAll("/", "-")}-${name}.csv`);
    } catch (error) {
      notifyFailure(error);
    } finally {
      setBusy(false);
    }
  };
  return <Button variant="default" size="xs" loading={busy} onClick={() => void store()}>Save these as CSV</Button>;
}

/** As much as the server gives at a time. */
const most = 1_000;

async function allRows(of: ReportKey, question: ListQuery): Promise<Row[]> {
  const inPackages = isVulnerability(String(question.category));
  const target = image(of.namespace, of.repository, of.digest) + (inPackages ? "/vulnerabilities" : "/findings");
  const rows: Row[] = [];
  for (;;) {
    const part = await call<Part<Vulnerability & Finding>>(target, { query: { ...question, offset: rows.length, limit: most } });
    rows.push(...part.items.map(inPackages ? vulnerabilityRow : findingRow));
    if (part.items.length === 0 || rows.length >= part.total) return rows;
  }
}

function columnsOf(vulnerabilities: boolean, open: string, toggle: (r: Row) => void, handle: (r: Row, action: "ignore" | "whitelist") => void, remove: (id: number) => void, refused: string | undefined): Column<Row>[] {
  return [
    { name: "Severity", sort: "severity", width: "7.5rem", cell: (r) => <SeverityMark severity={r.severity} /> },
    {
      name: vulnerabilities ? "Vulnerability" : "Finding", sort: vulnerabilities ? "id" : "title", width: vulnerabilities ? "15rem" : "19rem",
      cell: (r) => (
        <div>
          <button type="button" className="expander" aria-expanded={open === r.id} onClick={() => toggle(r)}><IconChevron size={12} /><span className="name">{r.title}</span></button>
          <div className="row" style={{ gap: "0.3rem", paddingLeft: "1.15rem" }}>
            {r.vulnerability?.kev && <Tag tone="bad" title="Known to be exploited: CISA lists it">exploited</Tag>}
            {r.handling && <Tag tone="neutral" title={r.handling.reason}>ignored by {r.handling.author}</Tag>}
          </div>
        </div>
      ),
    },
    ...(vulnerabilities
      ? [
          { name: "Package", sort: "package", cell: (r: Row) => <span className="wrap">{r.vulnerability!.package} <span className="quiet">{r.vulnerability!.version}</span></span> },
          { name: "Fixed in", cell: (r: Row) => (r.fixed ? <span className="wrap">{r.fixed}</span> : <span className="quiet">{r.vulnerability!.fixState === "wont-fix" ? "will not be fixed" : "no fix yet"}</span>) },
          { name: "Likely", sort: "epss", right: true, width: "5rem", cell: (r: Row) => (r.vulnerability!.epss ? <span className="nowrap" title="Chance that it is exploited within 30 days (EPSS)">{percentage(r.vulnerability!.epss.score)}</span> : null) },
        ]
      : [{ name: "Where", sort: "path", cell: (r: Row) => <span className="wrap">{r.subject}{r.locations.length > 1 && <span className="quiet"> and {r.locations.length - 1} more</span>}</span> }]),
    { name: "Layer", width: "6.5rem", cell: (r) => <LayerOf row={r} /> },
    { name: "Action", hideName: true, right: true, width: "3rem", cell: (r) => <RowMenu row={r} refused={refused} onHandle={(action) => handle(r, action)} onRemove={() => r.handling && remove(r.handling.id)} /> },
  ];
}

const nothing: Record<string, string> = {
  system: "No package of the system has a vulnerability that is known today. New advisories are matched as they come.",
  application: "No library has a vulnerability that is known today. New advisories are matched as they come.",
  malware: "No file is known to do harm.",
  settings: "Every setting that was looked at is as it should be; the checks are listed below.",
  passwords: "No password could be guessed.",
  sensitive: "No secrets were found in files, environment, labels or build instructions.",
  compliance: "No software or licence is against the rules.",
  base: "Nothing is wrong with the base image as such.",
};

function LayerOf({ row }: { row: Row }) {
  const layer = row.layers[0];
  return (
    <span className="nowrap">
      {layer === undefined ? "" : layer < 0 ? "config" : row.layers.length > 1 ? `${layer} and ${row.layers.length - 1} more` : layer}
      {row.origin && <span className="quiet"> {row.origin}</span>}
    </span>
  );
}

function RowMenu({ row, refused, onHandle, onRemove }: { row: Row; refused: string | undefined; onHandle(action: "ignore" | "whitelist"): void; onRemove(): void }) {
  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target><ActionIcon variant="subtle" color="gray" disabled={refused !== undefined} title={refused} aria-label={`What to do about ${row.title}`}><IconMore /></ActionIcon></Menu.Target>
      <Menu.Dropdown>
        {row.handling
          ? <Menu.Item onClick={onRemove}>No longer ignore it</Menu.Item>
          : <Menu.Item onClick={() => onHandle("ignore")}>Ignore…</Menu.Item>}
        <Menu.Item onClick={() => onHandle("whitelist")}>Whitelist…</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** All there is to read about a finding. */
function Details({ row, overview }: { row: Row; overview: Overview }) {
  const v = row.vulnerability;
  const f = row.finding;
  const references = (v?.references ?? f?.references ?? []).filter((r) => webAddress(r));
  return (
    <div className="details">
      <div className="full"><h3>What to do</h3><Prose text={row.solution} /></div>
      {(v?.title || v?.details || f?.details) && (
        <div>
          <h3>What it is</h3>
          {v?.title && <p><b>{v.title}</b></p>}
          <Prose text={(v?.details ?? f?.details ?? "").slice(0, 4000)} />
        </div>
      )}
      <div>
        <h3>Where</h3>
        <ul>
          {row.locations.slice(0, 30).map((l, i) => (
            <li key={i} className="wrap">
              <code>{placeOf(l)}</code>{l.hidden && <> <Tag tone="wait" title="It can still be read in its layer">{l.hidden} later</Tag></>}
              <div className="small quiet">{l.layer < 0 ? "in the configuration" : `layer ${l.layer}`}{l.instruction && <>: <code>{l.instruction.slice(0, 300)}</code></>}</div>
            </li>
          ))}
          {row.locations.length > 30 && <li>and {row.locations.length - 30} more</li>}
        </ul>
      </div>
      {(f?.evidence?.length ?? 0) > 0 && <div><h3>Evidence</h3><pre>{f!.evidence!.slice(0, 20).join("\n")}</pre></div>}
      {v && (
        <div>
          <h3>Rating</h3>
          <dl className="pairs small">
            {v.cvss?.map((c) => [<dt key={c.vector}>CVSS {c.version}</dt>, <dd key={c.vector + "d"}><b className="number">{c.score.toFixed(1)}</b> <code className="small">{c.vector}</code></dd>])}
            {v.severitySource && <><dt>Rated by</dt><dd>{v.severitySource}</dd></>}
            {v.epss && <><dt>EPSS</dt><dd>{percentage(v.epss.score)} within 30 days; more likely than {percentage(v.epss.percentile)} of all</dd></>}
            {v.kev && <><dt>Exploited</dt><dd>listed by CISA since {date(v.kev.dateAdded)}{v.kev.ransomware ? ", also for ransomware" : ""}</dd></>}
            {v.published && <><dt>Published</dt><dd>{date(v.published)}</dd></>}
            {(v.aliases?.length ?? 0) > 0 && <><dt>Also called</dt><dd>{v.aliases!.slice(0, 20).join(", ")}</dd></>}
            {v.cwes && v.cwes.length > 0 && <><dt>Weakness</dt><dd>{v.cwes.join(", ")}</dd></>}
            {v.source && <><dt>Source package</dt><dd>{v.source}</dd></>}
          </dl>
        </div>
      )}
      {row.handling && (
        <div>
          <h3>Decision</h3>
          <p>Ignored by {row.handling.author} for {scopes[row.handling.scope] ?? row.handling.scope}{row.handling.expires ? `, until ${exactTime(row.handling.expires)}` : ""}.</p>
          {row.handling.reason && <p className="quiet wrap">{row.handling.reason}</p>}
        </div>
      )}
      {references.length > 0 && (
        <div>
          <h3>References</h3>
          <ul>{references.slice(0, 12).map((r) => <li key={r} className="wrap small"><a href={webAddress(r)} target="_blank" rel="noopener noreferrer">{r}</a></li>)}</ul>
        </div>
      )}
      <div className="full row small quiet">Finding {row.id}<CopyButton text={row.id} what="the id of the finding" />{overview.base && row.origin && <span>{row.origin === "base" ? `It comes with the base image ${overview.base.name}.` : "It comes with what was built on the base image."}</span>}</div>
    </div>
  );
}

export const scopes: Record<string, string> = { artifact: "this image", repository: "its repository", namespace: "its namespace", instance: "all images" };
