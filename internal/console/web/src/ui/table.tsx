import type { ReactNode } from "react";
import { IconDown, IconUp } from "./icons";

/** A column of a table of rows of type T. */
export interface Column<T> {
  name: string;
  /** Whether the name is only for those who cannot see that it is plain. */
  hideName?: boolean;
  cell(row: T): ReactNode;
  /** By what the column sorts, if it does. */
  sort?: string;
  right?: boolean;
  /** On narrow screens the cell takes the whole width and has no label. */
  wide?: boolean;
  width?: string;
}

interface TableProps<T> {
  /** What the table lists, for screen readers. */
  label: string;
  columns: Column<T>[];
  rows: T[];
  rowKey(row: T): string;
  /** What is sorted by: a column's sort, with "-" before it for downward. */
  sort?: string;
  onSort?(sort: string): void;
  /** Each column sorts in one way only. */
  oneWay?: boolean;
  /** What stands below a row, over all columns, if anything does. */
  below?(row: T): ReactNode;
  rowClass?(row: T): string;
}

/** DataTable is a table that turns into cards where there is no room. Roles keep it a table there. */
export function DataTable<T>({ label, columns, rows, rowKey, sort = "", onSort, oneWay = false, below, rowClass }: TableProps<T>) {
  return (
    <table className="table cards" role="table" aria-label={label}>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map((c) => (
            <th key={c.name} role="columnheader" scope="col" className={c.right ? "right" : undefined} style={{ width: c.width }} aria-sort={direction(c, sort)}>
              {c.sort && onSort ? <SortButton column={c} sort={sort} onSort={onSort} oneWay={oneWay} /> : c.hideName ? <span className="hidden">{c.name}</span> : c.name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => {
          const more = below?.(row);
          return [
            <tr key={rowKey(row)} role="row" className={`plain ${rowClass?.(row) ?? ""}`}>
              {columns.map((c) => {
                const content = c.cell(row);
                const empty = content === null || content === undefined || content === "";
                return (
                  <td key={c.name} role="cell" data-label={c.hideName ? "" : c.name} className={[c.right && "right number", c.wide && "wide", empty && "empty"].filter(Boolean).join(" ") || undefined}>
                    {c.wide ? content : <div>{content}</div>}
                  </td>
                );
              })}
            </tr>,
            more && (
              <tr key={rowKey(row) + " more"} role="row" className="more">
                <td role="cell" colSpan={columns.length}>{more}</td>
              </tr>
            ),
          ];
        })}
      </tbody>
    </table>
  );
}

function direction<T>(c: Column<T>, sort: string): "ascending" | "descending" | undefined {
  if (!c.sort) return undefined;
  return sort === c.sort ? "ascending" : sort === "-" + c.sort ? "descending" : undefined;
}

function SortButton<T>({ column, sort, onSort, oneWay }: { column: Column<T>; sort: string; onSort(sort: string): void; oneWay: boolean }) {
  const d = direction(column, sort);
  return (
    <button type="button" onClick={() => onSort(d === "ascending" && !oneWay ? "-" + column.sort : column.sort!)}>
      {column.name}
      <span style={{ visibility: d ? "visible" : "hidden", display: "inline-flex" }}>{d === "descending" || oneWay ? <IconDown size={12} /> : <IconUp size={12} />}</span>
    </button>
  );
}
