import { Button } from "@mantine/core";
import { Link } from "wouter";
import { useAllRepositories, useNamespaces, useRepositories } from "../api/queries";
import type { Namespace, Repository, RepositorySummary, Standing } from "../api/types";
import { NoRole } from "../session/no-role";
import { useAccount } from "../session/session";
import { count, plural } from "../text/format";
import { link } from "../url/image";
import { useUrlState } from "../url/state";
import { FilteredList, SearchField } from "../ui/filtered";
import { SeverityBar, Tag } from "../ui/marks";
import { useAllPages } from "../ui/more";
import { later, Page } from "../ui/page";
import { useSettled } from "../ui/settled";
import { Empty } from "../ui/states";
import type { Column } from "../ui/table";
import { Ago } from "../ui/time";

const defaults = { q: "" };

/** The namespaces, as the way to their repositories. */
export function NamespacesOfRepositories() {
  const [state, change] = useUrlState(defaults);
  return (
    <Page title="Repositories" lead="Choose a namespace to see its repositories, or find one by its name." actions={<Button component={Link} href="/welcome" variant="default">How to push</Button>}>
      <SearchField label="Find in all namespaces" text={state.q} onText={(q) => change({ q })} />
      {state.q === "" ? <NamespaceList /> : <FoundRepositories text={state.q} onText={(q) => change({ q })} />}
    </Page>
  );
}

function NamespaceList() {
  const roleless = useAccount().roles.length === 0;
  const list = useAllPages(useNamespaces(), false);
  const columns: Column<Namespace>[] = [
    { name: "Namespace", cell: (n) => <Link href={link({ namespace: n.name })}>{n.name}</Link> },
    { name: "Repositories", right: true, cell: (n) => count(n.repositories) },
    { name: "Scans", cell: (n) => (n.autoScan ? <Tag tone="good">on push</Tag> : <Tag>on request</Tag>) },
    { name: "Blocks", cell: (n) => <Blocking namespace={n} /> },
    { name: "Pulled by", cell: (n) => (n.public ? "everybody" : "accounts") },
    { name: "Changed", cell: (n) => <Ago at={n.updatedAt} /> },
  ];
  return (
    <FilteredList label="Namespaces" list={list} shown={list.items} columns={columns} rowKey={(n) => n.name} what="namespace" text="" onText={() => {}}
      none={roleless ? <NoRole /> : <Empty title="There is no namespace yet" action={<Button component={Link} href="/welcome">Push a first image</Button>}>Images are kept in namespaces, which also say what is scanned and what may be pulled.</Empty>} />
  );
}

/** The repositories of all namespaces whose name holds a text. */
function FoundRepositories({ text, onText }: { text: string; onText(text: string): void }) {
  const list = useAllPages(useAllRepositories(useSettled(text).trim().slice(0, 256)), false);
  const columns: Column<RepositorySummary>[] = [
    { name: "Repository", cell: (r) => <Link className="wrap" href={link({ namespace: r.namespace, repository: r.name })}>{r.namespace}/{r.name}</Link> },
    { name: "Tags", right: true, width: "5rem", cell: (r) => count(r.tags) },
    { name: "Images", right: true, width: "5rem", cell: (r) => count(r.standing.images) },
    { name: "Images by their worst vulnerability", width: "16rem", cell: (r) => <Worst standing={r.standing} /> },
    { name: "Refused", right: true, width: "6rem", cell: (r) => (r.standing.blocked > 0 ? <Tag tone="bad">{count(r.standing.blocked)}</Tag> : <span className="quiet">none</span>) },
    { name: "Pushed", width: "9rem", cell: (r) => (r.pushedAt ? <Ago at={r.pushedAt} /> : null) },
  ];
  return <FilteredList label="Repositories" list={list} shown={list.items} columns={columns} rowKey={(r) => `${r.namespace}/${r.name}`} what="repository" many="repositories" text={text} onText={onText} none={null} />;
}

/** How many images have which vulnerability as their worst. */
function Worst({ standing: s }: { standing: Standing }) {
  if (s.reported === 0) return <span className="quiet">not scanned</span>;
  if (s.clean === s.reported) return <span className="quiet">none known</span>;
  return <SeverityBar counts={{ ...s.worst, unknown: s.worst.rest }} what="image" many="images" />;
}

/** What a namespace blocks, in a few words. */
export function Blocking({ namespace: n }: { namespace: Namespace }) {
  if (!n.preventVul) return <Tag>nothing</Tag>;
  const from = n.severity === "none" ? "any vulnerability" : n.severity === "critical" ? "critical" : `${n.severity} and above`;
  return n.gate.reportOnly ? <Tag tone="wait">reports {from}</Tag> : <Tag tone="good">{from}</Tag>;
}

/** The repositories of a namespace. */
export function RepositoriesPage({ namespace }: { namespace: string }) {
  const [state, change] = useUrlState(defaults);
  const list = useAllPages(useRepositories(namespace), state.q !== "");
  const shown = list.items.filter((r) => r.name.includes(state.q.toLowerCase()));
  const columns: Column<Repository>[] = [
    { name: "Repository", cell: (r) => <Link className="wrap" href={link({ namespace, repository: r.name })}>{r.name}</Link> },
    { name: "Tags", right: true, cell: (r) => count(r.tags) },
    { name: "Images", right: true, cell: (r) => count(r.artifacts) },
    { name: "Changed", cell: (r) => <Ago at={r.updatedAt} /> },
  ];
  return (
    <Page title={namespace} crumbs={[{ text: "Repositories", href: "/repositories" }]} lead={list.loading ? later : list.error ? undefined : list.complete ? plural(list.items.length, "repository", "repositories") : undefined}
      actions={<><Button component={Link} href={`/namespaces/${namespace}`} variant="default">Settings</Button><Button component={Link} href={`/welcome?namespace=${namespace}`} variant="default">How to push</Button></>}>
      <SearchField text={state.q} onText={(q) => change({ q })} />
      <FilteredList label={`Repositories of ${namespace}`} list={list} shown={shown} columns={columns} rowKey={(r) => r.name} what="repository" many="repositories" text={state.q} onText={(q) => change({ q })}
        none={<Empty title="There is no repository yet" action={<Button component={Link} href={`/welcome?namespace=${namespace}`}>Push an image</Button>}>A repository is made by the first push to it.</Empty>} />
    </Page>
  );
}
