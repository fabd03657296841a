import { Button, NativeSelect, TextInput } from "@mantine/core";
import { type FormEvent, type ReactNode, useState } from "react";
import type { HeldRole, Role, RoleGrant } from "../api/types";
import { Tag } from "../ui/marks";
import { Empty, ErrorState, Loading } from "../ui/states";
import { DataTable } from "../ui/table";
import { Ago } from "../ui/time";
import { holderPath, type Realm, useChange, useRoles } from "./queries";

/** Roles and what they may, in the order of rising rights. */
export const roleNames: { value: Role; label: string; everywhereOnly?: boolean }[] = [
  { value: "reader", label: "reader: sees and pulls" },
  { value: "writer", label: "writer: also pushes and scans" },
  { value: "maintainer", label: "maintainer: also deletes, decides, sets" },
  { value: "auditor", label: "auditor: reads everything, pulls nothing", everywhereOnly: true },
  { value: "administrator", label: "administrator: everything", everywhereOnly: true },
];

/** Who holds which role somewhere, with ways to give and take them. */
export function Roles({ realm, title, children }: { realm: Realm; title: string; children: ReactNode }) {
  const roles = useRoles(realm);
  const change = useChange();
  const [kind, setKind] = useState<"accounts" | "groups">("accounts");
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("reader");
  const names = roleNames.filter((r) => typeof realm !== "object" || !r.everywhereOnly);
  const holder = (g: RoleGrant) => holderPath(realm, g.group ? "groups" : "accounts", g.group ?? g.account ?? "");
  const grant = (e: FormEvent) => {
    e.preventDefault();
    change.mutate({ ...holderPath(realm, kind, name.trim()), method: "PUT", body: { role }, done: `${name.trim()} is ${role} now.` }, { onSuccess: () => setName("") });
  };
  return (
    <section className="card" aria-label={title}>
      <div className="pad" style={{ paddingBottom: 0 }}><h2>{title}</h2><p className="quiet small">{children}</p></div>
      {roles.error && !roles.data ? <ErrorState error={roles.error} retry={() => void roles.refetch()} />
        : !roles.data ? <Loading rows={2} />
        : roles.data.items.length === 0 ? <Empty title="Nobody has a role here">Roles that hold in more than this count here, too.</Empty>
        : <DataTable label={title} rows={roles.data.items} rowKey={(g) => (g.group ? "g " + g.group : "a " + g.account)} columns={[
            { name: "Who", cell: (g) => <span className="wrap">{g.group ?? g.account} {g.group && <Tag>group</Tag>}</span> },
            { name: "Role", cell: (g) => <Tag tone={g.role === "administrator" ? "wait" : undefined}>{g.role}</Tag> },
            { name: "Given", cell: (g) => <span><Ago at={g.grantedAt} />{g.grantedBy && ` by ${g.grantedBy}`}</span> },
            { name: "Action", hideName: true, right: true, cell: (g) => <Button size="xs" variant="default" aria-label={`Take away the role of ${g.group ?? g.account}`} onClick={() => change.mutate({ ...holder(g), method: "DELETE", done: `${g.group ?? g.account} is no longer ${g.role} here.` })}>Take away</Button> },
          ]} />}
      <form className="row pad" style={{ alignItems: "end" }} onSubmit={grant}>
        <NativeSelect label="Give" value={kind} onChange={(e) => setKind(e.currentTarget.value as "accounts" | "groups")} data={[{ value: "accounts", label: "the account" }, { value: "groups", label: "the group" }]} />
        <TextInput label="Name" required withAsterisk={false} maxLength={128} autoCapitalize="none" spellCheck={false} autoComplete="off" value={name} onChange={(e) => setName(e.currentTarget.value)} />
        <NativeSelect label="Role" value={role} onChange={(e) => setRole(e.currentTarget.value as Role)} data={names.map(({ value, label }) => ({ value, label }))} />
        <Button type="submit" variant="default" loading={change.isPending} disabled={name.trim() === ""}>Give the role</Button>
      </form>
    </section>
  );
}

/** The roles somebody holds, and where. */
export function HeldRoles({ roles }: { roles: HeldRole[] }) {
  if (roles.length === 0) return <span className="quiet">none</span>;
  return (
    <ul style={{ listStyle: "none", margin: 0, padding: 0 }}>
      {roles.map((r, i) => <li key={i} className="wrap">{r.role} {places[r.realm]}{r.namespace}{r.group && <span className="quiet"> by {r.group}</span>}</li>)}
    </ul>
  );
}

const places: Record<HeldRole["realm"], string> = { everything: "everywhere", instance: "of the instance", "other-instance": "of another instance", namespace: "of " };
