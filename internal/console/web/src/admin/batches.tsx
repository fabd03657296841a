import { Alert, Button, Checkbox, Modal, NativeSelect } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { Link, useLocation } from "wouter";
import { call, path } from "../api/client";
import type { Batch, BatchImage, BatchPreview } from "../api/types";
import { refusal } from "../namespaces/save";
import { count, duration, exactTime, plural, shortDigest } from "../text/format";
import { link } from "../url/image";
import { useUrlState } from "../url/state";
import { Meter, Tag } from "../ui/marks";
import { MoreRows, useAllPages } from "../ui/more";
import { notify } from "../ui/notices";
import { Page } from "../ui/page";
import { Empty, ErrorState, Loading, sentence } from "../ui/states";
import { type Column, DataTable } from "../ui/table";
import { Ago } from "../ui/time";
import { PartHead } from "./head";
import { adminKeys, useBatch, useBatches, useBatchImages } from "./queries";
import { bodyOf, type Choice, everything, missing, saySelection } from "./selection";
import { SelectionFields } from "./selection-fields";

const root = "/administration/batches";

/** BatchesPart is the scans of many images at once. */
export function BatchesPart() {
  const list = useAllPages(useBatches(), false);
  const [starting, setStarting] = useState(false);
  return (
    <div className="stackv">
      <PartHead title="Batches" actions={<Button onClick={() => setStarting(true)}>Start a batch</Button>}>
        A batch scans many images, one after the other, behind all scans that somebody asked for. <Link href="/administration/schedules">Schedules</Link> start them by themselves.
      </PartHead>
      <div className="card">
        {list.error ? <ErrorState error={list.error} retry={list.retry} />
          : list.loading ? <Loading rows={5} />
          : list.items.length === 0 ? <Empty title="There was no batch yet" action={<Button variant="default" onClick={() => setStarting(true)}>Start a batch</Button>}>Scan all images, or those of some namespaces, for instance after a change of rules.</Empty>
          : <DataTable label="Batches" columns={columns} rows={list.items} rowKey={(b) => String(b.id)} />}
      </div>
      <MoreRows list={list} what="batch" many="batches" />
      {starting && <StartDialog onClose={() => setStarting(false)} />}
    </div>
  );
}

const columns: Column<Batch>[] = [
  { name: "Batch", cell: (b) => <div><Link href={`${root}/${b.id}`}>Batch {b.id}</Link><div className="small quiet wrap">{saySelection(b.selection)}</div></div> },
  { name: "Begun", cell: (b) => <div><Ago at={b.beganAt} /><div className="small quiet wrap">{b.schedule ? `schedule ${b.schedule}` : b.by ? `by ${b.by}` : ""}</div></div> },
  { name: "Images", right: true, cell: (b) => count(b.selected.images) },
  { name: "Failed", right: true, cell: (b) => (b.failed > 0 ? count(b.failed) : <span className="quiet">0</span>) },
  { name: "With risks", right: true, cell: (b) => count(b.risky) },
  { name: "State", width: "11rem", cell: (b) => <BatchState batch={b} /> },
];

function BatchState({ batch: b }: { batch: Batch }) {
  if (b.state === "finished") return <Tag tone="good">finished</Tag>;
  if (b.state === "stopped") return <Tag>stopped</Tag>;
  if (b.state === "timed-out") return <Tag tone="bad">timed out</Tag>;
  return (
    <div style={{ minWidth: "8rem" }} role="progressbar" aria-valuenow={b.percent} aria-valuemin={0} aria-valuemax={100} aria-label={`Batch ${b.id}`}>
      <span className="small number">{b.percent} %{b.remainingMinutes !== undefined && `, ${duration(b.remainingMinutes * 60)} left`}</span>
      <Meter share={b.percent / 100} />
    </div>
  );
}

/** Asks which images a batch shall scan, and tells what that comes to. */
function StartDialog({ onClose }: { onClose(): void }) {
  const [choice, setChoice] = useState<Choice>(everything);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const client = useQueryClient();
  const [, navigate] = useLocation();
  const body = { ...bodyOf(choice), all: choice.which === "all" || undefined };
  const lacks = missing(choice);
  const preview = useQuery({ queryKey: ["batch preview", body], enabled: lacks === "", retry: false, staleTime: 5_000, queryFn: ({ signal }) => call<BatchPreview>("/batches/preview", { method: "POST", body, signal }) });
  const submit = async (e: FormEvent) => {
    e.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      const made = await call<Batch>("/batches", { method: "POST", body });
      await client.invalidateQueries({ queryKey: adminKeys.batches });
      notify(`Batch ${made.id} scans ${plural(made.selected.images, "image")}.`);
      navigate(`${root}/${made.id}`);
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={onClose} size="lg" title="Start a batch" closeButtonProps={{ "aria-label": "Close" }}>
      <form className="stackv" onSubmit={(e) => void submit(e)}>
        <SelectionFields choice={choice} onChange={setChoice} />
        <p className="small quiet preview" role="status">{lacks !== "" ? lacks : preview.error ? sentence(refusal(preview.error).text) : preview.data ? sayPreview(preview.data) : "…"}</p>
        {error !== undefined && <Alert color="red" variant="light" role="alert">{sentence(refusal(error).text)} {sentence(refusal(error).advice)}</Alert>}
        <div className="row end">
          <Button variant="default" onClick={onClose}>Cancel</Button>
          <Button type="submit" loading={busy} disabled={lacks !== ""}>Start</Button>
        </div>
      </form>
    </Modal>
  );
}

/** sayPreview puts into words what a batch would come to. */
function sayPreview(p: BatchPreview): string {
  const left = [p.notImages > 0 ? `${count(p.notImages)} that are no images` : "", p.untagged > 0 ? `${count(p.untagged)} without a tag` : ""].filter((t) => t !== "");
  const cost = [p.units.free > 0 ? `${count(p.units.free)} free` : "", p.units.full > 0 ? `${count(p.units.full)} at the full price` : "", p.units.discounted > 0 ? `${count(p.units.discounted)} discounted` : ""].filter((t) => t !== "");
  return `${plural(p.images, "image")} to scan${left.length > 0 ? `; left out: ${left.join(", ")}` : ""}. If all succeed they cost ${plural(p.units.total, "unit")}${cost.length > 0 ? `: ${cost.join(", ")}` : ""}.`;
}

const states = [
  { value: "", label: "all" },
  { value: "waiting", label: "waiting" },
  { value: "scanning", label: "being scanned" },
  { value: "success", label: "scanned" },
  { value: "failed", label: "failed" },
  { value: "stopped", label: "stopped" },
];

const defaults = { state: "" };

/** BatchPage is one batch: how it gets on, and what became of each image. */
export function BatchPage({ id }: { id: number }) {
  const query = useBatch(id);
  const [{ state }, change] = useUrlState(defaults);
  const [stopping, setStopping] = useState(false);
  const b = query.data;
  const client = useQueryClient();
  const ended = b !== undefined && b.state !== "running";
  useEffect(() => {
    // What was read of the images may be from before the end.
    if (ended) void client.invalidateQueries({ queryKey: adminKeys.batchImages(id) });
  }, [ended, client, id]);
  const images = useAllPages(useBatchImages(id, states.some((s) => s.value === state) ? state : "", b?.state === "running"), false);
  return (
    <Page title={`Batch ${id}`} crumbs={[{ text: "Administration", href: "/administration" }, { text: "Batches", href: root }]}
      lead={b && saySelection(b.selection)} actions={b?.state === "running" && <Button variant="default" onClick={() => setStopping(true)}>Stop</Button>}>
      {query.error && !b ? <div className="card"><ErrorState error={query.error} retry={() => void query.refetch()} /></div>
        : !b ? <div className="card"><Loading rows={8} /></div>
        : (
          <div className="stackv">
            <dl className="card pad facts">
              <div><dt>State</dt><dd><BatchState batch={b} /></dd></div>
              <div><dt>Scanned</dt><dd className="number">{count(b.success)} of {count(b.selected.images)}</dd></div>
              <div><dt>With risks</dt><dd className="number">{count(b.risky)}</dd></div>
              <div><dt>Failed</dt><dd className="number">{count(b.failed)}</dd></div>
              <div><dt>Waiting or being scanned</dt><dd className="number">{count(b.open)}</dd></div>
              <div><dt>Not scanned</dt><dd className="number">{count(b.stopped)}</dd></div>
              <div><dt>Begun</dt><dd title={exactTime(b.beganAt)}><Ago at={b.beganAt} />{b.schedule ? ` by the schedule ${b.schedule}` : b.by ? ` by ${b.by}` : ""}</dd></div>
              {b.endedAt && <div><dt>Ended</dt><dd title={exactTime(b.endedAt)}><Ago at={b.endedAt} /></dd></div>}
              <div><dt>Speed</dt><dd>{b.imagesPerHour > 0 ? `${count(b.imagesPerHour)} images an hour at most` : "no bound"}</dd></div>
            </dl>
            {b.selected.notImages + b.selected.untagged > 0 && <p className="small quiet">Left out: {count(b.selected.notImages)} that are no images, {count(b.selected.untagged)} without a tag.</p>}
            <div>
              <div className="tools-row"><NativeSelect label="State" value={state} onChange={(e) => change({ state: e.currentTarget.value })} data={states} /></div>
              <div className="card">
                {images.error ? <ErrorState error={images.error} retry={images.retry} />
                  : images.loading ? <Loading rows={6} />
                  : images.items.length === 0 ? <Empty title="There are none" action={state !== "" && <Button variant="default" onClick={() => change({ state: "" })}>Show all</Button>} />
                  : <DataTable label={`Images of batch ${id}`} columns={imageColumns} rows={images.items} rowKey={(i) => String(i.position)} />}
              </div>
              <MoreRows list={images} what="image" />
            </div>
          </div>
        )}
      {stopping && b && <StopDialog batch={b} onClose={() => setStopping(false)} />}
    </Page>
  );
}

const marks: Record<BatchImage["state"], { word: string; tone: "" | "good" | "bad" | "wait" }> = {
  waiting: { word: "waits", tone: "" },
  scanning: { word: "being scanned", tone: "wait" },
  success: { word: "scanned", tone: "good" },
  failed: { word: "failed", tone: "bad" },
  stopped: { word: "not scanned", tone: "" },
};

const imageColumns: Column<BatchImage>[] = [
  { name: "No.", right: true, width: "4rem", cell: (i) => count(i.position) },
  { name: "Image", cell: (i) => <ImageOf image={i} /> },
  { name: "State", cell: (i) => <Tag tone={marks[i.state].tone}>{marks[i.state].word}</Tag> },
  { name: "Why", cell: (i) => i.detail && <div className="small wrap">{sentence(i.detail)} {i.advice && <span className="quiet">{sentence(i.advice)}</span>}</div> },
];

function ImageOf({ image: i }: { image: BatchImage }) {
  const slash = i.repository.indexOf("/");
  const text = `${i.repository}${i.tag ? `:${i.tag}` : `@${shortDigest(i.digest)}`}`;
  if (slash < 0) return <span className="wrap">{text}</span>;
  return <Link className="wrap" href={link({ namespace: i.repository.slice(0, slash), repository: i.repository.slice(slash + 1), reference: i.tag ?? i.digest })}>{text}</Link>;
}

function StopDialog({ batch: b, onClose }: { batch: Batch; onClose(): void }) {
  const [running, setRunning] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const client = useQueryClient();
  const stop = async () => {
    setBusy(true);
    setError(undefined);
    try {
      client.setQueryData(adminKeys.batch(b.id), await call<Batch>(path("batches", String(b.id), "stop"), { method: "POST", query: { running: running || undefined } }));
      void client.invalidateQueries({ queryKey: adminKeys.batches });
      notify(`Batch ${b.id} was stopped.`, "neutral");
      onClose();
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={onClose} title={`Stop batch ${b.id}?`} closeButtonProps={{ "aria-label": "Close" }}>
      <div className="stackv">
        <p>No further image is scanned. What was scanned stays.</p>
        <Checkbox label="Also stop the scans that run" description="Scans that somebody else asked for as well go on." checked={running} onChange={(e) => setRunning(e.currentTarget.checked)} />
        {error !== undefined && <Alert color="red" variant="light" role="alert">{sentence(refusal(error).text)} {sentence(refusal(error).advice)}</Alert>}
        <div className="row end">
          <Button variant="default" onClick={onClose} data-autofocus>Go on scanning</Button>
          <Button color="red" loading={busy} onClick={() => void stop()}>Stop</Button>
        </div>
      </div>
    </Modal>
  );
}
