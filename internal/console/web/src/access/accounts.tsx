import { ActionIcon, Button, Menu, Modal, Radio, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { path } from "../api/client";
import type { Account, AccountCreated } from "../api/types";
import { useAccount } from "../session/session";
import { IconMore } from "../ui/icons";
import { Tag } from "../ui/marks";
import { MoreRows, useAllPages } from "../ui/more";
import { ErrorState, Loading } from "../ui/states";
import { DataTable } from "../ui/table";
import { Ago } from "../ui/time";
import { useAccounts, useChange } from "./queries";
import { HeldRoles } from "./roles";
import { type Secret, SecretDialog } from "./secret";

/** All accounts, with ways to make, disable and delete them. */
export function AccountsSection() {
  const list = useAllPages(useAccounts(), false);
  const self = useAccount().name;
  const change = useChange();
  const reset = useChange<{ password: string }>();
  const [creating, setCreating] = useState(false);
  const [deleting, setDeleting] = useState<Account>();
  const [secret, setSecret] = useState<Secret>();
  const renew = (a: Account) =>
    reset.mutate({ target: path("accounts", a.name, "password"), method: "POST", query: { oneTime: true } }, { onSuccess: (made) => setSecret(oneTime(a.name, made.password)) });
  return (
    <div className="stackv">
      <div className="row end"><Button onClick={() => setCreating(true)}>Create an account</Button></div>
      <div className="card">
        {list.error ? <ErrorState error={list.error} retry={list.retry} />
          : list.loading ? <Loading />
          : <DataTable label="Accounts" rows={list.items} rowKey={(a) => a.name} columns={[
              { name: "Name", cell: (a) => <span className="wrap">{a.name} {a.name === self && <Tag>you</Tag>}</span> },
              { name: "State", cell: (a) => <State account={a} /> },
              { name: "Roles", cell: (a) => <HeldRoles roles={a.roles} /> },
              { name: "Groups", cell: (a) => a.groups.join(", ") || <span className="quiet">none</span> },
              { name: "Created", cell: (a) => <Ago at={a.createdAt} /> },
              {
                name: "Action", hideName: true, right: true, cell: (a) => (
                  <Menu position="bottom-end" width={240}>
                    <Menu.Target><ActionIcon variant="subtle" color="gray" aria-label={`What to do with ${a.name}`}><IconMore /></ActionIcon></Menu.Target>
                    <Menu.Dropdown>
                      <Menu.Item onClick={() => renew(a)}>New one-time password</Menu.Item>
                      <Menu.Item disabled={a.name === self} onClick={() => change.mutate({ target: path("accounts", a.name), method: "PATCH", body: { disabled: !a.disabled }, done: a.disabled ? `${a.name} can sign in again.` : `${a.name} can do nothing any more.` })}>{a.disabled ? "Enable" : "Disable"}</Menu.Item>
                      <Menu.Item color="red" disabled={a.name === self} onClick={() => setDeleting(a)}>Delete…</Menu.Item>
                    </Menu.Dropdown>
                  </Menu>
                ),
              },
            ]} />}
      </div>
      <MoreRows list={list} what="account" />
      {creating && <CreateDialog onClose={() => setCreating(false)} onMade={(a) => { setCreating(false); if (a.password) setSecret(oneTime(a.name, a.password)); }} />}
      {deleting && (
        <Modal opened onClose={() => setDeleting(undefined)} title={`Delete ${deleting.name}?`} closeButtonProps={{ "aria-label": "Close" }}>
          <div className="stackv">
            <p>Its roles, credentials and sessions go with it. What it did stays in the audit log.</p>
            <div className="row end">
              <Button variant="default" data-autofocus onClick={() => setDeleting(undefined)}>Cancel</Button>
              <Button color="red" onClick={() => { change.mutate({ target: path("accounts", deleting.name), method: "DELETE", done: `${deleting.name} was deleted.` }); setDeleting(undefined); }}>Delete</Button>
            </div>
          </div>
        </Modal>
      )}
      {secret && <SecretDialog secret={secret} onClose={() => setSecret(undefined)} />}
    </div>
  );
}

function oneTime(name: string, password: string): Secret {
  return { title: `The one-time password of ${name}`, what: "the password", text: password, more: "It opens nothing but the choice of another password." };
}

function State({ account: a }: { account: Account }) {
  if (a.disabled) return <Tag tone="bad">disabled</Tag>;
  if (a.oneTimePassword) return <Tag tone="wait">one-time password</Tag>;
  if (a.issuer) return <span className="wrap" title={a.issuer}>OpenID</span>;
  return a.hasPassword ? <>password</> : <>credentials only</>;
}

function CreateDialog({ onClose, onMade }: { onClose(): void; onMade(a: AccountCreated): void }) {
  const [name, setName] = useState("");
  const [kind, setKind] = useState("person");
  const create = useChange<AccountCreated>();
  const submit = (e: FormEvent) => {
    e.preventDefault();
    create.mutate({ target: "/accounts", method: "POST", body: { name: name.trim(), oneTimePassword: kind === "person" }, done: `Account ${name.trim()} was created. It has no role yet.` }, { onSuccess: onMade });
  };
  return (
    <Modal opened onClose={onClose} title="Create an account" closeButtonProps={{ "aria-label": "Close" }}>
      <form className="stackv" onSubmit={submit}>
        <TextInput label="Name" required withAsterisk={false} maxLength={128} autoCapitalize="none" spellCheck={false} autoComplete="off" data-autofocus value={name} onChange={(e) => setName(e.currentTarget.value)} />
        <Radio.Group label="It is for" value={kind} onChange={setKind}>
          <div className="stackv tight" style={{ marginTop: "0.4rem" }}>
            <Radio value="person" label="a person, with a one-time password to begin with" />
            <Radio value="program" label="a program, with credentials only" />
          </div>
        </Radio.Group>
        <div className="row end">
          <Button variant="default" onClick={onClose}>Cancel</Button>
          <Button type="submit" loading={create.isPending} disabled={name.trim() === ""}>Create</Button>
        </div>
      </form>
    </Modal>
  );
}
