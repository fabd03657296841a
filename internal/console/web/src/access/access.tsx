import { Link, useParams } from "wouter";
import { hasEverywhere, useRefusal } from "../session/rights";
import { useAccount } from "../session/session";
import { Page } from "../ui/page";
import { Empty } from "../ui/states";
import { AccountsSection } from "./accounts";
import { AuditSection } from "./audit";
import { CredentialsSection } from "./credentials";
import { GroupsSection } from "./groups";
import { Roles } from "./roles";

const parts = [
  { key: "accounts", name: "Accounts" },
  { key: "groups", name: "Groups" },
  { key: "roles", name: "Roles" },
  { key: "credentials", name: "Credentials" },
  { key: "audit", name: "Audit log" },
] as const;

/** Access is who may do what, and who did what, for administrators and auditors. */
export default function Access() {
  const { part } = useParams<{ part?: string }>();
  const account = useAccount();
  const unread = useRefusal("audit");
  const everywhere = hasEverywhere(account, "audit");
  const fixed = !hasEverywhere(account, "administer");
  const now = parts.find((p) => p.key === part) ?? parts[0];
  const narrow = everywhere || now.key === "roles" || now.key === "audit" ? undefined : "Accounts, groups and credentials belong to all instances; who administers or audits everywhere sees them.";
  return (
    <Page title="Access" lead="Who may do what, and who did what.">
      {unread ? <div className="card"><Empty title="Not allowed">{unread}</Empty></div> : (
        <div className="report">
          <nav className="card sections" style={{ display: "flex", position: "static" }} aria-label="Parts of access">
            {parts.map((p) => <Link key={p.key} href={`/access/${p.key}`} aria-current={p === now ? "page" : undefined}>{p.name}</Link>)}
          </nav>
          <section aria-label={now.name}>
            {narrow ? <div className="card"><Empty title="Not allowed">{narrow}</Empty></div>
              : now.key === "roles" ? <RolesParts everywhere={everywhere} fixed={fixed} />
              : now.key === "audit" ? <AuditSection />
              : now.key === "credentials" ? <CredentialsSection everybody fixed={fixed} />
              : <fieldset disabled={fixed}>{now.key === "groups" ? <GroupsSection /> : <AccountsSection />}</fieldset>}
          </section>
        </div>
      )}
    </Page>
  );
}

function RolesParts({ everywhere, fixed }: { everywhere: boolean; fixed: boolean }) {
  const unable = useRefusal("administer");
  return (
    <div className="stackv">
      <fieldset disabled={unable !== undefined}><Roles realm="instance" title="In this instance">They hold in all its namespaces.</Roles></fieldset>
      {everywhere && <fieldset disabled={fixed}><Roles realm="everywhere" title="Everywhere">They hold in all instances, and over accounts, groups and credentials.</Roles></fieldset>}
    </div>
  );
}
