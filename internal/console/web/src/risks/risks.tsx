import { NativeSelect } from "@mantine/core";
import { useCallback } from "react";
import { Link, useLocation } from "wouter";
import type { Event } from "../api/types";
import { useRefresh } from "../events/refresh";
import { Page } from "../ui/page";
import { Empty } from "../ui/states";
import { categories } from "./categories";
import { FindingsList } from "./findings";
import { risksRoot } from "./links";
import { PackagePage, PackagesTab } from "./package";
import { riskKeys } from "./queries";
import { RulePage } from "./rule";
import { VulnerabilityPage } from "./vulnerability";
import { VulnerabilitiesList } from "./vulnerabilities";
import "../ui/parts.css";

const tabs = [{ key: "", name: "Vulnerabilities" }, ...categories, { key: "packages", name: "Packages" }];

/** What may change what is wrong. */
const changes = new Set(["scan.done", "vulnerability.new", "statements.changed"]);

/** Risks is what is wrong across all images. */
export default function Risks() {
  useLocation(); // draws again when the address changes
  useRefresh(riskKeys, useCallback((e: Event) => changes.has(e.kind), []));
  const [key = "", ...rest] = window.location.pathname.slice(risksRoot.length).replace(/^\/+|\/+$/g, "").split("/");
  if (key === "vulnerability" && rest.length > 0) return <VulnerabilityPage key={rest.join("/")} id={decoded(rest.join("/"))} />;
  if (key === "rule") return <RulePage />;
  if (key === "package") return <PackagePage />;
  const tab = tabs.find((t) => t.key === key);
  if (!tab || rest.length > 0) {
    return <Page title="Not found" crumbs={[{ text: "Risks", href: risksRoot }]}><div className="card"><Empty title="There is no such page">Check the address, or begin at the list of risks.</Empty></div></Page>;
  }
  const category = categories.find((c) => c.key === key);
  return (
    <Page title="Risks" lead="What is wrong with the images of this registry, the worst first, as it was found: what was decided about it stands with each image.">
      <Tabs current={tab.key} />
      {category ? <FindingsList key={key} category={category} /> : key === "packages" ? <PackagesTab /> : <VulnerabilitiesList />}
    </Page>
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const href = (key: string) => (key === "" ? risksRoot : `${risksRoot}/${key}`);

function Tabs({ current }: { current: string }) {
  const [, navigate] = useLocation();
  return (
    <>
      <nav className="tabs" aria-label="Kinds of risks">
        {tabs.map((t) => <Link key={t.key} href={href(t.key)} aria-current={t.key === current ? "page" : undefined}>{t.name}</Link>)}
      </nav>
      <NativeSelect className="tabs-narrow" label="Kind of risk" value={current} onChange={(e) => navigate(href(e.currentTarget.value))} data={tabs.map((t) => ({ value: t.key, label: t.name }))} />
    </>
  );
}
