import { Alert, Button } from "@mantine/core";
import { useSearch } from "wouter";
import { Gate } from "./gate";
import { nextOf } from "./next";
import { useProvider } from "./provider";

/** Where the server leads to when somebody could not be signed in by the OpenID provider. */
export const failedPath = "/auth/failed";

/** What happened and what to do, by the code of the server. */
const reasons: Record<string, [happened: string, advice: string]> = {
  oidc_not_begun: ["No sign-in was begun in this browser, or its cookie is gone.", "Try again. If it stays so, let this site set cookies."],
  oidc_state_wrong: ["The sign-in took longer than ten minutes, or was begun in another window.", "Try again."],
  oidc_refused: ["The sign-in service of your organisation did not let you in.", "Try again, or ask those who run it whether you may use this registry."],
  oidc_token_wrong: ["What the sign-in service said about you could not be relied on, so nobody was signed in.", "Try again. If it stays so, tell an administrator, who finds more in the server's log."],
  oidc_unreachable: ["The sign-in service of your organisation cannot be reached.", "Try again later, or sign in with a password if you have one."],
  account_disabled: ["Your account here is disabled.", "Ask an administrator to enable it."],
  account_unknown: ["There is no account for you here.", "Ask an administrator for one."],
  account_name_taken: ["No account could be made for you, as too many have your name.", "Ask an administrator."],
  too_many_failed_logins: ["Too many sign-ins from where you are went wrong.", "Try again in a minute."],
};

/** SignInFailed is what somebody sees who comes back from the OpenID provider in vain. */
export function SignInFailed() {
  const search = useSearch();
  const next = nextOf(search);
  const again = useProvider(next);
  const [happened, advice] = reasons[new URLSearchParams(search).get("code") ?? ""] ?? ["Something went wrong.", "Try again. If it stays so, tell an administrator, who finds more in the server's log."];
  return (
    <Gate title="Not signed in">
      <Alert color="red" variant="light" role="alert">{happened} {advice}</Alert>
      {again && <Button component="a" href={again} fullWidth>Try again</Button>}
      <Button component="a" variant="default" href={next} fullWidth>Sign in another way</Button>
    </Gate>
  );
}
