import { Alert, Button, Divider, PasswordInput, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { Failure } from "../api/client";
import { notifyFailure } from "../ui/notices";
import { sentence } from "../ui/states";
import { Gate } from "./gate";
import { useProvider } from "./provider";
import { changePassword, signIn, signOut } from "./session";

/** SignIn asks who is there. The address stays, so that a shared link leads on to its page. */
export function SignIn({ expired }: { expired: boolean }) {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const form = useForm(() => signIn(name.trim(), password));
  const provider = useProvider(window.location.pathname + window.location.search);
  return (
    <Gate title="Sign in to Pratique" onSubmit={form.submit}>
      {expired && !form.failure && <Alert color="yellow" variant="light">You were signed out. Sign in again to go on where you were.</Alert>}
      <Refused failure={form.failure} />
      <TextInput label="Name" name="username" autoComplete="username" autoCapitalize="none" spellCheck={false} required withAsterisk={false} data-autofocus autoFocus value={name} onChange={(e) => setName(e.currentTarget.value)} />
      <PasswordInput label="Password" name="password" autoComplete="current-password" required withAsterisk={false} value={password} onChange={(e) => setPassword(e.currentTarget.value)} visibilityToggleButtonProps={{ "aria-label": "Show the password" }} />
      <Button type="submit" loading={form.busy} fullWidth>Sign in</Button>
      {provider && (
        <>
          <Divider label="or" />
          <Button component="a" variant="default" fullWidth href={provider}>Sign in with your organisation</Button>
        </>
      )}
    </Gate>
  );
}

/** The least characters of a password, as the server has it. */
const shortest = 12;

/** ChoosePassword is all there is for an account with a one-time password. */
export function ChoosePassword({ name }: { name: string }) {
  return (
    <Gate title="Choose a password" foot={<Button variant="subtle" size="xs" onClick={() => signOut().catch(notifyFailure)}>Sign out</Button>}>
      <p className="quiet">The password of {name} is good for one thing: to choose another one, which only you know.</p>
      <PasswordForm name={name} old="One-time password" />
    </Gate>
  );
}

/** Asks for the old password and, twice, a new one. */
export function PasswordForm({ name, old: oldLabel, done }: { name: string; old: string; done?(): void }) {
  const [old, setOld] = useState("");
  const [next, setNext] = useState("");
  const [again, setAgain] = useState("");
  const form = useForm(async () => {
    await changePassword(old, next);
    for (const clear of [setOld, setNext, setAgain]) clear("");
    done?.();
  });
  const short = next !== "" && next.length < shortest;
  const differs = again !== "" && again !== next;
  const toggle = { "aria-label": "Show the password" };
  return (
    <form className="stackv" onSubmit={form.submit} aria-label="Password">
      <Refused failure={form.failure} />
      <input type="hidden" name="username" autoComplete="username" value={name} readOnly />
      <PasswordInput label={oldLabel} autoComplete="current-password" required withAsterisk={false} value={old} onChange={(e) => setOld(e.currentTarget.value)} visibilityToggleButtonProps={toggle} />
      <PasswordInput label="New password" description={`${shortest} characters or more`} autoComplete="new-password" required withAsterisk={false} maxLength={1024} error={short && `It has ${next.length} of ${shortest} characters`} value={next} onChange={(e) => setNext(e.currentTarget.value)} visibilityToggleButtonProps={toggle} />
      <PasswordInput label="New password again" autoComplete="new-password" required withAsterisk={false} maxLength={1024} error={differs && "This is another one"} value={again} onChange={(e) => setAgain(e.currentTarget.value)} visibilityToggleButtonProps={toggle} />
      <div className="row end"><Button type="submit" loading={form.busy} disabled={old === "" || next.length < shortest || again !== next}>Change the password</Button></div>
    </form>
  );
}

/** A form that is sent once at a time and keeps why it was refused. */
function useForm(send: () => Promise<void>) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const submit = (e: FormEvent) => {
    e.preventDefault();
    setBusy(true);
    setFailure(undefined);
    send()
      .catch((error: unknown) => setFailure(error instanceof Failure ? error : new Failure(0, "", "Something in this page went wrong.", "Reload it.")))
      .finally(() => setBusy(false));
  };
  return { busy, failure, submit };
}

function Refused({ failure }: { failure: Failure | undefined }) {
  if (!failure) return null;
  return <Alert color="red" variant="light" role="alert">{sentence(failure.message)} {sentence(failure.advice)}</Alert>;
}
