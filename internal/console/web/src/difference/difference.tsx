import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useMemo, useState } from "react";
import { Link, useLocation } from "wouter";
import { call, Failure, image } from "../api/client";
import { keys, useArtifacts } from "../api/queries";
import type { Change, Compared, Difference, PackageChange } from "../api/types";
import { vulnerabilityLink } from "../risks/links";
import { count, exactTime, filePath, plural, shortDigest, size } from "../text/format";
import { decided } from "../text/verdict";
import { type ImageRef, link, name, parse } from "../url/image";
import { useUrlState } from "../url/state";
import { IconSearch } from "../ui/icons";
import { SeverityMark, Tag } from "../ui/marks";
import { useAllPages } from "../ui/more";
import { Page } from "../ui/page";
import { pageRows, Pager } from "../ui/pager";
import { Empty, ErrorState, Loading, sentence } from "../ui/states";
import { type Column, DataTable } from "../ui/table";
import { becameOf, daysAgo, earlier, laterThan, matches, matchesPackage, parseFrom, signed } from "./rows";
import "../ui/parts.css";
import "./difference.css";

const defaults = { from: "", ns: "", repo: "", since: "", show: "added", q: "", page: "1" };
type State = typeof defaults;

/** DifferencePage is what an image has that an earlier one had not, or itself at an earlier time, and the other way round. */
export default function DifferencePage() {
  useLocation(); // draws again when the address changes
  const ref = parse(window.location.pathname.replace(/^\/difference\/?/, ""));
  if (!ref?.repository || !ref.reference) {
    return <Page title="Not found" crumbs={[{ text: "Repositories", href: "/repositories" }]}><div className="card"><Empty title="That is not the name of an image">An image is written NAMESPACE/REPOSITORY:TAG or NAMESPACE/REPOSITORY@DIGEST.</Empty></div></Page>;
  }
  return <Of key={name(ref)} of={ref as Required<ImageRef>} />;
}

function Of({ of }: { of: Required<ImageRef> }) {
  const [state, change] = useUrlState(defaults);
  const query = useQuery({
    queryKey: [...keys.repository(of.namespace, of.repository), "difference", of.reference, state.from, state.ns, state.repo, state.since],
    queryFn: ({ signal }) => call<Difference>(image(of.namespace, of.repository, of.reference) + "/difference", { query: { from: state.from, fromNamespace: state.ns, fromRepository: state.repo, since: state.since }, signal }),
  });
  const d = query.data;
  const title = name(of);
  return (
    <Page title={`Difference of ${title}`} heading="Difference" crumbs={[
      { text: "Repositories", href: "/repositories" },
      { text: of.namespace, href: link({ namespace: of.namespace }) },
      { text: of.repository, href: link({ namespace: of.namespace, repository: of.repository }) },
      { text: of.reference.includes(":") ? shortDigest(of.reference) : of.reference, href: link(of) },
    ]}>
      <div className="stackv">
        <div className="card pad compare">
          <div>
            <h2 className="minor">This image</h2>
            <Link className="wrap" href={link(of)}>{of.namespace}/{of.repository}{of.reference.includes(":") ? `@${shortDigest(of.reference)}` : `:${of.reference}`}</Link>
            <Sum of={d?.to} />
          </div>
          <div>
            <h2 className="minor" id="before">Compared with</h2>
            <Picker of={of} state={state} onChange={(c) => change({ ...c, page: "1" }, true)} />
            {state.since ? <Then of={d} asked={state.since} /> : <Sum of={d?.from} named />}
          </div>
        </div>
        {query.error && !d ? <div className="card"><Without error={query.error} retry={() => void query.refetch()} /></div>
          : !d ? <div className="card"><Loading rows={10} /></div>
          : <Body d={d} state={state} change={change} />}
      </div>
    </Page>
  );
}

/** What is said of one of the two images. */
function Sum({ of: c, named = false }: { of: Compared | undefined; named?: boolean }) {
  return (
    <div className="small quiet sum text-links">
      {c && <>{named && <><Link className="wrap" href={link({ namespace: c.namespace, repository: c.repository, reference: c.tags[0] ?? c.digest })}>{c.namespace}/{c.repository}{c.tags[0] ? `:${c.tags[0]}` : ""}</Link>, </>}<span className="mono">{shortDigest(c.digest)}</span>, {plural(c.total, "finding")}</>}
    </div>
  );
}

/** What is said of an image at an earlier time. */
function Then({ of: d, asked }: { of: Difference | undefined; asked: string }) {
  const at = d?.from.at;
  return (
    <div className="small quiet sum">
      {d && at && <>
        {plural(d.from.total, "finding")} on {exactTime(at)}
        {laterThan(at, asked) && <div>{d.from.first ? "That was its first report; there is none from before." : "What its report said before that is not known."}</div>}
      </>}
    </div>
  );
}

/** Where two images cannot be compared: why, and what to do. */
function Without({ error, retry }: { error: unknown; retry(): void }) {
  if (error instanceof Failure && error.code === "nothing_before") return <Empty title="There is no earlier image">This is the first of its repository that has a report. Choose another image to compare it with above.</Empty>;
  if (error instanceof Failure && error.status === 404) return <Empty title="These cannot be compared">{sentence(error.message)} {sentence(error.advice)}</Empty>;
  return <ErrorState error={error} retry={retry} />;
}

const previous = "";
const another = " another";
const ago = " ago ";

/** Picker chooses what is compared with: the image before, the same some time ago, another of the repository, or any other. */
function Picker({ of, state, onChange }: { of: Required<ImageRef>; state: State; onChange(change: Partial<State>): void }) {
  const list = useAllPages(useArtifacts(of.namespace, of.repository), true).items.filter((a) => a.kind === "image" && a.digest !== of.reference && !a.tags.includes(of.reference));
  const foreign = state.ns !== "" || state.repo !== "";
  const [typing, setTyping] = useState(foreign);
  const [text, setText] = useState(foreign ? name({ namespace: state.ns, repository: state.repo, reference: state.from }) : "");
  const [wrong, setWrong] = useState("");
  const options = list.flatMap((a) => (a.tags.length > 0 ? a.tags.map((t) => ({ value: t, label: t })) : [{ value: a.digest, label: `${shortDigest(a.digest)} (no tag)` }]));
  const known = foreign || state.from === "" || state.since !== "" || options.some((o) => o.value === state.from);
  const choose = (value: string) => {
    setTyping(value === another);
    if (value === another || value === state.since) return;
    if (value.startsWith(ago)) onChange({ from: "", ns: "", repo: "", since: daysAgo(Number(value.slice(ago.length)), Date.now()) });
    else onChange({ from: value, ns: "", repo: "", since: "" });
  };
  const submit = (e: FormEvent) => {
    e.preventDefault();
    const from = parseFrom(text);
    setWrong(from ? "" : "Write NAMESPACE/REPOSITORY:TAG, a tag, or a digest.");
    if (from) onChange({ ...from, since: "" });
  };
  return (
    <div className="stackv tight">
      <NativeSelect aria-labelledby="before" value={typing ? another : state.since || state.from} onChange={(e) => choose(e.currentTarget.value)}
        data={[{ value: previous, label: "the image that was pushed before" },
          ...(state.since ? [{ value: state.since, label: `itself, on ${exactTime(state.since)}` }] : []), ...earlier.map((e) => ({ value: ago + e.days, label: e.label })),
          ...(known ? [] : [{ value: state.from, label: state.from }]), ...options, { value: another, label: "an image of another repository…" }]} />
      {typing && (
        <form className="row" onSubmit={submit} style={{ alignItems: "start" }}>
          <TextInput aria-label="Image to compare with" placeholder="team/app:1.0" style={{ flex: "1 1 12rem" }} value={text} error={wrong} onChange={(e) => setText(e.currentTarget.value)} spellCheck={false} autoCapitalize="none" />
          <Button type="submit" variant="default">Compare</Button>
        </form>
      )}
    </div>
  );
}

function Body({ d, state, change }: { d: Difference; state: State; change(c: Partial<State>, step?: boolean): void }) {
  const lists = [
    { key: "added", name: "New findings", count: d.added.length },
    { key: "removed", name: "Gone", count: d.removed.length },
    ...(d.from.at ? [] : [{ key: "software", name: "Software", count: d.packages.length }]),
  ];
  const same = d.from.at && d.added.length + d.removed.length === 0 ? "Nothing has changed since then." : "";
  const current = lists.find((l) => l.key === state.show) ?? lists[0]!;
  return (
    <>
      <dl className="card pad facts sums">
        <div><dt>New findings</dt><dd className="big number">{count(d.added.length)}</dd></div>
        <div><dt>Gone</dt><dd className="big number">{count(d.removed.length)}</dd></div>
        {d.from.at ? <>
          <div><dt>Then and now</dt><dd className="big number">{count(d.kept)}</dd></div>
          <div><dt>Verdict then</dt><dd className="big">{decided[d.from.decision ?? ""]}</dd></div>
          <div><dt>Verdict now</dt><dd className="big">{decided[d.to.decision ?? ""]}</dd></div>
        </> : <>
          <div><dt>In both</dt><dd className="big number">{count(d.kept)}</dd></div>
          <div><dt>Size</dt><dd className="big number">{signed(d.size, size)}</dd></div>
          <div><dt>Files</dt><dd className="big number">{signed(d.files, count)}</dd></div>
          <div><dt>Layers in common</dt><dd className="big number">{count(d.layers)}</dd></div>
        </>}
      </dl>
      {(d.notCompared?.length ?? 0) > 0 && <p className="small quiet">{d.from.at ? "Not compared, as it is not kept from that time: " : "Not compared, as only one of the scans looked for it: "}{d.notCompared!.map((c) => c.replaceAll("-", " ")).join(", ")}.</p>}
      <div>
        <div className="tabs always" role="group" aria-label="What to list">
          {lists.map((l) => <button key={l.key} type="button" aria-pressed={l.key === current.key} onClick={() => change({ show: l.key, page: "1" })}>{l.name} <span className="number">{count(l.count)}</span></button>)}
        </div>
        <div className="tools-row">
          <TextInput className="grow" label="Search" placeholder={current.key === "software" ? "package" : "CVE, package, rule, path"} maxLength={256} leftSection={<IconSearch />} value={state.q} onChange={(e) => change({ q: e.currentTarget.value, page: "1" })} />
        </div>
        {current.key === "software" ? <Listed rows={d.packages} fits={matchesPackage} columns={packageColumns} rowKey={(p) => `${p.type} ${p.name}`} what="packages" none="The software is the same." state={state} change={change} />
          : <Listed key={current.key} rows={current.key === "removed" ? d.removed : d.added} fits={matches} columns={changeColumns} rowKey={(c) => c.findingId} what="findings"
              none={same || (current.key === "removed" ? "Nothing that was wrong is gone." : "Nothing is wrong that was not wrong before.")} state={state} change={change} />}
      </div>
    </>
  );
}

interface ListedProps<T> {
  rows: T[];
  fits(row: T, search: string): boolean;
  columns: Column<T>[];
  rowKey(row: T): string;
  what: string;
  none: string;
  state: State;
  change(c: Partial<State>, step?: boolean): void;
}

function Listed<T>({ rows, fits, columns, rowKey, what, none, state, change }: ListedProps<T>) {
  const chosen = useMemo(() => (state.q.trim() === "" ? rows : rows.filter((r) => fits(r, state.q))), [rows, fits, state.q]);
  const pages = Math.max(1, Math.ceil(chosen.length / pageRows));
  const page = Math.min(pages, Math.max(1, Math.trunc(Number(state.page)) || 1));
  const shown = chosen.slice((page - 1) * pageRows, page * pageRows);
  return (
    <>
      <div className="card">
        {shown.length > 0 ? <DataTable label={what} columns={columns} rows={shown} rowKey={rowKey} />
          : rows.length > 0 ? <Empty title="Nothing fits this search" action={<Button variant="default" onClick={() => change({ q: "" })}>Show all</Button>} />
          : <Empty title="None">{none}</Empty>}
      </div>
      <Pager total={chosen.length} page={page} shown={shown.length} what={what} onPage={(p) => change({ page: String(p) }, true)} />
    </>
  );
}

const changeColumns: Column<Change>[] = [
  { name: "Severity", width: "8rem", cell: (c) => <SeverityMark severity={c.severity} /> },
  {
    name: "Finding",
    cell: (c) => (
      <div>
        {c.category.endsWith("-vulnerability") ? <Link className="wrap" href={vulnerabilityLink(c.rule)}>{c.rule}</Link> : <span className="wrap">{c.title ?? c.rule}</span>}
        {c.category.endsWith("-vulnerability") && c.title && <div className="small quiet wrap">{c.title.length > 160 ? c.title.slice(0, 159) + "…" : c.title}</div>}
      </div>
    ),
  },
  { name: "Category", cell: (c) => <span className="quiet">{c.category.replaceAll("-", " ")}</span> },
  { name: "Where", cell: (c) => (c.package ? <span className="wrap">{c.package} <span className="quiet">{c.version}</span></span> : c.path ? <span className="wrap">{c.category === "unsafe-setting" && !c.path.includes("/") ? c.path : filePath(c.path)}</span> : null) },
  { name: "Fixed in", cell: (c) => (c.fixedVersion ? <span className="wrap">{c.fixedVersion}</span> : c.category.endsWith("-vulnerability") ? <span className="quiet">no fix yet</span> : null) },
];

const became = { added: <Tag tone="wait">new</Tag>, removed: <Tag tone="neutral">gone</Tag>, changed: <Tag>changed</Tag> };

const packageColumns: Column<PackageChange>[] = [
  { name: "Package", cell: (p) => <span className="wrap">{p.name}</span> },
  { name: "Type", cell: (p) => p.type },
  { name: "What", cell: (p) => became[becameOf(p)] },
  { name: "Before", cell: (p) => <span className="wrap">{p.before.join(", ")}</span> },
  { name: "Now", cell: (p) => <span className="wrap">{p.after.join(", ")}</span> },
];
