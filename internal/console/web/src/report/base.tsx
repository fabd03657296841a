import { Link } from "wouter";
import type { Overview } from "../api/types";
import { date, plural } from "../text/format";
import { Meter, Tag } from "../ui/marks";
import { Empty } from "../ui/states";

const sources: Record<string, string> = {
  registry: "its layers are those of an image in this registry",
  annotation: "the image says so in its annotations or labels",
  instruction: "the build instructions say so",
  os: "the operating system tells",
};

/** The base image, and which findings come with it. */
export function BaseSection({ overview }: { overview: Overview }) {
  const { base } = overview;
  if (!base) return <div className="card" style={{ marginBottom: "1rem" }}><Empty title="The base image is not known">Push it to this registry, too, or have the build set the annotation org.opencontainers.image.base.name: then findings that come with it are told from your own.</Empty></div>;
  const share = (n: number) => n / Math.max(1, base.findings + base.ownFindings);
  return (
    <div className="card pad stackv" style={{ marginBottom: "1rem" }}>
      <dl className="facts">
        <div><dt>Base image</dt><dd>{base.name}{base.version && !base.name.endsWith(":" + base.version) ? ` ${base.version}` : ""}</dd></div>
        <div><dt>Known because</dt><dd>{sources[base.source] ?? base.source}</dd></div>
        {base.layers > 0 && <div><dt>Layers</dt><dd>{base.layers} of {overview.image.layers.length}</dd></div>}
        {base.endOfLife && <div><dt>Support ends</dt><dd>{date(base.endOfLife)} {new Date(base.endOfLife) < new Date() && <Tag tone="bad">ended</Tag>}</dd></div>}
        {base.digest && <div><dt>Digest</dt><dd className="mono small">{base.digest}</dd></div>}
      </dl>
      {base.layers > 0 && (
        <div className="facts">
          <div><div className="small quiet">Come with the base image</div><b>{plural(base.findings, "finding")}</b><Meter share={share(base.findings)} tone="neutral" /></div>
          <div><div className="small quiet">Come with what was built on it</div><b>{plural(base.ownFindings, "finding")}</b><Meter share={share(base.ownFindings)} tone="high" /></div>
        </div>
      )}
      {base.newer && (
        <p>There is a newer one: <b>{base.newer.name}</b>. {base.newer.removes < 0 ? "It is not scanned yet." : `It removes ${plural(base.newer.removes, "finding")} and adds ${base.newer.adds}.`}</p>
      )}
      <p className="small">Show only what is <Link href={`${window.location.pathname}?tab=system&origin=own`}>your own</Link> or <Link href={`${window.location.pathname}?tab=system&origin=base`}>the base image's</Link>.</p>
    </div>
  );
}
