import { Button } from "@mantine/core";
import { count } from "../text/format";

/** How many risks a page shows. */
export const pageRows = 50;

/** numberOf reads the page that is wanted, which somebody may have typed. */
export function numberOf(text: string): number {
  return Math.min(20_000, Math.max(1, Math.trunc(Number(text)) || 1));
}

/** StepPager leads to the pages before and after in a list whose length nobody counted. */
export function StepPager({ page, shown, more, what, onPage }: { page: number; shown: number; more: boolean; what: string; onPage(page: number): void }) {
  const first = (page - 1) * pageRows;
  return (
    <nav className="pager" aria-label="Pages">
      <span className="small quiet number">{shown > 0 && `${count(first + 1)}–${count(first + shown)}${more ? `, and more ${what} follow` : ` of ${count(first + shown)} ${what}`}`}</span>
      {(page > 1 || more) && (
        <span className="row">
          <Button size="xs" variant="default" disabled={page === 1} onClick={() => onPage(page - 1)}>Previous</Button>
          <span className="small number">Page {count(page)}</span>
          <Button size="xs" variant="default" disabled={!more} onClick={() => onPage(page + 1)}>Next</Button>
        </span>
      )}
    </nav>
  );
}
