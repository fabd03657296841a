import { Button } from "@mantine/core";
import { path } from "../api/client";
import { PasswordForm } from "../session/sign-in";
import { useAccount } from "../session/session";
import { browserOf } from "../text/agent";
import { exactTime } from "../text/format";
import { Tag } from "../ui/marks";
import { notify } from "../ui/notices";
import { Page } from "../ui/page";
import { ErrorState, Loading } from "../ui/states";
import { DataTable } from "../ui/table";
import { Ago } from "../ui/time";
import { CredentialsSection } from "./credentials";
import { useChange, useSessions } from "./queries";
import { HeldRoles } from "./roles";

/** OwnAccountPage is what everybody looks after themselves: roles, credentials, sessions, password. */
export default function OwnAccountPage() {
  const account = useAccount();
  return (
    <Page title="Your account" heading={account.name} lead={account.groups.length > 0 ? `In ${account.groups.join(", ")}` : undefined}>
      <div className="stackv">
        <section className="card pad stackv tight" aria-label="Roles"><h2>Roles</h2><HeldRoles roles={account.roles} /></section>
        <section aria-label="Credentials"><CredentialsSection /></section>
        <Sessions />
        <section className="card pad stackv" aria-label="Password" style={{ maxWidth: "32rem" }}>
          <div><h2>Password</h2><p className="quiet small">{account.hasPassword ? "A new one ends all your other sessions." : "Your account has none: you sign in with your organisation. Programs, docker among them, log in with a credential."}</p></div>
          {account.hasPassword && <PasswordForm name={account.name} old="Password now" done={() => notify("The password is changed.")} />}
        </section>
      </div>
    </Page>
  );
}

function Sessions() {
  const sessions = useSessions();
  const change = useChange();
  return (
    <section className="card" aria-label="Sessions">
      <div className="pad" style={{ paddingBottom: 0 }}><h2>Sessions</h2><p className="quiet small">Where you are signed in with a browser.</p></div>
      {sessions.error && !sessions.data ? <ErrorState error={sessions.error} retry={() => void sessions.refetch()} />
        : !sessions.data ? <Loading rows={2} />
        : <DataTable label="Sessions" rows={sessions.data.items} rowKey={(s) => s.id} columns={[
            { name: "Browser", cell: (s) => <span className="wrap" title={s.agent}>{browserOf(s.agent ?? "")}</span> },
            { name: "From", cell: (s) => <span className="wrap">{s.address}</span> },
            { name: "Begun", cell: (s) => <span title={exactTime(s.createdAt)}><Ago at={s.createdAt} /></span> },
            { name: "Used", cell: (s) => (s.current ? <Tag tone="good">this one</Tag> : <Ago at={s.seenAt} />) },
            { name: "Action", hideName: true, right: true, cell: (s) => !s.current && <Button size="xs" variant="default" aria-label={`End the session from ${s.address}`} onClick={() => change.mutate({ target: path("sessions", s.id), method: "DELETE", done: "The session is ended." })}>End</Button> },
          ]} />}
    </section>
  );
}
