import { Alert, Button, PasswordInput, TextInput } from "@mantine/core";
import { type FormEvent, useEffect, useState } from "react";
import { Failure } from "../api/client";
import { ThemeMenu } from "../shell";
import { Logo } from "../ui/icons";
import { sentence } from "../ui/states";
import { signIn } from "./session";

/** SignIn asks who is there. The address stays, so that a shared link leads on to its page. */
export function SignIn({ expired }: { expired: boolean }) {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  useEffect(() => {
    document.title = "Sign in · Pratique";
  }, []);
  const submit = async (e: FormEvent) => {
    e.preventDefault();
    setBusy(true);
    setFailure(undefined);
    try {
      await signIn(name.trim(), password);
    } catch (error) {
      setFailure(error instanceof Failure ? error : new Failure(0, "", "Something in this page went wrong.", "Reload it."));
      setBusy(false);
    }
  };
  return (
    <main className="sign-in">
      <form className="card pad stackv" onSubmit={(e) => void submit(e)} aria-labelledby="sign-in">
        <div className="row">
          <Logo size={32} />
          <h1 id="sign-in">Sign in to Pratique</h1>
        </div>
        {expired && !failure && <Alert color="yellow" variant="light">You were signed out. Sign in again to go on where you were.</Alert>}
        {failure && <Alert color="red" variant="light" role="alert">{sentence(failure.message)} {sentence(failure.advice)}</Alert>}
        <TextInput label="Name" name="username" autoComplete="username" autoCapitalize="none" spellCheck={false} required withAsterisk={false} data-autofocus autoFocus value={name} onChange={(e) => setName(e.currentTarget.value)} />
        <PasswordInput label="Password" name="password" autoComplete="current-password" required withAsterisk={false} value={password} onChange={(e) => setPassword(e.currentTarget.value)} visibilityToggleButtonProps={{ "aria-label": "Show the password" }} />
        <Button type="submit" loading={busy} fullWidth>Sign in</Button>
        <div className="row">
          <span className="small quiet">{window.location.host}</span>
          <span style={{ marginLeft: "auto" }}><ThemeMenu /></span>
        </div>
      </form>
    </main>
  );
}
