import { Alert, Button, Modal, NativeSelect, Radio, Textarea, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { call, Failure } from "../api/client";
import { keys } from "../api/queries";
import type { Exception, ExceptionCreate } from "../api/types";
import { useRefusal } from "../session/rights";
import { notify, notifyFailure } from "../ui/notices";
import { sentence } from "../ui/states";
import { expiryOf, expiries } from "../text/expiry";
import type { Row } from "./rows";

/** Which image a decision is made at. */
export interface Place {
  namespace: string;
  repository: string;
  digest: string;
  reference: string;
}

/** Reads again what a decision changes: the report, the image's verdict, the decisions. */
function useRefresh({ namespace, repository }: Place) {
  const client = useQueryClient();
  return () =>
    Promise.all([
      client.invalidateQueries({ queryKey: ["report", namespace, repository] }),
      client.invalidateQueries({ queryKey: keys.repository(namespace, repository) }),
    ]);
}

/** Returns a function that takes a decision back. */
export function useRemoveException(place: Place): (id: number) => void {
  const refresh = useRefresh(place);
  return (id) => {
    call(`/exceptions/${id}`, { method: "DELETE", query: { reason: "taken back in the console" } })
      .then(() => notify("The decision was taken back."))
      .catch(notifyFailure)
      .finally(() => void refresh());
  };
}

const scopeNames = { artifact: "this image only", repository: "this repository", namespace: "this namespace", instance: "all images" };
type Scope = keyof typeof scopeNames;

/** HandlingDialog asks what a decision shall be about, where it holds, why, and until when. */
export function HandlingDialog({ row, action, place, onClose }: { row: Row; action: "ignore" | "whitelist"; place: Place; onClose(): void }) {
  const [what, setWhat] = useState("finding");
  const [scope, setScope] = useState<Scope>("repository");
  const [expiry, setExpiry] = useState("90");
  const [day, setDay] = useState("");
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const refresh = useRefresh(place);
  const choices = criteria(row);
  const everywhere = useRefusal("handle") === undefined;

  const submit = async (e: FormEvent) => {
    e.preventDefault();
    setBusy(true);
    setFailure(undefined);
    try {
      const body: ExceptionCreate = {
        action, scope, reason: reason.trim(),
        targets: targets(scope, place),
        ...choices.find((c) => c.value === what)!.criteria,
        expiresAt: expiryOf(expiry, day, new Date()),
      };
      await call<Exception>("/exceptions", { method: "POST", body });
      await refresh();
      notify(action === "ignore" ? `${row.title} is ignored.` : `${row.title} is whitelisted.`);
      onClose();
    } catch (error) {
      if (error instanceof Failure) setFailure(error);
      else notifyFailure(error);
      setBusy(false);
    }
  };

  return (
    <Modal opened onClose={onClose} size="lg" title={`${action === "ignore" ? "Ignore" : "Whitelist"} ${row.title}`} closeButtonProps={{ "aria-label": "Close" }}>
      <form className="stackv" onSubmit={(e) => void submit(e)}>
        <p className="quiet">
          {action === "ignore"
            ? "It stays in reports, marked with your decision. Pulls are judged as before."
            : "It goes out of reports, and pulls are judged as if it were not there."}
        </p>
        {failure && <Alert color="red" variant="light" role="alert">{sentence(failure.message)} {sentence(failure.advice)} {failure.fields.map((f) => f.message).join("; ")}</Alert>}
        <Radio.Group label="What" value={what} onChange={setWhat}>
          <div className="stackv tight" style={{ marginTop: "0.4rem" }}>{choices.map((c) => <Radio key={c.value} value={c.value} label={c.label} />)}</div>
        </Radio.Group>
        <NativeSelect label="Where it holds" value={scope} onChange={(e) => setScope(e.currentTarget.value as Scope)}
          data={(Object.keys(scopeNames) as Scope[]).filter((s) => s !== "instance" || everywhere).map((s) => ({ value: s, label: s === "repository" ? `${scopeNames[s]} (${place.namespace}/${place.repository})` : s === "namespace" ? `${scopeNames[s]} (${place.namespace})` : scopeNames[s] }))} />
        <div className="row" style={{ alignItems: "end" }}>
          <NativeSelect label="Until" value={expiry} onChange={(e) => setExpiry(e.currentTarget.value)} data={expiries} />
          {expiry === "day" && <TextInput type="date" label="Day" required withAsterisk={false} value={day} min={new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)} onChange={(e) => setDay(e.currentTarget.value)} />}
        </div>
        <Textarea label="Reason" description="For those who read the report later" required withAsterisk={false} maxLength={512} autosize minRows={2} value={reason} onChange={(e) => setReason(e.currentTarget.value)} data-autofocus />
        <div className="row end">
          <Button variant="default" onClick={onClose}>Cancel</Button>
          <Button type="submit" loading={busy} disabled={reason.trim() === ""}>{action === "ignore" ? "Ignore" : "Whitelist"}</Button>
        </div>
      </form>
    </Modal>
  );
}

/** What a decision about a finding can be about, the narrowest first. */
function criteria(row: Row): { value: string; label: string; criteria: Partial<ExceptionCreate> }[] {
  const list: { value: string; label: string; criteria: Partial<ExceptionCreate> }[] = [{ value: "finding", label: "this finding", criteria: { findingId: row.id, ...named(row) } }];
  if (row.vulnerability) {
    list.push({ value: "vulnerability", label: `${row.vulnerability.id} in every package`, criteria: { vulnerability: row.vulnerability.id } });
    list.push({ value: "package", label: `every vulnerability of the package ${row.vulnerability.package}`, criteria: { package: row.vulnerability.package, category: row.vulnerability.category as ExceptionCreate["category"] } });
  }
  if (row.finding) {
    const category = row.finding.category as ExceptionCreate["category"];
    list.push({ value: "rule", label: `everything the rule ${row.finding.rule} finds`, criteria: { rule: row.finding.rule, category } });
    const path = row.locations.length === 1 ? row.locations[0]!.path : "";
    if (path) list.push({ value: "path", label: `what the rule ${row.finding.rule} finds in /${path}`, criteria: { rule: row.finding.rule, path, category } });
  }
  return list;
}

/** What says to a reader which finding it is, beside its id. */
function named({ vulnerability: v, finding: f }: Row): Partial<ExceptionCreate> {
  if (v) return { vulnerability: v.id, package: v.package };
  return f ? { rule: f.rule, category: f.category as ExceptionCreate["category"] } : {};
}

function targets(scope: Scope, { namespace, repository, digest }: Place): ExceptionCreate["targets"] {
  switch (scope) {
    case "instance":
      return undefined;
    case "namespace":
      return [{ namespace }];
    case "repository":
      return [{ namespace, repository }];
    case "artifact":
      return [{ namespace, repository, reference: digest }];
  }
}
