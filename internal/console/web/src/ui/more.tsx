import { Button } from "@mantine/core";
import { useEffect } from "react";
import { plural } from "../text/format";

/** What an infinite query gives that a list needs. */
interface Pages<T> {
  data: { pages: { items: T[] }[] } | undefined;
  error: unknown;
  isPending: boolean;
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage(): unknown;
  refetch(): unknown;
}

/** A list that is read page by page. */
export interface Listing<T> {
  items: T[];
  loading: boolean;
  error: unknown;
  /** Whether all of it was read. */
  complete: boolean;
  reading: boolean;
  more(): void;
  retry(): void;
}

/** How much is read by itself when all of a list is asked for. */
const enough = 5_000;

/** useAllPages makes one list of the pages; where all is wanted, as for a filter, the rest is read, too. */
export function useAllPages<T>(query: Pages<T>, all: boolean): Listing<T> {
  const items = query.data?.pages.flatMap((p) => p.items) ?? [];
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const next = all && hasNextPage && !isFetchingNextPage && !query.error && items.length < enough;
  useEffect(() => {
    if (next) void fetchNextPage();
  }, [next, fetchNextPage]);
  return {
    items,
    loading: query.isPending,
    error: query.data ? undefined : query.error,
    complete: !query.hasNextPage && !query.isPending,
    reading: query.isFetchingNextPage,
    more: () => void query.fetchNextPage(),
    retry: () => void query.refetch(),
  };
}

/** The way to the rest of a list, where there is one. */
export function MoreRows<T>({ list, what, many }: { list: Listing<T>; what: string; many?: string }) {
  if (list.complete || list.loading || list.error) return null;
  return (
    <div className="pager">
      <span className="small quiet">The first {plural(list.items.length, what, many)}</span>
      <Button variant="default" loading={list.reading} onClick={list.more}>Show more</Button>
    </div>
  );
}
