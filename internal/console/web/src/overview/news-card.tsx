import { Button } from "@mantine/core";
import { useCallback, useState } from "react";
import { Link } from "wouter";
import type { Event } from "../api/types";
import { useRefresh } from "../events/refresh";
import { useAccount } from "../session/session";
import { exactTime, plural } from "../text/format";
import { vulnerabilityLink } from "../risks/links";
import { ErrorState, Loading } from "../ui/states";
import { Ago } from "../ui/time";
import { newsOf } from "./news";
import { overviewKeys, useNews } from "./queries";
import { seen, visit } from "./visit";

/** What counts as new on the first visit. */
const firstDays = 7;
const shown = 5;

/** NewsCard tells which vulnerabilities became known since the reader was here. */
export function NewsCard() {
  const account = useAccount().name;
  const [since, setSince] = useState(() => visit(account, Date.now()).since);
  const [fallback] = useState(() => Date.now() - firstDays * 86_400_000);
  const from = new Date(since ?? fallback).toISOString();
  const query = useNews(from);
  useRefresh(overviewKeys.news, useCallback((e: Event) => e.kind === "vulnerability.new", []));
  const news = newsOf(query.data?.items ?? []);
  const markSeen = () => {
    const now = Date.now();
    seen(account, now);
    setSince(now);
  };
  return (
    <section className="card pad" aria-labelledby="news">
      <div className="row between">
        <h2 id="news">New vulnerabilities</h2>
        {news.length > 0 && <Button size="xs" variant="default" onClick={markSeen}>Mark as seen</Button>}
      </div>
      <p className="small quiet gap">{since === undefined ? `In images that were scanned before, in the last ${firstDays} days.` : <>In images that were scanned before, since <time dateTime={from}>{exactTime(from)}</time>.</>}</p>
      {query.error && !query.data ? <ErrorState error={query.error} retry={() => void query.refetch()} />
        : !query.data ? <Loading rows={5} />
        : news.length === 0 ? <p className="quiet nothing">None. Every image is judged again when new advisories arrive; what that brings is told here.</p>
        : (
          <ul className="plainlist">
            {news.slice(0, shown).map((n) => (
              <li key={n.id}>
                <div className="row between"><Link className="wrap" href={vulnerabilityLink(n.id)}>{n.id}</Link><span className="small quiet"><Ago at={n.at} /></span></div>
                <div className="small quiet wrap">{n.images.length === 1 ? `${n.images[0]!.namespace}/${n.images[0]!.repository}` : plural(n.images.length, "image")}</div>
              </li>
            ))}
            {(news.length > shown || query.data.next !== undefined) && <li className="small"><Link href="/administration/events?kind=vulnerability.new">{query.data.next !== undefined ? "All of them" : `All ${news.length}`}</Link></li>}
          </ul>
        )}
    </section>
  );
}
