import { Button, TextInput } from "@mantine/core";
import { Link } from "wouter";
import { useNamespaces, useRepositories } from "../api/queries";
import type { Namespace, Repository } from "../api/types";
import { NoRole } from "../session/no-role";
import { useAccount } from "../session/session";
import { count, plural } from "../text/format";
import { link } from "../url/image";
import { useUrlState } from "../url/state";
import { IconSearch } from "../ui/icons";
import { Tag } from "../ui/marks";
import { MoreRows, useAllPages } from "../ui/more";
import { later, Page } from "../ui/page";
import { Empty, ErrorState, Loading } from "../ui/states";
import { type Column, DataTable } from "../ui/table";
import { Ago } from "../ui/time";

const defaults = { q: "" };

/** The namespaces, as the way to their repositories. */
export function NamespacesOfRepositories() {
  const [state, change] = useUrlState(defaults);
  const roleless = useAccount().roles.length === 0;
  const list = useAllPages(useNamespaces(), state.q !== "");
  const shown = list.items.filter((n) => n.name.includes(state.q.toLowerCase()));
  const columns: Column<Namespace>[] = [
    { name: "Namespace", cell: (n) => <Link href={link({ namespace: n.name })}>{n.name}</Link> },
    { name: "Repositories", right: true, cell: (n) => count(n.repositories) },
    { name: "Scans", cell: (n) => (n.autoScan ? <Tag tone="good">on push</Tag> : <Tag>on request</Tag>) },
    { name: "Blocks", cell: (n) => <Blocking namespace={n} /> },
    { name: "Pulled by", cell: (n) => (n.public ? "everybody" : "accounts") },
    { name: "Changed", cell: (n) => <Ago at={n.updatedAt} /> },
  ];
  return (
    <Page title="Repositories" lead="Choose a namespace to see its repositories." actions={<Button component={Link} href="/welcome" variant="default">How to push</Button>}>
      <div className="tools-row">
        <TextInput className="grow" label="Filter by name" leftSection={<IconSearch />} value={state.q} onChange={(e) => change({ q: e.currentTarget.value })} />
      </div>
      <div className="card">
        {list.error ? <ErrorState error={list.error} retry={list.retry} />
          : list.loading ? <Loading />
          : shown.length > 0 ? <DataTable label="Namespaces" columns={columns} rows={shown} rowKey={(n) => n.name} />
          : state.q !== "" ? <Empty title="Nothing has this name" action={<Button variant="default" onClick={() => change({ q: "" })}>Show all</Button>} />
          : roleless ? <NoRole />
          : <Empty title="There is no namespace yet" action={<Button component={Link} href="/welcome">Push a first image</Button>}>Images are kept in namespaces, which also say what is scanned and what may be pulled.</Empty>}
      </div>
      <MoreRows list={list} what="namespace" />
    </Page>
  );
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
      <div className="tools-row">
        <TextInput className="grow" label="Filter by name" leftSection={<IconSearch />} value={state.q} onChange={(e) => change({ q: e.currentTarget.value })} />
      </div>
      <div className="card">
        {list.error ? <ErrorState error={list.error} retry={list.retry} />
          : list.loading ? <Loading />
          : shown.length > 0 ? <DataTable label={`Repositories of ${namespace}`} columns={columns} rows={shown} rowKey={(r) => r.name} />
          : state.q !== "" ? <Empty title="No repository has this name" action={<Button variant="default" onClick={() => change({ q: "" })}>Show all</Button>} />
          : <Empty title="There is no repository yet" action={<Button component={Link} href={`/welcome?namespace=${namespace}`}>Push an image</Button>}>A repository is made by the first push to it.</Empty>}
      </div>
      <MoreRows list={list} what="repository" many="repositories" />
    </Page>
  );
}
