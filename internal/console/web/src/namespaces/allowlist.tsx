import { ActionIcon, Alert, Button, NativeSelect, Textarea, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { keys } from "../api/queries";
import type { Namespace } from "../api/types";
import { exactTime, plural } from "../text/format";
import { expiries, expiryOf } from "../text/expiry";
import { IconClose } from "../ui/icons";
import { Tag } from "../ui/marks";
import { notify } from "../ui/notices";
import { Empty, sentence } from "../ui/states";
import { names } from "./change";
import { Overtaken, refusal, useSaveNamespace } from "./save";

/** Most ids a list can have. */
const most = 100;

/** Vulnerabilities that do not block pulls from a namespace, until the list expires. */
export function AllowlistSection({ namespace: n }: { namespace: Namespace }) {
  const [text, setText] = useState("");
  const [expiry, setExpiry] = useState("keep");
  const [day, setDay] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const save = useSaveNamespace();
  const client = useQueryClient();
  const list = n.allowlist;
  const ids = list.items.map((i) => i.cveId);
  const current = list.expiresAt === undefined ? undefined : new Date(list.expiresAt * 1000).toISOString();

  const store = async (items: string[], done: string) => {
    setBusy(true);
    setError(undefined);
    try {
      const until = expiry === "keep" ? current : expiryOf(expiry, day, new Date());
      await save(n, { allowlist: { items: items.map((cveId) => ({ cveId })), expiresAt: until === undefined ? undefined : Math.floor(Date.parse(until) / 1000) } });
      setText("");
      setExpiry("keep");
      notify(done);
    } catch (failure) {
      setError(failure);
      if (failure instanceof Overtaken) client.setQueryData(keys.namespace(n.name), failure.now);
    } finally {
      setBusy(false);
    }
  };
  const added = names(text).filter((id) => !ids.some((i) => i.toLowerCase() === id.toLowerCase()));
  const submit = (e: FormEvent) => {
    e.preventDefault();
    void store([...ids, ...added], added.length > 0 ? `${plural(added.length, "id")} added to the allowlist.` : "The expiry is changed.");
  };
  return (
    <div className="stackv">
      <div className="card pad stackv">
        <div className="row">
          <div style={{ flex: "1 1 18rem" }}>
            <h2>Allowlist</h2>
            <p className="quiet small">These vulnerabilities do not block pulls from {n.name}, in whatever package they are. Reports still show them.</p>
          </div>
          {ids.length > 0 && (
            <div className="small">
              {list.expired ? <Tag tone="wait">expired {current && exactTime(current)}: it counts no longer</Tag> : current ? <span>until {exactTime(current)}</span> : <span className="quiet">has no end</span>}
            </div>
          )}
        </div>
        {ids.length === 0 ? <Empty title="The allowlist is empty">Add the ids of vulnerabilities that were looked at and found harmless here.</Empty> : (
          <ul className="row" style={{ listStyle: "none", margin: 0, padding: 0, gap: "0.4rem" }} aria-label="Ids on the allowlist">
            {ids.map((id) => (
              <li key={id} className="tag" style={{ display: "inline-flex", alignItems: "center", gap: "0.15rem", paddingRight: 0 }}>
                {id}
                <ActionIcon variant="subtle" color="gray" size="sm" disabled={busy} aria-label={`Remove ${id}`} onClick={() => void store(ids.filter((i) => i !== id), `${id} was removed from the allowlist.`)}><IconClose size={12} /></ActionIcon>
              </li>
            ))}
          </ul>
        )}
      </div>
      <form className="card pad stackv" onSubmit={submit}>
        <h2>Add to it</h2>
        <Textarea label="Ids" description={`CVE ids or any name that a report shows, with spaces, commas or lines between them. ${ids.length} of ${most} are used.`} autosize minRows={2} value={text} onChange={(e) => setText(e.currentTarget.value)} spellCheck={false} />
        <div className="row" style={{ alignItems: "end" }}>
          <NativeSelect label="The whole list holds" value={expiry} onChange={(e) => setExpiry(e.currentTarget.value)} data={[{ value: "keep", label: current ? "as long as before" : "without an end, as before" }, ...expiries]} />
          {expiry === "day" && <TextInput type="date" label="Day" required withAsterisk={false} value={day} onChange={(e) => setDay(e.currentTarget.value)} />}
        </div>
        {error !== undefined && <Alert color="red" variant="light" role="alert">{sentence(refusal(error).text)} {sentence(refusal(error).advice)}</Alert>}
        {ids.length + added.length > most && <Alert color="yellow" variant="light">That would make {ids.length + added.length} ids; {most} is the most. Whitelist findings from a report instead: there is no such limit.</Alert>}
        <div className="row end"><Button type="submit" loading={busy} disabled={(added.length === 0 && expiry === "keep") || ids.length + added.length > most}>Save the list</Button></div>
      </form>
    </div>
  );
}
