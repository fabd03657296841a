import { Pagination } from "@mantine/core";
import { count } from "../text/format";

/** How many rows a page shows. */
export const pageRows = 50;

/** Paged cuts out the page that is shown; a page beyond the end is the last. */
export function paged<T>(rows: T[], page: string): { rows: T[]; page: number; pages: number; first: number } {
  const pages = Math.max(1, Math.ceil(rows.length / pageRows));
  const wanted = Math.min(pages, Math.max(1, Math.trunc(Number(page)) || 1));
  const first = (wanted - 1) * pageRows;
  return { rows: rows.slice(first, first + pageRows), page: wanted, pages, first };
}

/** Pager leads to the other pages and says where this one is. */
export function Pager({ total, page, pages, first, shown, what, onPage }: { total: number; page: number; pages: number; first: number; shown: number; what: string; onPage(page: number): void }) {
  if (total === 0) return null;
  return (
    <div className="pager">
      <span className="small quiet number">{count(first + 1)}–{count(first + shown)} of {count(total)} {what}</span>
      {pages > 1 && <Pagination size="sm" total={pages} value={page} onChange={onPage} getItemProps={(p) => ({ "aria-label": `Page ${p}` })} getControlProps={(c) => ({ "aria-label": `${c} page` })} />}
    </div>
  );
}
