import { Alert, Button, NativeSelect, Switch, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { Link } from "wouter";
import { call, path } from "../api/client";
import { keys } from "../api/queries";
import type { Namespace, PolicyPreview } from "../api/types";
import { count, date, plural, shortDigest } from "../text/format";
import { link } from "../url/image";
import { notify } from "../ui/notices";
import { sentence } from "../ui/states";
import { DataTable } from "../ui/table";
import { blockable, changeOf, type Form, formOf } from "./change";
import { Overtaken, refusal, useSaveNamespace } from "./save";

const thresholds = [
  { value: "critical", label: "critical" },
  { value: "high", label: "high and above" },
  { value: "medium", label: "medium and above" },
  { value: "low", label: "low and above" },
  { value: "none", label: "any, also unrated ones" },
];

const levels = [
  { value: "off", label: "does not block" },
  { value: "critical", label: "critical" },
  { value: "high", label: "high and above" },
  { value: "medium", label: "medium and above" },
  { value: "low", label: "low and above" },
  { value: "negligible", label: "negligible and above" },
  { value: "none", label: "any" },
];

/** The settings of scanning and blocking, in plain words, and what they would have blocked. */
export function SettingsSection({ namespace: n }: { namespace: Namespace }) {
  // What the form began with: news from the server do not overwrite what somebody writes.
  const [read, setRead] = useState(n);
  const [form, setForm] = useState(() => formOf(n));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const save = useSaveNamespace();
  const client = useQueryClient();
  const set = (c: Partial<Form>) => setForm((f) => ({ ...f, ...c }));
  const change = changeOf(read, form);
  const changed = Object.keys(change).length > 0;
  const take = (now: Namespace) => {
    setRead(now);
    setForm(formOf(now));
    setError(undefined);
  };
  const submit = async (e: FormEvent) => {
    e.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      take(await save(read, change));
      notify("The settings are saved and hold from now on.");
    } catch (failure) {
      setError(failure);
      if (failure instanceof Overtaken) client.setQueryData(keys.namespace(n.name), failure.now);
    } finally {
      setBusy(false);
    }
  };
  const off = !form.preventVul;
  return (
    <form className="stackv" onSubmit={(e) => void submit(e)}>
      {!changed && read.updatedAt !== n.updatedAt && !busy && (
        <Alert variant="light" color="blue">The settings were changed elsewhere. <Button variant="subtle" size="compact-sm" onClick={() => take(n)}>Show them</Button></Alert>
      )}
      <Group title="Scanning">
        <Switch label="Scan images when they are pushed" description="Each image that comes in from now on is scanned by itself. Those that are here already are scanned on request." checked={form.autoScan} onChange={(e) => set({ autoScan: e.currentTarget.checked })} />
      </Group>
      <Group title="Blocking">
        <Switch label="Refuse pulls of vulnerable images" description="An image leaves only if a scan of it has found nothing that counts. Vulnerabilities on the allowlist, whitelisted ones and those in their grace do not count." checked={form.preventVul} onChange={(e) => set({ preventVul: e.currentTarget.checked })} />
        <NativeSelect className="field" label="Severities that count" value={form.severity} disabled={off} onChange={(e) => set({ severity: e.currentTarget.value })} data={form.severity === "negligible" ? [...thresholds, { value: "negligible", label: "negligible and above" }] : thresholds} />
        <Switch label="Report only" description="Pulls that would be refused pass, and are recorded as events. Good for a first week." disabled={off} checked={form.reportOnly} onChange={(e) => set({ reportOnly: e.currentTarget.checked })} />
        <TextInput className="field" type="number" min={0} max={365} label="Grace, in days" description="A vulnerability published while an image is in use does not count for so long. 0 for none." disabled={off} value={form.graceDays} onChange={(e) => set({ graceDays: e.currentTarget.value })} />
      </Group>
      <Group title="While no report decides" more="What becomes of pulls of images that are not scanned, or not yet.">
        <Answer label="Nobody asked for a scan" value={form.notScanned} onChange={(notScanned) => set({ notScanned })} disabled={off} />
        <Answer label="The first scan waits for its turn" value={form.waiting} onChange={(waiting) => set({ waiting })} disabled={off} />
        <Answer label="The first scan runs" value={form.running} onChange={(running) => set({ running })} disabled={off} />
        <Answer label="No scan has succeeded" value={form.failed} onChange={(failed) => set({ failed })} disabled={off} />
        <Answer label="Scanning it was refused: too large, or not for this scanner" value={form.scanRefused} onChange={(scanRefused) => set({ scanRefused })} disabled={off} holds={false} />
        <Answer label="It is not an image: a chart, another artifact" value={form.notScannable} onChange={(notScannable) => set({ notScannable })} disabled={off} holds={false} />
      </Group>
      <Group title="What else blocks" more="Findings of other categories, from a severity on.">
        {blockable.map((c) => (
          <NativeSelect key={c.key} className="field" label={c.name} value={form.alsoBlock[c.key]} disabled={off} onChange={(e) => set({ alsoBlock: { ...form.alsoBlock, [c.key]: e.currentTarget.value } })} data={levels} />
        ))}
      </Group>
      <Group title="Who may pull">
        <Switch label="Everybody" description="Without signing in. What is blocked stays blocked." checked={form.public} onChange={(e) => set({ public: e.currentTarget.checked })} />
        <TextInput className="field wide" label="Accounts that may pull what is refused to others" description="Names with commas between them. Each such pull is recorded." disabled={off} value={form.exemptAccounts} onChange={(e) => set({ exemptAccounts: e.currentTarget.value })} />
      </Group>
      <Preview namespace={n} form={form} />
      {error !== undefined && (
        <Alert color={error instanceof Overtaken ? "yellow" : "red"} variant="light" role="alert">
          {sentence(refusal(error).text)} {sentence(refusal(error).advice)} {error instanceof Overtaken && <Button variant="default" size="compact-sm" onClick={() => take(error.now)}>Load what it says now</Button>}
        </Alert>
      )}
      <div className="row end">
        <Button variant="default" disabled={!changed} onClick={() => take(read)}>Undo my changes</Button>
        <Button type="submit" disabled={!changed} loading={busy}>Save</Button>
      </div>
    </form>
  );
}

function Group({ title, more, children }: { title: string; more?: string; children: ReactNode }) {
  return (
    <div className="card pad stackv" role="group" aria-label={title}>
      <div><h2>{title}</h2>{more && <p className="quiet small">{more}</p>}</div>
      {children}
    </div>
  );
}

/** What becomes of a pull in one state: refused, let through, or held for a time. */
function Answer({ label, value, onChange, disabled, holds = true }: { label: string; value: string; onChange(v: string): void; disabled: boolean; holds?: boolean }) {
  const held = value.startsWith("hold:");
  const kind = held ? "hold" : value;
  const seconds = held ? /^hold:(\d+)s$/.exec(value)?.[1] ?? "" : "30";
  return (
    <div className="row" style={{ alignItems: "end" }}>
      <NativeSelect className="field" label={label} value={kind} disabled={disabled} onChange={(e) => onChange(e.currentTarget.value === "hold" ? "hold:30s" : e.currentTarget.value)}
        data={[{ value: "block", label: "is refused" }, ...(holds ? [{ value: "hold", label: "waits for the scan" }] : []), { value: "allow", label: "passes" }]} />
      {held && <TextInput type="number" min={1} max={300} label="for at most, in seconds" disabled={disabled} value={seconds} placeholder={value.slice(5)} onChange={(e) => onChange(`hold:${e.currentTarget.value}s`)} />}
    </div>
  );
}

/** What the settings in the form would have refused of the pulls of the last 30 days. */
function Preview({ namespace: n, form }: { namespace: Namespace; form: Form }) {
  const [result, setResult] = useState<{ preview: PolicyPreview; of: string }>();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const change = changeOf(n, form);
  const of = JSON.stringify(change);
  const ask = async () => {
    setBusy(true);
    setError(undefined);
    try {
      setResult({ preview: await call<PolicyPreview>(path("namespaces", n.name) + "/policy/preview", { method: "POST", body: change }), of });
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  const p = result?.preview;
  return (
    <div className="card pad stackv" role="group" aria-label="Preview">
      <div className="row">
        <div style={{ flex: "1 1 18rem" }}><h2>What would this have blocked?</h2><p className="quiet small">These settings, with blocking on, against the pulls of the last 30 days. Nothing is changed.</p></div>
        <Button variant="default" loading={busy} onClick={() => void ask()}>Show it</Button>
      </div>
      {error !== undefined && <Alert color="red" variant="light" role="alert">{sentence(refusal(error).text)} {sentence(refusal(error).advice)}</Alert>}
      {p && (
        <div className="stackv tight" role="status">
          {result.of !== of && <p className="small" style={{ color: "var(--wait)" }}>The settings were changed since. Ask again.</p>}
          <p><b>{p.blocked.artifacts === 0 ? "Nothing" : plural(p.blocked.artifacts, "image")}</b> of {count(p.artifacts)}, and {count(p.blocked.pulls)} of {plural(p.pulls, "pull")}, since {date(p.since)}. {p.refused > 0 && `${plural(p.refused, "pull")} ${p.refused === 1 ? "was" : "were"} in fact refused.`}{!p.complete && " Only those asked for most often were looked at."}</p>
          {p.items.length > 0 && (
            <DataTable label="What would have been blocked" rows={p.items} rowKey={(i) => i.repository + i.digest} columns={[
              { name: "Image", cell: (i) => <Link href={link({ namespace: n.name, repository: i.repository, reference: i.tags[0] ?? i.digest })} className="wrap">{i.repository}{i.tags.length > 0 ? ":" + i.tags[0] : "@" + shortDigest(i.digest)}</Link> },
              { name: "Pulls", right: true, cell: (i) => count(i.pulls) },
              { name: "Why", cell: (i) => <span className="wrap small">{i.message}</span> },
            ]} />
          )}
        </div>
      )}
    </div>
  );
}
