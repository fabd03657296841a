import { ActionIcon, Button, Menu, NativeSelect, TextInput } from "@mantine/core";
import { useDeferredValue, useMemo, useState } from "react";
import type { Report } from "../api/types";
import { date, exactTime, percentage, plural, webAddress } from "../text/format";
import { severities } from "../text/severity";
import { useUrlState } from "../url/state";
import { CopyButton } from "../ui/copy";
import { IconChevron, IconMore, IconSearch } from "../ui/icons";
import { SeverityMark, Tag } from "../ui/marks";
import { paged, Pager } from "../ui/pager";
import { Prose } from "../ui/prose";
import { Empty } from "../ui/states";
import { type Column, DataTable } from "../ui/table";
import { HandlingDialog, type Place, useRemoveException } from "./handling";
import { save } from "./report";
import { csv, placeOf, type Row, select, sorted } from "./rows";
import type { Section } from "./sections";

const defaults = { tab: "", q: "", severity: "", fix: "", origin: "", layer: "", handled: "", exploited: "", sort: "", page: "1", open: "" };

/** FindingsSection lists what was found in one category. */
export function FindingsSection({ section, report, rows, place }: { section: Section; report: Report; rows: Row[]; place: Place }) {
  const [state, change] = useUrlState(defaults);
  const [handling, setHandling] = useState<{ row: Row; action: "ignore" | "whitelist" }>();
  const remove = useRemoveException(place);
  // Typing is not held up by long lists.
  const filter = useDeferredValue(state);
  const all = useMemo(() => rows.filter((r) => r.category === section.category), [rows, section.category]);
  const shown = useMemo(() => sorted(select(all, filter), filter.sort), [all, filter]);
  const page = paged(shown, state.page);
  const vulnerabilities = section.category?.endsWith("-vulnerability") ?? false;
  const layers = useMemo(() => [...new Set(all.flatMap((r) => r.layers))].sort((a, b) => a - b), [all]);
  const origins = all.some((r) => r.origin !== "");
  const narrowed = shown.length < all.length;
  // Another selection begins at its first page.
  const narrow = (c: Partial<typeof defaults>) => change({ ...c, page: "1", tab: section.key });
  const toggle = (row: Row) => change({ open: state.open === row.id ? "" : row.id });

  const columns: Column<Row>[] = [
    { name: "Severity", sort: "severity", width: "7.5rem", cell: (r) => <SeverityMark severity={r.severity} /> },
    {
      name: vulnerabilities ? "Vulnerability" : "Finding", sort: "title", width: vulnerabilities ? "16rem" : undefined,
      cell: (r) => (
        <div>
          <button type="button" className="expander" aria-expanded={state.open === r.id} onClick={() => toggle(r)}><IconChevron size={12} /><span className="name">{r.title}</span></button>
          <div className="row" style={{ gap: "0.3rem", paddingLeft: "1.15rem" }}>
            {r.exploited && <Tag tone="bad" title="Known to be exploited: CISA lists it">exploited</Tag>}
            {r.handling && <Tag tone="neutral" title={r.handling.reason}>ignored by {r.handling.author}</Tag>}
          </div>
        </div>
      ),
    },
    ...(vulnerabilities
      ? [
          { name: "Package", sort: "subject", cell: (r: Row) => <span className="wrap">{r.vulnerability!.package} <span className="quiet">{r.vulnerability!.version}</span></span> },
          { name: "Fixed in", cell: (r: Row) => (r.fixed ? <span className="wrap">{r.fixed}</span> : <span className="quiet">{r.vulnerability!.fixState === "wont-fix" ? "will not be fixed" : "no fix yet"}</span>) },
          { name: "Likely", sort: "epss", right: true, width: "5rem", cell: (r: Row) => (r.epss >= 0 ? <span className="nowrap" title="Chance that it is exploited within 30 days (EPSS)">{percentage(r.epss)}</span> : null) },
        ]
      : [{ name: "Where", sort: "subject", cell: (r: Row) => <span className="wrap">{r.subject}{r.locations.length > 1 && <span className="quiet"> and {r.locations.length - 1} more</span>}</span> }]),
    { name: "Layer", sort: "layer", width: "6.5rem", cell: (r) => <LayerOf row={r} /> },
    { name: "Action", hideName: true, right: true, width: "3rem", cell: (r) => <RowMenu row={r} onHandle={(action) => setHandling({ row: r, action })} onRemove={() => r.handling && remove(r.handling.id)} /> },
  ];

  return (
    <>
      <h2 className="hidden">{section.name}</h2>
      <div className="tools-row">
        <TextInput className="grow" label="Search" placeholder={vulnerabilities ? "CVE, package, path" : "rule, path, text"} leftSection={<IconSearch />} value={state.q} onChange={(e) => narrow({ q: e.currentTarget.value })} />
        <NativeSelect label="Severity" value={state.severity} onChange={(e) => narrow({ severity: e.currentTarget.value })}
          data={[{ value: "", label: "any" }, ...severities.map((s) => ({ value: s, label: s === "unknown" ? "unknown and above" : s === "critical" ? "critical" : `${s} and above` }))]} />
        {vulnerabilities && <NativeSelect label="Fix" value={state.fix} onChange={(e) => narrow({ fix: e.currentTarget.value })} data={[{ value: "", label: "any" }, { value: "yes", label: "has a fix" }, { value: "no", label: "has none" }]} />}
        {vulnerabilities && <NativeSelect label="Exploited" value={state.exploited} onChange={(e) => narrow({ exploited: e.currentTarget.value })} data={[{ value: "", label: "any" }, { value: "yes", label: "known to be" }]} />}
        {origins && <NativeSelect label="From" value={state.origin} onChange={(e) => narrow({ origin: e.currentTarget.value })} data={[{ value: "", label: "anywhere" }, { value: "base", label: "the base image" }, { value: "own", label: "our own layers" }]} />}
        {layers.length > 1 && <NativeSelect label="Layer" value={state.layer} onChange={(e) => narrow({ layer: e.currentTarget.value })} data={[{ value: "", label: "any" }, ...layers.map((l) => ({ value: String(l), label: l < 0 ? "configuration" : String(l) }))]} />}
        {all.some((r) => r.handling) && <NativeSelect label="Decided" value={state.handled} onChange={(e) => narrow({ handled: e.currentTarget.value })} data={[{ value: "", label: "all" }, { value: "open", label: "not ignored" }, { value: "ignored", label: "ignored" }]} />}
        {shown.length > 0 && <Button className="last" variant="default" onClick={() => save(new Blob([csv(shown)], { type: "text/csv" }), `${section.key}.csv`)}>Save these as CSV</Button>}
      </div>
      <div className="card">
        {shown.length > 0 ? (
          <DataTable label={section.name} columns={columns} rows={page.rows} rowKey={(r) => r.id + r.layers[0]} sort={state.sort} onSort={(sort) => narrow({ sort })}
            rowClass={(r) => (r.handling ? "set" : "")} below={(r) => (state.open === r.id ? <Details row={r} report={report} /> : null)} />
        ) : narrowed ? (
          <Empty title="Nothing fits this selection" action={<Button variant="default" onClick={() => change({ ...defaults, tab: section.key })}>Show all {plural(all.length, "finding")}</Button>} />
        ) : (
          <Empty title="Nothing was found">{nothing[section.key] ?? "The scan looked for it."}</Empty>
        )}
      </div>
      <Pager total={shown.length} {...page} shown={page.rows.length} what={narrowed ? `selected of ${all.length}` : shown.length === 1 ? "finding" : "findings"} onPage={(p) => change({ page: String(p), tab: section.key })} />
      {handling && <HandlingDialog {...handling} place={place} onClose={() => setHandling(undefined)} />}
    </>
  );
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

function RowMenu({ row, onHandle, onRemove }: { row: Row; onHandle(action: "ignore" | "whitelist"): void; onRemove(): void }) {
  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target><ActionIcon variant="subtle" color="gray" aria-label={`What to do about ${row.title}`}><IconMore /></ActionIcon></Menu.Target>
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
function Details({ row, report }: { row: Row; report: Report }) {
  const v = row.vulnerability;
  const f = row.finding;
  const references = (v?.references ?? f?.references ?? []).filter((r) => webAddress(r));
  return (
    <div className="details">
      <div className="full"><h3>What to do</h3><Prose text={v?.solution ?? f?.solution ?? ""} /></div>
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
      <div className="full row small quiet">Finding {row.id}<CopyButton text={row.id} what="the id of the finding" />{report.base && row.origin && <span>{row.origin === "base" ? `It comes with the base image ${report.base.name}.` : "It comes with what was built on the base image."}</span>}</div>
    </div>
  );
}

export const scopes: Record<string, string> = { artifact: "this image", repository: "its repository", namespace: "its namespace", instance: "all images" };
