import { Button, TextInput } from "@mantine/core";
import type { ReactNode } from "react";
import { IconSearch } from "./icons";
import { type Listing, MoreRows } from "./more";
import { Empty, ErrorState, Loading } from "./states";
import { type Column, DataTable } from "./table";

interface FilteredListProps<T> {
  /** What the table lists, for screen readers. */
  label: string;
  list: Listing<T>;
  /** What of the list fits the text. */
  shown: T[];
  columns: Column<T>[];
  rowKey(row: T): string;
  /** What one row is, and many are. */
  what: string;
  many?: string;
  /** What stands for a list without any row. */
  none: ReactNode;
  text: string;
  onText(text: string): void;
}

/** FilteredList is a list by the text in a SearchField: its table, or what stands for it, and the way to the rest. */
export function FilteredList<T>({ label, list, shown, columns, rowKey, what, many, none, text, onText }: FilteredListProps<T>) {
  return (
    <>
      <div className="card">
        {list.error ? <ErrorState error={list.error} retry={list.retry} />
          : list.loading ? <Loading />
          : shown.length > 0 ? <DataTable label={label} columns={columns} rows={shown} rowKey={rowKey} />
          : text !== "" ? <Empty title={`No ${what} has this name`} action={<Button variant="default" onClick={() => onText("")}>Show all</Button>} />
          : none}
      </div>
      <MoreRows list={list} what={what} many={many} />
    </>
  );
}

/** SearchField is where the text stands that a list is narrowed by. */
export function SearchField({ label = "Filter by name", text, onText }: { label?: string; text: string; onText(text: string): void }) {
  return (
    <div className="tools-row">
      <TextInput className="grow" label={label} leftSection={<IconSearch />} maxLength={256} autoCapitalize="none" spellCheck={false} value={text} onChange={(e) => onText(e.currentTarget.value)} />
    </div>
  );
}
