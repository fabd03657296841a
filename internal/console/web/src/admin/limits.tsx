import { Alert, Button, Checkbox, NumberInput, Radio } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { call, Failure } from "../api/client";
import type { Settings } from "../api/types";
import { refusal } from "../namespaces/save";
import { exactTime } from "../text/format";
import { notify } from "../ui/notices";
import { ErrorState, Loading, sentence } from "../ui/states";
import { PartHead } from "./head";
import { changeOf, defaultsOf, formOf, type LimitsForm, type Refusal } from "./limits-form";
import { adminKeys, useSettings } from "./queries";

/** LimitsPart is what bounds scans of this instance, and what it does not scan. */
export function LimitsPart() {
  const query = useSettings();
  const s = query.data;
  return (
    <div className="stackv">
      <PartHead title="Limits">What bounds the scans of this instance. An image beyond a limit is not scanned, and its scan fails with a cause that says so. Scans that run keep the limits they began with.</PartHead>
      {query.error && !s ? <div className="card"><ErrorState error={query.error} retry={() => void query.refetch()} /></div>
        : !s ? <div className="card"><Loading rows={9} /></div>
        : <Form key={s.revision} settings={s} />}
    </div>
  );
}

const refusals: { value: Refusal; label: string }[] = [
  { value: "untagged", label: "images without a tag" },
  { value: "multi-architecture", label: "images of several architectures" },
  { value: "chart", label: "charts" },
  { value: "windows", label: "images for Windows" },
];

function Form({ settings: s }: { settings: Settings }) {
  const [form, setForm] = useState<LimitsForm>(() => formOf(s));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const client = useQueryClient();
  const defaults = defaultsOf(s);
  const set = (change: Partial<LimitsForm>) => setForm((f) => ({ ...f, ...change }));
  const touched = JSON.stringify(form) !== JSON.stringify(formOf(s));
  const overtaken = error instanceof Failure && error.code === "settings_changed";
  const submit = async (e: FormEvent) => {
    e.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      const saved = await call<Settings>("/settings", { method: "PUT", body: changeOf(form, s.revision) });
      notify("The limits are saved.");
      client.setQueryData(adminKeys.settings, saved);
      void client.invalidateQueries({ queryKey: adminKeys.info });
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  const field = (name: keyof typeof defaults, label: string, unit: string, max: number, decimals = false) => (
    <NumberInput label={label} description={form[name] === "" ? `${defaults[name]} ${unit} by default` : unit} placeholder={defaults[name]} min={decimals ? 0.001 : 1} max={max} allowDecimal={decimals} decimalScale={3} allowNegative={false} value={form[name]} onChange={(v) => set({ [name]: String(v) })} />
  );
  return (
    <form className="stackv" onSubmit={(e) => void submit(e)}>
      <div className="card pad stackv">
        <Radio.Group label="Profile" description="What holds where nothing else is set below" value={form.profile} onChange={(v) => set({ profile: v as LimitsForm["profile"] })}>
          <div className="stackv tight" style={{ marginTop: "0.4rem" }}>
            <Radio value="default" label="Scan what can be scanned" />
            <Radio value="swr" label="As the specification of SWR has it" description="Images without a tag, of several architectures, for Windows and charts are refused, scans wait in the order in which they were asked for, and pulls are not held." />
          </div>
        </Radio.Group>
      </div>
      <div className="card pad stackv">
        <h3>Limits of a scan</h3>
        <div className="fields">
          {field("image", "Largest image", "GB as stored", 500, true)}
          {field("layer", "Largest layer", "GB as stored", 100, true)}
          {field("layers", "Most layers", "layers", 1000)}
          {field("timeout", "Longest scan", "minutes", 1440)}
          {field("concurrentScans", "Scans at a time", "scans; others wait", 100)}
        </div>
      </div>
      <div className="card pad stackv">
        <Checkbox.Group label="Not scanned, though it could be" description={form.refuse === undefined ? "As the profile has it" : "Set here"} value={form.refuse ?? s.refuse} onChange={(v) => set({ refuse: v as Refusal[] })}>
          <div className="row" style={{ marginTop: "0.4rem", gap: "0.5rem 1.5rem" }}>{refusals.map((r) => <Checkbox key={r.value} value={r.value} label={r.label} />)}</div>
        </Checkbox.Group>
        {form.refuse !== undefined && <div><Button size="xs" variant="default" onClick={() => set({ refuse: undefined })}>As the profile has it</Button></div>}
      </div>
      {error !== undefined && (
        <Alert color="red" variant="light" role="alert">
          {sentence(refusal(error).text)} {sentence(refusal(error).advice)}
          {overtaken && <div style={{ marginTop: "0.5rem" }}><Button size="xs" variant="default" onClick={() => void client.invalidateQueries({ queryKey: adminKeys.settings })}>Load what it says now</Button></div>}
        </Alert>
      )}
      <div className="row">
        <Button type="submit" loading={busy} disabled={!touched}>Save</Button>
        <Button variant="default" disabled={!touched || busy} onClick={() => setForm(formOf(s))}>Undo</Button>
        {s.changedAt && <span className="small quiet">Changed by {s.changedBy}, {exactTime(s.changedAt)}</span>}
      </div>
    </form>
  );
}
