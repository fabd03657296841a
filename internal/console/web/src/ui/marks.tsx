import type { CSSProperties, ReactNode } from "react";
import type { Verdict } from "../api/types";
import { count, plural } from "../text/format";
import { type Counts, describe, severities, total } from "../text/severity";
import { judge } from "../text/verdict";

/** A style with a colour that means something. */
export function tone(name: string): CSSProperties {
  return { "--tone": `var(--${name})`, "--tone-ground": `var(--${name}-ground)` } as CSSProperties;
}

/** A severity: a swatch and its word. */
export function SeverityMark({ severity }: { severity: string }) {
  return (
    <span className="mark">
      <span className={`swatch ${severity}`} style={tone(severity)} aria-hidden="true" />
      {severity}
    </span>
  );
}

/** How many there are of each severity, as a bar with numbers below. */
export function SeverityBar({ counts, numbers = true, what = "vulnerability", many = "vulnerabilities" }: { counts: Counts; numbers?: boolean; what?: string; many?: string }) {
  const sum = total(counts);
  const present = severities.filter((s) => (counts[s] ?? 0) > 0);
  return (
    <div>
      <div className="bar" role="img" aria-label={sum === 0 ? `no ${many}` : `${plural(sum, what, many)}: ${describe(counts)}`} title={describe(counts)}>
        {present.map((s) => (
          <span key={s} style={{ ...tone(s), flexGrow: counts[s] ?? 0 }} />
        ))}
      </div>
      {numbers && (
        <div className="counts number" aria-hidden="true">
          {sum === 0 ? <span>none</span> : present.map((s) => (
            <span className="mark" key={s} title={`${counts[s]} ${s}`}>
              <span className={`swatch ${s}`} style={tone(s)} />
              {count(counts[s] ?? 0)}
            </span>
          ))}
        </div>
      )}
    </div>
  );
}

/** A word on a coloured ground. */
export function Tag({ children, tone: kind = "", title }: { children: ReactNode; tone?: "" | "good" | "bad" | "wait" | "neutral"; title?: string }) {
  return <span className={`tag ${kind}`} title={title}>{children}</span>;
}

/** Whether an image can be pulled, and why. */
export function VerdictMark({ verdict }: { verdict: Verdict }) {
  const j = judge(verdict);
  return (
    <div className="verdict">
      <Tag tone={j.tone}>{j.word}</Tag>
      <span className="small quiet">{j.reason}</span>
    </div>
  );
}

/** A share of a whole as a bar. Its number must stand beside it. */
export function Meter({ share, tone: name = "low" }: { share: number; tone?: string }) {
  return (
    <div className="meter" aria-hidden="true">
      <svg preserveAspectRatio="none" viewBox="0 0 100 1"><rect width={Math.max(0, Math.min(100, share * 100))} height="1" fill={`var(--${name})`} /></svg>
    </div>
  );
}
