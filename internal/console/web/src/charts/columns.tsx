import { type PointerEvent, type RefObject, useEffect, useRef, useState } from "react";
import { count, date } from "../text/format";
import { spread, ticks } from "./scale";
import "./charts.css";

/** What the parts of columns stand for. */
export interface Series {
  name: string;
  /** A colour of app.css. */
  tone: string;
  /** One for each day; undefined where nobody knows. */
  values: (number | undefined)[];
}

interface ColumnsProps {
  /** What the chart shows, for the caption of its table and for screen readers. */
  label: string;
  /** Days as 2006-01-02, oldest first. */
  days: string[];
  /** From the bottom up. */
  series: Series[];
  height?: number;
}

const left = 40;
const top = 8;
const bottom = 22;
/** From this width on names stand beside the last day; below the other, marks of days are fewer. */
const roomy = 520;
const cramped = 400;

/**
 * Columns shows days side by side, each as a column of parts. The parts of the
 * last day carry their names; the day under the pointer is told in a line below;
 * and all of it can be read as a table.
 */
export function Columns({ label, days, series, height = 190 }: ColumnsProps) {
  const [frame, width] = useWidth();
  const [pointed, setPointed] = useState<number>();
  const last = days.length - 1;
  const shown = pointed ?? last;
  const labelled = width >= roomy;
  const right = labelled ? 116 : 8;
  const inner = Math.max(0, width - left - right);
  const marks = ticks(Math.max(0, ...days.map((_, i) => sumAt(series, i))));
  const most = marks[marks.length - 1]!;
  const y = (value: number) => top + (height - top - bottom) * (1 - value / most);
  const every = width < cramped ? 14 : 7;
  const step = days.length > 0 ? inner / days.length : 0;
  const point = (e: PointerEvent<SVGSVGElement>) => {
    const i = Math.floor((e.clientX - e.currentTarget.getBoundingClientRect().left - left) / step);
    setPointed(i >= 0 && i < days.length ? i : undefined);
  };
  return (
    <div className="chart" ref={frame}>
      <svg width={width} height={height} role="img" aria-label={`${label}: ${sayDay(days, series, last)}. The table below has every day.`} onPointerMove={point} onPointerLeave={() => setPointed(undefined)}>
        {marks.map((m) => (
          <g key={m}>
            <line x1={left} x2={left + inner} y1={y(m)} y2={y(m)} className={m === 0 ? "axis" : "grid"} />
            <text x={left - 8} y={y(m) + 4} textAnchor="end">{count(m)}</text>
          </g>
        ))}
        {days.map((d, i) => <Column key={d} day={i} x={left + i * step} width={step} series={series} y={y} faded={pointed !== undefined && pointed !== i} />)}
        {days.map((d, i) => (last - i) % every === 0 && (i > 2 || last < 7) && (
          <text key={d} x={Math.min(left + i * step + step / 2, left + inner - 2)} y={height - 5} textAnchor={i === last ? "end" : "middle"}>{i === last ? "today" : shortDay(d)}</text>
        ))}
        {labelled && <Names series={series} day={last} x={left + inner + 10} y={y} height={height} />}
      </svg>
      <p className="readout small number" aria-hidden="true">{shown >= 0 && sayDay(days, series, shown)}</p>
      <details className="small numbers">
        <summary>As a table</summary>
        <div className="scrollx" role="region" aria-label={`${label}, as a table`} tabIndex={0}>
          <table className="table">
            <caption className="hidden">{label}</caption>
            <thead><tr><th scope="col">Day</th>{series.map((s) => <th key={s.name} scope="col" className="right">{s.name}</th>)}</tr></thead>
            <tbody>
              {days.map((d, i) => [d, i] as const).toReversed().map(([d, i]) => (
                <tr key={d}><th scope="row">{date(d)}</th>{series.map((s) => <td key={s.name} className="right number">{s.values[i] === undefined ? "–" : count(s.values[i])}</td>)}</tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </div>
  );
}

function Column({ day, x, width, series, y, faded }: { day: number; x: number; width: number; series: Series[]; y(v: number): number; faded: boolean }) {
  const gap = width > 8 ? 2 : 0.5;
  let below = 0;
  return (
    <g opacity={faded ? 0.45 : 1}>
      {series.map((s) => {
        const value = s.values[day] ?? 0;
        const from = below;
        below += value;
        return value > 0 && <rect key={s.name} x={x + gap / 2} width={Math.max(1, width - gap)} y={y(below)} height={Math.max(0, y(from) - y(below) - 0.75)} fill={`var(--${s.tone})`} />;
      })}
    </g>
  );
}

/** The names of the parts of a day, beside them. */
function Names({ series, day, x, y, height }: { series: Series[]; day: number; x: number; y(v: number): number; height: number }) {
  let below = 0;
  const present = series.flatMap((s) => {
    const value = s.values[day] ?? 0;
    const middle = y(below + value / 2);
    below += value;
    return value > 0 ? [{ ...s, value, middle }] : [];
  }).toReversed();
  const places = spread(present.map((p) => p.middle), 16, top + 6, height - bottom - 4);
  return present.map((p, i) => (
    <g key={p.name}>
      <rect x={x} y={places[i]! - 5} width={10} height={10} rx={2} fill={`var(--${p.tone})`} />
      <text x={x + 16} y={places[i]! + 4} className="name">{count(p.value)} {p.name}</text>
    </g>
  ));
}

function sumAt(series: Series[], day: number): number {
  return series.reduce((n, s) => n + (s.values[day] ?? 0), 0);
}

/** sayDay puts a day into words. */
function sayDay(days: string[], series: Series[], day: number): string {
  const d = days[day];
  if (d === undefined) return "nothing yet";
  const when = day === days.length - 1 ? "today" : date(d);
  if (series.every((s) => s.values[day] === undefined)) return `${when}: not known`;
  return `${when}: ${series.map((s) => `${count(s.values[day] ?? 0)} ${s.name}`).join(", ")}`;
}

const dayAndMonth = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });

function shortDay(day: string): string {
  const t = new Date(day);
  return Number.isNaN(t.getTime()) ? day : dayAndMonth.format(t);
}

/** useWidth follows how wide an element is, so that what is drawn in it has letters of one size. */
function useWidth(): [RefObject<HTMLDivElement | null>, number] {
  const ref = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)));
    observer.observe(ref.current!);
    return () => observer.disconnect();
  }, []);
  return [ref, width];
}
