import { Button, Skeleton } from "@mantine/core";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { Failure } from "../api/client";

/** Something that is not there yet, and what to do about it. */
export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="state">
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {action}
    </div>
  );
}

/** Something that went wrong: what happened, what to do, and another try. */
export function ErrorState({ error, retry }: { error: unknown; retry?: () => void }) {
  const failure = error instanceof Failure ? error : new Failure(0, "", "Something in this page went wrong.", "Reload the page.");
  // What the server knows nothing of, or refuses, it refuses again.
  const nowhere = failure.status === 404 || failure.status === 400;
  const title = nowhere ? "Not found" : failure.status === 403 ? "Not allowed" : "That did not work";
  const again = retry && !nowhere && failure.status !== 403;
  return (
    <div className="state" role="alert">
      <h2>{title}</h2>
      <p className="wrap">{sentence(failure.message)} {sentence(failure.advice)}</p>
      {again ? <Button variant="default" onClick={retry}>Try again</Button> : (nowhere || failure.status === 403) && <Button component={Link} href="/repositories" variant="default">Go to the repositories</Button>}
    </div>
  );
}

/** sentence makes one of what the server says: a capital and a full stop. */
export function sentence(text: string): string {
  if (text === "") return "";
  const begun = /^[a-z]+( |$)/.test(text) ? text[0]!.toUpperCase() + text.slice(1) : text;
  return /[.!?…]$/.test(begun) ? begun : begun + ".";
}

/** Lines of the height that rows will have, while they are read. */
export function Loading({ rows = 6, height = 44 }: { rows?: number; height?: number }) {
  return (
    <div className="pad" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, i) => <Skeleton key={i} height={height - 16} mb={16} radius="sm" />)}
    </div>
  );
}
