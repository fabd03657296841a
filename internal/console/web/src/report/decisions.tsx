import { Button } from "@mantine/core";
import { useExceptions } from "../api/queries";
import type { Exception } from "../api/types";
import { useRefusal } from "../session/rights";
import { date, exactTime } from "../text/format";
import { Tag } from "../ui/marks";
import { Empty, ErrorState, Loading } from "../ui/states";
import { DataTable } from "../ui/table";
import { scopes } from "./findings";
import { type Place, useRemoveException } from "./handling";

/** What was decided about findings of this image, and can be taken back. */
export function DecisionsSection(place: Place) {
  const list = useExceptions(place.namespace, place.repository, place.digest);
  const remove = useRemoveException(place);
  const refused = useRefusal("handle", place.namespace);
  return (
    <>
      <h2 className="hidden">Decisions</h2>
      <div className="card">
        {list.error && !list.data ? <ErrorState error={list.error} retry={() => void list.refetch()} />
          : !list.data ? <Loading rows={3} />
          : list.data.items.length === 0 ? <Empty title="Nothing was decided">A finding can be ignored or whitelisted from the menu in its row. Every decision that holds for this image is listed here, with who made it, why, and until when.</Empty>
          : <DataTable label="Decisions" rows={list.data.items} rowKey={(e) => String(e.id)} columns={[
              { name: "Decision", cell: (e) => <Tag tone={e.state === "active" ? "good" : "neutral"}>{e.action === "ignore" ? "ignored" : "whitelisted"}{e.state === "active" ? "" : `, ${e.state}`}</Tag> },
              { name: "What", cell: (e) => <span className="wrap">{subjectOf(e)}</span> },
              { name: "Where", cell: (e) => scopes[e.scope] ?? e.scope },
              { name: "By", cell: (e) => <span title={exactTime(e.createdAt)}>{e.author}, {date(e.createdAt)}</span> },
              { name: "Until", cell: (e) => (e.expiresAt ? <span title={exactTime(e.expiresAt)}>{date(e.expiresAt)}</span> : "no end") },
              { name: "Reason", cell: (e) => <span className="wrap">{e.reason}</span> },
              { name: "Action", hideName: true, right: true, cell: (e) => <Button size="xs" variant="default" disabled={refused !== undefined} title={refused} onClick={() => remove(e.id)} aria-label={`Take back decision ${e.id}`}>Take back</Button> },
            ]} />}
      </div>
    </>
  );
}

/** What a decision is about, in words. */
function subjectOf(e: Exception): string {
  const parts = [
    e.vulnerability,
    e.package && `package ${e.package}`,
    e.rule && `rule ${e.rule}`,
    e.path && `in ${e.path}`,
    e.category && !e.findingId && e.category.replaceAll("-", " "),
    e.findingId && (e.vulnerability || e.rule ? "one finding" : `finding ${e.findingId}`),
  ].filter(Boolean);
  return parts.join(", ");
}
