import { useQueryClient } from "@tanstack/react-query";
import { Component, lazy, type ReactNode, Suspense, useEffect, useSyncExternalStore } from "react";
import { Redirect, Route, Switch, useLocation } from "wouter";
import { Failure } from "./api/client";
import { useNamespaces, useStatistics } from "./api/queries";
import { LiveEvents } from "./events/live";
import { current, load, subscribe, useAccount } from "./session/session";
import { ChoosePassword, SignIn } from "./session/sign-in";
import { failedPath, SignInFailed } from "./session/failed";
import { NoRole } from "./session/no-role";
import { Shell } from "./shell";
import { Notices } from "./ui/notices";
import { Page } from "./ui/page";
import { Empty, ErrorState, Loading } from "./ui/states";
import { Clock } from "./ui/time";

// Each part is loaded when it is first opened.
const Access = lazy(() => import("./access/access"));
const Images = lazy(() => import("./images/images"));
const Namespaces = lazy(() => import("./namespaces/namespaces"));
const OwnAccount = lazy(() => import("./access/own"));
const Welcome = lazy(() => import("./welcome/welcome"));
const Overview = lazy(() => import("./overview/overview"));
const Risks = lazy(() => import("./risks/risks"));
const Difference = lazy(() => import("./difference/difference"));
const Administration = lazy(() => import("./admin/admin"));

/** App is the sign-in, or the console for who is signed in. */
export function App() {
  const session = useSyncExternalStore(subscribe, current);
  const client = useQueryClient();
  const [address] = useLocation();
  const name = session.phase === "in" ? session.account.name : undefined;
  useEffect(() => () => {
    // Nothing that one account read is shown to another. The old page is gone by
    // now, and the new one has not begun to read.
    client.clear();
  }, [name, client]);
  if (address === failedPath) return <SignInFailed />;
  if (session.phase === "asking") return null; // it takes a moment, and could be either
  if (session.phase === "failed") return <main><div className="card"><ErrorState error={session.error} retry={() => void load()} /></div></main>;
  if (session.phase === "out") return <SignIn expired={session.expired} />;
  if (session.account.passwordMustChange) return <><ChoosePassword name={session.account.name} /><Notices /></>;
  return (
    <LiveEvents>
      <Clock />
      <Shell account={session.account}>
        <Boundary>
          <Suspense fallback={<Loading rows={10} />}>
            <Switch>
              <Route path="/" component={Start} />
              <Route path="/welcome" component={Welcome} />
              <Route path="/repositories/*?" component={Images} />
              <Route path="/namespaces/:namespace?" component={Namespaces} />
              <Route path="/risks/*?" component={Risks} />
              <Route path="/difference/*?" component={Difference} />
              <Route path="/administration/*?" component={Administration} />
              <Route path="/access/:part?" component={Access} />
              <Route path="/account" component={OwnAccount} />
              <Route component={NotFound} />
            </Switch>
          </Suspense>
        </Boundary>
      </Shell>
      <Notices />
    </LiveEvents>
  );
}

/** Start is the overview, or leads to the first push where there is nothing yet. */
function Start() {
  const account = useAccount();
  const statistics = useStatistics();
  // Only who sees everything may count everything; the overview shows others what is theirs.
  if (statistics.error instanceof Failure && statistics.error.status === 403) return account.roles.length > 0 ? <Overview /> : <Roleless />;
  if (statistics.error) return <ErrorState error={statistics.error} retry={() => void statistics.refetch()} />;
  if (!statistics.data) return <Loading rows={10} />;
  return statistics.data.artifacts === 0 ? <Redirect to="/welcome" replace /> : <Overview />;
}

/** Roleless is the overview of who has no role: of what is public, if anything is. */
function Roleless() {
  const namespaces = useNamespaces();
  if (namespaces.error) return <ErrorState error={namespaces.error} retry={() => void namespaces.refetch()} />;
  if (!namespaces.data) return <Loading rows={10} />;
  return namespaces.data.pages.some((p) => p.items.length > 0) ? <Overview /> : <Page title="Overview"><div className="card"><NoRole /></div></Page>;
}

function NotFound() {
  return (
    <Page title="Not found">
      <div className="card"><Empty title="There is no such page">Check the address, or begin at the repositories: the navigation above leads there.</Empty></div>
    </Page>
  );
}

/** Boundary keeps what goes wrong in one page from taking the console down. */
class Boundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <div className="card">
        <Empty title="This page could not be shown">
          It may be from before the server was updated. <a href={window.location.href}>Reload it</a>.
        </Empty>
      </div>
    );
  }
}
