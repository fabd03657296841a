import { Alert, Button, Checkbox, Modal, NativeSelect, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Link } from "wouter";
import { call, path } from "../api/client";
import type { Schedule, ScheduleSet } from "../api/types";
import { refusal } from "../namespaces/save";
import { exactTime } from "../text/format";
import { Tag } from "../ui/marks";
import { notify } from "../ui/notices";
import { Empty, ErrorState, Loading, sentence } from "../ui/states";
import { type Column, DataTable } from "../ui/table";
import { Ago } from "../ui/time";
import { PartHead } from "./head";
import { adminKeys, useSchedules } from "./queries";
import { bodyOf, type Choice, choiceOf, everything, missing, saySelection } from "./selection";
import { SelectionFields } from "./selection-fields";

/** SchedulesPart is what is scanned by itself. */
export function SchedulesPart() {
  const query = useSchedules();
  const [editing, setEditing] = useState<Schedule | "new">();
  const [deleting, setDeleting] = useState<Schedule>();
  const columns: Column<Schedule>[] = [
    { name: "Schedule", cell: (s) => <div><span className="wrap">{s.name}</span><div className="small quiet wrap">{saySelection(s.selection)}</div></div> },
    { name: "Runs", cell: (s) => <span className="nowrap">{s.everyDays === 1 ? "every day" : `every ${s.everyDays} days`} at {s.at} UTC</span> },
    { name: "Next", cell: (s) => (s.nextRun ? <span title={exactTime(s.nextRun)}><Ago at={s.nextRun} /></span> : <Tag>switched off</Tag>) },
    {
      name: "Latest",
      cell: (s) => (
        <div>
          {s.lastRun ? (s.lastBatch ? <Link href={`/administration/batches/${s.lastBatch}`}>batch {s.lastBatch}</Link> : <Ago at={s.lastRun} />) : <span className="quiet">has not run yet</span>}
          {s.problem && <div className="small wrap"><Tag tone="bad">no batch</Tag> {sentence(s.problem)}</div>}
        </div>
      ),
    },
    {
      name: "Actions", hideName: true, right: true,
      cell: (s) => (
        <span className="row end" style={{ flexWrap: "nowrap" }}>
          <Button size="xs" variant="default" onClick={() => setEditing(s)} aria-label={`Change ${s.name}`}>Change</Button>
          <Button size="xs" variant="subtle" color="red" onClick={() => setDeleting(s)} aria-label={`Delete ${s.name}`}>Delete</Button>
        </span>
      ),
    },
  ];
  return (
    <div className="stackv">
      <PartHead title="Schedules" actions={<Button onClick={() => setEditing("new")}>Add a schedule</Button>}>Each begins <Link href="/administration/batches">a batch</Link> every few days. Images are judged again by new advisories without a schedule; one is for new rules and new versions of the scanner.</PartHead>
      <div className="card">
        {query.error && !query.data ? <ErrorState error={query.error} retry={() => void query.refetch()} />
          : !query.data ? <Loading rows={4} />
          : query.data.items.length === 0 ? <Empty title="There is no schedule" action={<Button variant="default" onClick={() => setEditing("new")}>Add a schedule</Button>}>Nothing is scanned again by itself.</Empty>
          : <DataTable label="Schedules" columns={columns} rows={query.data.items} rowKey={(s) => String(s.id)} />}
      </div>
      {editing && <EditDialog schedule={editing === "new" ? undefined : editing} names={query.data?.items.map((s) => s.name) ?? []} onClose={() => setEditing(undefined)} />}
      {deleting && <DeleteDialog schedule={deleting} onClose={() => setDeleting(undefined)} />}
    </div>
  );
}

function EditDialog({ schedule: s, names, onClose }: { schedule?: Schedule; names: string[]; onClose(): void }) {
  const [name, setName] = useState(s?.name ?? "");
  const [everyDays, setEveryDays] = useState<number>(s?.everyDays ?? 7);
  const [at, setAt] = useState(s?.at ?? "02:00");
  const [enabled, setEnabled] = useState(s?.enabled ?? true);
  const [choice, setChoice] = useState<Choice>(s ? choiceOf(s) : everything);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const client = useQueryClient();
  const taken = !s && names.includes(name.trim());
  const lacks = taken ? "There is a schedule of this name. Change that one, or choose another name." : missing(choice);
  const submit = async (e: FormEvent) => {
    e.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      const body: ScheduleSet = { ...(bodyOf(choice) as Partial<ScheduleSet>), everyDays: everyDays as ScheduleSet["everyDays"], at, disabled: !enabled || undefined };
      await call<Schedule>(path("schedules", name.trim()), { method: "PUT", body });
      await client.invalidateQueries({ queryKey: adminKeys.schedules });
      notify(`The schedule ${name.trim()} is saved.`);
      onClose();
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={onClose} size="lg" title={s ? `Change the schedule ${s.name}` : "Add a schedule"} closeButtonProps={{ "aria-label": "Close" }}>
      <form className="stackv" onSubmit={(e) => void submit(e)}>
        {!s && <TextInput label="Name" placeholder="weekly" required withAsterisk={false} maxLength={64} autoCapitalize="none" spellCheck={false} data-autofocus value={name} onChange={(e) => setName(e.currentTarget.value)} />}
        <div className="row" style={{ alignItems: "end" }}>
          <NativeSelect label="Runs" value={String(everyDays)} onChange={(e) => setEveryDays(Number(e.currentTarget.value))} data={[1, 3, 7, 14].map((d) => ({ value: String(d), label: d === 1 ? "every day" : `every ${d} days` }))} />
          <TextInput type="time" label="At, in UTC" required withAsterisk={false} value={at} onChange={(e) => setAt(e.currentTarget.value.slice(0, 5))} />
        </div>
        <SelectionFields choice={choice} onChange={setChoice} />
        <Checkbox label="Switched on" checked={enabled} onChange={(e) => setEnabled(e.currentTarget.checked)} />
        {lacks !== "" && <p className="small quiet" role="status">{lacks}</p>}
        {error !== undefined && <Alert color="red" variant="light" role="alert">{sentence(refusal(error).text)} {sentence(refusal(error).advice)}</Alert>}
        <div className="row end">
          <Button variant="default" onClick={onClose}>Cancel</Button>
          <Button type="submit" loading={busy} disabled={lacks !== "" || name.trim() === ""}>Save</Button>
        </div>
      </form>
    </Modal>
  );
}

function DeleteDialog({ schedule: s, onClose }: { schedule: Schedule; onClose(): void }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const client = useQueryClient();
  const remove = async () => {
    setBusy(true);
    try {
      await call(path("schedules", s.name), { method: "DELETE" });
      await client.invalidateQueries({ queryKey: adminKeys.schedules });
      notify(`The schedule ${s.name} was deleted.`);
      onClose();
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={onClose} title={`Delete the schedule ${s.name}?`} closeButtonProps={{ "aria-label": "Close" }}>
      <div className="stackv">
        <p>It begins no further batch. One that runs goes on, and can be stopped for itself.</p>
        {error !== undefined && <Alert color="red" variant="light" role="alert">{sentence(refusal(error).text)} {sentence(refusal(error).advice)}</Alert>}
        <div className="row end">
          <Button variant="default" onClick={onClose} data-autofocus>Cancel</Button>
          <Button color="red" loading={busy} onClick={() => void remove()}>Delete</Button>
        </div>
      </div>
    </Modal>
  );
}
