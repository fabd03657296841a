import { Alert, Button, NativeSelect, SegmentedControl, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { Link, useSearch } from "wouter";
import { call, Failure, path } from "../api/client";
import { keys, useArtifact, useNamespaces, useStatistics } from "../api/queries";
import type { Artifact, Event, List, Namespace, Repository } from "../api/types";
import { useEvents } from "../events/live";
import { ScanStatus } from "../images/status";
import { refusal } from "../namespaces/save";
import { useRefusal } from "../session/rights";
import { useAccount } from "../session/session";
import { link, name } from "../url/image";
import { Command } from "../ui/copy";
import { SeverityBar, Tag, tone } from "../ui/marks";
import { useAllPages } from "../ui/more";
import { Page } from "../ui/page";
import { ErrorState, Loading, sentence } from "../ui/states";
import { judge } from "../text/verdict";
import { type Client, clients, commands } from "./commands";
import { now, refusedPull, state, type Step } from "./progress";

interface Found {
  repository: string;
  digest: string;
}

/** Welcome leads from an empty registry to a first image that was scanned and refused. */
export default function Welcome() {
  const list = useAllPages(useNamespaces(), true);
  const statistics = useStatistics();
  // Where there are images already, what is here is not what this way leads to.
  const first = useRef(true);
  const decided = useRef(false);
  if (statistics.data && !decided.current) {
    decided.current = true;
    first.current = statistics.data.artifacts <= 1;
  }
  if (list.error) return <Page title="Push a first image"><div className="card"><ErrorState error={list.error} retry={list.retry} /></div></Page>;
  // Who may not count everything is no one who sets up a registry.
  const hidden = statistics.error instanceof Failure && statistics.error.status === 403;
  if (statistics.error && !statistics.data && !hidden) return <Page title="Push a first image"><div className="card"><ErrorState error={statistics.error} retry={() => void statistics.refetch()} /></div></Page>;
  if (list.loading || (!statistics.data && !hidden)) return <Page title="Push a first image"><div className="card"><Loading rows={10} /></div></Page>;
  return <Way namespaces={list.items} first={first.current && !hidden} />;
}

/** Way is the steps. first tells that an image that is here already is the one this is about. */
function Way({ namespaces, first }: { namespaces: Namespace[]; first: boolean }) {
  const query = new URLSearchParams(useSearch());
  const account = useAccount();
  const [chosen, setChosen] = useState(query.get("namespace") ?? namespaces[0]?.name ?? "");
  const [client, setClient] = useState<Client>("docker");
  const namespace = namespaces.find((n) => n.name === chosen);
  const [found, setFound] = useState<Found>();
  const [refused, setRefused] = useState(false);
  const artifact = useFound(namespace, found);
  useFirstImage(first ? namespace : undefined, found, setFound);
  // The image may have been refused before it was read here.
  const blocked = useRef<Event[]>([]);
  useEvents((e) => {
    if (e.kind === "pull.blocked") blocked.current.push(e);
    if (!found && e.kind.startsWith("scan.") && e.namespace === chosen && e.repository && e.digest) setFound({ repository: e.repository, digest: e.digest });
    if (blocked.current.some((b) => refusedPull(b, artifact))) setRefused(true);
  });
  const repository = found?.repository ?? query.get("repository") ?? "app";
  // Commands must not move a tag that somebody uses.
  const tag = artifact?.tags[0] ?? (first ? "1" : "example");
  const image = name({ namespace: namespace?.name ?? (chosen || "team"), repository, reference: tag });
  const title = first ? "Push a first image" : "Push an image";
  const c = commands(client, { host: window.location.host, secure: window.location.protocol === "https:", account: account.name, image });
  const at = now({ namespace, artifact, refused });
  const step = (key: Step) => ({ state: state(key, at) });

  return (
    <Page title={title} lead="From here to a scanned image takes a few minutes. This page follows along by itself.">
      <div className="card pad" style={{ maxWidth: "60rem" }}>
        <ol className="steps">
          <StepItem {...step("namespace")} title={namespace ? `Namespace ${namespace.name}` : "Create a namespace"}>
            {namespace ? (
              namespaces.length > 1 && at !== "done" && <NativeSelect style={{ maxWidth: "16rem" }} label="Another one" value={chosen} onChange={(e) => { setChosen(e.currentTarget.value); setFound(undefined); setRefused(false); }} data={namespaces.map((n) => n.name)} />
            ) : <CreateStep onCreated={setChosen} />}
          </StepItem>
          <StepItem {...step("policy")} title="Scan what is pushed, refuse what is vulnerable">
            {namespace && <PolicyStep namespace={namespace} state={step("policy").state} />}
          </StepItem>
          <StepItem {...step("push")} title="Push an image">
            {namespace && (
              <>
                <div className="row"><SegmentedControl aria-label="Client" value={client} onChange={(v) => setClient(v as Client)} data={[...clients]} /></div>
                {c.before && <Alert color="yellow" variant="light">{c.before}</Alert>}
                <p className="small quiet">{account.hasPassword ? "Log in with the password you signed in with here, then push." : <>Log in with a credential as the password, which you make in <Link href="/account">your account</Link>, then push.</>}</p>
                <Command text={c.login} what="the command to log in" />
                <Command text={c.push} what="the commands to push" />
                <p className="small" role="status">{artifact ? <><Tag tone="good">arrived</Tag> <Link href={link({ namespace: namespace.name, repository, reference: tag })}>{image}</Link></> : <span className="quiet">Waiting for the image. This goes on by itself when it arrives.</span>}</p>
              </>
            )}
          </StepItem>
          <StepItem {...step("scan")} title="It is scanned">
            {artifact && <div role="status"><ScanStep artifact={artifact} /></div>}
          </StepItem>
          <StepItem {...step("pull")} title="Try to pull it">
            {artifact && <PullStep artifact={artifact} refused={refused} command={c.pull} />}
          </StepItem>
        </ol>
        {at === "done" && artifact && (
          <div className="row end"><Button component={Link} href={link({ namespace: artifact.namespace, repository: artifact.repository, reference: tag })}>Open the report</Button></div>
        )}
      </div>
    </Page>
  );
}

function StepItem({ state: s, title, children }: { state: "done" | "now" | "later"; title: string; children?: ReactNode }) {
  return (
    <li data-state={s} aria-current={s === "now" ? "step" : undefined}>
      <h2>{title}{s === "done" && <span className="hidden">, done</span>}</h2>
      {children}
    </li>
  );
}

/** The image that was found, kept fresh by events. */
function useFound(namespace: Namespace | undefined, found: Found | undefined): Artifact | undefined {
  const there = namespace !== undefined && found !== undefined;
  const query = useArtifact(namespace?.name ?? "", found?.repository ?? "", found?.digest ?? "", there);
  return there ? query.data : undefined;
}

/** How often the registry is asked for what may have come without an event: images that are not scanned. */
const interval = 4_000;

/** Looks for the first image in a namespace until there is one. */
function useFirstImage(namespace: Namespace | undefined, found: Found | undefined, onFound: (f: Found) => void) {
  const query = useQuery({
    queryKey: ["first image", namespace?.name],
    enabled: namespace !== undefined && found === undefined,
    refetchInterval: interval,
    queryFn: async ({ signal }): Promise<Found | null> => {
      const at = path("namespaces", namespace!.name, "repositories");
      const repositories = await call<List<Repository>>(at, { query: { limit: 1 }, signal });
      const first = repositories.items[0];
      if (!first) return null;
      const artifacts = await call<List<Artifact>>(at + path(first.name, "artifacts"), { query: { limit: 20 }, signal });
      const image = artifacts.items.find((a) => a.kind === "image");
      return image ? { repository: first.name, digest: image.digest } : null;
    },
  });
  const { data } = query;
  useEffect(() => {
    if (data && !found) onFound(data);
  }, [data, found, onFound]);
}

function CreateStep({ onCreated }: { onCreated(name: string): void }) {
  const refused = useRefusal("administer");
  const [text, setText] = useState("team");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const client = useQueryClient();
  const submit = async (e: FormEvent) => {
    e.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      const made = await call<Namespace>("/namespaces", { method: "POST", body: { name: text } });
      await client.invalidateQueries({ queryKey: keys.namespaces });
      onCreated(made.name);
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(e) => void submit(e)} className="stackv tight">
      <p className="quiet">Images are kept in namespaces, which say what is scanned and what may be pulled.</p>
      <div className="row" style={{ alignItems: "end" }}>
        <TextInput label="Name" value={text} onChange={(e) => setText(e.currentTarget.value)} required withAsterisk={false} maxLength={64} autoCapitalize="none" spellCheck={false} />
        <Button type="submit" loading={busy} disabled={refused !== undefined}>Create</Button>
      </div>
      {refused && <p className="small">{refused}</p>}
      {error !== undefined && <Alert color="red" variant="light" role="alert">{sentence(refusal(error).text)} {sentence(refusal(error).advice)}</Alert>}
    </form>
  );
}

function PolicyStep({ namespace: n, state: s }: { namespace: Namespace; state: "done" | "now" | "later" }) {
  const refused = useRefusal("manage", n.name);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const client = useQueryClient();
  const switchOn = async () => {
    setBusy(true);
    setError(undefined);
    try {
      await call(path("namespaces", n.name), { method: "PATCH", body: { autoScan: true, preventVul: true, severity: "high" } });
      await client.invalidateQueries({ queryKey: keys.namespaces });
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  if (n.autoScan && n.preventVul) return <p className="quiet">Images are scanned when they are pushed. Those with vulnerabilities of severity {n.severity}{n.severity === "critical" ? "" : " or above"} cannot be pulled. <Link href={`/namespaces/${n.name}`}>Change that</Link></p>;
  if (s === "done") return <p className="quiet">{n.autoScan ? "Images are scanned when they are pushed; nothing is blocked." : n.preventVul ? "Images are scanned on request; vulnerable ones are blocked." : "Images are scanned on request; nothing is blocked."} <Link href={`/namespaces/${n.name}`}>Change that</Link></p>;
  return (
    <>
      <p className="quiet">Neither is on in a new namespace. This switches both on, with a threshold of high; all of it can be changed later.</p>
      <div className="row"><Button loading={busy} disabled={refused !== undefined} onClick={() => void switchOn()}>Switch on</Button>{refused && <span className="small">{refused}</span>}</div>
      {error !== undefined && <Alert color="red" variant="light" role="alert">{sentence(refusal(error).text)} {sentence(refusal(error).advice)}</Alert>}
    </>
  );
}

function ScanStep({ artifact: a }: { artifact: Artifact }) {
  const s = a.scanOverview;
  if (!s) return <p className="quiet">It was not scanned, as scanning on push is off. <Link href={link({ namespace: a.namespace, repository: a.repository })}>Scan it from its row</Link>.</p>;
  return (
    <div className="stackv tight" style={{ maxWidth: "26rem" }}>
      <ScanStatus of={a} />
      {s.state === "Pending" && <p className="small quiet">If it keeps waiting: scans need advisories, which a new server fetches first.</p>}
      {s.state === "Error" && <p className="small">{sentence(s.advice ?? "")}</p>}
      {s.findings && <SeverityBar counts={s.findings.bySeverity} />}
    </div>
  );
}

function PullStep({ artifact: a, refused, command }: { artifact: Artifact; refused: boolean; command: string }) {
  const j = judge(a.verdict);
  return (
    <div className="stackv tight">
      {a.verdict.decision === "allow" ? (
        <div className="banner" style={tone(j.tone)}><strong>{j.word}: {j.reason}.</strong> <p className="small">This image may leave. Push one with known vulnerabilities, an older release for instance, to see one refused.</p></div>
      ) : refused ? (
        <div className="banner" style={tone("bad")} role="status">
          <strong>The pull was refused: {j.reason}.</strong>
          <p className="small">Whoever pulls is told what was found, how to fix it, and where the report is.</p>
          {a.verdict.message && <details className="small"><summary>The whole message</summary><p className="wrap">{a.verdict.message}</p></details>}
        </div>
      ) : (
        <p>It is <b>{j.word.toLowerCase()}</b>: {j.reason}. Try it:</p>
      )}
      <Command text={command} what="the command to pull" />
    </div>
  );
}
