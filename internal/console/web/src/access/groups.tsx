import { ActionIcon, Button, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { path } from "../api/client";
import type { Group } from "../api/types";
import { IconClose } from "../ui/icons";
import { Empty, ErrorState, Loading } from "../ui/states";
import { useChange, useGroups } from "./queries";

/** Groups, which hold roles for their members. */
export function GroupsSection() {
  const groups = useGroups();
  const create = useChange();
  const [name, setName] = useState("");
  const submit = (e: FormEvent) => {
    e.preventDefault();
    create.mutate({ target: "/groups", method: "POST", body: { name: name.trim() }, done: `Group ${name.trim()} was created.` }, { onSuccess: () => setName("") });
  };
  return (
    <div className="stackv">
      <form className="card pad row" style={{ alignItems: "end" }} onSubmit={submit}>
        <TextInput label="New group" required withAsterisk={false} maxLength={128} autoCapitalize="none" spellCheck={false} autoComplete="off" value={name} onChange={(e) => setName(e.currentTarget.value)} />
        <Button type="submit" loading={create.isPending} disabled={name.trim() === ""}>Create</Button>
      </form>
      {groups.error && !groups.data ? <div className="card"><ErrorState error={groups.error} retry={() => void groups.refetch()} /></div>
        : !groups.data ? <div className="card"><Loading rows={3} /></div>
        : groups.data.items.length === 0 ? <div className="card"><Empty title="There is no group yet">A role that is given to a group is its members'.</Empty></div>
        : groups.data.items.map((g) => <GroupCard key={g.name} group={g} />)}
    </div>
  );
}

function GroupCard({ group: g }: { group: Group }) {
  const [name, setName] = useState("");
  const change = useChange();
  const member = (account: string) => path("groups", g.name, "members", account);
  const add = (e: FormEvent) => {
    e.preventDefault();
    change.mutate({ target: member(name.trim()), method: "PUT", done: `${name.trim()} is in ${g.name} now.` }, { onSuccess: () => setName("") });
  };
  return (
    <section className="card pad stackv" aria-label={`Group ${g.name}`}>
      <div className="row">
        <h2 className="wrap" style={{ flex: 1 }}>{g.name}</h2>
        <Button size="xs" variant="subtle" color="red" aria-label={`Delete ${g.name}`} disabled={g.members.length > 0} title={g.members.length > 0 ? "A group is deleted when nobody is in it." : undefined} onClick={() => change.mutate({ target: path("groups", g.name), method: "DELETE", done: `Group ${g.name} was deleted.` })}>Delete</Button>
      </div>
      {g.members.length === 0 ? <p className="quiet small">Nobody is in it.</p> : (
        <ul className="row" style={{ listStyle: "none", margin: 0, padding: 0, gap: "0.4rem" }} aria-label={`Members of ${g.name}`}>
          {g.members.map((m) => (
            <li key={m} className="tag" style={{ display: "inline-flex", alignItems: "center", gap: "0.15rem", paddingRight: 0 }}>
              <span className="clip" title={m}>{m}</span><ActionIcon variant="subtle" color="gray" size="sm" aria-label={`Take ${m} out of ${g.name}`} onClick={() => change.mutate({ target: member(m), method: "DELETE", done: `${m} is no longer in ${g.name}.` })}><IconClose size={12} /></ActionIcon>
            </li>
          ))}
        </ul>
      )}
      <form className="row" style={{ alignItems: "end" }} onSubmit={add}>
        <TextInput label={`Add to ${g.name}`} placeholder="name of an account" required withAsterisk={false} maxLength={128} autoCapitalize="none" spellCheck={false} autoComplete="off" value={name} onChange={(e) => setName(e.currentTarget.value)} />
        <Button type="submit" variant="default" loading={change.isPending} disabled={name.trim() === ""}>Add</Button>
      </form>
    </section>
  );
}
