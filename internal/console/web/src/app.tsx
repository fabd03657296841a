import { useQueryClient } from "@tanstack/react-query";
import { Component, lazy, type ReactNode, Suspense, useEffect, useSyncExternalStore } from "react";
import { Redirect, Route, Switch } from "wouter";
import { useStatistics } from "./api/queries";
import { LiveEvents } from "./events/live";
import { current, subscribe } from "./session/session";
import { SignIn } from "./session/sign-in";
import { Shell } from "./shell";
import { Notices } from "./ui/notices";
import { Page } from "./ui/page";
import { Empty, ErrorState, Loading } from "./ui/states";
import { Clock } from "./ui/time";

// Each part is loaded when it is first opened.
const Images = lazy(() => import("./images/images"));
const Namespaces = lazy(() => import("./namespaces/namespaces"));
const Welcome = lazy(() => import("./welcome/welcome"));
const Overview = lazy(() => import("./overview/overview"));
const Risks = lazy(() => import("./risks/risks"));
const Difference = lazy(() => import("./difference/difference"));
const Administration = lazy(() => import("./admin/admin"));

/** App is the sign-in, or the console for who is signed in. */
export function App() {
  const session = useSyncExternalStore(subscribe, current);
  const client = useQueryClient();
  useEffect(() => {
    // Nothing that one account read is shown to another.
    if (!session.account) client.clear();
  }, [session.account, client]);
  if (!session.account) return <SignIn expired={session.expired} />;
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
  const statistics = useStatistics();
  if (statistics.error) return <ErrorState error={statistics.error} retry={() => void statistics.refetch()} />;
  if (!statistics.data) return <Loading rows={10} />;
  return statistics.data.artifacts === 0 ? <Redirect to="/welcome" replace /> : <Overview />;
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
