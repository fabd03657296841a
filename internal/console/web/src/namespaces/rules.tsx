import { Alert, Button, Modal, Textarea, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { call, path } from "../api/client";
import { keys, useRuleFile, useRules } from "../api/queries";
import type { Namespace } from "../api/types";
import { plural, size } from "../text/format";
import { notify } from "../ui/notices";
import { Empty, ErrorState, Loading, sentence } from "../ui/states";
import { DataTable } from "../ui/table";
import { Ago } from "../ui/time";
import { refusal } from "./save";

/** Rules of a namespace: what scans look for beside what is built in, and what they leave out. */
export function RulesSection({ namespace: n }: { namespace: Namespace }) {
  const rules = useRules(n.name);
  const [editing, setEditing] = useState<string>();
  return (
    <div className="stackv">
      <div className="card">
        <div className="row pad" style={{ paddingBottom: 0 }}>
          <div style={{ flex: "1 1 18rem" }}>
            <h2>Rules</h2>
            <p className="quiet small">Files in the form of the built-in ones: hashes of malicious files, words for passwords, licences, paths to leave out. Images are judged again by them; where a rule takes another look at an image, it counts from its next scan on.</p>
          </div>
          <Button variant="default" onClick={() => setEditing("")}>Add a file</Button>
        </div>
        {rules.error && !rules.data ? <ErrorState error={rules.error} retry={() => void rules.refetch()} />
          : !rules.data ? <Loading rows={3} />
          : rules.data.files.length === 0 ? <Empty title="There are no rules of its own">The built-in ones, and those of the server, hold for every namespace.</Empty>
          : <DataTable label="Files of rules" rows={rules.data.files} rowKey={(f) => f.name} columns={[
              { name: "File", cell: (f) => <button type="button" className="expander" onClick={() => setEditing(f.name)}><span className="name" style={{ color: "var(--mantine-color-anchor)" }}>{f.name}</span></button> },
              { name: "Size", right: true, cell: (f) => size(f.size) },
              { name: "Changed", cell: (f) => <span><Ago at={f.updatedAt} /> by {f.updatedBy}</span> },
            ]} />}
      </div>
      {(rules.data?.needScan ?? 0) > 0 && <p className="small">{plural(rules.data!.needScan, "image")} of this namespace {rules.data!.needScan === 1 ? "was" : "were"} looked at by other rules. Scan again to have these count for all.</p>}
      {(rules.data?.excludedPaths.length ?? 0) > 0 && (
        <div className="card pad">
          <h2>Paths of which no secrets are told</h2>
          <ul>{rules.data!.excludedPaths.map((p) => <li key={p}><code>{p}</code></li>)}</ul>
        </div>
      )}
      {editing !== undefined && <RuleDialog namespace={n.name} file={editing} onClose={() => setEditing(undefined)} />}
    </div>
  );
}

function RuleDialog({ namespace, file, onClose }: { namespace: string; file: string; onClose(): void }) {
  const content = useRuleFile(namespace, file);
  const [name, setName] = useState(file);
  const [text, setText] = useState<string>();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const client = useQueryClient();
  const shown = text ?? content.data?.content ?? "";
  const change = async (method: "PUT" | "DELETE", done: string) => {
    setBusy(true);
    setError(undefined);
    try {
      await call(path("namespaces", namespace, "rules", name), { method, body: method === "PUT" ? { content: shown } : undefined });
      await client.invalidateQueries({ queryKey: keys.rules(namespace) });
      notify(done);
      onClose();
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  const submit = (e: FormEvent) => {
    e.preventDefault();
    void change("PUT", `${name} is saved.`);
  };
  return (
    <Modal opened onClose={onClose} size="xl" title={file === "" ? "Add a file of rules" : file} closeButtonProps={{ "aria-label": "Close" }}>
      <form className="stackv" onSubmit={submit}>
        {file === "" && <TextInput label="Name" description="The name says what it holds: secrets*.yaml, passwords*.txt, excluded-paths.txt, licences*.yaml, software*.yaml, baseline*.yaml, malware*.yaml, *.sha256, …" required withAsterisk={false} value={name} onChange={(e) => setName(e.currentTarget.value)} data-autofocus spellCheck={false} />}
        {content.error && <Alert color="red" variant="light" role="alert">{sentence(refusal(content.error).text)}</Alert>}
        <Textarea label="Content" autosize minRows={10} maxRows={24} value={shown} disabled={content.isLoading} onChange={(e) => setText(e.currentTarget.value)} spellCheck={false} styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }} />
        {error !== undefined && <Alert color="red" variant="light" role="alert">{sentence(refusal(error).text)} {sentence(refusal(error).advice)}</Alert>}
        <div className="row end">
          {file !== "" && <Button variant="default" color="red" style={{ marginRight: "auto" }} disabled={busy} onClick={() => void change("DELETE", `${name} was removed.`)}>Remove</Button>}
          <Button variant="default" onClick={onClose}>Cancel</Button>
          <Button type="submit" loading={busy} disabled={name === "" || (file !== "" && text === undefined)}>Save</Button>
        </div>
      </form>
    </Modal>
  );
}
