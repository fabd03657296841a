import type { ReactNode } from "react";
import { count } from "../text/format";
import { tone } from "../ui/marks";
import "./charts.css";

/** A part of a whole. */
export interface Share {
  name: string;
  value: number;
  /** A colour of app.css. */
  tone: string;
  note?: ReactNode;
}

/** Shares shows the parts of a whole as a bar, and below it their names and numbers. */
export function Shares({ label, parts }: { label: string; parts: Share[] }) {
  const sum = parts.reduce((n, p) => n + p.value, 0);
  return (
    <div className="shares">
      <h3>{label}</h3>
      <div className="bar thick" aria-hidden="true">
        {parts.filter((p) => p.value > 0).map((p) => <span key={p.name} style={{ ...tone(p.tone), flexGrow: p.value }} />)}
      </div>
      <ul>
        {parts.map((p) => (
          <li key={p.name} className={p.value === 0 ? "quiet" : undefined}>
            <span className="swatch" style={tone(p.tone)} aria-hidden="true" />
            <span>{p.name}{p.note && <span className="small quiet"> {p.note}</span>}</span>
            <span className="number">{count(p.value)}</span>
            <span className="number quiet small">{sum > 0 ? `${Math.round((100 * p.value) / sum)} %` : ""}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
