import { Button, Checkbox, Modal, TextInput, Alert } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Link, useLocation, useParams, useSearch } from "wouter";
import { call, Failure, path } from "../api/client";
import { keys, useNamespace, useNamespaces } from "../api/queries";
import type { Namespace } from "../api/types";
import { Blocking } from "../images/repositories";
import { NoRole } from "../session/no-role";
import { useRefusal } from "../session/rights";
import { useAccount } from "../session/session";
import { count, plural } from "../text/format";
import { link } from "../url/image";
import { useUrlState } from "../url/state";
import { FilteredList, SearchField } from "../ui/filtered";
import { Tag } from "../ui/marks";
import { useAllPages } from "../ui/more";
import { notify, notifyFailure } from "../ui/notices";
import { Page } from "../ui/page";
import { Empty, ErrorState, Loading, sentence } from "../ui/states";
import type { Column } from "../ui/table";
import { Ago } from "../ui/time";
import { AllowlistSection } from "./allowlist";
import { MembersSection } from "../access/members";
import { RulesSection } from "./rules";
import { SettingsSection } from "./settings";

/** Namespaces is the list, or one of them. */
export default function Namespaces() {
  const { namespace } = useParams<{ namespace?: string }>();
  return namespace === undefined ? <List /> : <NamespacePage key={namespace} name={namespace} />;
}

const defaults = { q: "" };

function List() {
  const refused = useRefusal("administer");
  const [state, change] = useUrlState(defaults);
  const [creating, setCreating] = useState(false);
  const roleless = useAccount().roles.length === 0;
  const list = useAllPages(useNamespaces(), state.q !== "");
  const shown = list.items.filter((n) => n.name.includes(state.q.toLowerCase()));
  const columns: Column<Namespace>[] = [
    { name: "Namespace", cell: (n) => <Link href={`/namespaces/${n.name}`}>{n.name}</Link> },
    { name: "Pulled by", cell: (n) => (n.public ? <Tag tone="wait">everybody</Tag> : "accounts") },
    { name: "Scans", cell: (n) => (n.autoScan ? <Tag tone="good">on push</Tag> : <Tag>on request</Tag>) },
    { name: "Blocks", cell: (n) => <Blocking namespace={n} /> },
    { name: "Allowlist", cell: (n) => (n.allowlist.items.length === 0 ? <span className="quiet">empty</span> : <span>{plural(n.allowlist.items.length, "id")}{n.allowlist.expired && <> <Tag tone="wait">expired</Tag></>}</span>) },
    { name: "Repositories", right: true, cell: (n) => <Link href={link({ namespace: n.name })}>{count(n.repositories)}</Link> },
    { name: "Changed", cell: (n) => <Ago at={n.updatedAt} /> },
  ];
  return (
    <Page title="Namespaces" lead="Each says what is scanned, what may be pulled, and by whom." actions={<Button disabled={refused !== undefined} title={refused} onClick={() => setCreating(true)}>Create a namespace</Button>}>
      <SearchField text={state.q} onText={(q) => change({ q })} />
      <FilteredList label="Namespaces" list={list} shown={shown} columns={columns} rowKey={(n) => n.name} what="namespace" text={state.q} onText={(q) => change({ q })}
        none={roleless ? <NoRole /> : <Empty title="There is no namespace yet" action={<Button disabled={refused !== undefined} title={refused} onClick={() => setCreating(true)}>Create a namespace</Button>}>Images are kept in namespaces.</Empty>} />
      {creating && <CreateDialog onClose={() => setCreating(false)} />}
    </Page>
  );
}

/** Asks for a name and who may pull, and nothing else: what scans and blocks is set afterwards. */
function CreateDialog({ onClose }: { onClose(): void }) {
  const [name, setName] = useState("");
  const [everybody, setEverybody] = useState(false);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const client = useQueryClient();
  const [, navigate] = useLocation();
  const submit = async (e: FormEvent) => {
    e.preventDefault();
    setBusy(true);
    setFailure(undefined);
    try {
      const made = await call<Namespace>("/namespaces", { method: "POST", body: { name, public: everybody } });
      await client.invalidateQueries({ queryKey: keys.namespaces });
      notify(`Namespace ${made.name} was created. Here you choose what it scans and blocks.`);
      navigate(`/namespaces/${made.name}`);
    } catch (error) {
      setBusy(false);
      if (error instanceof Failure) setFailure(error);
      else notifyFailure(error);
    }
  };
  return (
    <Modal opened onClose={onClose} title="Create a namespace" closeButtonProps={{ "aria-label": "Close" }}>
      <form className="stackv" onSubmit={(e) => void submit(e)}>
        {failure && <Alert color="red" variant="light" role="alert">{sentence(failure.message)} {sentence(failure.advice)}</Alert>}
        <TextInput label="Name" description="Small letters and digits, with single . _ - between them; up to 64" required withAsterisk={false} maxLength={64} autoCapitalize="none" spellCheck={false} data-autofocus value={name} onChange={(e) => setName(e.currentTarget.value)} />
        <Checkbox label="Everybody may pull from it" description="Without signing in. Pushing always needs an account." checked={everybody} onChange={(e) => setEverybody(e.currentTarget.checked)} />
        <div className="row end">
          <Button variant="default" onClick={onClose}>Cancel</Button>
          <Button type="submit" loading={busy} disabled={name === ""}>Create</Button>
        </div>
      </form>
    </Modal>
  );
}

const tabs = [
  { key: "settings", name: "Scanning and blocking" },
  { key: "allowlist", name: "Allowlist" },
  { key: "rules", name: "Rules" },
  { key: "members", name: "Members" },
];

function NamespacePage({ name }: { name: string }) {
  const namespace = useNamespace(name);
  const undeletable = useRefusal("administer");
  const refused = useRefusal("manage", name);
  const search = useSearch();
  const [deleting, setDeleting] = useState(false);
  const tab = tabs.find((t) => t.key === new URLSearchParams(search).get("tab")) ?? tabs[0]!;
  const n = namespace.data;
  return (
    <Page title={name} crumbs={[{ text: "Namespaces", href: "/namespaces" }]}
      actions={n && <><Button component={Link} href={link({ namespace: name })} variant="default">{plural(n.repositories, "repository", "repositories")}</Button><Button variant="subtle" color="red" disabled={undeletable !== undefined} title={undeletable} onClick={() => setDeleting(true)}>Delete</Button></>}>
      {namespace.error && !n ? <div className="card"><ErrorState error={namespace.error} retry={() => void namespace.refetch()} /></div>
        : !n ? <div className="card"><Loading rows={8} /></div>
        : <div className="report">
            <nav className="card sections" style={{ display: "flex", position: "static" }} aria-label="Parts of the namespace">
              {tabs.map((t) => <Link key={t.key} href={`/namespaces/${name}?tab=${t.key}`} aria-current={t === tab ? "page" : undefined}>{t.name}</Link>)}
            </nav>
            <div>
              {refused && <Alert variant="light" mb="md">{refused}</Alert>}
              <fieldset disabled={refused !== undefined}>
                {tab.key === "allowlist" ? <AllowlistSection namespace={n} /> : tab.key === "rules" ? <RulesSection namespace={n} /> : tab.key === "members" ? <MembersSection namespace={n.name} /> : <SettingsSection namespace={n} />}
              </fieldset>
            </div>
          </div>}
      {deleting && n && <DeleteDialog namespace={n} onClose={() => setDeleting(false)} />}
    </Page>
  );
}

function DeleteDialog({ namespace: n, onClose }: { namespace: Namespace; onClose(): void }) {
  const client = useQueryClient();
  const [, navigate] = useLocation();
  const [busy, setBusy] = useState(false);
  const remove = async () => {
    setBusy(true);
    try {
      await call(path("namespaces", n.name), { method: "DELETE" });
      await client.invalidateQueries({ queryKey: keys.namespaces });
      notify(`Namespace ${n.name} was deleted.`);
      navigate("/namespaces");
    } catch (error) {
      notifyFailure(error);
      onClose();
    }
  };
  return (
    <Modal opened onClose={onClose} title={`Delete ${n.name}?`} closeButtonProps={{ "aria-label": "Close" }}>
      <div className="stackv">
        <p>{n.repositories > 0 ? `It holds ${plural(n.repositories, "repository", "repositories")}. A namespace must be empty before it can be deleted.` : "Its settings, allowlist, rules and decisions go with it."}</p>
        <div className="row end">
          <Button variant="default" onClick={onClose} data-autofocus>Cancel</Button>
          <Button color="red" disabled={n.repositories > 0} loading={busy} onClick={() => void remove()}>Delete</Button>
        </div>
      </div>
    </Modal>
  );
}
