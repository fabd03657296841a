import type { ReactNode } from "react";
import type { Overview } from "../api/types";
import { exactTime } from "../text/format";
import { Tag } from "../ui/marks";

/** The configuration of the image, and the instructions it was built by. */
export function ConfigurationSection({ overview }: { overview: Overview }) {
  const { image } = overview;
  const c = image.config;
  const list = (items?: string[] | null) => (items && items.length > 0 ? items.map((t, i) => <div key={i}><code className="wrap">{t}</code></div>) : undefined);
  const entries: [string, ReactNode][] = [
    ["Runs as", c.user ? <code>{c.user}</code> : <>root <Tag tone="wait">not set</Tag></>],
    ["Entry point", list(c.entrypoint)],
    ["Command", list(c.cmd)],
    ["Working directory", c.workingDir && <code>{c.workingDir}</code>],
    ["Ports", list(c.ports)],
    ["Volumes", list(c.volumes)],
    ["Environment", list(c.env)],
    ["Health check", list(c.healthcheck)],
    ["Labels", c.labels && list(Object.entries(c.labels).map(([k, v]) => `${k}=${v}`))],
    ["Annotations", image.annotations && list(Object.entries(image.annotations).map(([k, v]) => `${k}=${v}`))],
    ["Built", image.created && exactTime(image.created)],
    ["Built from", list(c.from)],
    ["Platform", image.platform],
    ["Media type", image.mediaType && <code>{image.mediaType}</code>],
    ["Digest", image.digest && <code>{image.digest}</code>],
    ["Configuration digest", image.configDigest && <code>{image.configDigest}</code>],
  ];
  return (
    <div className="stackv">
      <div className="card pad">
        <h2 style={{ marginBottom: "0.9rem" }}>Configuration</h2>
        <dl className="pairs">
          {entries.filter(([, v]) => v).map(([k, v]) => [<dt key={k}>{k}</dt>, <dd key={k + " is"}>{v}</dd>])}
        </dl>
      </div>
      {(c.steps?.length ?? 0) > 0 && (
        <div className="card pad">
          <h2 style={{ marginBottom: "0.9rem" }}>Build instructions</h2>
          <ol style={{ margin: 0, paddingLeft: "2rem" }} className="stackv tight">
            {c.steps!.slice(0, 500).map((s, i) => <li key={i}><code className="wrap">{s.instruction}</code> <span className="small quiet nowrap">{s.layer < 0 ? "no layer" : `layer ${s.layer}`}</span></li>)}
          </ol>
        </div>
      )}
    </div>
  );
}
