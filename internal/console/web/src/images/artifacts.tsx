import { Button, Checkbox } from "@mantine/core";
import { useEffect, useState } from "react";
import { Link, useLocation } from "wouter";
import { Failure } from "../api/client";
import { useArtifacts } from "../api/queries";
import type { Artifact, Scan } from "../api/types";
import { useRefusal } from "../session/rights";
import { plural, shortDigest, size } from "../text/format";
import { link, name } from "../url/image";
import { CopyButton } from "../ui/copy";
import { SeverityBar, Tag, VerdictMark } from "../ui/marks";
import { MoreRows, useAllPages } from "../ui/more";
import { notify, notifyFailure } from "../ui/notices";
import { Page } from "../ui/page";
import { Empty, ErrorState, Loading, sentence } from "../ui/states";
import { type Column, DataTable } from "../ui/table";
import { Ago } from "../ui/time";
import { isOver, scannable, underWay, useScan } from "./scan";
import { ScanStatus } from "./status";

/** The images of a repository. The report of one whose scan was asked for here opens when it is done. */
export function ArtifactsPage({ namespace, repository }: { namespace: string; repository: string }) {
  const list = useAllPages(useArtifacts(namespace, repository), false);
  const [, navigate] = useLocation();
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const scan = useScan(namespace, repository);
  const refused = useRefusal("scan", namespace);
  // The scan that was asked for last, whose report opens by itself.
  const [asked, setAsked] = useState<{ digest: string; scan: Scan }>();
  const [asking, setAsking] = useState<ReadonlySet<string>>(new Set());
  const reference = (a: Artifact) => a.tags[0] ?? a.digest;
  const open = (a: Artifact) => link({ namespace, repository, reference: reference(a) });

  const scanned = asked && list.items.find((a) => a.digest === asked.digest && isOver(a, asked.scan));
  useEffect(() => {
    if (!scanned) return;
    setAsked(undefined);
    const { state, detail, advice, cause } = scanned.scanOverview!;
    if (state === "Success") navigate(open(scanned));
    else notify(`The scan of ${name({ namespace, repository, reference: reference(scanned) })} failed: ${sentence(detail ?? cause ?? "")} ${sentence(advice ?? "")}`, "bad");
  });

  const scanOne = async (a: Artifact) => {
    setAsking((s) => new Set(s).add(a.digest));
    try {
      setAsked({ digest: a.digest, scan: await scan.mutateAsync(a.digest) });
    } catch (error) {
      notifyFailure(error);
    } finally {
      setAsking((s) => new Set([...s].filter((d) => d !== a.digest)));
    }
  };
  const scanSelected = async () => {
    setAsked(undefined);
    let begun = 0;
    let busy = 0;
    for (const digest of selected) {
      try {
        await scan.mutateAsync(digest);
        begun++;
      } catch (error) {
        if (error instanceof Failure && error.code === "scan_in_progress") busy++;
        else {
          notifyFailure(error);
          break;
        }
      }
    }
    setSelected(new Set());
    if (begun + busy > 0) notify(`${plural(begun, "scan")} asked for${busy > 0 ? `, ${busy} under way already` : ""}. This page follows them.`, "neutral");
  };

  const choosable = list.items.filter(scannable);
  const all = choosable.length > 0 && choosable.every((a) => selected.has(a.digest));
  const toggle = (digest: string) => setSelected((s) => new Set(s.has(digest) ? [...s].filter((d) => d !== digest) : [...s, digest]));
  const columns: Column<Artifact>[] = [
    {
      name: "Select", hideName: true, width: "2rem",
      cell: (a) => scannable(a) && <Checkbox aria-label={`Select ${reference(a)}`} checked={selected.has(a.digest)} onChange={() => toggle(a.digest)} />,
    },
    {
      name: "Image",
      cell: (a) => (
        <div>
          <div className="row">
            {a.tags.length === 0 && <Link href={open(a)} className="mono">{shortDigest(a.digest)}</Link>}
            {a.tags.slice(0, 6).map((t) => <Link key={t} href={link({ namespace, repository, reference: t })} className="wrap">{t}</Link>)}
            {a.tags.length > 6 && <span className="quiet small" title={a.tags.slice(6).join(", ")}>and {a.tags.length - 6} more</span>}
            {a.kind !== "image" && <Tag>{kinds[a.kind]}</Tag>}
            <span className="small quiet wrap">{platforms(a)}</span>
          </div>
          <div className="small quiet mono nowrap" title={a.digest}>{a.tags.length > 0 ? shortDigest(a.digest) : "no tag"} <span style={{ verticalAlign: "middle", display: "inline-block" }}><CopyButton text={a.digest} what="the digest" /></span></div>
        </div>
      ),
    },
    { name: "Size", right: true, cell: (a) => <span className="nowrap">{size(a.size)}</span> },
    { name: "Pushed", cell: (a) => <Ago at={a.pushedAt} /> },
    { name: "Pulled", cell: (a) => (a.pulledAt ? <Ago at={a.pulledAt} /> : <span className="quiet">never</span>) },
    { name: "Scan", cell: (a) => <ScanStatus of={a} /> },
    { name: "Vulnerabilities", width: "11rem", cell: (a) => a.scanOverview?.findings && <SeverityBar counts={a.scanOverview.findings.bySeverity} /> },
    { name: "Verdict", width: "17rem", cell: (a) => <VerdictMark verdict={a.verdict} /> },
    {
      name: "Action", hideName: true, right: true,
      cell: (a) => scannable(a) && (
        <Button size="xs" variant="default" disabled={underWay(a) || refused !== undefined} title={refused} loading={asking.has(a.digest)} onClick={() => void scanOne(a)} aria-label={`${a.scanOverview ? "Scan again" : "Scan"} ${reference(a)}`}>
          {a.scanOverview ? "Scan again" : "Scan"}
        </Button>
      ),
    },
  ];
  return (
    <Page title={repository} heading={`${namespace}/${repository}`} crumbs={[{ text: "Repositories", href: "/repositories" }, { text: namespace, href: link({ namespace }) }]}
      actions={<Button component={Link} href={`/welcome?namespace=${encodeURIComponent(namespace)}&repository=${encodeURIComponent(repository)}`} variant="default">How to push and pull</Button>}>
      <div className="tools-row" style={{ alignItems: "center", visibility: list.items.length === 0 ? "hidden" : undefined }}>
        <Checkbox label={selected.size > 0 ? `${plural(selected.size, "image")} selected` : "Select all"} checked={all} indeterminate={selected.size > 0 && !all} disabled={choosable.length === 0} onChange={() => setSelected(all ? new Set() : new Set(choosable.map((a) => a.digest)))} />
        <Button size="sm" variant={selected.size > 0 ? "filled" : "default"} disabled={selected.size === 0 || refused !== undefined} loading={scan.isPending && asking.size === 0} onClick={() => void scanSelected()}>Scan selected</Button>
        {refused && <span className="small quiet">{refused}</span>}
      </div>
      <div className="card">
        {list.error ? <ErrorState error={list.error} retry={list.retry} />
          : list.loading ? <Loading rows={4} height={70} />
          : list.items.length === 0 ? <Empty title="There is no image here" action={<Button component={Link} href={`/welcome?namespace=${encodeURIComponent(namespace)}`}>Push an image</Button>}>All images of this repository were deleted.</Empty>
          : <DataTable label={`Images of ${namespace}/${repository}`} columns={columns} rows={list.items} rowKey={(a) => a.digest} />}
      </div>
      <MoreRows list={list} what="image" />
    </Page>
  );
}

/** For which platforms an artifact is, as far as it says. */
function platforms(a: Artifact): string {
  return [...new Set(a.platform ? [a.platform] : a.members?.map((m) => m.platform ?? "not stated"))].join(", ");
}

const kinds: Record<Artifact["kind"], string> = { image: "image", index: "index", chart: "Helm chart", signature: "signature", other: "other" };
