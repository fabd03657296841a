import { Pagination } from "@mantine/core";
import type { ReactNode } from "react";
import { count } from "../text/format";

/** How many rows a page shows. */
export const pageRows = 50;

/** Pager leads to the other pages of a list and says where this one is. */
export function Pager({ total, page, shown, what, onPage, children }: { total: number; page: number; shown: number; what: string; onPage(page: number): void; children?: ReactNode }) {
  const pages = Math.max(1, Math.ceil(total / pageRows));
  const first = (page - 1) * pageRows;
  return (
    <div className="pager">
      <span className="small quiet number">{shown > 0 && <>{count(first + 1)}–{count(first + shown)} of {count(total)} {what}</>}</span>
      <span className="row">
        {pages > 1 && <Pagination size="sm" total={pages} value={page} onChange={onPage} getItemProps={(p) => ({ "aria-label": `Page ${p}` })} getControlProps={(c) => ({ "aria-label": `${c} page` })} />}
        {children}
      </span>
    </div>
  );
}
