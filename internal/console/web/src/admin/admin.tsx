import { Alert, NativeSelect } from "@mantine/core";
import type { ComponentType } from "react";
import { Link, useLocation } from "wouter";
import { type Right, refusalOf } from "../session/rights";
import { useAccount } from "../session/session";
import { Page } from "../ui/page";
import { Empty } from "../ui/states";
import { AboutPart } from "./about";
import { AdvisoriesPart } from "./advisories";
import { BatchPage, BatchesPart } from "./batches";
import { EventsPart } from "./events";
import { GatesPart } from "./gates";
import { LimitsPart } from "./limits";
import { MeteringPart } from "./metering";
import { RulesPart } from "./rules";
import { SchedulesPart } from "./schedules";
import "../ui/parts.css";
import "./admin.css";

interface Part {
  /** As it stands in the address. */
  key: string;
  name: string;
  /** Whether a line is drawn before it. */
  group?: boolean;
  /** What is needed to see it, and to change something there, beyond signing in. */
  see?: Right;
  change?: Right;
  content: ComponentType;
}

const parts: Part[] = [
  { key: "", name: "Authorization of scans", change: "administer", content: GatesPart },
  { key: "limits", name: "Limits", change: "administer", content: LimitsPart },
  { key: "advisories", name: "Advisories", change: "administer", content: AdvisoriesPart },
  { key: "rules", name: "Rules and word lists", see: "audit", content: RulesPart },
  { key: "batches", name: "Batches", content: BatchesPart, group: true },
  { key: "schedules", name: "Schedules", see: "audit", change: "administer", content: SchedulesPart },
  { key: "metering", name: "Metering", see: "audit", content: MeteringPart, group: true },
  { key: "events", name: "Events", content: EventsPart },
  { key: "about", name: "About", content: AboutPart, group: true },
];

const root = "/administration";
const href = (key: string) => (key === "" ? root : `${root}/${key}`);

/** Administration is what concerns the whole instance. */
export default function Administration() {
  const [, navigate] = useLocation();
  const account = useAccount();
  const [key = "", ...rest] = window.location.pathname.slice(root.length).replace(/^\/+|\/+$/g, "").split("/");
  if (key === "batches" && rest.length === 1 && /^\d{1,15}$/.test(rest[0]!)) return <BatchPage key={rest[0]} id={Number(rest[0])} />;
  const part = rest.length === 0 ? parts.find((p) => p.key === key) : undefined;
  const unseen = part?.see && refusalOf(account, part.see);
  const fixed = part?.change && refusalOf(account, part.change);
  if (!part) return <Page title="Not found" crumbs={[{ text: "Administration", href: root }]}><div className="card"><Empty title="There is no such page">Check the address, or begin at the administration.</Empty></div></Page>;
  return (
    <Page title={part.name} heading="Administration">
      <div className="report">
        <nav className="card sections" aria-label="Parts of the administration">
          {parts.map((p) => [
            p.group && <hr key={p.key + " line"} />,
            <Link key={p.key} href={href(p.key)} aria-current={p === part ? "page" : undefined}>{p.name}</Link>,
          ])}
        </nav>
        <NativeSelect className="sections-narrow" label="Part of the administration" value={part.key} onChange={(e) => navigate(href(e.currentTarget.value))} data={parts.map((p) => ({ value: p.key, label: p.name }))} />
        <section aria-label={part.name} key={part.key}>
          {unseen ? <div className="card"><Empty title="Not allowed">{unseen}</Empty></div> : (
            <>
              {fixed && <Alert variant="light" mb="md">{fixed}</Alert>}
              <fieldset disabled={fixed !== undefined}><part.content /></fieldset>
            </>
          )}
        </section>
      </div>
    </Page>
  );
}
