import { Button, Checkbox, Modal, NativeSelect, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { path } from "../api/client";
import type { Credential, CredentialCreate, CredentialCreated } from "../api/types";
import { names } from "../namespaces/change";
import { expiries, expiryOf } from "../text/expiry";
import { date, exactTime } from "../text/format";
import { Tag } from "../ui/marks";
import { MoreRows, useAllPages } from "../ui/more";
import { Empty, ErrorState, Loading } from "../ui/states";
import { type Column, DataTable } from "../ui/table";
import { Ago } from "../ui/time";
import { useChange, useCredentials } from "./queries";
import { type Secret, SecretDialog } from "./secret";

/** What programs log in with: the own, or everybody's. fixed is whether others' may only be seen. */
export function CredentialsSection({ everybody = false, fixed = false }: { everybody?: boolean; fixed?: boolean }) {
  const list = useAllPages(useCredentials(everybody), false);
  const change = useChange();
  const [creating, setCreating] = useState(false);
  const [secret, setSecret] = useState<Secret>();
  const label = (c: Credential) => c.name || c.id;
  const columns: Column<Credential>[] = [
    ...(everybody ? [{ name: "Account", cell: (c: Credential) => <span className="wrap">{c.account}</span> }] : []),
    { name: "For", cell: (c) => <span className="wrap">{label(c)}</span> },
    { name: "State", cell: (c) => <Tag tone={c.state === "active" ? "good" : "bad"}>{c.state}</Tag> },
    { name: "May", cell: (c) => <span className="wrap">{c.verbs.join(", ") || "all its account may"} {c.namespaces.length > 0 && `in ${c.namespaces.join(", ")}`}</span> },
    { name: "Until", cell: (c) => (c.expiresAt ? <span title={exactTime(c.expiresAt)}>{date(c.expiresAt)}</span> : "no end") },
    { name: "Used", cell: (c) => (c.usedAt ? <Ago at={c.usedAt} /> : <span className="quiet">never</span>) },
    {
      name: "Action", hideName: true, right: true, cell: (c) => (
        <div className="row end">
          <Button size="xs" variant="default" disabled={fixed} aria-label={`${c.state === "disabled" ? "Enable" : "Disable"} ${label(c)}`} onClick={() => change.mutate({ target: path("credentials", c.id), method: "PATCH", body: { disabled: c.state !== "disabled" } })}>{c.state === "disabled" ? "Enable" : "Disable"}</Button>
          <Button size="xs" variant="subtle" color="red" disabled={fixed} aria-label={`Revoke ${label(c)}`} onClick={() => change.mutate({ target: path("credentials", c.id), method: "DELETE", done: `${label(c)} was revoked.` })}>Revoke</Button>
        </div>
      ),
    },
  ];
  return (
    <div className="stackv">
      <div className={everybody ? "row end" : "row apart"}>
        {!everybody && <h2>Credentials</h2>}
        <Button disabled={fixed} onClick={() => setCreating(true)}>Create a credential</Button>
      </div>
      <div className="card">
        {list.error ? <ErrorState error={list.error} retry={list.retry} />
          : list.loading ? <Loading rows={3} />
          : list.items.length === 0 ? <Empty title="There is no credential yet">Programs use credentials in place of a password: with docker login, in pipelines and clusters.</Empty>
          : <DataTable label="Credentials" columns={columns} rows={list.items} rowKey={(c) => c.id} />}
      </div>
      <MoreRows list={list} what="credential" />
      {creating && <CreateDialog everybody={everybody} onClose={() => setCreating(false)} onMade={(c) => { setCreating(false); setSecret(secretOf(c)); }} />}
      {secret && <SecretDialog secret={secret} onClose={() => setSecret(undefined)} />}
    </div>
  );
}

function secretOf(c: CredentialCreated): Secret {
  return { title: `Credential ${c.name || c.id}`, what: "the token", text: c.token, more: `Programs log in with the name ${c.account} and this in place of the password.` };
}

const verbs = ["read", "pull", "push", "scan", "delete", "handle", "manage"] as const;

function CreateDialog({ everybody, onClose, onMade }: { everybody: boolean; onClose(): void; onMade(c: CredentialCreated): void }) {
  const [account, setAccount] = useState("");
  const [name, setName] = useState("");
  const [expiry, setExpiry] = useState("90");
  const [day, setDay] = useState("");
  const [namespaces, setNamespaces] = useState("");
  const [chosen, setChosen] = useState<string[]>(["pull"]);
  const create = useChange<CredentialCreated>();
  const submit = (e: FormEvent) => {
    e.preventDefault();
    const kind = expiry === "hours" ? { kind: "temporary" as const, hours: 12 } : { kind: "long-term" as const, expiresAt: expiryOf(expiry, day, new Date()) };
    const body: CredentialCreate = { ...kind, name: name.trim(), account: account.trim() || undefined, namespaces: names(namespaces), verbs: chosen as CredentialCreate["verbs"] };
    create.mutate({ target: "/credentials", method: "POST", body }, { onSuccess: onMade });
  };
  return (
    <Modal opened onClose={onClose} size="lg" title="Create a credential" closeButtonProps={{ "aria-label": "Close" }}>
      <form className="stackv" onSubmit={submit}>
        <TextInput label="What it is for" placeholder="build server" required withAsterisk={false} maxLength={128} data-autofocus value={name} onChange={(e) => setName(e.currentTarget.value)} />
        {everybody && <TextInput label="Account" description="In whose name it is used; your own if empty" maxLength={128} autoCapitalize="none" spellCheck={false} autoComplete="off" value={account} onChange={(e) => setAccount(e.currentTarget.value)} />}
        <Checkbox.Group label="What it may do" description="As far as its account may. Nothing chosen means all that." value={chosen} onChange={setChosen}>
          <div className="row" style={{ marginTop: "0.4rem" }}>{verbs.map((v) => <Checkbox key={v} value={v} label={v} />)}</div>
        </Checkbox.Group>
        <TextInput label="In namespaces" description="With spaces or commas between them; all if empty" spellCheck={false} autoCapitalize="none" value={namespaces} onChange={(e) => setNamespaces(e.currentTarget.value)} />
        <div className="row" style={{ alignItems: "end" }}>
          <NativeSelect label="Until" value={expiry} onChange={(e) => setExpiry(e.currentTarget.value)} data={[{ value: "hours", label: "in 12 hours" }, ...expiries]} />
          {expiry === "day" && <TextInput type="date" label="Day" required withAsterisk={false} value={day} onChange={(e) => setDay(e.currentTarget.value)} />}
        </div>
        <div className="row end">
          <Button variant="default" onClick={onClose}>Cancel</Button>
          <Button type="submit" loading={create.isPending} disabled={name.trim() === ""}>Create</Button>
        </div>
      </form>
    </Modal>
  );
}
